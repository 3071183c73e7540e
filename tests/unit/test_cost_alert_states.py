"""How far people are with an alert, and whether it is to be told again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.alerts import SYSTEM, AlertState, AlertType, CostAlert, CostAlertId, Over, Severity
from suanli.domain.cost.findings import Fault, Findings, Misfit, Skew
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Account, Drift, QuotaId, Scope, ScopeKind, Span
from suanli.domain.cost.records import RecordId
from suanli.domain.cost.windows import Period, window_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALERT = CostAlert(CostAlertId(1), "k", AlertType.UNPRICED, Severity.CRITICAL, NOON)


def test_it_is_over_from_the_end_of_its_window_on_whatever_people_did() -> None:
    ends = replace(ALERT, ends_at=NOON + HOUR)
    for each in (ends, replace(ends, read_at=NOON), replace(ends, snoozed_until=NOON + DAY)):
        assert each.state(NOON + HOUR - timedelta(microseconds=1)) is not AlertState.OVER
        assert each.state(NOON + HOUR) is AlertState.OVER
        assert each.is_done(NOON + HOUR)
    assert replace(ends, resolved_at=NOON).state(NOON + DAY) is AlertState.RESOLVED


def test_what_ended_by_itself_says_so_and_why() -> None:
    ended = ALERT.ended(Over.PRICED, NOON + HOUR)
    assert ended.state(NOON + HOUR) is AlertState.OVER
    assert (ended.resolved_at, ended.resolved_by, ended.resolution) == (NOON + HOUR, SYSTEM, "priced")


@pytest.mark.parametrize(
    ("alert", "hours", "is_due"),
    [
        (ALERT, 11, False),  # 23:00 in Shanghai
        (ALERT, 12, True),  # midnight
        (ALERT, -24, False),  # the clock was set back
        (replace(ALERT, told_at=NOON + DAY), 12, False),
        (replace(ALERT, told_at=NOON + DAY), 36, True),
        (replace(ALERT, read_at=NOON), 12, True),
        (replace(ALERT, snoozed_until=NOON + 3 * DAY), 71, False),
        (replace(ALERT, snoozed_until=NOON + 3 * DAY), 72, True),
        (replace(ALERT, snoozed_until=NOON + HOUR), 1, True),
        (replace(ALERT, resolved_at=NOON), 36, False),
        (ALERT.ended(Over.PRICED, NOON), 36, False),
        (replace(ALERT, ends_at=NOON + HOUR), 36, False),
    ],
)
def test_it_is_told_again_once_a_day_there_and_not_while_it_is_snoozed(
    alert: CostAlert, hours: int, *, is_due: bool
) -> None:
    assert alert.is_due(NOON + hours * HOUR, SHANGHAI) is is_due


@given(st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
def test_what_was_told_again_is_not_due_at_once(minutes: int, snoozed: int | None) -> None:
    until = None if snoozed is None else NOON + timedelta(minutes=snoozed)
    now = NOON + timedelta(minutes=minutes)
    again = replace(ALERT, snoozed_until=until).again(now, {"count": "2"})
    assert not again.is_due(now, SHANGHAI)
    assert (again.rounds, again.about, again.created_at) == (1, {"count": "2"}, NOON)


def findings(quotas: tuple[int, ...], records: tuple[tuple[int, Fault], ...], days: tuple[str, ...]) -> Findings:
    window = window_at(Period.MONTHLY, SHANGHAI, NOON)
    scope, none = Scope(ScopeKind.USER, "li"), Nano(0)
    accounts = [Account(QuotaId(each), "", scope, Span.PERIOD, window, none, none, none) for each in quotas]
    return Findings(
        tuple(Drift(each, none, none) for each in accounts),
        tuple(Misfit(RecordId(number), "", fault) for number, fault in records),
        tuple(Skew(day, 1, 2, 3, 4) for day in days),
        9,
        9,
    )


def test_more_of_the_same_drift_is_the_same_and_another_quota_or_fault_is_not() -> None:
    one = findings((3,), ((1, Fault.PARTS),), ("2026-11-20",)).what
    assert findings((3, 3), ((7, Fault.PARTS), (8, Fault.PARTS)), ("2026-11-20", "2026-11-21")).what == one
    assert findings((3,), (), ()).what < one
    assert not findings((4,), (), ()).what <= one
    assert not findings((), ((1, Fault.HOLD),), ()).what <= one
    assert findings((), (), ()).what == frozenset()
