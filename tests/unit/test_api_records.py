"""GET /api/v1/cost/records, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit, Usage
from suanli.domain.cost.records import Ending, Labels
from suanli.domain.tokens import Permission
from suanli.web.api.cursors import cursor_of
from suanli.web.cost.record_bodies import RecordsAsked
from suanli.web.cost.records import ENDPOINTS
from tests.cost_desk import CostDesk
from tests.fakes import NOON, FakeClock

PATH = "/api/v1/cost/records"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token()


def pages(desk: CostDesk, token: str, asked: str) -> Iterator[list[Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = desk.get(f"{PATH}?{asked}&cursor={cursor}", token)
        yield page["items"]
        assert page["has_more"] is (page["next_cursor"] is not None)
        cursor = page["next_cursor"]


def ids(desk: CostDesk, token: str, asked: str) -> list[int]:
    return [each["id"] for each in desk.get(f"{PATH}?{asked}", token)["items"]]


def test_nothing_is_an_empty_page(desk: CostDesk, token: str) -> None:
    assert desk.get(PATH, token) == {"items": [], "next_cursor": None, "has_more": False}


def test_a_record_has_the_originals_names_and_all_that_was_told(desk: CostDesk, token: str) -> None:
    desk.model("qwen-max", "qwen", input="0.02", output="0.06", cached="0.004")
    desk.party("li", "李雷", department="研发")
    desk.use(
        "li", "qwen-max", provider_name="qwen", usage=Usage(1000, 500, 100, 0, 20), request_type="chat",
        labels=Labels("wx", "s-1", "sop"), took=1234,
    )  # fmt: skip
    (found,) = desk.get(PATH, token)["items"]
    expected = {
        "id": 1, "request_id": "call-2", "user_id": "li", "department": "研发", "project": None, "cost_model_id": 1,
        "price_id": 1, "wechat_account_id": "wx", "session_id": "s-1", "sop_instance_id": "sop", "input_units": 1000,
        "output_units": 500, "cached_units": 100, "reasoning_units": 20, "total_units": 1620, "priced": True,
        "missing": None, "input_cost": "0.020400", "output_cost": "0.031200", "base_cost": "0.000000",
        "total_cost": "0.051600", "charged_cost": "0.051600", "currency": "CNY", "original_currency": "CNY",
        "exchange_rate": None, "status": "ok", "duration_ms": 1234, "cost_type": "ai_api", "billing_unit": "token",
        "happened_at": "2026-11-20T04:00:00Z",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_what_has_no_price_costs_null_and_never_nothing(desk: CostDesk, token: str) -> None:
    desk.use("li", "unheard-of")
    (found,) = desk.get(f"{PATH}?money=number", token)["items"]
    costs = ("input_cost", "output_cost", "base_cost", "total_cost", "original_cost")
    assert [found[each] for each in costs] == [None] * 5
    assert (found["priced"], found["missing"], found["cost_model_id"]) == (False, "model", None)


def test_minutes_and_gb_are_shown_as_people_count_them(desk: CostDesk, token: str) -> None:
    with desk.store.begin() as tx:
        new = CostModel(CostModelId(0), "speech", "", "audio", CostType.AI_API, Unit.MINUTE, 1)
        model = tx.models.add(new)
        assert model is not None
        rates = Rates(Nano(500_000_000 * 10**6), Nano(0))
        tx.prices.add(Price(PriceId(0), model.id, rates, Currency("CNY"), NOON - timedelta(days=1)), NOON)
    desk.use("li", "speech", usage=Usage(90_001))
    (found,) = desk.get(PATH, token)["items"]
    assert (found["input_units"], found["billing_unit"]) == (1.500016667, "minute")
    assert found["total_cost"] == "0.750008"


@pytest.mark.parametrize("sort", ["happened_at", "total_cost"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_follow_each_other_without_a_gap_in_every_order(
    desk: CostDesk, token: str, sort: str, order: str
) -> None:
    costs = ["0.3", None, "0.1", "0.1", None, "2", "0.1"]
    for number, cost in enumerate(costs):
        desk.spend("li", "m", cost, NOON - timedelta(minutes=number % 3))
    together = desk.get(f"{PATH}?sort={sort}&order={order}&limit=500", token)["items"]
    parts = list(pages(desk, token, f"sort={sort}&order={order}&limit=2"))
    assert [len(each) for each in parts] == [2, 2, 2, 1]
    assert [each for part in parts for each in part] == together
    assert len({each["id"] for each in together}) == 7


def test_a_page_does_not_move_when_more_is_told_meanwhile(desk: CostDesk, token: str) -> None:
    for number in range(4):
        desk.spend("li", "m", "1", NOON - timedelta(minutes=number))
    first = desk.get(f"{PATH}?limit=2", token)
    desk.spend("li", "m", "1", NOON + timedelta(minutes=1))
    second = desk.get(f"{PATH}?limit=2&cursor={first['next_cursor']}", token)
    assert [each["id"] for each in first["items"] + second["items"]] == [1, 2, 3, 4]


def test_records_are_found_by_everything_that_a_filter_may_say(desk: CostDesk, token: str) -> None:
    desk.party("li", project="p", department="d", organization="o")
    desk.spend("li", "m", "1", provider_name="v", request_type="chat", labels=Labels(session_id="s"))
    desk.spend("han", "n", None, NOON - timedelta(days=1), cost_type=CostType.STORAGE, ending=Ending.FAILED)
    for asked in ("user_id=li", "project=p", "department=d", "organization=o", "model_name=m", "provider_name=v",
                  "request_type=chat", "session_id=s", "request_id=call-2", "priced=true", "cost_type=ai_api",
                  "since=2026-11-20T12:00:00%2B08:00", "since=2026-11-20T12:00:00+08:00"):  # fmt: skip
        assert ids(desk, token, asked) == [1], asked
    for asked in ("user_id=han", "priced=false", "cost_type=storage", "until=2026-11-20T04:00:00Z"):
        assert ids(desk, token, asked) == [2], asked
    assert ids(desk, token, "user_id=li&priced=false") == []
    assert ids(desk, token, f"model_name={quote('通义')}") == []


@pytest.mark.parametrize(
    "asked",
    ["sort=price", "order=up", "limit=0", "limit=501", "limit=x", "since=yesterday", "since=2026-11-20T04:00:00",
     "cost_type=x", "priced=maybe", "user=li", "page=2"],
)  # fmt: skip
def test_what_cannot_be_asked_is_a_problem_that_names_the_field(desk: CostDesk, token: str, asked: str) -> None:
    replied = desk.call("GET", f"{PATH}?{asked}", token=token)
    assert (replied.status, replied.json["errors"][0]["field"]) == (422, asked.partition("=")[0])


def test_a_cursor_of_another_question_is_refused(desk: CostDesk, token: str) -> None:
    for _ in range(3):
        desk.spend("li", "m", "1")
    cursor = desk.get(f"{PATH}?limit=1", token)["next_cursor"]
    turned = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for asked in (
        f"cursor={turned}",
        f"cursor={cursor}&order=asc",
        f"cursor={cursor}&user_id=li",
        "cursor=%00",
        "cursor=é",
    ):
        replied = desk.call("GET", f"{PATH}?{asked}", token=token)
        assert (replied.status, "cursor" in replied.json["detail"]) == (422, True), asked


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 10**17, -(10**17)])
def test_a_made_up_place_beyond_all_time_is_refused_or_is_empty(desk: CostDesk, token: str, value: int) -> None:
    desk.spend("li", "m", "1")
    for sort in ("happened_at", "total_cost"):
        asked = RecordsAsked(sort=sort)
        cursor = cursor_of((value, 5), (asked.to_domain(), asked.sort, asked.order))
        assert desk.call("GET", f"{PATH}?sort={sort}&cursor={cursor}", token=token).status in {200, 422}


def test_who_may_not_see_others_gets_only_their_own(desk: CostDesk) -> None:
    desk.spend("li", "m", "1")
    desk.spend("han", "m", "2")
    own = desk.token(Role.MEMBER, [Permission.READ], "li")
    assert ids(desk, own, "") == ids(desk, own, "user_id=li") == [1]
    refused = desk.call("GET", f"{PATH}?user_id=han", token=own)
    assert (refused.status, refused.json["type"]) == (403, "/problems/forbidden")
    # Not even whether there is one.
    (others,) = desk.get(f"{PATH}?user_id=han", desk.token())["items"]
    assert ids(desk, own, f"request_id={others['request_id']}") == ids(desk, own, "request_id=unheard-of") == []
    boss = desk.token(Role.OPERATOR, [Permission.READ], "li")
    assert ids(desk, boss, "sort=happened_at&order=asc") == [1, 2]


def test_a_token_that_may_not_read_sees_nothing(desk: CostDesk) -> None:
    assert desk.call("GET", PATH, token=desk.token(permissions=[Permission.WRITE])).status == 403
