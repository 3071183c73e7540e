"""`POST /webhooks/alertmanager` through Flask's test client: who may post, and what is refused."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from storage.store import SqlStore
from suanli.web.alertmanager import MAX_BODY
from tests import alertmanager_desk
from tests.alertmanager_desk import PATH, TOKEN, alert, bodies_of, body, client_of, known, send, words
from tests.fakes import FakeClock

client = alertmanager_desk.client
woken = alertmanager_desk.woken


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
