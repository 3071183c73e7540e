"""The store: every aggregate of one transaction."""

from contextlib import AbstractContextManager
from typing import Protocol

from suanli.domain.ports.chat import Audits, Chats, Grants, Inbox, Outbox
from suanli.domain.ports.cost import Holds, Quotas
from suanli.domain.ports.releases import Allowances, Happenings, Resources, Watches
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
