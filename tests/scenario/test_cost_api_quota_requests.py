"""Asking for more by the API, over real HTTP: refused, asked for, decided on, and the same call passes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.tokens import Permission
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk, Replied
from tests.dialogue import SITE, Dialogue
from tests.fakes import FakeClock
from tests.reservation_desk import REQUESTS, noted, people, quota, reserve, shown

RUNNING = replace(SITE, operators=("ou_boss",))


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS, RUNNING) as desk:
        people(desk)
        yield desk


@pytest.fixture
def talk(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    return Dialogue(sqlite_store, clock, RUNNING)


def ask(desk: CostDesk, token: str, number: int, amount: str = "50", **said: Any) -> Replied:
    body = {"quota_id": number, "amount": amount, "reason": "月底压测", **said}
    return desk.call("POST", REQUESTS, body, token)


def decide(desk: CostDesk, token: str, number: int, how: str, **said: Any) -> Replied:
    return desk.call("POST", f"{REQUESTS}/{number}/{how}", said, token)


def test_a_refused_call_passes_once_more_was_granted(desk: CostDesk, talk: Dialogue) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    refused = reserve(desk, token, "job", amount="30")
    asked = desk.call("POST", refused.json["request_more"],
                      {"quota_id": refused.json["quota_id"], "window": refused.json["window"], "amount": "50",
                       "reason": "月底压测"}, token)  # fmt: skip
    assert (asked.status, asked.json["state"], asked.json["until"]) == (201, "pending", "2026-12-01T00:00:00+08:00")
    assert [parcel.target.id for parcel in talk.parcels()] == ["ou_boss"]
    assert reserve(desk, token, "job", amount="30").status == 429
    given = decide(desk, desk.token(user="boss"), asked.json["id"], "approve", amount="20")
    assert (given.json["state"], given.json["granted_amount"]) == ("approved", "20.000000")
    assert "ou_li" in [parcel.target.id for parcel in talk.parcels()]
    assert reserve(desk, token, "job", amount="30").status == 201
    now = shown(desk, number)
    assert (now["total_quota"], now["granted_quota"], now["remaining_quota"]) == ("10.000000", "20.000000", "0.000000")
    (grant,) = now["grants"]
    assert (grant["amount"], grant["window"]) == ("20.000000", "period")
    assert noted(desk)[0] == ("quota.grant", "of boss")


def test_a_grant_ends_when_it_was_said_to(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10", daily_limit="5")["id"], desk.token(Role.MEMBER)
    asked = ask(desk, token, number, "3", window="day").json
    until = (desk.clock.now() + timedelta(hours=2)).isoformat()
    assert decide(desk, desk.token(user="boss"), asked["id"], "approve", until=until).status == 200
    assert shown(desk, number)["daily"]["limit"] == "8.000000"
    desk.clock.advance(timedelta(hours=2))
    now = shown(desk, number)
    assert (now["daily"]["limit"], now["grants"]) == ("5.000000", [])


def test_it_is_decided_once_and_not_by_who_asks(desk: CostDesk) -> None:
    number = quota(desk, "user", "li", "10")["id"]
    asked = ask(desk, desk.token(Role.MEMBER), number).json["id"]
    boss = desk.token(user="boss")
    assert decide(desk, desk.token(Role.MEMBER, user="han"), asked, "approve").status == 403
    assert decide(desk, desk.token(Role.OPERATOR, [Permission.READ]), asked, "approve").status == 403
    assert decide(desk, desk.token(Role.OPERATOR), asked, "approve").status == 403
    assert decide(desk, boss, asked, "deny").status == 422
    for odd in ({"amount": "50.000001"}, {"amount": "0"}, {"until": desk.clock.now().isoformat()}):
        assert decide(desk, boss, asked, "approve", **odd).status == 422
    denied = decide(desk, boss, asked, "deny", reason="下个月再议")
    assert (denied.json["state"], denied.json["note"]) == ("denied", "下个月再议")
    late = decide(desk, boss, asked, "approve")
    assert (late.status, late.json["state"]) == (409, "denied")
    assert late.json["detail"] == f"申请 {asked} 已经有结果：已拒绝"
    assert shown(desk, number)["granted_quota"] == "0.000000"
    assert decide(desk, boss, 99, "approve").status == 404
    again = ask(desk, desk.token(Role.ADMIN), number).json["id"]
    assert decide(desk, desk.token(Role.ADMIN), again, "approve").status == 200


def test_what_waits_is_not_asked_for_twice(desk: CostDesk, talk: Dialogue) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    first = ask(desk, token, number)
    again = ask(desk, token, number, "60")
    assert (again.status, again.json["request_id"]) == (409, first.json["id"])
    assert len(talk.parcels()) == 1


def test_what_nobody_decided_in_time_has_lapsed(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10", period_type="daily")["id"], desk.token(Role.MEMBER)
    asked = ask(desk, token, number).json["id"]
    desk.clock.advance(timedelta(hours=12))
    assert desk.get(REQUESTS, token)["items"][0]["state"] == "lapsed"
    assert decide(desk, desk.token(user="boss"), asked, "approve").json["state"] == "lapsed"
    assert ask(desk, token, number).status == 201


def test_what_need_not_or_cannot_be_asked_for(desk: CostDesk) -> None:
    own, soft = quota(desk, "user", "li", "10")["id"], quota(desk, "department", "sales", "10", soft=True)["id"]
    others, token = quota(desk, "user", "han", "10")["id"], desk.token(Role.MEMBER)
    assert ask(desk, token, others).status == 404
    assert ask(desk, token, 99).status == 404
    assert ask(desk, token, soft).status == 409
    assert ask(desk, token, own, window="day").status == 422
    for amount in ("0", "100.000001", "-1"):
        assert ask(desk, token, own, amount).status == 422
    assert ask(desk, token, own, reason="").status == 422
    assert ask(desk, token, own, until="2028-01-01T00:00:00Z").status == 422
    assert ask(desk, desk.token(Role.MEMBER, [Permission.READ]), own).status == 403
    desk.party("bot", department="sales")
    hard = quota(desk, "user", "bot", "10")["id"]
    unknown = ask(desk, desk.token(Role.MEMBER, user="bot"), hard)
    assert (unknown.status, "bot" in unknown.json["detail"]) == (409, True)
    assert desk.get(REQUESTS, desk.token())["items"] == []


def test_each_sees_their_own_newest_first_page_after_page(desk: CostDesk) -> None:
    li, han = desk.token(Role.MEMBER), desk.token(Role.MEMBER, user="han")
    wide = [quota(desk, "department", "sales", "10", period_type=each)["id"] for each in ("daily", "weekly", "monthly")]
    mine = [ask(desk, li, number).json["id"] for number in wide]
    theirs = ask(desk, han, wide[0]).json["id"]
    first = desk.get(f"{REQUESTS}?limit=2", li)
    rest = desk.get(f"{REQUESTS}?limit=2&cursor={first['next_cursor']}", li)
    assert [each["id"] for page in (first, rest) for each in page["items"]] == mine[::-1]
    assert [each["id"] for each in desk.get(REQUESTS, han)["items"]] == [theirs]
    assert len(desk.get(REQUESTS, desk.token(user="boss"))["items"]) == 4
    assert desk.get(f"{REQUESTS}?state=approved", desk.token())["items"] == []
    assert len(desk.get(f"{REQUESTS}?quota_id={wide[0]}", desk.token())["items"]) == 2
