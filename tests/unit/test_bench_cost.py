"""The bench's judgement of who overspent, who was refused wrongly and what calls cost can go either way."""

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bench import limit, pricing
from bench.judge import Tried, Verdict, falsely_refused, judged
from bench.limit import Planned, Scene
from bench.litellm_peer import LiteLLM
from bench.price_check import Call, Cause, Compared, PriceMap, compare, numbers
from bench.processes import PYTHON
from bench.proof import WrongError
from storage.store import SqlStore
from suanli.domain.cost.money import NANO, Nano
from tests.price_map import NOW, PRICE_MAP


def admitted(asked: float, answered: float, settled: float, most: int = 6, spent: int = 6) -> Tried:
    return Tried(asked, answered, most, spent, settled)


def refused(asked: float, answered: float, most: int = 5) -> Tried:
    return Tried(asked, answered, most, most)


def falsely(*others: Tried, one: Tried) -> bool:
    return bool(falsely_refused(others, [one], 10))


def test_what_is_spent_beyond_the_budget_is_what_calls_cost_in_the_end() -> None:
    tried = [admitted(0, 1, 2), admitted(0, 1, 2, most=3, spent=7), refused(0, 1)]
    assert judged(tried, 10) == Verdict(admitted=2, beyond=3, refused=1, falsely=0)
    assert judged(tried, 13) == Verdict(admitted=2, beyond=0, refused=1, falsely=0)
    assert judged([], 10) == Verdict(0, 0, 0, 0)


def test_who_is_refused_while_nobody_else_asks_for_anything_is_refused_falsely() -> None:
    assert falsely(one=refused(0, 1, most=10))
    assert not falsely(one=refused(0, 1, most=11))


@pytest.mark.parametrize(("asked", "answered"), [(1, 2), (3, 4), (0, 1.5), (2, 9), (5, 9), (4.5, 5)])
def test_there_is_no_room_from_when_another_asks_until_theirs_is_settled(asked: float, answered: float) -> None:
    other = admitted(1, 2, 5, most=6, spent=1)
    assert not falsely(other, one=refused(asked, answered))
    assert falsely(other, one=refused(asked, answered, most=4))


@pytest.mark.parametrize(("asked", "answered"), [(0, 0.9), (5.1, 9)])
def test_before_and_after_there_is(asked: float, answered: float) -> None:
    assert falsely(admitted(1, 2, 5, most=6, spent=1), one=refused(asked, answered))


def test_calls_that_cost_more_than_was_held_take_the_room_of_others_afterwards() -> None:
    assert not falsely(admitted(1, 2, 3, most=1, spent=6), one=refused(4, 5))


PLAN = Planned(most_tokens=100, seconds=0, most=Nano(7), spent=Nano(5))


def test_our_own_store_spends_what_there_is_and_no_more(sqlite_store: SqlStore) -> None:
    tried = limit.ours(sqlite_store, Scene("small", Nano(36), [[PLAN] * 3] * 3))
    assert judged(tried, 36).beyond == judged(tried, 36).falsely == 0
    assert sum(call.settled is not None for call in tried) == 6


class Peer(LiteLLM):
    """Admits everybody, and says that it reserved so much."""

    def __init__(self, reserved: float) -> None:
        self._reserved = reserved

    def ask(self, what: str, **about: object) -> list[list[float]]:
        assert what == "rush"
        assert about["budget"] == 36e-9
        assert about["callers"] == [[(100, 5e-9, 0)] * 3] * 3
        return [[caller, n, 0.0, 1.0, self._reserved, 2.0] for caller in range(3) for n in range(3)]


def test_what_the_peer_lets_through_is_judged_by_the_same_costs() -> None:
    scene = Scene("small", Nano(36), [[PLAN] * 3] * 3)
    assert judged(limit.theirs(Peer(7e-9), scene, fail_closed=True), 36) == Verdict(9, 9 * 5 - 36, 0, 0)
    with pytest.raises(WrongError, match="reserves 8e-09 for what costs"):
        limit.theirs(Peer(8e-9), scene, fail_closed=True)


def test_every_round_of_ours_is_held_to_nothing_and_the_worst_one_counts() -> None:
    good, bad = Verdict(1, 0, 0, 0), Verdict(1, 5, 3, 2)
    names = ("LiteLLM", "ours, SQLite")
    rounds = [{("scene", name): verdict for name in names} for verdict in (good, bad, good)]
    figures = limit.figures_of(rounds)
    assert [figure.value for figure in figures] == [5, 2, 5, 2]
    assert [figure.missed for figure in figures] == [False, False, True, True]


@pytest.fixture(scope="module")
def prices() -> PriceMap:
    return PriceMap.read(PRICE_MAP, NOW)


def test_the_price_that_holds_is_the_map_s_and_an_earlier_one_was_dearer(prices: PriceMap) -> None:
    call = Call("gpt-4o", "openai", 1_000_000, 0)
    assert prices.bill(call, NOW).cost.total == 2.5 * NANO
    assert prices.bill(call, NOW - timedelta(days=100)).cost.total == 6 * NANO


def test_tokens_of_a_cache_are_counted_once() -> None:
    for whole, out, cached, written in numbers(40):
        assert Call("a", "b", whole, out, cached, written).usage.total == whole + out


def saying(prices: PriceMap, more: float, *, unknown: str = "") -> Compared:
    """What comes of comparing with somebody who says so much more, in USD, and does not know one of the models."""

    def say(calls: Sequence[Call]) -> list[float | None]:
        return [None if call.name == unknown else prices.bill(call, NOW).cost.total / NANO + more for call in calls]

    return compare(prices, say, numbers(4), NOW)


def test_amounts_are_the_same_to_the_sixth_digit(prices: PriceMap) -> None:
    count = len(prices.offers)
    assert saying(prices, 4.9e-7) == Compared(count, 4 * count, {}, {})
    assert saying(prices, 0, unknown="gpt-4o") == Compared(count - 1, 4 * count - 4, {}, {})
    assert saying(prices, -5.1e-7).same == 0


def test_what_differs_has_a_cause_or_is_missed(prices: PriceMap) -> None:
    compared = saying(prices, 1e-6)
    assert compared.other_models[Cause.OFF_PEAK] == compared.other_models[Cause.PERPLEXITY] == 1
    assert compared.other_models[Cause.OTHER_ENTRY] == 1
    assert compared.other[Cause.UNKNOWN] == 4 * compared.other_models[Cause.UNKNOWN] > 0
    (missed,) = [figure for figure in pricing.figures_of(compared, [ROUND]) if figure.missed]
    assert "unexplained" in missed.name


ROUND = dict.fromkeys(pricing.CALLS, pricing.Timed(2, 40, 1, 30, 50))


def test_a_ratio_is_taken_in_each_round(prices: PriceMap) -> None:
    slow = dict.fromkeys(pricing.CALLS, pricing.Timed(4, 79, 1, 30, 50))
    figures = {figure.name: figure for figure in pricing.figures_of(saying(prices, 0), [ROUND, slow, slow])}
    ratio = figures["a call's cost, mean of 7 calls: LiteLLM's ÷ ours"]
    assert list(ratio.rounds) == [20, 19.75, 19.75]
    assert ratio.missed


def test_a_peer_that_has_ended_says_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("no such module", "utf-8")
    command = [PYTHON, "-Sc", "input()"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603 our own interpreter
        pytest.raises(WrongError, match="no such module"),
    ):
        LiteLLM(process, log).ask("count")
