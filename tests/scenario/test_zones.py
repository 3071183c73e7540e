"""A refusal at the last moment of a day, and the same call at the first of the next: by the quota's own clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from suanli.domain.access import Role
from tests.cost_desk import CostDesk
from tests.reservation_desk import RESERVATIONS, desk, figures, quota, reserve, shown

__all__ = ["desk"]

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "period", "midnight", "said"),
    [
        ("Asia/Shanghai", "daily", "2026-11-21T16:00", "2026-11-22T00:00:00+08:00"),
        ("Asia/Shanghai", "monthly", "2026-11-30T16:00", "2026-12-01T00:00:00+08:00"),
        ("America/New_York", "weekly", "2026-11-23T05:00", "2026-11-23T00:00:00-05:00"),
        # The end of the day of 23 hours.
        ("America/New_York", "daily", "2027-03-15T04:00", "2027-03-15T00:00:00-04:00"),
        ("Australia/Lord_Howe", "yearly", "2026-12-31T13:00", "2027-01-01T00:00:00+11:00"),
        # The end of the day of 24 and a half.
        ("Australia/Lord_Howe", "daily", "2027-04-04T13:30", "2027-04-05T00:00:00+10:30"),
    ],
)
def test_what_is_refused_before_midnight_passes_at_midnight_and_each_bill_stays_in_its_day(
    desk: CostDesk, zone: str, period: str, midnight: str, said: str
) -> None:
    new_day = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    desk.clock.step_to(new_day - timedelta(minutes=5))
    number, token = quota(desk, "user", "li", "10", period_type=period, timezone=zone)["id"], desk.token(Role.MEMBER)
    assert reserve(desk, token, "old", amount="10").status == 201
    desk.clock.step_to(new_day - TICK)
    refused = reserve(desk, token, "new", amount="10")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert (refused.json["resets_at"], refused.json["left"]) == (said, "0.000000")

    # No job runs: the clock alone.
    desk.clock.step_to(new_day)
    assert figures(desk, number) == ("0.000000", "0.000000", "10.000000")
    assert reserve(desk, token, "new", amount="10").status == 201
    settled = desk.call("POST", f"{RESERVATIONS}/old/settle", {"total_cost": "9"}, token)
    assert settled.json["total_cost"] == "9.000000"
    assert figures(desk, number) == ("0.000000", "10.000000", "0.000000")
    assert datetime.fromisoformat(shown(desk, number)["period_start"]) == new_day
    with desk.store.begin() as tx:
        assert tx.books.reconcile(new_day, None).is_clean
        (used,) = [each.used for each in tx.quotas.accounts(tx.quotas.all()[0].id, new_day - TICK)]
    assert used == 9 * 10**9
