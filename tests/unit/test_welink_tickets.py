"""The app's token, with a platform that is a list of answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.welink.courier.tickets import Ticket, Tickets
from suanli.domain.errors import RemoteError
from tests.fakes import FakeClock

LOCKED = RemoteError("locked", permanent=True, code=41403)


class Platform:
    """Gives these, in order, and counts the logins."""

    def __init__(self, *answers: Ticket | RemoteError) -> None:
        self.logins = 0
        self._left = iter(answers)

    def log_in(self) -> Ticket:
        self.logins += 1
        answer = next(self._left)
        if isinstance(answer, RemoteError):
            raise answer
        return answer


def ticket(value: str, seconds: int = 7200) -> Ticket:
    return Ticket(value, timedelta(seconds=seconds))


def told(get: Callable[[], str]) -> tuple[str, bool, int | None]:
    with pytest.raises(RemoteError) as caught:
        get()
    return str(caught.value), caught.value.permanent, caught.value.code


def test_a_token_is_kept_until_five_minutes_before_its_end(clock: FakeClock) -> None:
    tickets = Tickets(Platform(ticket("a"), ticket("b", 600)).log_in, clock)
    assert tickets.get() == "a"
    clock.advance(timedelta(seconds=6899))
    assert tickets.get() == "a"
    clock.advance(timedelta(seconds=1))
    assert tickets.get() == "b"


def test_a_token_near_its_end_is_not_asked_for_at_every_call(clock: FakeClock) -> None:
    tickets = Tickets(Platform(ticket("a", 10), ticket("b")).log_in, clock)
    assert [tickets.get(), tickets.get()] == ["a", "a"]
    clock.advance(timedelta(minutes=1))
    assert tickets.get() == "b"


def test_only_the_refused_value_is_dropped(clock: FakeClock) -> None:
    tickets = Tickets(Platform(ticket("a"), ticket("b")).log_in, clock)
    tickets.get()
    tickets.drop("a")
    assert tickets.get() == "b"
    tickets.drop("a")
    assert tickets.get() == "b"


def test_after_a_refused_login_nobody_logs_in_for_ten_minutes(clock: FakeClock) -> None:
    platform = Platform(LOCKED, ticket("a"))
    tickets = Tickets(platform.log_in, clock)
    for _ in range(50):
        assert told(tickets.get) == ("locked", True, 41403)
    assert platform.logins == 1
    clock.advance(timedelta(minutes=10))
    assert (tickets.get(), platform.logins) == ("a", 2)


def test_after_a_failed_login_nobody_logs_in_for_half_a_minute(clock: FakeClock) -> None:
    platform = Platform(RemoteError("failed", code=41500), ticket("a"))
    tickets = Tickets(platform.log_in, clock)
    assert told(tickets.get) == told(tickets.get) == ("failed", False, 41500)
    assert platform.logins == 1
    clock.advance(timedelta(seconds=30))
    assert tickets.get() == "a"


def test_a_login_without_an_answer_is_tried_again_at_once(clock: FakeClock) -> None:
    tickets = Tickets(Platform(RemoteError("no answer"), ticket("a")).log_in, clock)
    assert told(tickets.get)[0] == "no answer"
    assert tickets.get() == "a"


def test_threads_that_come_together_share_one_token(clock: FakeClock) -> None:
    together, platform = Barrier(8), Platform(ticket("a"))
    tickets = Tickets(platform.log_in, clock)

    def get(_: int) -> str:
        together.wait(10)
        return tickets.get()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(get, range(8))) == {"a"}
    assert platform.logins == 1
