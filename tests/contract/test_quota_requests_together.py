"""Requests for more on every database, when people act at the same moment."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

from storage.store import SqlStore
from suanli.domain.cost.quotas import QuotaId
from suanli.domain.cost.requests import RequestState
from tests.fakes import FakeClock
from tests.quotadesk import USER, WANG, ZHAO, QuotaDesk, money, typed


def at_once(tasks: Sequence[Callable[[], object]]) -> None:
    """All of these, each in a thread of its own, begun together."""
    ready, failures = threading.Barrier(len(tasks)), list[BaseException]()

    def run(task: Callable[[], object]) -> None:
        ready.wait(10)
        try:
            task()
        except BaseException as error:  # noqa: BLE001 told below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_of_many_who_decide_at_once_one_does(store: SqlStore, clock: FakeClock) -> None:
    desk = QuotaDesk(store, clock)
    quota = desk.quota(USER, "100")
    desk.requested()
    lines = ["/quota approve 1", "/quota approve 1 20", "/quota deny 1 不行", "/quota approve 1"] * 2
    people = [WANG, ZHAO] * 4
    presses = [partial(desk.press, typed(line), by=person) for line, person in zip(lines, people, strict=True)]
    at_once(presses)
    request = desk.request()
    with store.begin() as tx:
        grants = tx.quotas.grants(QuotaId(1))
    assert request.state in (RequestState.APPROVED, RequestState.DENIED)
    assert [each.amount for each in grants] == ([] if request.granted is None else [request.granted])
    assert desk.accounts(quota)[0].limit == money("100") + (request.granted or 0)


def test_the_same_asked_many_times_at_once_is_one_request(store: SqlStore, clock: FakeClock) -> None:
    desk = QuotaDesk(store, clock)
    desk.quota(USER, "100")
    at_once([lambda: desk.type("/quota request 50 压测")] * 6)
    with store.begin() as tx:
        assert len(tx.quota_requests.pending()) == 1


def test_calls_go_on_while_more_is_granted(store: SqlStore, clock: FakeClock) -> None:
    desk = QuotaDesk(store, clock)
    quota = desk.quota(USER, "100")
    desk.requested()
    calls = [partial(desk.hold, desk.ask_for("1")) for _ in range(10)]
    at_once([*calls, partial(desk.press, typed("/quota approve 1"), by=WANG)])
    account = desk.accounts(quota)[0]
    assert (account.limit, account.held) == (money("150"), money("10"))
