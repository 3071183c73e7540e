"""What a scope spent in a window before anybody counted it there, as sums and records say: a budget begins with it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import RecordFilter
from suanli.domain.cost.sums import Dimension, Grain, Question, Sum
from suanli.domain.cost.windows import Period, Window, window_at
from suanli.domain.ports.spending import Records, Sums

_HOUR = timedelta(hours=1)


class SqlOpenings:
    """What was spent, asked for by scope and window; days of the `site` are already added up."""

    __slots__ = ("_records", "_site", "_sums")

    def __init__(self, sums: Sums, records: Records, site: ZoneInfo) -> None:
        self._sums = sums
        self._records = records
        self._site = site

    def __call__(self, scope: Scope, window: Window) -> int:
        """What quotas would have counted, in nano-units: the costs, and of unpriced calls what was held for them."""
        if all(window_at(Period.DAILY, self._site, end).start == end for end in (window.start, window.end)):
            return self._summed(scope, window, Grain.ALL)
        # Days of other zones begin with an hour of UTC, or within one, of which only records tell the parts.
        inner = Window(_hour_from(window.start), _hour_of(window.end))
        edges = (Window(window.start, inner.start), Window(inner.end, window.end))
        charged = (self._recorded(scope, edge, unpriced=False) for edge in edges if edge.start < edge.end)
        return self._summed(scope, inner, Grain.HOUR) + sum(charged)

    def _summed(self, scope: Scope, window: Window, grain: Grain) -> int:
        where = {Dimension(scope.kind.word): scope.id}
        lines = self._sums.of(Question(window.start, window.end, grain, where=where))
        found = sum((line.sum for line in lines), Sum())
        # Seldom is there any: every record of the window is looked through for it.
        return found.total_cost + (self._recorded(scope, window, unpriced=True) if found.unpriced else 0)

    def _recorded(self, scope: Scope, window: Window, *, unpriced: bool) -> int:
        of = {kind: scope.id if kind is scope.kind else "" for kind in ScopeKind}
        which = RecordFilter(
            since=window.start,
            until=window.end,
            user=of[ScopeKind.USER],
            project=of[ScopeKind.PROJECT],
            department=of[ScopeKind.DEPARTMENT],
            organization=of[ScopeKind.ORGANIZATION],
            is_priced=False if unpriced else None,
        )
        return sum(record.charged for record in self._records.each(which))


def _hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hour_from(moment: datetime) -> datetime:
    hour = _hour_of(moment)
    return hour if hour == moment else hour + _HOUR
