"""`POST /webhooks/alertmanager` through Flask's test client, on the real store."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.plain import as_text
from storage.store import SqlStore
from suanli.domain.answer import Tone
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.domain.stock.external import REPEAT, Alert, Fingerprint
from suanli.i18n import Lang
from suanli.web.alert_bodies import LONGEST_VALUE, MOST_ALERTS
from suanli.web.alertmanager import MAX_BODY, alertmanager_blueprint
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock, FaultyStore

PATH = "/webhooks/alertmanager"
TOKEN = "correct horse"
GOLDEN = Path(__file__).parents[1] / "golden" / "alertmanager"
GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_ops")
BOSS = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_boss")
FAST = Rate(1000, timedelta(seconds=1), burst=900)


def body(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return parsed


def bodies_of(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "alerts": list(alerts), **more}


def alert(**fields: Any) -> dict[str, Any]:
    return {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-11-20T03:00:00Z", **fields}


def client_of(store: Store, clock: FakeClock, token: str = TOKEN, *targets: Target, woken: list[int]) -> FlaskClient:
    blueprint = alertmanager_blueprint(token, store, SITE, clock, targets or (GROUP,), lambda: woken.append(1))
    return build_app(store, clock, [blueprint]).test_client()


@pytest.fixture
def woken() -> list[int]:
    return []


@pytest.fixture
def client(sqlite_store: SqlStore, clock: FakeClock, woken: list[int]) -> FlaskClient:
    return client_of(sqlite_store, clock, woken=woken)


def send(client: FlaskClient, what: Any, token: str = TOKEN) -> TestResponse:
    data = what if isinstance(what, bytes) else json.dumps(what, ensure_ascii=False).encode()
    return client.post(PATH, data=data, headers={"Authorization": f"Bearer {token}"})


def told(client: FlaskClient, what: Any) -> tuple[int, int]:
    answer = send(client, what)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return answer.json["accepted"], answer.json["told"]


def parcels(store: Store, clock: FakeClock) -> list[Parcel]:
    """Everything that waits to be sent, taken."""
    rates = {Platform.FEISHU: Rates(FAST, (FAST,))}
    taken: list[Parcel] = []
    while True:
        with store.begin() as tx:
            some = tx.outbox.claim(owner="t", now=clock.now(), lease=timedelta(minutes=1), limit=100, rates=rates)
            for parcel in some:
                tx.outbox.sent(parcel, None, clock.now())
        if not some:
            return taken
        taken += some


def words(store: Store, clock: FakeClock) -> list[str]:
    return [as_text(parcel.answer, clock.now(), SITE.zone) for parcel in parcels(store, clock)]


def known(store: Store, fingerprint: str) -> Alert | None:
    with store.begin() as tx:
        return tx.alerts.known([Fingerprint(fingerprint)]).get(Fingerprint(fingerprint))


# Who may


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Bearer é",
        "Bearer \t",
    ],
)
def test_whoever_lacks_the_secret_is_refused_unread_and_all_alike(client: FlaskClient, header: str | None) -> None:
    stream = BytesIO(b"x" * 100)
    headers = {"Content-Length": "100"} | ({"Authorization": header} if header is not None else {})
    answer = client.post(PATH, input_stream=stream, headers=headers)
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert stream.tell() == 0


@pytest.mark.parametrize("given", ["Bearer ", "Bearer", "", "Bearer x"])
def test_without_a_secret_in_the_settings_nobody_gets_in(
    sqlite_store: SqlStore, clock: FakeClock, woken: list[int], given: str
) -> None:
    client = client_of(sqlite_store, clock, "", woken=woken)
    answer = client.post(PATH, json=body("firing"), headers={"Authorization": given})
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert words(sqlite_store, clock) == []


def test_the_schemes_name_may_be_written_in_any_case(client: FlaskClient) -> None:
    assert client.post(PATH, json=body("firing"), headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_only_posts_are_taken(client: FlaskClient) -> None:
    assert client.get(PATH, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


# What is taken


def test_a_firing_and_its_end_become_two_cards(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock, woken: list[int]
) -> None:
    assert told(client, body("firing")) == (1, 1)
    (first,) = parcels(sqlite_store, clock)
    assert (first.target, first.alert, first.answer.tone) == (GROUP, True, Tone.BAD)
    assert as_text(first.answer, clock.now(), SITE.zone).splitlines() == [
        "🔴 GpuNodeDown",
        "",
        "🔴 GpuNodeDown · critical",
        "节点 gpu-07 掉线",
        "10 分钟没有心跳",
        "开始时间：2026-11-20 11:50:13",
        "instance=gpu-07",
        "链接：http://prom/graph?g0.expr=up",
    ]
    clock.advance(timedelta(hours=2))
    assert told(client, body("resolved")) == (1, 1)
    (last,) = words(sqlite_store, clock)
    assert "已恢复：GpuNodeDown" in last
    assert "持续 2 小时 7 分钟" in last
    assert "节点 gpu-07 掉线" in last
    assert len(woken) == 2


def test_a_grafana_body_is_understood_with_its_figures_and_its_panel(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock
) -> None:
    assert told(client, body("grafana_firing")) == (1, 1)
    (text,) = words(sqlite_store, clock)
    assert "当前值：B=44.25, C=1" in text
    assert "https://grafana.example/d/dash?orgId=1&viewPanel=4" in text
    assert "开始时间：2026-11-20 11:40:00" in text
    clock.advance(timedelta(minutes=1))
    assert told(client, body("grafana_resolved")) == (1, 1)
    assert "持续 18 分钟" in words(sqlite_store, clock)[0]


def test_all_news_of_a_body_stand_on_one_card_with_how_many_did_not_come(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock
) -> None:
    assert told(client, body("truncated")) == (2, 2)
    (text,) = words(sqlite_store, clock)
    assert "新触发 2 条" in text
    assert "还有 3 条告警" in text


def test_every_target_gets_a_card_in_its_language(sqlite_store: SqlStore, clock: FakeClock, woken: list[int]) -> None:
    with sqlite_store.begin() as tx:
        tx.chats.choose_lang(BOSS.platform, BOSS.id, Lang.EN)
    assert told(client_of(sqlite_store, clock, TOKEN, GROUP, BOSS, woken=woken), body("resolved")) == (1, 0)
    assert told(client_of(sqlite_store, clock, TOKEN, GROUP, BOSS, woken=woken), body("grafana_firing")) == (1, 1)
    got = {parcel.target: parcel.answer.lang for parcel in parcels(sqlite_store, clock)}
    assert got == {GROUP: Lang.ZH, BOSS: Lang.EN}
    assert woken == [1]


def test_a_body_without_alerts_says_nothing(client: FlaskClient, woken: list[int]) -> None:
    assert told(client, bodies_of(truncatedAlerts=9)) == (0, 0)
    assert woken == []


def test_a_small_alert_is_enough(client: FlaskClient) -> None:
    bare = alert(labels=None, annotations=None, extra=[])
    assert told(client, bodies_of(bare, truncatedAlerts=None, unknown={"x": 1})) == (1, 1)


def test_a_missing_fingerprint_is_made_from_the_labels_in_whatever_order(client: FlaskClient) -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert told(client, bodies_of(alert(labels=one, fingerprint=None))) == (1, 1)
    assert told(client, bodies_of(alert(labels=other), alert(labels=other, fingerprint=""))) == (2, 0)
    assert told(client, bodies_of(alert(labels={"a": "1", "b": "3"}))) == (1, 1)


@pytest.mark.parametrize("fingerprint", ["a\0b", "x" * 10_000, "a b", "指纹"])
def test_a_fingerprint_that_cannot_be_kept_is_replaced_by_one_that_can(client: FlaskClient, fingerprint: str) -> None:
    again = bodies_of(alert(fingerprint=fingerprint))
    assert [told(client, again), told(client, again)] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("links", "shown"),
    [
        ({"generatorURL": "http://prom/graph"}, "http://prom/graph"),
        ({"generatorURL": "http://prom/graph", "dashboardURL": "https://g/d/1"}, "https://g/d/1"),
        ({"generatorURL": "http://prom/graph", "dashboardURL": "javascript:alert(1)"}, "http://prom/graph"),
        ({"generatorURL": "http://user:secret@prom/graph"}, ""),
        ({"generatorURL": "file:///etc/passwd"}, ""),
        ({"generatorURL": "http://["}, ""),
        ({"generatorURL": "http://x/\nhttp://y"}, ""),
        ({"generatorURL": "//prom/graph"}, ""),
    ],
)
def test_only_addresses_of_the_web_are_shown(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock, links: dict[str, str], shown: str
) -> None:
    told(client, bodies_of(alert(**links)))
    (text,) = words(sqlite_store, clock)
    assert text.partition("链接：")[2] == shown


@pytest.mark.parametrize("values", [None, [], "x", {}, {"A": None, "B": "x"}, {"A": 10**400}, {"A": [1]}])
def test_figures_that_are_none_are_left_out(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock, values: Any
) -> None:
    told(client, bodies_of(alert(values=values)))
    assert "当前值" not in words(sqlite_store, clock)[0]


def test_half_characters_and_zero_bytes_do_no_harm(client: FlaskClient) -> None:
    zeros = bodies_of(alert(labels={"x": "a\0b"}, annotations={"summary": "\0"}, fingerprint="f"))
    assert [told(client, zeros), told(client, zeros)] == [(1, 1), (1, 0)]
    half = json.dumps(bodies_of(alert())).replace('"A"', r'"\ud800"').encode()
    assert send(client, half).status_code == 400


def test_of_a_long_text_the_beginning_is_kept(client: FlaskClient, sqlite_store: SqlStore) -> None:
    long = "长" * 100_000
    told(client, bodies_of(alert(fingerprint="f", labels={"x": long}, annotations={"summary": long})))
    stored = known(sqlite_store, "f")
    assert stored is not None
    assert (stored.labels["x"], stored.annotations["summary"]) == (long[:LONGEST_VALUE],) * 2


def test_of_too_many_alerts_those_that_fire_are_heard_and_the_others_counted(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock
) -> None:
    over = [alert(status="resolved", fingerprint=f"r{n}", endsAt="2026-11-20T03:30:00Z") for n in range(300)]
    firing = [alert(fingerprint=f"f{n}") for n in range(400)]
    assert told(client, bodies_of(*over, *firing, truncatedAlerts=1)) == (MOST_ALERTS, 400)
    assert f"还有 {700 - MOST_ALERTS + 1} 条告警" in words(sqlite_store, clock)[0]


# What is not


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ([], "the body"),
        ({}, "version"),
        ({"version": "4"}, "alerts"),
        ({"version": "3", "alerts": []}, 'version: understood are "4" (Alertmanager) and "1" (Grafana)'),
        ({"version": 4, "alerts": []}, "version"),
        ({"version": "4", "alerts": {}}, "alerts"),
        (bodies_of(truncatedAlerts=-1), "truncatedAlerts"),
        (bodies_of(alert(), alert(status="odd")), "alerts.1.status"),
        (bodies_of(alert(startsAt="yesterday")), "alerts.0.startsAt"),
        (bodies_of(alert(startsAt="2026-11-20T03:00:00")), "alerts.0.startsAt"),
        (bodies_of(alert(startsAt=1795307640)), "alerts.0.startsAt"),
        (bodies_of(alert(startsAt="0001-01-01T00:00:00Z")), "alerts.0.startsAt: an alert has a beginning"),
        (bodies_of(alert(startsAt="9999-12-31T23:59:59-12:00")), "alerts.0.startsAt: is not a moment"),
        (bodies_of(alert(endsAt="0001-01-01T00:00:00+14:00", startsAt=None)), "alerts.0.startsAt"),
        (bodies_of(alert(labels={"SECRET": 1})), "alerts.0.labels.…"),
        (bodies_of(alert(annotations=["SECRET"])), "alerts.0.annotations"),
        (bodies_of(alert(fingerprint=7)), "alerts.0.fingerprint"),
    ],
)
def test_what_is_wrong_and_where_is_said_without_quoting_it(
    client: FlaskClient, sqlite_store: SqlStore, clock: FakeClock, what: Any, says: str
) -> None:
    answer = send(client, what)
    assert answer.status_code == 400
    assert answer.json is not None
    assert says in answer.json["error"]
    assert "SECRET" not in answer.json["error"]
    assert "yesterday" not in answer.json["error"]
    assert words(sqlite_store, clock) == []


def test_one_wrong_alert_of_a_body_changes_nothing_of_the_others(client: FlaskClient, sqlite_store: SqlStore) -> None:
    assert send(client, bodies_of(alert(fingerprint="good"), alert(status="odd"))).status_code == 400
    assert known(sqlite_store, "good") is None


def test_a_body_of_more_than_one_mebibyte_is_refused(client: FlaskClient) -> None:
    assert send(client, b"x" * (MAX_BODY + 1)).status_code == 413
    stream = BytesIO(b"x" * (3 * MAX_BODY))
    answer = client.post(
        PATH,
        input_stream=stream,
        headers={"Authorization": f"Bearer {TOKEN}"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert stream.tell() <= MAX_BODY + 1


# Twice, late, half


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
