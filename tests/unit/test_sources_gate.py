"""The gate before a host: what it learns of the host's answers, and whom it lets through."""

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from suanli.domain.releases import Allowance
from suanli.domain.releases.failures import Resting
from suanli.sources.allowance import Gate
from tests.fakes import NOON, FakeClock

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def gate(clock: FakeClock) -> Gate:
    return Gate(Allowance("api.github.com"), clock)


def left(remaining: int, *, limit: int = 5000, minutes: float = 30, **more: str) -> Mapping[str, str]:
    """Headers as GitHub writes them."""
    reset = NOON + timedelta(minutes=minutes)
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(reset.timestamp())),
        "X-RateLimit-Resource": "core",
    } | {name.replace("_", "-"): value for name, value in more.items()}


def wait_at(gate: Gate) -> timedelta | None:
    """How long the gate sends one away for; None when it lets one through."""
    try:
        gate.enter()
    except Resting as error:
        return error.retry_after
    return None


def test_a_host_that_says_nothing_may_be_asked(gate: Gate) -> None:
    gate.enter()
    gate.learn(200, {})
    gate.enter()
    assert (gate.allowance.asked, gate.allowance.used, gate.allowance.remaining) == (2, 1, None)


def test_what_github_says_is_remembered(gate: Gate) -> None:
    gate.enter()
    gate.learn(200, left(4711))
    allowance = gate.allowance
    assert (allowance.limit, allowance.remaining, allowance.reset_at) == (5000, 4711, NOON + 30 * MINUTE)
    assert allowance.learnt_at == NOON


def test_the_reserve_is_left_to_others_until_the_window_ends(gate: Gate, clock: FakeClock) -> None:
    gate.learn(200, left(501))
    assert wait_at(gate) is None
    gate.learn(200, left(500))
    assert wait_at(gate) == 30 * MINUTE + SECOND
    clock.advance(30 * MINUTE + SECOND)
    assert wait_at(gate) is None
    assert (gate.allowance.remaining, gate.allowance.asked, gate.allowance.used) == (None, 1, 0)


def test_answers_that_overtake_each_other_do_not_give_anything_back(gate: Gate) -> None:
    gate.learn(200, left(4000))
    gate.learn(200, left(4001))
    assert gate.allowance.remaining == 4000


def test_a_new_window_begins_anew(gate: Gate) -> None:
    for _ in range(5):
        gate.enter()
        gate.learn(200, left(700))
    gate.learn(200, left(4999, minutes=55))
    assert (gate.allowance.remaining, gate.allowance.asked, gate.allowance.used) == (4999, 1, 1)


def test_an_unchanged_page_is_counted_only_if_the_host_counted_it(gate: Gate) -> None:
    gate.learn(200, left(4999))
    gate.learn(304, left(4999))
    assert gate.allowance.used == 1
    gate.learn(304, left(4998))  # without a token it costs
    assert gate.allowance.used == 2


def test_searches_are_counted_apart(gate: Gate) -> None:
    gate.learn(200, left(2, limit=30, X_RateLimit_Resource="search"))
    assert gate.allowance.remaining is None


def test_who_is_sent_away_is_told_for_how_long(gate: Gate) -> None:
    gate.learn(200, left(0))
    with pytest.raises(Resting, match="is not to be asked for another 1801 s") as caught:
        gate.enter()
    assert caught.value.retry_after == gate.rest() == 30 * MINUTE + SECOND


def test_the_window_ends_by_our_clock_whatever_the_servers_says(gate: Gate) -> None:
    # The server's clock is 20 minutes behind; its window ends in 10.
    gate.learn(200, left(0, minutes=-10, Date="Fri, 20 Nov 2026 03:40:00 GMT"))
    assert gate.allowance.reset_at == NOON + 10 * MINUTE


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Remaining": "-1"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "999999999999", "Date": "the 1st"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1", "Date": "Fri, 31 Dec 9999 23:59:59 -1200"},
        {"ratelimit": '"api";r=;t=x', "ratelimit-policy": "?"},
        {"ratelimit": '"api";r=0;t=999999999', "ratelimit-policy": '"api";q=500'},
        {"Retry-After": "999999999"},
    ],
)
@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_nonsense_shuts_nobody_out_for_long(gate: Gate, clock: FakeClock, status: int, headers: dict[str, str]) -> None:
    gate.learn(status, headers)
    clock.advance(timedelta(hours=1) + SECOND)
    assert wait_at(gate) is None


def test_huggingface_says_it_in_its_own_way(gate: Gate) -> None:
    policy = '"fixed window";"api";q=500;w=300'
    gate.learn(200, {"RateLimit": '"api";r=495;t=23', "RateLimit-Policy": policy})
    assert (gate.allowance.limit, gate.allowance.remaining) == (500, 495)
    gate.learn(200, {"RateLimit": '"api";r=50;t=22', "RateLimit-Policy": policy})
    assert wait_at(gate) == 24 * SECOND
    gate.learn(429, {"RateLimit": '"api";r=0;t=40', "RateLimit-Policy": policy})
    assert wait_at(gate) == 41 * SECOND


@pytest.mark.parametrize("status", [403, 429])
def test_when_all_is_used_up_the_host_rests_until_a_second_after_the_window(gate: Gate, status: int) -> None:
    gate.learn(status, left(0, minutes=7))
    assert wait_at(gate) == 7 * MINUTE + SECOND
    assert gate.allowance.pauses == 0


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_pause_that_is_asked_for_is_kept(gate: Gate, clock: FakeClock, status: int) -> None:
    gate.learn(status, left(4000, Retry_After="90"))
    assert wait_at(gate) == 90 * SECOND
    clock.advance(90 * SECOND)
    assert wait_at(gate) is None


def test_a_host_that_goes_on_refusing_is_left_alone_for_longer_each_time(gate: Gate, clock: FakeClock) -> None:
    waits = []
    for _ in range(9):
        gate.learn(403, left(4000), "You have exceeded a secondary rate limit. Please wait a few minutes")
        waits.append(wait_at(gate))
        clock.advance(gate.rest())
    assert waits == [min(n, 60) * MINUTE for n in (1, 2, 4, 8, 16, 32, 64, 128, 256)]


def test_a_good_answer_ends_the_doubling(gate: Gate, clock: FakeClock) -> None:
    for _ in range(3):
        gate.learn(429, {})
        clock.advance(gate.rest())
    gate.learn(200, {})
    gate.learn(429, {})
    assert wait_at(gate) == MINUTE


def test_threads_that_are_refused_together_double_nothing(gate: Gate) -> None:
    gate.learn(429, {})
    gate.learn(429, {})
    assert (wait_at(gate), gate.allowance.pauses) == (MINUTE, 1)
    gate.learn(429, {"Retry-After": "300"})
    assert (wait_at(gate), gate.allowance.pauses) == (5 * MINUTE, 1)


def test_an_answer_from_before_a_pause_does_not_end_it(gate: Gate) -> None:
    gate.learn(429, {})
    gate.learn(200, {})
    assert (wait_at(gate), gate.allowance.pauses) == (MINUTE, 1)


@pytest.mark.parametrize("status", [401, 403, 404, 451, 500, 502, 503])
def test_other_refusals_are_not_about_the_host(gate: Gate, status: int) -> None:
    gate.learn(status, left(4000), "Resource not accessible by personal access token")
    assert wait_at(gate) is None


def test_a_clock_that_was_set_back_keeps_nobody_out(gate: Gate, clock: FakeClock) -> None:
    gate.learn(429, {})
    clock.step_to(NOON - timedelta(days=3))
    assert wait_at(gate) is None


def test_a_pause_outlives_the_process(gate: Gate, clock: FakeClock) -> None:
    gate.learn(429, {"Retry-After": "600"})
    assert wait_at(Gate(gate.allowance, clock)) == 10 * MINUTE


def test_spaced_requests_wait_for_their_turn(clock: FakeClock) -> None:
    gate = Gate(Allowance("modelscope.cn"), clock, spacing=SECOND)
    for _ in range(4):
        gate.enter()
    assert clock.elapsed() == 3
    clock.advance(timedelta(seconds=0.75))
    gate.enter()
    assert clock.elapsed() == 4


def test_who_would_wait_long_for_a_turn_comes_again_later(clock: FakeClock) -> None:
    gate = Gate(Allowance("modelscope.cn"), clock, spacing=timedelta(seconds=5))
    gate.enter()
    with pytest.raises(Resting) as caught:
        gate.enter()
    assert (caught.value.retry_after, clock.elapsed()) == (5 * SECOND, 0)
    assert gate.allowance.asked == 1


def test_threads_share_the_count(gate: Gate) -> None:
    def ask() -> None:
        for _ in range(200):
            gate.enter()
            gate.learn(200, left(4000))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (gate.allowance.asked, gate.allowance.used) == (800, 800)
