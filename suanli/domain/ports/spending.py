"""What was spent, added up, budgeted, told and asked for; and who may say so. Amounts are nano-units."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from suanli.domain.changes import Change
from suanli.domain.chat import Target
from suanli.domain.cost.alerts import AlertFilter, AlertType, CostAlert, CostAlertId
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.findings import Findings
from suanli.domain.cost.marks import Mark
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import BudgetId, QuotaId, Scope
from suanli.domain.cost.records import Judged, Page, Place, Record, RecordFilter, RecordId, Sort, Written
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestFilter
from suanli.domain.cost.sums import Line, Outlay, Question
from suanli.domain.tokens import ApiToken, KeptReply, TokenId


class Records(Protocol):
    """Every call that was told of. Records are added, and priced once; nothing else of them changes."""

    def write(self, calls: Sequence[Judged], currency: Currency, now: datetime) -> Sequence[Written]:
        """Write calls down, in one go: the records, what quotas count for them, and the sums; each fate in order.

        A call with a hold settles it, at its cost, or unpriced at what was held; of an unknown hold, and without one,
        it counts in the windows of the moment when it happened. One whose hold came to another end is a CONFLICT. A
        call that is known changes nothing. It takes the transaction's one turn of changing accounts.

        All of them or none: for what cannot be counted MoneyError is raised, and ValueError for what is no call. The
        transaction is not to be committed then.
        """

    def find(self, request_id: str) -> Record | None:
        """The record of a call."""

    def behind(self, after: RecordId, limit: int) -> Sequence[Record]:
        """Records behind one, by number: the order in which they are written down, but for those written at once.

        Of the latter, lower ones may come later; `mark` tells how far that is over.
        """

    def unpriced(self, after: RecordId, limit: int) -> Sequence[Record]:
        """Records without a price behind one, by number."""

    def unpriced_models(self) -> Mapping[tuple[str, str], int]:
        """How many records are unpriced, by provider and model as they were told."""

    def price(self, judged: Sequence[tuple[RecordId, Judged]], now: datetime) -> int:
        """Give unpriced records their price; how many. Accounts and sums follow, and nobody is charged twice.

        It takes the transaction's one turn of changing accounts. What cannot be counted raises MoneyError, as `write`
        does. A cost in another currency than the record's is none for it.
        """

    def page(self, which: RecordFilter, sort: Sort, *, ascending: bool, after: Place | None, limit: int) -> Page:
        """Some records in order, from the one behind `after` on."""

    def mark(self) -> Mark:
        """How far records go, and who may still be writing some that come before."""

    def before(self, since: datetime) -> RecordId:
        """The number behind which all records are that happened since a moment; that of the last one when none did."""

    def newest_costs(self, model_name: str) -> Sequence[tuple[str, Nano]]:
        """The types and costs of the priced ones among the last 5,000 calls to a model, newest first."""


class Sums(Protocol):
    """What was spent, added up. Always exact: what was not yet put by is added when somebody asks."""

    def of(self, question: Question) -> Sequence[Line]:
        """The answers, by time and then by value; there is none for a time in which nothing was."""

    def outlays(self, question: Question) -> Mapping[str, Outlay]:
        """What `of` says of all the time together, in short, by value, and sooner. ValueError for hours and days."""

    def put_by(self, limit: int) -> int:
        """Add so many of the newest sums to the old ones; how many there were."""

    def is_current(self) -> bool:
        """Whether they have the days of the site's zone; if not, `rebuild` is due before anything else is asked."""

    def rebuild(self) -> int:
        """Add up all records anew; how many there are. Nobody writes meanwhile."""


class Books(Protocol):
    """Whether everything agrees."""

    def reconcile(self, now: datetime, since: datetime | None) -> Findings:
        """Compare what accounts say with holds, records and adjustments, and sums with records; nothing is changed.

        With `since`, only accounts whose window ended later, and records that were written later.
        """


class Parties(Protocol):
    """Who pays."""

    def put(self, party: Party) -> None:
        """Write one down, in place of what was known of it."""

    def drop(self, scope: Scope) -> bool:
        """Forget one; False when it was not known."""

    def find(self, scope: Scope) -> Party | None:
        """What is known of one."""

    def of_contact(self, contact: Target) -> Sequence[Party]:
        """Those whose private chat this is: the user first, then what this person answers for."""

    def all(self) -> Sequence[Party]:
        """Everybody, by kind and id."""

    def names(self, scopes: Sequence[Scope]) -> Mapping[Scope, str]:
        """The names of those that have one."""


class Budgets(Protocol):
    """What is meant to be spent."""

    def add(self, budget: Budget, now: datetime) -> Budget:
        """Store a budget with its quotas; it gets its number. What was spent before in its window counts.

        It takes the transaction's one turn of changing accounts.
        """

    def change(self, budget: Budget, now: datetime) -> bool:
        """Write a budget back, and its quotas with it; False when there is none. Its scope and currency stay."""

    def find(self, budget: BudgetId) -> Budget | None:
        """A budget."""

    def all(self) -> Sequence[Budget]:
        """Every budget, by number."""

    def quotas(self, budget: BudgetId) -> Sequence[QuotaId]:
        """The quotas that keep it: that of the whole, then those of its allocations in their order."""


class CostAlerts(Protocol):
    """What people were told about money."""

    def add(self, alert: CostAlert) -> CostAlert | None:
        """Write one down; it gets its number. None when there is one of this key."""

    def change(self, alert: CostAlert) -> None:
        """Write one back."""

    def find(self, alert: CostAlertId) -> CostAlert | None:
        """One of them."""

    def page(self, which: AlertFilter, *, before: CostAlertId | None, limit: int) -> Sequence[CostAlert]:
        """The newest first, behind `before`."""

    def woken(self, now: datetime, limit: int) -> Sequence[CostAlert]:
        """Those whose snooze is over, that nobody resolved, and that are not over."""

    def over(self, now: datetime, limit: int) -> Sequence[CostAlert]:
        """Those whose window has ended, which nobody resolved and nothing has ended yet; the oldest window first."""

    def standing(self, kind: AlertType) -> Sequence[CostAlert]:
        """Those of a kind that nobody resolved and nothing has ended, by number."""

    def open_count(self, now: datetime) -> int:
        """How many nobody has resolved; those that are snoozed or over are left out."""


class QuotaRequests(Protocol):
    """Asking for more."""

    def add(self, request: QuotaRequest) -> QuotaRequest:
        """Write one down; it gets its number."""

    def change(self, request: QuotaRequest) -> None:
        """Write one back."""

    def find(self, request: QuotaRequestId) -> QuotaRequest | None:
        """One of them."""

    def pending(self, quota: QuotaId | None = None) -> Sequence[QuotaRequest]:
        """Those that nobody has decided, by number."""

    def page(
        self, which: RequestFilter, now: datetime, *, before: QuotaRequestId | None, limit: int
    ) -> Sequence[QuotaRequest]:
        """The newest first, behind `before`, in the states of `now`."""


class Tokens(Protocol):
    """Tokens of the API."""

    def add(self, token: ApiToken) -> ApiToken:
        """Store a token; it gets its number."""

    def by_digest(self, digest: str) -> ApiToken | None:
        """The token of which this is the digest."""

    def revoke(self, token: TokenId, now: datetime) -> bool:
        """End a token; False when there is none that is valid."""

    def all(self) -> Sequence[ApiToken]:
        """Every token, by number."""


class Replies(Protocol):
    """What was answered under an Idempotency-Key, so that the same question gets the same answer."""

    def find(self, token: TokenId, key: str) -> KeptReply | None:
        """What was answered."""

    def keep(self, token: TokenId, key: str, reply: KeptReply, now: datetime) -> bool:
        """Remember an answer; False when another one stands under this key, for which it waits."""

    def forget_before(self, moment: datetime) -> int:
        """Drop older ones; how many."""


class Changes(Protocol):
    """Who changed what."""

    def note(self, change: Change) -> None:
        """Write it down."""

    def newest(self, limit: int, subject: str = "") -> Sequence[Change]:
        """The last ones, newest first; of one subject, if it is said."""
