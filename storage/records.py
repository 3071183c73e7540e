"""Records: every call that was told of, what it costs, and what quotas count for it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from storage.account_windows import SqlWindows
from storage.accounts import SqlAccounts
from storage.record_batches import RecordBatch, check
from storage.record_pages import each, page
from storage.record_prices import price_records
from storage.record_rows import record_of
from storage.tables import RecordRow
from storage.writers import write_along
from suanli.domain.cost.money import Currency
from suanli.domain.cost.records import Judged, Page, Place, Record, RecordFilter, RecordId, Sort, Written

_FIND = select(RecordRow.__table__).where(RecordRow.request_id == bindparam("of_request"))
_UNPRICED = RecordRow.total_cost.is_(None)
_NEXT = (
    select(RecordRow.__table__).where(RecordRow.id > bindparam("after")).order_by(RecordRow.id).limit(bindparam("most"))
)
# By the cost first, though all have none: the index of costs is in this order.
_NEXT_UNPRICED = (
    select(RecordRow.__table__)
    .where(_UNPRICED, RecordRow.id > bindparam("after"))
    .order_by(RecordRow.total_cost, RecordRow.id)
    .limit(bindparam("most"))
)
_UNPRICED_MODELS = (
    select(RecordRow.provider_name, RecordRow.model_name, func.count())
    .where(_UNPRICED)
    .group_by(RecordRow.provider_name, RecordRow.model_name)
    .order_by(RecordRow.provider_name, RecordRow.model_name)
)
_LOOKED_THROUGH = 5_000
_NEWEST = (
    select(RecordRow.id, RecordRow.happened_at, RecordRow.request_type, RecordRow.total_cost)
    .where(RecordRow.model_name == bindparam("of_model"))
    .order_by(RecordRow.happened_at.desc(), RecordRow.id.desc())
    .limit(_LOOKED_THROUGH)
    .subquery()
)
_NEWEST_PRICED = (
    select(_NEWEST.c.total_cost)
    .where(_NEWEST.c.total_cost.is_not(None))
    .order_by(_NEWEST.c.happened_at.desc(), _NEWEST.c.id.desc())
    .limit(bindparam("most"))
)
_NEWEST_OF_TYPE = _NEWEST_PRICED.where(_NEWEST.c.request_type == bindparam("of_type"))


class SqlRecords:
    """The `Records` of one transaction."""

    __slots__ = ("_accounts", "_connection", "_windows")

    def __init__(self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows

    def write(self, calls: Sequence[Judged], currency: Currency, now: datetime) -> Sequence[Written]:
        """Write calls down, in one go: the records, what quotas count for them, and the sums; each fate in order.

        A call with a hold settles it, at its cost, or unpriced at what was held; of an unknown hold, and without one,
        it counts in the windows of the moment when it happened. One whose hold came to another end is a CONFLICT. A
        call that is known changes nothing. It takes the transaction's one turn of changing accounts.

        All of them or none: for what cannot be counted MoneyError is raised, and ValueError for what is no call. The
        transaction is not to be committed then.
        """
        check(calls)
        self._accounts.take_turn()
        write_along(self._connection)
        return RecordBatch(self._connection, self._accounts, self._windows, calls, currency, now).write()

    def find(self, request_id: str) -> Record | None:
        """The record of a call."""
        row = self._connection.execute(_FIND, {"of_request": request_id}).first()
        return None if row is None else record_of(row)

    def behind(self, after: RecordId, limit: int) -> Sequence[Record]:
        """Records behind one, by number.

        That is the order in which they are written down, but for those that are written at the same moment.
        """
        return tuple(map(record_of, self._connection.execute(_NEXT, {"after": after, "most": limit})))

    def unpriced(self, after: RecordId, limit: int) -> Sequence[Record]:
        """Records without a price behind one, by number."""
        rows = self._connection.execute(_NEXT_UNPRICED, {"after": after, "most": limit})
        return tuple(map(record_of, rows))

    def unpriced_models(self) -> Mapping[tuple[str, str], int]:
        """How many records are unpriced, by provider and model as they were told."""
        return {(provider, model): many for provider, model, many in self._connection.execute(_UNPRICED_MODELS)}

    def price(self, judged: Sequence[tuple[RecordId, Judged]], now: datetime) -> int:
        """Give unpriced records their price; how many. Accounts and sums follow, and nobody is charged twice.

        It takes the transaction's one turn of changing accounts. What cannot be counted raises MoneyError, as `write`
        does. A cost in another currency than the record's is none for it.
        """
        self._accounts.take_turn()
        write_along(self._connection)
        return price_records(self._connection, self._accounts, judged, now)

    def page(self, which: RecordFilter, sort: Sort, *, ascending: bool, after: Place | None, limit: int) -> Page:
        """Some records in order, from the one behind `after` on."""
        return page(self._connection, which, sort, ascending=ascending, after=after, limit=limit)

    def each(self, which: RecordFilter) -> Iterator[Record]:
        """All records by number, read in parts: any number of them in constant memory."""
        return each(self._connection, which)

    def newest_costs(self, model_name: str, request_type: str, limit: int) -> Sequence[int]:
        """What the last priced calls to a model cost, newest first; of this type, if one is said.

        They are looked for among the last 5,000 calls to it, however rare a type is.
        """
        asked = {"of_model": model_name, "most": limit}
        if request_type:
            found = self._connection.execute(_NEWEST_OF_TYPE, {**asked, "of_type": request_type})
        else:
            found = self._connection.execute(_NEWEST_PRICED, asked)
        return found.scalars().all()
