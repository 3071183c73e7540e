"""The gateway's money, asked for by many threads at once: to the last nano-unit, each with its own answer."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from structlog.testing import capture_logs

from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Granted, HoldState, Quota
from suanli.domain.cost.records import Call, Fate, Written
from suanli.domain.ports import Store, Transaction
from suanli.web.gateway.purse import Purse
from tests.contract.cost_kit import COMPANY, LASTS, add, ask, bill, books, drift, found, hold, quota
from tests.contract.record_kit import everything, recorded
from tests.contract.test_admission import SECONDS, THREADS, NoonClock, add_nested, in_threads, of
from tests.fakes import NOON, eventually
from tests.gateway_kit import site_of

TOO_MUCH = 10**17
"""More than any one call costs."""


class LateStore:
    """A store of which no transaction begins until so many have `arrived`; `begun` is how many did."""

    def __init__(self, store: Store, many: int) -> None:
        self.arrived: list[int] = []
        self.begun = 0
        self._store = store
        self._many = many

    def begin(self) -> AbstractContextManager[Transaction]:
        assert eventually(lambda: len(self.arrived) == self._many)
        self.begun += 1
        return self._store.begin()

    def read(self) -> AbstractContextManager[Transaction]:
        return self._store.read()


def purse_of(store: Store) -> Purse:
    """One that does not try again what fails: its process is about to end."""
    stopping = threading.Event()
    stopping.set()
    return Purse(store, site_of(), NoonClock(), stopping)


@pytest.fixture
def purse(store: Store) -> Iterator[Purse]:
    purse = purse_of(store)
    yield purse
    assert purse.stop(SECONDS)


def call_of(number: int, amount: int, key: str = "") -> Call:
    """What one of them tells: the call of a hold, by its bill."""
    return bill(key or f"{number}", amount, of(number)).call


def fate_of(written: Written | None) -> Fate | None:
    return None if written is None else written.fate


def test_64_threads_are_never_refused_while_there_is_room(store: Store, purse: Purse) -> None:
    add_nested(store, 10 * THREADS)

    def churn(number: int) -> list[object]:
        answers: list[object] = []
        for n in range(10):
            key = f"{number}.{n}"
            answers.append(type(purse.hold(ask(key, 10, of(number)), LASTS)))
            answers.append(fate_of(purse.settle(call_of(number, 0, key))))
        return answers

    assert in_threads(churn) == [[Granted, Fate.NEW] * 10] * THREADS
    assert drift(store) == ()


def test_what_was_spent_by_all_is_counted_once(store: Store, purse: Purse) -> None:
    (company,) = add(store, quota(COMPANY, 100 * THREADS))
    held = threading.Barrier(THREADS)

    def spend(number: int) -> list[Fate | None]:
        assert isinstance(purse.hold(ask(f"{number}", 5, of(number)), LASTS), Granted)
        held.wait(30)
        # Each tells of its own call, and of one that another thread tells of as well.
        return [fate_of(purse.settle(call_of(each, 7))) for each in (number, number % 32, number % 32)]

    fates = Counter(fate for some in in_threads(spend) for fate in some)
    assert fates == {Fate.NEW: THREADS, Fate.KNOWN: 2 * THREADS}
    assert books(store, company) == (7 * THREADS, 0)
    assert len(everything(store)) == THREADS
    assert drift(store) == ()


def test_calls_that_end_together_are_written_together(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6))
    late = LateStore(store, THREADS)
    purse = purse_of(late)

    def work(number: int) -> Fate | None:
        late.arrived.append(number)
        return fate_of(purse.settle(call_of(number, 4)))

    assert in_threads(work) == [Fate.NEW] * THREADS
    assert books(store, company) == (4 * THREADS, 0)
    assert late.begun < THREADS / 4
    assert purse.stop(SECONDS)


@pytest.fixture
def company(store: Store) -> Quota:
    """A quota above all threads, each of which has a hold of 5."""
    (company,) = add(store, quota(COMPANY, 10**6))
    for number in range(THREADS):
        assert hold(store, f"{number}", 5, of(number))
    return company


@pytest.mark.parametrize("amount", [TOO_MUCH, -1])
def test_a_call_that_cannot_be_written_harms_nobody_else(store: Store, company: Quota, amount: int) -> None:
    late = LateStore(store, THREADS)
    purse = purse_of(late)

    def work(number: int) -> Fate | None:
        late.arrived.append(number)
        return fate_of(purse.settle(call_of(number, amount if number % 8 == 5 else 4)))

    with capture_logs() as logs:
        assert in_threads(work) == [None if number % 8 == 5 else Fate.NEW for number in range(THREADS)]
    # They were in one transaction, and had to do each their own; those that failed are in the log, to be told by hand.
    assert max(line["items"] for line in logs if line["event"] == "batch_broke") > 1
    lost = {line["request"] for line in logs if line["event"] == "gateway_call_unsettled"}
    assert lost == {f"{number}" for number in range(5, THREADS, 8)}
    assert {found(store, key).state for key in lost} == {HoldState.HELD}
    assert {each.call.request_id for each in everything(store)} == {f"{number}" for number in range(THREADS)} - lost
    assert books(store, company) == (4 * (THREADS - 8), 5 * 8)
    assert drift(store) == ()
    assert purse.stop(SECONDS)


def test_each_is_answered_for_itself_though_all_are_written_together(store: Store, company: Quota) -> None:
    late = LateStore(store, THREADS)
    purse = purse_of(late)
    with store.begin() as tx:
        tx.holds.refund("3", NOON)

    def work(number: int) -> Written | None:
        late.arrived.append(number)
        return purse.settle(call_of(number, number))

    with capture_logs() as logs:
        written = in_threads(work)
    # What contradicts the books is for a person to look at.
    assert [line["request"] for line in logs if line["event"] == "gateway_call_unsettled"] == ["3"]
    assert written[3] is None
    for number, each in enumerate(written):
        if each is not None:
            record = recorded(store, f"{number}").id
            assert each == Written(f"{number}", Fate.NEW, record, Nano(number))
    again = purse.settle(call_of(7, 7))
    assert again == Written("7", Fate.KNOWN, recorded(store, "7").id, Nano(7))
    assert books(store, company) == (sum(range(THREADS)) - 3, 0)
    assert drift(store) == ()
    assert purse.stop(SECONDS)


def test_after_it_was_stopped_nothing_is_taken(store: Store, company: Quota) -> None:
    purse = purse_of(store)
    assert purse.stop(SECONDS)
    with pytest.raises(RuntimeError, match="stopped"):
        purse.hold(ask("new", 1), LASTS)
    with capture_logs() as logs:
        assert purse.settle(call_of(0, 4)) is None
    assert [line["request"] for line in logs if line["event"] == "gateway_call_unsettled"] == ["0"]
    assert books(store, company) == (0, 5 * THREADS)
    assert purse.stop(SECONDS)


def test_what_was_taken_before_it_was_stopped_is_done(store: Store, company: Quota) -> None:
    late = LateStore(store, THREADS)
    purse = purse_of(late)

    def work(number: int) -> Fate | None:
        late.arrived.append(number)
        if number == 0:
            assert purse.stop(SECONDS)
            return None
        return fate_of(purse.settle(call_of(number, 4)))

    with capture_logs():
        written = in_threads(work).count(Fate.NEW)
    assert (len(everything(store)), books(store, company)) == (written, (4 * written, 5 * (THREADS - written)))
    assert drift(store) == ()
