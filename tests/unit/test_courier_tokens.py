"""The token provider, with a platform that is a list of answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.feishu.courier.tokens import Token, TokenProvider
from suanli.domain.errors import RemoteError
from tests.fakes import FakeClock


def giving(*answers: Token | RemoteError) -> Callable[[], Token]:
    """A platform that gives these, in order."""
    left = iter(answers)

    def fetch() -> Token:
        answer = next(left)
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    return fetch


def token(value: str, minutes: int = 120) -> Token:
    return Token(value, timedelta(minutes=minutes))


def test_a_token_is_kept_until_half_an_hour_before_its_end() -> None:
    clock = FakeClock()
    tokens = TokenProvider(giving(token("a"), token("b")), clock)
    assert tokens.get() == "a"
    clock.advance(timedelta(minutes=90, seconds=-1))
    assert tokens.get() == "a"
    clock.advance(timedelta(seconds=1))
    assert tokens.get() == "b"


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    clock = FakeClock()
    tokens = TokenProvider(giving(token("a")), clock)
    tokens.get()
    clock.step_to(clock.now() + timedelta(days=365))
    assert tokens.get() == "a"


def test_a_token_near_its_end_is_not_asked_for_at_every_call() -> None:
    clock = FakeClock()
    tokens = TokenProvider(giving(token("a", minutes=5), token("b")), clock)
    assert [tokens.get(), tokens.get()] == ["a", "a"]
    clock.advance(timedelta(minutes=1))
    assert tokens.get() == "b"


def test_only_the_refused_value_is_dropped() -> None:
    tokens = TokenProvider(giving(token("a"), token("b")), FakeClock())
    old = tokens.get()
    tokens.invalidate(old)
    assert tokens.get() == "b"
    tokens.invalidate(old)
    assert tokens.get() == "b"


def test_a_failed_fetch_is_told_and_the_next_one_tried() -> None:
    tokens = TokenProvider(giving(RemoteError("down"), token("a")), FakeClock())
    with pytest.raises(RemoteError, match="down"):
        tokens.get()
    assert tokens.get() == "a"


def test_threads_that_come_together_share_one_token() -> None:
    together = Barrier(8)
    tokens = TokenProvider(giving(token("a")), FakeClock())

    def get(_: int) -> str:
        together.wait(10)
        return tokens.get()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, range(8))) == ["a"] * 8
