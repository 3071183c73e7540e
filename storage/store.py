"""The store on SQL: transactions over all aggregates."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from storage.account_windows import Plans, SqlWindows
from storage.accounts import SqlAccounts
from storage.alerts import SqlAlerts
from storage.allowances import SqlAllowances
from storage.audits import SqlAudits
from storage.books import SqlBooks
from storage.budgets import SqlBudgets
from storage.burns import SqlBurns
from storage.changes import SqlChanges
from storage.chats import SqlChats
from storage.cost_alerts import SqlCostAlerts
from storage.cost_models import SqlCostModels
from storage.engine import BUSY, address, open_engine, open_reader
from storage.episodes import SqlEpisodes
from storage.exchange import SqlExchange
from storage.facts import SqlFacts
from storage.grants import SqlGrants
from storage.happenings import SqlHappenings
from storage.holds import SqlHolds
from storage.inbox import SqlInbox
from storage.notices import SqlNotices
from storage.openings import SqlOpenings
from storage.outbox import SqlOutbox
from storage.overrides import SqlOverrides
from storage.parties import SqlParties
from storage.price_book import Books, SqlPriceBook
from storage.prices import SqlPrices
from storage.quota_requests import SqlQuotaRequests
from storage.quotas import SqlQuotas
from storage.records import SqlRecords
from storage.replies import SqlReplies
from storage.resources import SqlResources
from storage.runs import SqlRuns
from storage.samples import SqlSamples
from storage.site_days import SiteDays
from storage.sums import SqlSums
from storage.tickets import SqlTickets
from storage.tokens import SqlTokens
from storage.turns import Turns
from storage.watches import SqlWatches
from suanli.domain.stock import Snapshot

_ZONE = ZoneInfo("Asia/Shanghai")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class SqlTransaction:
    """One transaction: all of it happens, or none."""

    def __init__(
        self, connection: Connection, snapshots: dict[str, Snapshot], plans: Plans, books: Books, days: SiteDays
    ) -> None:
        self.connection = connection
        self.snapshots = snapshots
        self.plans = plans
        self.prices_known = books
        self.days = days

    # Each is made when it is first asked for: there are many, and a transaction needs two or three.
    accounts = cached_property(lambda tx: SqlAccounts(tx.connection))
    windows = cached_property(lambda tx: SqlWindows(tx.connection, tx.accounts, tx.plans))
    book = cached_property(lambda tx: SqlPriceBook(tx.connection, tx.prices_known))
    openings = cached_property(lambda tx: SqlOpenings(tx.connection, tx.sums, tx.days.zone))

    inbox = cached_property(lambda tx: SqlInbox(tx.connection))
    outbox = cached_property(lambda tx: SqlOutbox(tx.connection))
    grants = cached_property(lambda tx: SqlGrants(tx.connection))
    chats = cached_property(lambda tx: SqlChats(tx.connection))
    samples = cached_property(lambda tx: SqlSamples(tx.connection, tx.snapshots))
    notices = cached_property(lambda tx: SqlNotices(tx.connection))
    overrides = cached_property(lambda tx: SqlOverrides(tx.connection))
    episodes = cached_property(lambda tx: SqlEpisodes(tx.connection))
    tickets = cached_property(lambda tx: SqlTickets(tx.connection))
    burns = cached_property(lambda tx: SqlBurns(tx.connection))
    alerts = cached_property(lambda tx: SqlAlerts(tx.connection))
    resources = cached_property(lambda tx: SqlResources(tx.connection))
    happenings = cached_property(lambda tx: SqlHappenings(tx.connection))
    watches = cached_property(lambda tx: SqlWatches(tx.connection))
    allowances = cached_property(lambda tx: SqlAllowances(tx.connection))
    audits = cached_property(lambda tx: SqlAudits(tx.connection))
    runs = cached_property(lambda tx: SqlRuns(tx.connection))
    facts = cached_property(lambda tx: SqlFacts(tx.connection))
    quotas = cached_property(lambda tx: SqlQuotas(tx.connection, tx.accounts, tx.windows))
    holds = cached_property(lambda tx: SqlHolds(tx.connection, tx.accounts, tx.windows))
    records = cached_property(lambda tx: SqlRecords(tx.connection, tx.accounts, tx.windows))
    models = cached_property(lambda tx: SqlCostModels(tx.connection, tx.book))
    prices = cached_property(lambda tx: SqlPrices(tx.connection, tx.book))
    exchange = cached_property(lambda tx: SqlExchange(tx.connection, tx.book))
    parties = cached_property(lambda tx: SqlParties(tx.connection))
    cost_alerts = cached_property(lambda tx: SqlCostAlerts(tx.connection))
    quota_requests = cached_property(lambda tx: SqlQuotaRequests(tx.connection))
    tokens = cached_property(lambda tx: SqlTokens(tx.connection, tx.book))
    replies = cached_property(lambda tx: SqlReplies(tx.connection))
    changes = cached_property(lambda tx: SqlChanges(tx.connection))
    sums = cached_property(lambda tx: SqlSums(tx.connection, tx.days))
    budgets = cached_property(lambda tx: SqlBudgets(tx.connection, tx.accounts, tx.quotas, tx.openings))
    books = cached_property(lambda tx: SqlBooks(tx.connection, tx.days))

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it to the end of this one."""
        # SQLite lets one transaction write at a time anyway.
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(_LOCK, {"name": name})

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone alone when it raises."""
        # SQLAlchemy's own way costs as much as all other statements of an event together.
        self._say("SAVEPOINT inner_part")
        try:
            yield
        except BaseException:
            self._say("ROLLBACK TO SAVEPOINT inner_part")
            raise
        finally:
            self._say("RELEASE SAVEPOINT inner_part")  # or an outer one of this name would stay hidden behind it

    def _say(self, sql: str) -> None:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()


class SqlStore:
    """All state, in one database: `SqlStore("sqlite:///data/suanli.db")` or `SqlStore("postgresql://…")`.

    The database is opened at first use; its schema is the business of `storage.migrate`. Any thread may begin a
    transaction, but not a second one inside its first. Errors of the database stay SQLAlchemy's or the driver's.
    The days of what was spent are those of `zone`; it may change, but then the sums have to be rebuilt.

    A process may fork before the first use, or after `close`, but not in between: SQLite would take the parent's locks
    for its own, so that the child could lose what the parent writes. A child that inherits an open store is refused.
    """

    def __init__(self, url: str, zone: ZoneInfo = _ZONE) -> None:
        where = address(url)
        self._engine = open_engine(where)
        self._reader = open_reader(where, self._engine)
        self._turn = Turns(BUSY).turn if self._engine.dialect.name == "sqlite" else nullcontext
        self._process: int | None = None
        self._snapshots: dict[str, Snapshot] = {}
        self._plans: Plans = {}
        self._books: Books = {}
        self._days = SiteDays(zone)

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """A transaction: committed at the end, rolled back when something is raised."""
        self._refuse_inherited()
        with self._turn(), self._engine.begin() as connection:
            yield SqlTransaction(connection, self._snapshots, self._plans, self._books, self._days)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """A transaction in which nothing is written: what takes long keeps nobody waiting in it, on SQLite neither."""
        self._refuse_inherited()
        with self._reader.begin() as connection:
            yield SqlTransaction(connection, self._snapshots, self._plans, self._books, self._days)

    def close(self) -> None:
        """Close the connections of this process; the next transaction opens the database again."""
        if self._process == os.getpid():
            self._engine.dispose()
            self._reader.dispose()
            self._process = None

    def _refuse_inherited(self) -> None:
        process = os.getpid()
        if self._process not in {None, process}:
            raise RuntimeError("this store was open when its process forked; close it before, or make another")
        self._process = process
