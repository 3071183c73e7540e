"""GET, POST, PUT and DELETE /api/v1/cost/models, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.changes import Way
from suanli.domain.cost.prices import Usage
from suanli.domain.tokens import Permission
from suanli.web.cost.models import ENDPOINTS
from tests.cost_desk import CostDesk, Replied
from tests.fakes import NOON, FakeClock

PATH = "/api/v1/cost/models"
CHAT = {"name": "deepseek-chat", "provider": "deepseek", "input_price": "0.002", "output_price": "0.003"}


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token()


def made(desk: CostDesk, token: str, **fields: Any) -> Any:
    replied = desk.call("POST", PATH, CHAT | fields, token)
    assert replied.status == 201, replied.json
    return replied.json


def change(desk: CostDesk, token: str, number: int, body: Any, **headers: str) -> Replied:
    desk.clock.advance(timedelta(hours=1))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return desk.call("PUT", f"{PATH}/{number}", body, token, sent)


def cost(desk: CostDesk, usage: Usage, after: timedelta = timedelta(0)) -> int:
    with desk.store.begin() as tx:
        bill = tx.prices.book(desk.site.money.currency).charge("deepseek-chat", "deepseek", usage, NOON + after)
    return bill.cost.total  # type: ignore[union-attr]  # Unpriced has no cost, and the test fails


def errors(replied: Replied) -> list[str]:
    assert replied.status == 422, replied.json
    return [each["field"] for each in replied.json.get("errors", [])]


def test_a_model_is_made_with_its_price_and_calls_cost_that(desk: CostDesk, token: str) -> None:
    known = made(desk, token, cached_price="0.0002", base_price="0.01", aliases=["ds"], model_type="chat")
    assert known["id"] == 1
    assert (known["input_price"], known["output_price"], known["cached_price"]) == ("0.002", "0.003", "0.0002")
    assert (known["base_price"], known["batch_input_price"], known["currency"]) == ("0.01", None, "CNY")
    assert (known["unit_size"], known["billing_unit"], known["cost_type"]) == (1000, "token", "ai_api")
    assert (known["active"], known["priced"], known["valid_to"]) == (True, True, None)
    assert cost(desk, Usage(1000, 1000, 1000)) == 10_000_000 + 2_000_000 + 200_000 + 3_000_000


def test_prices_finer_than_six_digits_and_of_any_size_are_kept_exactly(desk: CostDesk, token: str) -> None:
    known = made(desk, token, input_price="0.00000115", output_price=3, unit_size=1_000_000)
    assert (known["input_price"], known["output_price"]) == ("0.00000115", "3")
    shown = desk.get(f"{PATH}?money=number", token)["items"][0]
    assert (shown["input_price"], shown["output_price"]) == (0.00000115, 3.0)


def test_prices_above_so_many_tokens_are_tiers(desk: CostDesk, token: str) -> None:
    tier = {"above": 200_000, "input_price": "0.004", "output_price": "0.006"}
    known = made(desk, token, tiers=[tier], base_price="1")
    assert {name: known["tiers"][0][name] for name in tier} == tier
    assert cost(desk, Usage(200_001)) == 1_000_000_000 + 200_001 * 4_000
    same = change(desk, token, 1, {"base_price": "2"}).json
    assert same["tiers"] == known["tiers"]
    assert cost(desk, Usage(200_001), timedelta(hours=1)) == 2_000_000_000 + 200_001 * 4_000
    assert change(desk, token, 1, {"tiers": []}).json["tiers"] == []


def test_what_is_not_paid_for_by_tokens_needs_no_output_price(desk: CostDesk, token: str) -> None:
    known = made(desk, token, output_price=None, billing_unit="minute", unit_size=1, input_price="0.5")
    assert (known["output_price"], known["billing_unit"]) == ("0", "minute")
    assert cost(desk, Usage(90_000)) == 750_000_000


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"output_price": None}, ["output_price"]),
        ({"input_price": None}, ["input_price"]),
        ({"input_price": "-1"}, ["price"]),
        ({"input_price": "1e-20"}, ["price"]),
        ({"input_price": "1e999999"}, ["price"]),
        ({"input_price": "NaN"}, ["price"]),
        ({"input_price": "free"}, ["input_price"]),
        ({"input_price": True}, ["input_price"]),
        ({"base_price": "-0.1"}, ["price"]),
        ({"name": ""}, ["name"]),
        ({"unit_size": 0}, ["unit_size"]),
        ({"currency": "yuan"}, ["currency"]),
        ({"billing_unit": "hour"}, ["billing_unit"]),
        ({"valid_from": "2026-11-20T00:00:00"}, ["valid_from"]),
        ({"tiers": [{"above": 5, "input_price": 1, "output_price": 1}] * 2}, ["price"]),
        ({"price": 1}, ["price"]),
    ],
)
def test_a_model_that_is_not_right_is_refused_by_its_field(
    desk: CostDesk, token: str, fields: Any, wrong: list[str]
) -> None:
    assert errors(desk.call("POST", PATH, CHAT | fields, token)) == wrong
    assert desk.get(f"{PATH}?active=all", token)["items"] == []


def test_a_second_model_of_this_name_is_a_conflict(desk: CostDesk, token: str) -> None:
    made(desk, token)
    refused = desk.call("POST", PATH, CHAT, token)
    assert (refused.status, refused.json["model_id"]) == (409, 1)
    assert made(desk, token, provider="siliconflow")["id"] == 2


def test_another_price_is_a_new_version_and_the_old_one_stays(desk: CostDesk, token: str) -> None:
    made(desk, token)
    changed = change(desk, token, 1, {"input_price": "0.004"})
    assert (changed.status, changed.json["input_price"], changed.json["output_price"]) == (200, "0.004", "0.003")
    history = desk.get(f"{PATH}?include=history", token)["items"][0]["history"]
    assert [(each["input_price"], each["valid_to"]) for each in history] == [
        ("0.002", history[1]["valid_from"]),
        ("0.004", None),
    ]
    assert cost(desk, Usage(1000)) == 2_000_000
    assert cost(desk, Usage(1000), timedelta(hours=1)) == 4_000_000


def test_the_same_price_again_is_no_new_version(desk: CostDesk, token: str) -> None:
    first = made(desk, token)
    again = change(desk, token, 1, {"input_price": "0.0020", "unit_size": 1000})
    assert (again.json["price_id"], again.json["etag"]) == (first["price_id"], first["etag"])
    with desk.store.begin() as tx:
        assert [each.what for each in tx.changes.newest(9)] == ["model.create"]


def test_a_price_may_begin_later_but_not_before_now(desk: CostDesk, token: str) -> None:
    made(desk, token)
    later = NOON + timedelta(days=30)
    said = change(desk, token, 1, {"input_price": "9", "valid_from": later.isoformat()})
    assert (said.status, said.json["input_price"]) == (200, "0.002")
    assert cost(desk, Usage(1000), timedelta(days=30)) == 9_000_000_000
    past = {"input_price": "8", "valid_from": NOON.isoformat()}
    assert errors(change(desk, token, 1, past)) == ["price"]
    assert cost(desk, Usage(1000), timedelta(days=1)) == 2_000_000


def test_a_price_of_its_own_is_taken_away_by_null(desk: CostDesk, token: str) -> None:
    made(desk, token, cached_price="0.0001")
    assert change(desk, token, 1, {"cached_price": None}).json["cached_price"] is None
    assert errors(change(desk, token, 1, {"input_price": None})) == ["input_price"]


def test_another_size_of_unit_shows_the_same_price_for_so_many(desk: CostDesk, token: str) -> None:
    first = made(desk, token)
    changed = change(desk, token, 1, {"unit_size": 1_000_000}).json
    assert (changed["input_price"], changed["price_id"]) == ("2", first["price_id"])


def test_name_provider_and_a_priced_unit_stay(desk: CostDesk, token: str) -> None:
    made(desk, token)
    for body in ({"name": "other"}, {"provider": "other"}, {"billing_unit": "request"}):
        assert change(desk, token, 1, body).status == 409
    assert change(desk, token, 1, {"name": "deepseek-chat", "model_type": "reasoner"}).json["model_type"] == "reasoner"


def test_a_change_of_a_state_that_is_gone_is_refused(desk: CostDesk, token: str) -> None:
    replied = desk.call("POST", PATH, CHAT, token)
    tag = replied.headers["ETag"]
    assert tag == f'"{replied.json["etag"]}"'
    first = change(desk, token, 1, {"model_type": "a"}, If_Match=tag)
    assert first.status == 200
    second = change(desk, token, 1, {"model_type": "b"}, If_Match=tag)
    assert (second.status, second.json["type"]) == (412, "/problems/changed")
    assert desk.call("DELETE", f"{PATH}/1", token=token, headers={"If-Match": tag}).status == 412
    for good in (f"W/{first.headers['ETag']}", f'"x", {first.headers["ETag"]}', "*"):
        assert change(desk, token, 1, {"model_type": "a"}, If_Match=good).status == 200
    assert desk.get(PATH, token)["items"][0]["etag"] == first.json["etag"]


def test_a_deleted_model_keeps_its_number_and_prices_and_may_come_back(desk: CostDesk, token: str) -> None:
    made(desk, token)
    assert [desk.call("DELETE", f"{PATH}/1", token=token).status for _ in range(2)] == [204, 204]
    assert desk.get(PATH, token)["items"] == []
    (gone,) = desk.get(f"{PATH}?active=false&include=history", token)["items"]
    assert (gone["id"], gone["active"], len(gone["history"])) == (1, False, 1)
    desk.clock.advance(timedelta(hours=1))
    back = made(desk, token, input_price="0.005")
    assert (back["id"], back["active"], back["input_price"]) == (1, True, "0.005")
    assert cost(desk, Usage(1000)) == 2_000_000


def test_a_deleted_model_does_not_come_back_for_another_unit(desk: CostDesk, token: str) -> None:
    made(desk, token)
    desk.call("DELETE", f"{PATH}/1", token=token)
    assert desk.call("POST", PATH, {**CHAT, "billing_unit": "gb"}, token).status == 409
    assert change(desk, token, 1, {"active": True}).json["active"] is True


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"input_price": "-1"}, "价格是数字，不能小于 0，要按某个数量的单位"),
        ({"input_price": "1e-20"}, "价格太细：每个单位最多到 10⁻¹⁵"),
        ({"input_price": "1e30"}, "价格太大或者太细，记不下"),
        ({"base_price": "1e30"}, "价格太大或者太细，记不下"),
        ({"tiers": [{"above": 5, "input_price": 1, "output_price": 1}] * 2}, "每一级要比前一级高"),
    ],
)
def test_what_is_wrong_with_a_price_is_told_in_the_callers_language(
    desk: CostDesk, token: str, said: dict[str, Any], message: str
) -> None:
    refused = desk.call("POST", PATH, {**CHAT, **said}, token, {"Accept-Language": "zh-CN"})
    assert refused.json["errors"] == [{"field": "price", "message": message}]
    english = desk.call("POST", PATH, {**CHAT, **said}, token, {"Accept-Language": "en"})
    assert english.json["errors"][0]["message"].replace("⁻¹⁵", "").isascii()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_model_that_is_not_there_is_not_found(desk: CostDesk, token: str, method: str) -> None:
    assert desk.call(method, f"{PATH}/7", {} if method == "PUT" else None, token).status == 404


def test_only_who_may_manage_changes_models_and_who_may_read_sees_them(desk: CostDesk, token: str) -> None:
    made(desk, token)
    viewer = desk.token(Role.VIEWER)
    reader = desk.token(permissions=[Permission.READ])
    for each in (viewer, reader):
        assert desk.call("POST", PATH, CHAT, each).status == 403
        assert desk.call("PUT", f"{PATH}/1", {}, each).status == desk.call("DELETE", f"{PATH}/1", token=each).status
        assert desk.call("PUT", f"{PATH}/1", {}, each).status == 403
        assert len(desk.get(PATH, each)["items"]) == 1


def test_every_change_is_noted_with_who_made_it_and_what_it_was(desk: CostDesk, token: str) -> None:
    made(desk, token)
    change(desk, token, 1, {"input_price": "0.004", "aliases": ["ds"]})
    desk.call("DELETE", f"{PATH}/1", token=token)
    with desk.store.begin() as tx:
        deleted, changed, created = tx.changes.newest(9, "model 1")
    assert [each.what for each in (created, changed, deleted)] == ["model.create", "model.change", "model.delete"]
    assert {(each.who, each.way) for each in (created, changed, deleted)} == {("token 1 (of li)", Way.API)}
    assert (changed.before["price.input"], changed.after["price.input"]) == ("2", "4")
    assert changed.after["aliases"] == "ds"
    assert "price.output" not in changed.after


def test_models_are_listed_page_after_page_and_found_by_what_they_are(desk: CostDesk, token: str) -> None:
    for number in range(7):
        desk.model(f"model-{number}", "openai" if number % 2 else "qwen")
    desk.model("通义千问", "qwen")
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = desk.get(f"{PATH}?limit=3&cursor={cursor}", token)
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
    assert seen == list(range(1, 9))
    assert [each["name"] for each in desk.get(f"{PATH}?provider=openai", token)["items"]] == [
        "model-1", "model-3", "model-5",
    ]  # fmt: skip
    assert desk.get(f"{PATH}?name=千问", token)["items"][0]["name"] == "通义千问"
    assert desk.get(f"{PATH}?cost_type=storage", token)["items"] == []


def test_a_cursor_of_another_list_is_refused(desk: CostDesk, token: str) -> None:
    for number in range(3):
        desk.model(f"model-{number}")
    cursor = desk.get(f"{PATH}?limit=1", token)["next_cursor"]
    assert desk.call("GET", f"{PATH}?limit=1&provider=x&cursor={cursor}", token=token).status == 422
    assert desk.call("GET", f"{PATH}?cursor=abc", token=token).status == 422
    assert desk.call("GET", f"{PATH}?limit=501", token=token).status == 422
    assert len(desk.get(f"{PATH}?limit=2&cursor={cursor}", token)["items"]) == 2


def test_a_model_without_a_price_is_not_free(desk: CostDesk, token: str) -> None:
    desk.model("old", since=NOON + timedelta(days=1))
    (known,) = desk.get(PATH, token)["items"]
    assert (known["priced"], known["input_price"], known["currency"], known["tiers"]) == (False, None, None, [])
    assert errors(change(desk, token, 1, {"output_price": "1"})) == ["input_price"]
