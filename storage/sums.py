"""What was spent, added up: from what was put by, and from the tail of what was not yet."""

from collections.abc import Mapping, Sequence
from operator import add

from sqlalchemy import Connection, bindparam, delete, literal_column, select

from storage.outlays import outlays
from storage.prepared import Prepared
from storage.rollups import SqlRollups
from storage.site_days import QUARTERS, SiteDays, date_of, moment_of_hour
from storage.sum_questions import PUT_BY, ZONE, asked
from storage.sum_rebuild import rebuild
from storage.sum_tail import COLUMNS, Amounts
from storage.sum_zone import demand_zone, is_other, refuse_other
from storage.tables import SumTailRow
from suanli.domain.cost.sums import Grain, Line, Outlay, Question, Sum

_TAIL = SumTailRow.__table__.c
_TAKEN = (
    select(SumTailRow.id)
    .order_by(SumTailRow.id)
    .limit(bindparam("most"))
    .offset(literal_column("0"))  # said, or SQLAlchemy makes a parameter of it for SQLite
    .with_for_update(skip_locked=True)
    .cte("taken")
)
_TAKE = Prepared(
    delete(SumTailRow)
    .where(SumTailRow.id.in_(select(_TAKEN.c.id)))
    .returning(*(_TAIL[name] for name in COLUMNS))
)  # fmt: skip


class SqlSums:
    """The sums of one transaction."""

    __slots__ = ("_connection", "_days")

    def __init__(self, connection: Connection, days: SiteDays) -> None:
        self._connection = connection
        self._days = days

    def of(self, question: Question) -> Sequence[Line]:
        """The answers, by time and then by value; there is none for a time in which nothing was.

        Raises ValueError for hours that are asked for by who pays and by what is paid for at once, and OtherZoneError.
        """
        as_array = self._connection.dialect.name == "postgresql"
        statement, values = asked(question, self._days, as_array=as_array)
        found: dict[tuple[int, str], Amounts] = {}
        for row in statement.run(self._connection, values):  # thousands, of hours
            origin, at, value = row[:3]
            if origin == ZONE:
                if question.grain is not Grain.HOUR:  # hours are everybody's
                    refuse_other(value, self._days.zone)
                continue
            key = (at if origin == PUT_BY else self._time(question.grain, at)), value
            known, more = found.get(key), row[3:]
            found[key] = more if known is None else tuple(map(add, known, more))
        return _lines(question.grain, found)

    def outlays(self, question: Question) -> Mapping[str, Outlay]:
        """What `of` says of all the time together, in short, by value; sooner than that.

        Raises ValueError for hours and days, and OtherZoneError.
        """
        return outlays(self._connection, self._days, question)

    def _time(self, grain: Grain, quarter: int) -> int:
        match grain:
            case Grain.HOUR:
                return quarter // QUARTERS
            case Grain.DAY:
                return self._days.of_quarter(quarter)
            case Grain.ALL:
                return 0

    def put_by(self, limit: int) -> int:
        """Add so many of the newest sums to the old ones, those first that came first; how many there were.

        Several at once take different ones, and wait for each other only where they add to the same; for that, it is
        done once a transaction. Raises OtherZoneError.
        """
        rows = _TAKE.run(self._connection, {"most": limit})
        if rows:
            demand_zone(self._connection, self._days.zone, takes=True)
            SqlRollups(self._connection, self._days).add([(row[0], row[1:9], row[9:]) for row in rows])
        return len(rows)

    def is_current(self) -> bool:
        """Whether they have the days of the site's zone; if not, `rebuild` is due before anything else is asked."""
        return not is_other(self._connection, self._days.zone)

    def rebuild(self) -> int:
        """Add up all records anew; how many there are. Nobody writes meanwhile: who wants to, waits.

        The days are those of the site's zone from then on. It is alone in its transaction.
        """
        return rebuild(self._connection, self._days)


def _lines(grain: Grain, found: Mapping[tuple[int, str], Amounts]) -> Sequence[Line]:
    known = [(*key, Sum(*found[key])) for key in sorted(found) if any(found[key])]
    match grain:
        case Grain.HOUR:
            return tuple([Line(amounts, moment_of_hour(time), None, value) for time, value, amounts in known])
        case Grain.DAY:
            return tuple([Line(amounts, None, date_of(time), value) for time, value, amounts in known])
        case Grain.ALL:
            return tuple([Line(amounts, value=value) for _, value, amounts in known])
