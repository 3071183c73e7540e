"""What comes to `POST /webhooks/alertmanager` twice, late, half or all at once is told once."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import chain

from flask.testing import FlaskClient

from storage.store import SqlStore
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.stock.external import REPEAT
from suanli.web.alert_bodies import MOST_ALERTS
from tests import alertmanager_desk
from tests.alertmanager_desk import GROUP, TOKEN, alert, bodies_of, body, client_of, known, parcels, send, told, words
from tests.fakes import FakeClock, FaultyStore

client = alertmanager_desk.client
woken = alertmanager_desk.woken


def test_the_same_body_twice_changes_nothing(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock, woken: list[int]
) -> None:
    told(client, body("firing"))
    before = known(sqlite_store, "b2450bbb7977d50f")
    assert told(client, body("firing")) == (1, 0)
    assert known(sqlite_store, "b2450bbb7977d50f") == before
    assert len(parcels(sqlite_store, clock)) == 1
    assert woken == [1]


def test_a_beginning_with_a_fraction_of_a_second_is_the_same_after_storing(
    client: FlaskClient, sqlite_store: SqlStore
) -> None:
    told(client, body("firing"))
    stored = known(sqlite_store, "b2450bbb7977d50f")
    assert stored is not None
    assert stored.starts_at == datetime(2026, 11, 20, 3, 50, 13, 789392, UTC)


def test_what_goes_on_is_told_again_after_the_repeat(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock
) -> None:
    told(client, body("firing"))
    clock.advance(REPEAT - timedelta(minutes=1))
    assert told(client, body("firing")) == (1, 0)
    clock.advance(timedelta(minutes=1))
    assert told(client, body("firing")) == (1, 1)
    assert "第 2 次通知" in words(sqlite_store, clock)[-1]


def test_a_half_known_body_tells_only_what_is_new(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock
) -> None:
    told(client, body("firing"))
    assert told(client, body("truncated")) == (2, 1)
    assert "DiskFilling" in words(sqlite_store, clock)[-1]


def test_a_failing_store_is_500_so_that_the_sender_repeats_and_is_then_heard(
    sqlite_store: SqlStore, clock: FakeClock, woken: list[int]
) -> None:
    store = FaultyStore(sqlite_store)
    client = client_of(store, clock, woken=woken)
    store.broken = True
    answer = send(client, body("firing"))
    assert (answer.status_code, answer.json, woken) == (500, {"error": "internal error"}, [])
    store.broken = False
    assert told(client, body("firing")) == (1, 1)


def test_what_cannot_be_written_is_not_remembered_as_told(
    sqlite_store: SqlStore, clock: FakeClock, woken: list[int]
) -> None:
    nowhere = Target(Platform.FEISHU, TargetKind.CHAT, None)  # type: ignore[arg-type]  # the store refuses it
    assert send(client_of(sqlite_store, clock, TOKEN, GROUP, nowhere, woken=woken), body("firing")).status_code == 500
    assert known(sqlite_store, "b2450bbb7977d50f") is None
    assert told(client_of(sqlite_store, clock, woken=woken), body("firing")) == (1, 1)
    assert len(parcels(sqlite_store, clock)) == 1


def test_a_pair_that_posts_at_the_same_moment_is_told_of_once(
    sqlite_store: SqlStore, clock: FakeClock, woken: list[int]
) -> None:
    app = client_of(sqlite_store, clock, woken=woken).application
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: told(app.test_client(), body("firing")), range(8)))
    assert sorted(answers) == [(1, 0)] * 7 + [(1, 1)]
    assert len(parcels(sqlite_store, clock)) == 1


def test_a_storm_of_alerts_is_one_card_a_body(client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock) -> None:
    storm = [deepcopy(alert(fingerprint=f"f{n}", labels={"alertname": f"A{n}"})) for n in range(MOST_ALERTS)]
    ends = [{**each, "status": "resolved", "endsAt": "2026-11-20T03:30:00Z"} for each in storm]
    assert told(client, bodies_of(*storm)) == (MOST_ALERTS, MOST_ALERTS)
    assert told(client, bodies_of(*chain(storm[:250], ends[250:]))) == (MOST_ALERTS, 250)
    assert len(parcels(sqlite_store, clock)) == 2
