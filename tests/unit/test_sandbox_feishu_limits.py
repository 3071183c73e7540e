"""The stand-in's sliding windows and size limits, as values."""

from datetime import timedelta

import pytest

from suanli.sandbox.feishu.contents import check_size
from suanli.sandbox.feishu.limits import PER_API, Limits, Quota
from suanli.sandbox.feishu.refusal import Refusal
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
FIVE = (Quota(5, SECOND),)


def test_a_window_slides_instead_of_starting_anew_each_second() -> None:
    limits = Limits()
    for tenth in (0, 6, 7, 8, 9):
        assert limits.take("chat", NOON + tenth * SECOND / 10, FIVE) is None

    excess = limits.take("chat", NOON + SECOND * 0.95, FIVE)
    assert excess is not None
    assert excess.wait == SECOND * 0.05
    assert limits.take("chat", NOON + SECOND, FIVE) is None
    assert limits.take("chat", NOON + SECOND * 1.1, FIVE) is not None


def test_a_refused_call_does_not_prolong_the_wait() -> None:
    limits = Limits()
    for _ in range(20):
        limits.take("chat", NOON, FIVE)

    assert limits.take("chat", NOON + SECOND, FIVE) is None


def test_names_do_not_share_a_window() -> None:
    limits = Limits()
    for _ in range(5):
        limits.take("one", NOON, FIVE)

    assert limits.take("one", NOON, FIVE) is not None
    assert limits.take("two", NOON, FIVE) is None


def test_an_api_takes_a_thousand_calls_a_minute_even_when_no_second_is_too_full() -> None:
    limits = Limits()
    for number in range(1000):
        assert limits.take("api", NOON + number * SECOND / 25, PER_API) is None

    excess = limits.take("api", NOON + 40 * SECOND, PER_API)
    assert excess is not None
    assert (excess.quota.calls, excess.wait) == (1000, 20 * SECOND)
    assert limits.take("api", NOON + 60 * SECOND, PER_API) is None


@pytest.mark.parametrize(("factor", "allowed"), [(0.4, 2), (0.01, 1), (3.0, 15)])
def test_a_factor_scales_every_quota_but_never_to_nothing(factor: float, allowed: int) -> None:
    limits = Limits(factor)

    taken = [limits.take("chat", NOON, FIVE) is None for _ in range(20)]

    assert taken == [True] * allowed + [False] * (20 - allowed)


@pytest.mark.parametrize(("msg_type", "limit"), [("text", 153_600), ("post", 30_720), ("interactive", 30_720)])
def test_the_size_limits_hold_to_the_byte(msg_type: str, limit: int) -> None:
    check_size(msg_type, limit)
    with pytest.raises(Refusal, match="230025"):
        check_size(msg_type, limit + 1)
