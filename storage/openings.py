"""What a scope spent in a window before anybody counted it there, as sums and records say: a budget begins with it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, literal_column, select

from storage.tables import RecordRow
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.sums import Dimension, Grain, Question, Sum
from suanli.domain.cost.windows import Period, Window, window_at
from suanli.domain.ports.spending import Sums

_HOUR = timedelta(hours=1)
_CHARGED = select(func.coalesce(func.sum(RecordRow.charged), literal_column("0"))).where(
    RecordRow.happened_at >= bindparam("start"), RecordRow.happened_at < bindparam("end")
)
_OF = {
    ScopeKind.USER: RecordRow.user,
    ScopeKind.PROJECT: RecordRow.project,
    ScopeKind.DEPARTMENT: RecordRow.department,
    ScopeKind.ORGANIZATION: RecordRow.organization,
}
_OF_SCOPE = {kind: _CHARGED.where(column == bindparam("scope")) for kind, column in _OF.items()}
# As text, as the index of the unpriced ones by time has it: only then do databases see that it has all of these.
_UNPRICED = {
    kind: charged.where(literal_column("(cost_records.total_cost IS NULL) IS TRUE"))
    for kind, charged in _OF_SCOPE.items()
}


class SqlOpenings:
    """What was spent, asked for by scope and window; days of the `site` are already added up."""

    __slots__ = ("_connection", "_site", "_sums")

    def __init__(self, connection: Connection, sums: Sums, site: ZoneInfo) -> None:
        self._connection = connection
        self._sums = sums
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
        return found.total_cost + (self._recorded(scope, window, unpriced=True) if found.unpriced else 0)

    def _recorded(self, scope: Scope, window: Window, *, unpriced: bool) -> int:
        charged = (_UNPRICED if unpriced else _OF_SCOPE)[scope.kind]
        asked = {"scope": scope.id, "start": window.start, "end": window.end}
        return int(self._connection.execute(charged, asked).scalar_one())


def _hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hour_from(moment: datetime) -> datetime:
    hour = _hour_of(moment)
    return hour if hour == moment else hour + _HOUR
