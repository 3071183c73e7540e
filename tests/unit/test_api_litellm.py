"""POST /api/v1/cost/callbacks/litellm, over real HTTP, with what LiteLLM 1.106.2 sent (tests/golden/litellm)."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import NANO, Currency, Nano
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit, Usage
from suanli.domain.cost.records import Ending, Record
from suanli.domain.tokens import Permission
from suanli.web.cost.litellm import ENDPOINTS
from tests.cost_desk import LONG_AGO, CostDesk, Replied
from tests.fakes import FakeClock

PATH = "/api/v1/cost/callbacks/litellm"
SENT = json.loads((Path(__file__).parents[1] / "golden" / "litellm" / "callback.json").read_text("utf-8"))
CHAT, STREAM, FAILED, EMBEDDING = SENT


@pytest.fixture
def desk(sqlite_store: SqlStore) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, FakeClock(datetime(2026, 11, 22, 14, 0, tzinfo=UTC)), ENDPOINTS) as desk:
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token(user="proxy", permissions=[Permission.WRITE])


def in_dollars(desk: CostDesk, provider: str, name: str, into: str, out: str = "0", unit: Unit = Unit.TOKEN) -> None:
    """A model with its price for a token, or for whatever its unit is, in a currency that has no rate of exchange."""
    with desk.store.begin() as tx:
        model = tx.models.add(CostModel(CostModelId(0), name, provider, "chat", CostType.AI_API, unit))
        assert model is not None
        rates = Rates(*(Nano(int(Decimal(price) * 10**6 * NANO)) for price in (into, out)))
        tx.prices.add(Price(PriceId(0), model.id, rates, desk.site.money.currency, LONG_AGO), LONG_AGO)


def send(desk: CostDesk, token: str, body: object) -> Replied:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return desk.call("POST", PATH, raw, token, {"Content-Type": "application/json"})


def statuses(replied: Replied) -> Sequence[str]:
    assert replied.status == 200, replied.json
    return [each["status"] for each in replied.json["results"]]


def record(desk: CostDesk, request_id: str) -> Record:
    with desk.store.begin() as tx:
        found = tx.records.find(request_id)
    assert found is not None
    return found


def test_what_litellm_sends_is_written_down_as_what_it_was(desk: CostDesk, token: str) -> None:
    in_dollars(desk, "openai", "gpt-4o-mini", "0.00000015", "0.0000006")
    replied = send(desk, token, SENT)
    assert statuses(replied) == ["new"] * 4
    assert (replied.json["unpriced"], replied.json["skipped"]) == (2, 0)
    chat = record(desk, CHAT["id"])
    call = chat.call
    assert (call.model_name, call.provider_name, call.request_type) == ("gpt-4o-mini", "openai", "chat")
    assert (call.payer.user, call.payer.department, call.payer.organization) == ("li", "research", "acme")
    assert (call.usage, call.took, call.happened_at.year) == (Usage(10, 20), 341, 2026)
    assert chat.cost is not None
    assert chat.cost.total == 13_500  # 1.35e-05, as LiteLLM says in binary
    assert record(desk, STREAM["id"]).call.usage == Usage(9, 4)
    assert record(desk, EMBEDDING["id"]).call.request_type == "embeddings"
    assert record(desk, EMBEDDING["id"]).call.usage == Usage(10)


def test_a_call_that_failed_costs_nothing_and_is_told_as_failed(desk: CostDesk, token: str) -> None:
    send(desk, token, [FAILED])
    failed = record(desk, FAILED["id"])
    assert (failed.call.ending, failed.call.usage.total, failed.cost) == (Ending.FAILED, 0, (0, 0, 0))


def test_a_model_without_a_price_is_unpriced_whatever_litellm_says_it_costs(desk: CostDesk, token: str) -> None:
    send(desk, token, [STREAM, {**STREAM, "id": "free", "response_cost": 0}])
    assert [record(desk, each).cost for each in (STREAM["id"], "free")] == [None, None]


@pytest.mark.parametrize("form", ["array", "ndjson", "single"])
def test_each_of_its_three_forms_is_read(desk: CostDesk, token: str, form: str) -> None:
    lines = b"\n".join(json.dumps(each).encode() for each in SENT)
    bodies = {"array": json.dumps(SENT).encode(), "ndjson": lines + b"\n", "single": json.dumps(CHAT).encode()}
    assert statuses(send(desk, token, bodies[form])) == ["new"] * (1 if form == "single" else 4)


def test_what_is_sent_again_is_known_and_changes_nothing(desk: CostDesk, token: str) -> None:
    desk.party("li", project="p")
    send(desk, token, SENT)
    desk.party("li", project="q")
    assert statuses(send(desk, token, SENT)) == ["known"] * 4
    twice = send(desk, token, [{**CHAT, "id": "z"}, {**CHAT, "id": "z", "endTime": CHAT["endTime"] + 1}])
    assert statuses(twice) == ["new", "conflict"]


def test_cached_and_reasoning_tokens_are_counted_apart(desk: CostDesk, token: str) -> None:
    usage = {
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 80, "cache_creation_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }  # fmt: skip
    send(desk, token, [{**CHAT, "metadata": {**CHAT["metadata"], "usage_object": usage}}])
    assert record(desk, CHAT["id"]).call.usage == Usage(15, 20, 80, 5, 30)


def test_what_came_out_of_litellms_cache_cost_nothing(desk: CostDesk, token: str) -> None:
    in_dollars(desk, "openai", "gpt-4o-mini", "1", "1")
    send(desk, token, [{**CHAT, "id": "a_cache_hit1.5", "cache_hit": True}])
    found = record(desk, "a_cache_hit1.5")
    assert (found.cost, found.call.usage) == ((0, 0, 0), Usage(10, 20))


def test_a_success_that_does_not_say_what_it_used_is_refused_and_logged(desk: CostDesk, token: str) -> None:
    silent = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "metadata": {}}
    with capture_logs() as logs:
        replied = send(desk, token, [{**CHAT, **silent, "response_cost": 0.0}])
    assert (statuses(replied), replied.json["results"][0]["errors"][0]["field"]) == (["invalid"], "usage")
    assert [each["fields"] for each in logs if each["event"] == "litellm_calls_refused"] == [["usage"]]


def test_a_model_that_is_paid_for_by_the_call_was_called_once(desk: CostDesk, token: str) -> None:
    in_dollars(desk, "openai", "gpt-image", "0.25", unit=Unit.REQUEST)
    image = {**CHAT, "model": "gpt-image", "call_type": "aimage_generation", "metadata": {}, "prompt_tokens": 0,
             "completion_tokens": 0}  # fmt: skip
    assert statuses(send(desk, token, [image])) == ["new"]
    found = record(desk, CHAT["id"])
    assert (found.cost, found.call.request_type) == ((250_000_000, 0, 0), "image_generation")


@pytest.mark.parametrize(
    "kind", ["aget_responses", "alist_input_items", "acreate_file", "aretrieve_batch", "afile_list"]
)
def test_what_only_manages_something_is_passed_over(desk: CostDesk, token: str, kind: str) -> None:
    looked = {**CHAT, "call_type": kind, "metadata": {}, "prompt_tokens": None, "completion_tokens": 0}
    replied = send(desk, token, [looked])
    assert (replied.json["skipped"], replied.json["total"]) == (1, 0)


def test_a_batch_that_is_ready_is_charged_as_a_batch(desk: CostDesk, token: str) -> None:
    send(desk, token, [{**CHAT, "call_type": "aretrieve_batch"}])
    assert record(desk, CHAT["id"]).call.usage.is_batch


def test_a_model_is_found_by_the_name_that_litellms_map_has(desk: CostDesk, token: str) -> None:
    in_dollars(desk, "deepseek", "deepseek-chat", "1")
    in_dollars(desk, "bedrock_converse", "claude", "1")
    info = {"model_map_key": "claude", "model_map_value": {"key": "claude", "litellm_provider": "bedrock_converse"}}
    bedrock = {**CHAT, "id": "b", "model": "bedrock/us.claude", "custom_llm_provider": "bedrock",
               "model_map_information": info}  # fmt: skip
    send(desk, token, [{**STREAM, "model": "deepseek/deepseek-chat"}, bedrock])
    names = [(found.call.provider_name, found.call.model_name, found.is_priced) for found in
             (record(desk, STREAM["id"]), record(desk, "b"))]  # fmt: skip
    assert names == [("deepseek", "deepseek-chat", True), ("bedrock_converse", "claude", True)]


def test_another_cost_than_ours_is_counted_and_logged(desk: CostDesk, token: str) -> None:
    with desk.store.begin() as tx:
        for name, price in (("gpt-4o-mini", 150_000), ("deepseek-chat", 10**12)):
            model = tx.models.add(CostModel(CostModelId(0), name, "", "chat", CostType.AI_API, Unit.TOKEN, 1))
            assert model is not None
            rates = Rates(Nano(price * 1000), Nano(price * 4000))
            tx.prices.add(Price(PriceId(0), model.id, rates, Currency("USD"), LONG_AGO), LONG_AGO)
        tx.exchange.add(ExchangeRate(Currency("USD"), Currency("CNY"), Decimal(7), LONG_AGO), LONG_AGO)
    calls = [{**each, "custom_llm_provider": ""} for each in (CHAT, STREAM)]
    with capture_logs() as logs:
        replied = send(desk, token, calls)
    assert (statuses(replied), replied.json["cost_differs"]) == (["new", "new"], 1)
    assert [each["requests"] for each in logs if each["event"] == "litellm_costs_differ"] == [[STREAM["id"]]]


def test_a_key_of_nobody_is_paid_by_the_proxys_own_user(desk: CostDesk, token: str) -> None:
    keys = {**CHAT["metadata"], "user_api_key_user_id": None, "user_api_key_org_id": None}
    send(desk, token, [{**CHAT, "metadata": keys}])
    payer = record(desk, CHAT["id"]).call.payer
    assert (payer.user, payer.department, payer.organization) == ("proxy", "research", "")


def test_a_token_that_is_no_operators_tells_of_nobody_else(desk: CostDesk) -> None:
    own = desk.token(Role.MEMBER, [Permission.WRITE], "han")
    assert send(desk, own, SENT).status == 403
    with desk.store.begin() as tx:
        assert tx.records.find(CHAT["id"]) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[{}", b"\xff", b'{"a": NaN}'])
def test_what_is_no_json_is_refused_as_a_whole(desk: CostDesk, token: str, body: bytes) -> None:
    assert send(desk, token, body).status in {200, 400}
    assert send(desk, token, body).json.get("total", 0) == 0


@pytest.mark.parametrize(
    "wrong",
    [None, 5, "x", [], {}, {**CHAT, "id": "", "litellm_call_id": None}, {**CHAT, "model": ""},
     {**CHAT, "startTime": None},
     {**CHAT, "startTime": 1e400}, {**CHAT, "startTime": 10**10}, {**CHAT, "startTime": -1}, {**CHAT, "metadata": []},
     {**CHAT, "prompt_tokens": -1}, {**CHAT, "status": None}, {**CHAT, "id": "\ud800"}],
)  # fmt: skip
def test_an_entry_that_is_none_does_not_stop_the_others(desk: CostDesk, token: str, wrong: Any) -> None:
    raw = json.dumps([wrong, STREAM]).replace("Infinity", "1e400").encode()
    assert statuses(send(desk, token, raw)) == ["invalid", "new"]


def test_the_longest_ids_are_told_apart(desk: CostDesk, token: str) -> None:
    calls = [{**CHAT, "id": "resp_" + "x" * 900 + end} for end in "ab"]
    replied = send(desk, token, calls)
    assert statuses(replied) == ["new", "new"]
    assert statuses(send(desk, token, calls)) == ["known", "known"]
    assert len({each["request_id"] for each in replied.json["results"]}) == 2
