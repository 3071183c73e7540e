"""How limits stand, against a plain count in Python: whatever was done, at the edges of windows."""

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import WHOLE, Level, Quota, QuotaId, Scope, Span, reached
from suanli.domain.cost.windows import Period, Window, window_at
from suanli.domain.ports import Store
from tests.contract.cost_kit import BOT, CNY, HOUR, SECOND, ZHANG, change, grant, quota, spend

SCOPES = st.sampled_from([ZHANG, BOT])
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC")])
# A day of New York with 25 hours, and the end of a year, of a month and of a week, in each of the zones.
EDGES = st.sampled_from(
    [datetime(2026, 11, 1, hour, tzinfo=UTC) for hour in (4, 5, 6, 7)]
    + [
        window_at(Period.YEARLY, ZoneInfo(name), datetime(2026, 6, 1, tzinfo=UTC)).end
        for name in ("UTC", "Asia/Kathmandu")
    ]
    + [window_at(Period.WEEKLY, ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 4, tzinfo=UTC)).end]
)
MOMENTS = st.builds(
    lambda edge, off: edge + off, EDGES, st.sampled_from([-HOUR, -SECOND, timedelta(microseconds=-1), 0 * SECOND, HOUR])
)
LIMITS = st.integers(0, 60).map(Nano)
MAYBE = st.none() | LIMITS
TERMS = st.fixed_dictionaries(
    {"period": st.sampled_from(Period), "zone": ZONES, "total": LIMITS, "daily_limit": MAYBE, "hourly_limit": MAYBE}
)
QUOTAS = st.lists(
    st.builds(lambda scope, terms: replace(quota(scope, 0, soft=True), **terms), SCOPES, TERMS), max_size=5
)


@dataclass(frozen=True, slots=True)
class Spends:
    """Somebody spends."""

    scope: Scope
    amount: int


@dataclass(frozen=True, slots=True)
class Grants:
    """A limit is raised for a while: that of one of the quotas, counted around."""

    which: int
    span: Span
    amount: int
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Turns:
    """One of the quotas becomes another, in force or not."""

    which: int
    terms: Mapping[str, object]
    active: bool


DEEDS = (
    st.builds(Spends, SCOPES, st.integers(1, 30))
    | st.builds(
        Grants, st.integers(0, 4), st.sampled_from(Span), st.integers(1, 30), st.sampled_from([SECOND, 5 * HOUR])
    )
    | st.builds(Turns, st.integers(0, 4), TERMS, st.booleans())
)


class Counted:
    """What stands where, counted plainly."""

    def __init__(self, quotas: Sequence[Quota]) -> None:
        self.quotas = [*quotas]
        self.used: dict[tuple[QuotaId, Span, Window], int] = defaultdict(int)
        self.grants: list[tuple[QuotaId, Span, int, datetime]] = []

    def do(self, store: Store, deed: object, number: int, now: datetime) -> None:
        match deed:
            case Spends(scope, amount):
                spend(store, f"k{number}", amount, [scope], now)
                for each in self.quotas:
                    if each.active and each.scope == scope:
                        for span, (period, _) in each.spans().items():
                            self.used[each.id, span, window_at(period, each.zone, now)] += amount
            case Grants(which, span, amount, lasts) if self.quotas:
                of = self.quotas[which % len(self.quotas)]
                if span in of.spans():
                    grant(store, of, amount, lasts, now, span)
                    self.grants.append((of.id, span, amount, now + lasts))
            case Turns(which, terms, active) if self.quotas:
                at = which % len(self.quotas)
                change(store, self.quotas[at], now, **terms, active=active)
                self.quotas[at] = replace(self.quotas[at], **terms, active=active)  # type: ignore[arg-type]  # drawn so

    def accounts(self, now: datetime) -> Mapping[QuotaId, Sequence[tuple[Span, Window, int, int]]]:
        """Of each limit its window, the limit with what is granted, and what is used."""
        return {
            each.id: [
                (span, window, own + self._granted(each.id, span, now), self.used.get((each.id, span, window), 0))
                for span, (period, own) in each.spans().items()
                for window in [window_at(period, each.zone, now)]
            ]
            for each in self.quotas
        }

    def _granted(self, quota: QuotaId, span: Span, now: datetime) -> int:
        return sum(amount for of, to, amount, until in self.grants if (of, to) == (quota, span) and now < until)

    def levels(self, now: datetime) -> Mapping[QuotaId, Level]:
        found = {}
        for each in self.quotas:
            warning, critical = round(each.warning * WHOLE), round(each.critical * WHOLE)
            all_of_it = [
                level
                for _, _, limit, used in self.accounts(now)[each.id]
                for level in reached(limit, used, warning, critical)
            ]
            if all_of_it:
                found[each.id] = max(all_of_it, key=[*Level].index)
        return found


@settings(max_examples=60, deadline=None)
@given(quotas=QUOTAS, steps=st.lists(st.tuples(MOMENTS, st.lists(DEEDS, max_size=3)), max_size=5), last=MOMENTS)
def test_limits_stand_as_a_plain_count_says_at_every_moment(
    migrated: Path, quotas: Sequence[Quota], steps: Sequence[tuple[datetime, Sequence[object]]], last: datetime
) -> None:
    assert {each.currency for each in quotas} <= {CNY}
    with TemporaryDirectory() as folder:
        shutil.copyfile(migrated, f"{folder}/suanli.db")
        with closing(SqlStore(f"sqlite:///{folder}/suanli.db")) as store:
            with store.begin() as tx:
                counted = Counted([tx.quotas.add(each) for each in quotas])
            number = 0
            for now, deeds in [*sorted(steps, key=lambda step: step[0]), (max([last, *(at for at, _ in steps)]), ())]:
                for deed in deeds:
                    number += 1
                    counted.do(store, deed, number, now)
                with store.read() as tx:
                    found = tx.quotas.all_accounts(counted.quotas, now)
                    alone = {each.id: tx.quotas.accounts(each.id, now) for each in counted.quotas}
                    levels = tx.quotas.levels(counted.quotas, now)
                said = {
                    of: [(each.span, each.window, each.limit, each.used) for each in some] for of, some in found.items()
                }
                assert said == counted.accounts(now)
                assert (found, levels) == (alone, counted.levels(now))
