"""The store: every aggregate of one transaction."""

from contextlib import AbstractContextManager
from typing import Protocol

from suanli.domain.ports.chat import Audits, Chats, Grants, Inbox, Outbox
from suanli.domain.ports.cost import Holds, Quotas
from suanli.domain.ports.prices import CostModels, Exchange, Prices
from suanli.domain.ports.releases import Allowances, Happenings, Resources, Watches
from suanli.domain.ports.spending import (
    Books,
    Budgets,
    Changes,
    CostAlerts,
    Parties,
    QuotaRequests,
    Records,
    Replies,
    Sums,
    Tokens,
)
from suanli.domain.ports.stock import Alerts, Burns, Episodes, Notices, Overrides, Samples, Tickets
from suanli.domain.ports.work import Facts, Runs


class Transaction(Protocol):
    """One transaction: all of it happens, or none."""

    @property
    def inbox(self) -> Inbox:
        """What was received."""

    @property
    def outbox(self) -> Outbox:
        """What is to be sent."""

    @property
    def grants(self) -> Grants:
        """Roles given in chat."""

    @property
    def chats(self) -> Chats:
        """Languages and welcomes."""

    @property
    def samples(self) -> Samples:
        """Stock over time."""

    @property
    def notices(self) -> Notices:
        """Whom the original program told."""

    @property
    def overrides(self) -> Overrides:
        """What of the rules was changed in chat."""

    @property
    def episodes(self) -> Episodes:
        """Shortages, and who was told of them."""

    @property
    def tickets(self) -> Tickets:
        """Purchases."""

    @property
    def burns(self) -> Burns:
        """How fast cards go."""

    @property
    def alerts(self) -> Alerts:
        """Alerts of other systems."""

    @property
    def resources(self) -> Resources:
        """What is read of the hubs."""

    @property
    def happenings(self) -> Happenings:
        """What changed there."""

    @property
    def watches(self) -> Watches:
        """Who follows what."""

    @property
    def allowances(self) -> Allowances:
        """How much the hosts let us ask."""

    @property
    def audits(self) -> Audits:
        """The record of commands."""

    @property
    def runs(self) -> Runs:
        """Schedules and runs of jobs."""

    @property
    def facts(self) -> Facts:
        """Small things learnt from outside."""

    @property
    def quotas(self) -> Quotas:
        """Who may spend how much."""

    @property
    def holds(self) -> Holds:
        """Money put aside before it is spent."""

    @property
    def records(self) -> Records:
        """What was spent."""

    @property
    def models(self) -> CostModels:
        """What costs money."""

    @property
    def prices(self) -> Prices:
        """How much it costs."""

    @property
    def exchange(self) -> Exchange:
        """What other currencies are in the site's."""

    @property
    def parties(self) -> Parties:
        """Who pays."""

    @property
    def budgets(self) -> Budgets:
        """What is meant to be spent."""

    @property
    def cost_alerts(self) -> CostAlerts:
        """What people were told about money."""

    @property
    def quota_requests(self) -> QuotaRequests:
        """Asking for more."""

    @property
    def tokens(self) -> Tokens:
        """Tokens of the API."""

    @property
    def replies(self) -> Replies:
        """What was answered under an Idempotency-Key."""

    @property
    def changes(self) -> Changes:
        """Who changed what."""

    @property
    def sums(self) -> Sums:
        """What was spent, added up."""

    @property
    def books(self) -> Books:
        """Whether everything agrees."""

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it to the end of this one.

        For decisions that read before they write: two of them never see the same "before".
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """What happens inside is undone alone when it raises."""


class Store(Protocol):
    """Where all state lives."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction: committed at the end, rolled back when something is raised."""

    def read(self) -> AbstractContextManager[Transaction]:
        """A transaction in which nothing is written: what takes long keeps nobody waiting in it."""
