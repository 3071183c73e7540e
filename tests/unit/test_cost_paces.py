"""How long a limit lasts at the pace that there is."""

from datetime import UTC, datetime, timedelta

from suanli.domain.cost.forecasts import pace
from suanli.domain.cost.money import LARGEST, Nano
from suanli.domain.cost.quotas import Account, QuotaId, Scope, ScopeKind, Span
from suanli.domain.cost.windows import Window

START = datetime(2026, 11, 21, 16, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))


def account(used: int, held: int = 0, limit: int = 100, window: Window = DAY) -> Account:
    scope = Scope(ScopeKind.USER, "ou_1")
    return Account(QuotaId(1), "mine", scope, Span.DAY, window, Nano(limit), Nano(used), Nano(held))


def at(**since: int) -> datetime:
    return START + timedelta(**since)


def test_half_a_limit_in_a_quarter_of_a_day_is_used_up_at_noon() -> None:
    assert pace(account(50), at(hours=6)) == at(hours=12)


def test_what_lasts_to_the_end_of_the_window_has_no_moment() -> None:
    assert pace(account(50), at(hours=12)) is None
    assert pace(account(60), at(hours=12)) == at(hours=20)
    assert pace(account(1), at(hours=23)) is None


def test_where_nothing_is_left_that_is_now() -> None:
    assert pace(account(100), at(hours=3)) == at(hours=3)
    assert pace(account(130), at(hours=3)) == at(hours=3)
    assert pace(account(60, held=40), at(hours=3)) == at(hours=3)
    assert pace(account(0, limit=0), at(hours=3)) == at(hours=3)


def test_where_nothing_is_spent_there_is_no_pace() -> None:
    assert pace(account(0), at(hours=3)) is None
    assert pace(account(0, held=99), at(hours=3)) is None
    assert pace(account(-5), at(hours=3)) is None


def test_what_is_held_takes_room_and_is_no_pace() -> None:
    assert pace(account(20, held=40), at(hours=2)) == at(hours=6)


def test_the_first_call_of_a_day_is_no_pace_of_a_call_a_minute() -> None:
    """Two of a hundred in the first minute would be the whole of it within the hour; they count as those of an hour."""
    assert pace(account(2), at(minutes=1)) is None
    assert pace(account(10), at(minutes=1)) == at(minutes=1) + timedelta(hours=9)
    assert pace(account(10), at(hours=0)) == at(hours=9)
    assert pace(account(10), at(hours=1)) == at(hours=10)


def test_out_of_its_window_an_account_has_no_pace() -> None:
    assert pace(account(99), at(hours=24)) is None
    assert pace(account(99), START - timedelta(seconds=1)) is None
    assert pace(account(100), at(hours=30)) is None


def test_amounts_of_any_size_have_a_pace() -> None:
    year = Window(START, START + timedelta(days=365))
    assert pace(account(LARGEST // 2, limit=LARGEST, window=year), at(days=100)) == at(days=200)
    assert pace(account(1, limit=LARGEST, window=year), at(days=364)) is None
