"""What people complain about in other gateways (cost.md §2.4), and that a call through this one has none of it.

Numbers are those of the list there. The books are tested in `test_complaints_books.py`, and what many do at once in
`tests/contract/test_complaints_together.py`.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit, Usage
from suanli.domain.cost.quotas import Ask, Granted, Refused
from suanli.domain.cost.records import Ending
from suanli.domain.cost.rules import CNY
from suanli.sandbox.model_provider import Behaviour
from suanli.web.cost import overview
from tests.cost_desk import CostDesk
from tests.fakes import NOON, FakeClock, eventually
from tests.gateway_kit import EACH, RATE, ZHANG, World, gateway

FAILURES = {
    "an error of theirs": Behaviour(status=500),
    "too many calls": Behaviour(status=429),
    "our key is refused": Behaviour(status=401),
    "the request is refused": Behaviour(status=400),
    "the connection breaks before the answer": Behaviour(breaks_after=0),
    "the answer breaks off": Behaviour(breaks_after=2),
    "the answer breaks off before its first word": Behaviour(breaks_after=1),
    "an error behind a good status": Behaviour(
        raw=(b'{"error": {"message": "no", "code": "boom"}}',), media="application/json"
    ),
}


@pytest.fixture
def world(sqlite_store: SqlStore) -> Iterator[World]:
    with gateway(sqlite_store) as found:
        yield found


def said_usage(prompt: int, completion: int, **details: int) -> Mapping[str, Any]:
    found: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    return found | ({"prompt_tokens_details": details} if details else {})


def assert_clean(world: World) -> None:
    with world.store.begin() as tx:
        assert tx.books.reconcile(world.clock.now(), None).is_clean


def read(answer: requests.Response) -> bytes:
    with answer:
        return answer.content


@pytest.mark.parametrize("usage", [said_usage(9, 3), said_usage(0, 0), None], ids=["said", "nonsense", "not said"])
def test_1_a_stream_is_never_recorded_at_nothing_and_budgets_stop_streams(
    sqlite_store: SqlStore, usage: Mapping[str, Any] | None
) -> None:
    total = 2_000 * EACH
    with gateway(sqlite_store, total=total) as world:
        world.first.follow(Behaviour(usage=usage, pieces=("x" * 500,)))
        statuses: list[int] = []
        while 429 not in statuses and len(statuses) < 200:
            with world.stream(max_tokens=500) as answer:
                statuses.append(answer.status_code)
                assert answer.content
        assert len(statuses) > 1
        assert statuses[-1] == 429
        assert eventually(lambda: world.books()[1] == 0)
        charged = [record.charged for record in world.records()]
        assert len(charged) == len(statuses) - 1
        assert min(charged) >= 12 * EACH
        assert world.books() == (sum(charged), 0)
        assert sum(charged) <= total


def test_1_a_stream_of_a_model_without_a_price_does_not_pass_as_free(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store) as world:
        assert world.stream("unknown").status_code == 422
        assert world.first.asked == []


def test_1_where_such_streams_are_let_pass_their_cost_is_unknown_and_not_nothing(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store, money={"unpriced": True}) as world:
        read(world.stream("unknown"))
        assert eventually(lambda: bool(world.records()))
        (record,) = world.records()
        assert (record.is_priced, record.cost) == (False, None)
        with world.store.begin() as tx:
            assert tx.records.unpriced_models() == {("vendor", "no-price"): 1}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_8_a_call_that_comes_to_nothing_leaves_nothing_held(
    world: World, failure: Behaviour, *, is_stream: bool
) -> None:
    world.first.follow(failure)
    for _ in range(3):
        if is_stream:
            read(world.stream())
        else:
            world.chat()
    assert eventually(lambda: world.books()[1] == 0)
    # What came of a stream before it broke off was produced, and is charged; of all else there is no record at all.
    charged = sum(record.charged for record in world.records())
    assert world.books() == (charged, 0)
    assert bool(charged) == (is_stream and failure.breaks_after == 2)
    assert_clean(world)


def test_4_after_any_failures_what_is_left_is_what_was_not_spent_to_the_last_unit(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    with gateway(sqlite_store, total=100_000 * EACH) as world:
        world.first.follow(*FAILURES.values(), Behaviour())
        for _ in range(len(FAILURES) + 3):
            world.chat()
        spent = sum(record.charged for record in world.records())
        assert spent == 3 * 12 * EACH
        left = 100_000 * EACH - spent
        # Asked by another process, which has nothing but the database.
        with closing(SqlStore(sqlite_url)) as other:
            assert_left(other, left)


def assert_left(store: SqlStore, left: int) -> None:
    """Exactly so much can be held, and no unit more."""

    def hold(amount: int) -> object:
        with store.begin() as tx:
            return tx.holds.hold(Ask(f"{amount}", "", ZHANG.scopes, Nano(amount), CNY), NOON, NOON.replace(hour=23))

    assert isinstance(hold(left + 1), Refused)
    assert isinstance(hold(left), Granted)


def test_cached_tokens_are_counted_once(world: World) -> None:
    world.first.follow(Behaviour(usage=said_usage(1_000, 10, cached_tokens=900)))
    world.chat()
    (record,) = world.records()
    assert record.call.usage == Usage(100, 10, cached=900)
    assert record.call.usage.total == 1_010
    assert record.charged == 100 * EACH + 900 * EACH // 10 + 10 * EACH


@pytest.mark.parametrize("name", ["cache_write_tokens", "cache_creation_tokens"])
@pytest.mark.parametrize("has_price", [True, False])
def test_what_is_written_to_the_cache_costs_its_own_price_and_without_one_no_less_than_input(
    world: World, name: str, *, has_price: bool
) -> None:
    dearer = Rates(RATE, RATE, cache_write=Nano(RATE * 5 // 4) if has_price else None)
    with world.store.begin() as tx:
        model = tx.models.add(CostModel(CostModelId(0), "writer", "vendor", "chat", CostType.AI_API, Unit.TOKEN))
        assert model is not None
        known = tx.models.named("vendor", "small-1")
        assert known is not None
        tx.prices.add(Price(PriceId(0), known.id, dearer, CNY, NOON), NOON)
    world.first.follow(Behaviour(usage=said_usage(1_000, 10, **{name: 800})))
    world.chat()
    (record,) = world.records()
    assert record.call.usage == Usage(200, 10, cache_write=800)
    assert record.charged == 200 * EACH + 800 * EACH * (5 if has_price else 4) // 4 + 10 * EACH


def test_a_stream_that_its_caller_leaves_is_not_billed_in_full(world: World) -> None:
    world.first.follow(Behaviour(pieces=("piece ",) * 300, waits=0.01, usage=said_usage(9, 900)))
    with world.stream(max_tokens=900) as answer:
        held = world.books()[1]
        got = b""
        for piece in answer.iter_content(None):
            got += piece
            if got.count(b"piece") >= 3:
                break
    assert eventually(lambda: bool(world.records()))
    (record,) = world.records()
    assert record.call.ending is Ending.ABORTED
    assert 3 <= record.call.usage.output < 900
    assert 0 < record.charged < held
    assert world.books() == (record.charged, 0)


def test_a_failed_call_is_in_no_figure_of_the_dashboard(world: World, clock: FakeClock) -> None:
    world.first.follow(Behaviour(status=500), Behaviour())
    assert [world.chat().status_code for _ in range(2)] == [502, 200]
    store = world.store
    assert isinstance(store, SqlStore)
    with CostDesk(store, clock, overview.ENDPOINTS) as desk:
        said = desk.get("/api/v1/cost/dashboard", desk.token())
    assert (said["total_requests_today"], said["total_tokens_today"], said["failed_requests_today"]) == (1, 12, 0)
    assert said["total_cost_today"] == "0.000024"
