"""Records: every call that was told of, what it costs, and what quotas count for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from storage.account_windows import SqlWindows
from storage.accounts import SqlAccounts
from storage.record_batches import RecordBatch, check
from storage.record_marks import before, mark, newest_costs
from storage.record_pages import page
from storage.record_prices import price_records
from storage.record_rows import record_of
from storage.tables import RecordRow
from storage.writers import write_along
from suanli.domain.cost.marks import Mark
from suanli.domain.cost.money import Currency, Nano
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
        return RecordBatch(self._connection, self._accounts, self._windows, calls, currency, now).write()

    def find(self, request_id: str) -> Record | None:
        """The record of a call."""
        row = self._connection.execute(_FIND, {"of_request": request_id}).first()
        return None if row is None else record_of(row)

    def behind(self, after: RecordId, limit: int) -> Sequence[Record]:
        """Records behind one, by number: the order in which they are written down, but for those written at once.

        Of the latter, lower ones may come later; `mark` tells how far that is over.
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

    def mark(self) -> Mark:
        """How far records go, and who may still be writing some that come before."""
        return mark(self._connection)

    def before(self, since: datetime) -> RecordId:
        """The number behind which all records are that happened since a moment; that of the last one when none did."""
        return before(self._connection, since)

    def newest_costs(self, model_name: str) -> Sequence[tuple[str, Nano]]:
        """The types and costs of the priced ones among the last 5,000 calls to a model, newest first."""
        return newest_costs(self._connection, model_name)
