"""What `POST /webhooks/alertmanager` takes from a body, and the card that it becomes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from bot.plain import as_text
from storage.store import SqlStore
from suanli.domain.answer import Tone
from suanli.i18n import Lang
from suanli.web.alert_bodies import LONGEST_VALUE, MOST_ALERTS
from tests import alertmanager_desk
from tests.alertmanager_desk import (
    BOSS,
    GROUP,
    TOKEN,
    alert,
    bodies_of,
    body,
    client_of,
    known,
    parcels,
    send,
    told,
    words,
)
from tests.dialogue import SITE
from tests.fakes import FakeClock

client = alertmanager_desk.client
woken = alertmanager_desk.woken


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
