"""The store on SQL: transactions over all aggregates."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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

    __slots__ = (
        "_connection",
        "alerts",
        "allowances",
        "audits",
        "books",
        "budgets",
        "burns",
        "changes",
        "chats",
        "cost_alerts",
        "episodes",
        "exchange",
        "facts",
        "grants",
        "happenings",
        "holds",
        "inbox",
        "models",
        "notices",
        "outbox",
        "overrides",
        "parties",
        "prices",
        "quota_requests",
        "quotas",
        "records",
        "replies",
        "resources",
        "runs",
        "samples",
        "sums",
        "tickets",
        "tokens",
        "watches",
    )

    def __init__(
        self, connection: Connection, snapshots: dict[str, Snapshot], plans: Plans, books: Books, days: SiteDays
    ) -> None:
        self._connection = connection
        self.inbox = SqlInbox(connection)
        self.outbox = SqlOutbox(connection)
        self.grants = SqlGrants(connection)
        self.chats = SqlChats(connection)
        self.samples = SqlSamples(connection, snapshots)
        self.notices = SqlNotices(connection)
        self.overrides = SqlOverrides(connection)
        self.episodes = SqlEpisodes(connection)
        self.tickets = SqlTickets(connection)
        self.burns = SqlBurns(connection)
        self.alerts = SqlAlerts(connection)
        self.resources = SqlResources(connection)
        self.happenings = SqlHappenings(connection)
        self.watches = SqlWatches(connection)
        self.allowances = SqlAllowances(connection)
        self.audits = SqlAudits(connection)
        self.runs = SqlRuns(connection)
        self.facts = SqlFacts(connection)
        accounts = SqlAccounts(connection)
        windows = SqlWindows(connection, accounts, plans)
        self.quotas = SqlQuotas(connection, accounts, windows)
        self.holds = SqlHolds(connection, accounts, windows)
        self.records = SqlRecords(connection, accounts, windows)
        book = SqlPriceBook(connection, books)
        self.models = SqlCostModels(connection, book)
        self.prices = SqlPrices(connection, book)
        self.exchange = SqlExchange(connection, book)
        self.parties = SqlParties(connection)
        self.cost_alerts = SqlCostAlerts(connection)
        self.quota_requests = SqlQuotaRequests(connection)
        self.tokens = SqlTokens(connection)
        self.replies = SqlReplies(connection)
        self.changes = SqlChanges(connection)
        self.sums = SqlSums(connection, days)
        openings = SqlOpenings(self.sums, self.records, days.zone)
        self.budgets = SqlBudgets(connection, accounts, self.quotas, openings)
        self.books = SqlBooks(connection, days)

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it to the end of this one."""
        # SQLite lets one transaction write at a time anyway.
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_LOCK, {"name": name})

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
        cursor = self._connection.connection.cursor()
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
