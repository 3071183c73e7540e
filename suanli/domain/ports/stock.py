"""Stock over time, its rules and episodes, and what was bought."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from suanli.domain.stock import Model, Sample, Scope, Snapshot, SourceState
from suanli.domain.stock.episodes import Episode, Standing, Told
from suanli.domain.stock.external import Alert, Fingerprint
from suanli.domain.stock.purchases import Ticket
from suanli.domain.stock.rules import Field, Override
from suanli.domain.stock.trend import Burn, Hour


class Samples(Protocol):
    """Stock over time."""

    def add(self, samples: Sequence[Sample], now: datetime) -> bool:
        """Store one complete answer of a source, and that the source is well; False when it was stored before.

        A new answer is also counted into the hours of every scope (`hours`).
        """

    def failed(self, source: str, error: str, now: datetime) -> SourceState:
        """Note that a source could not be read; its state after that."""

    def latest(self, source: str) -> Snapshot:
        """The newest complete answer of a source."""

    def states(self) -> Sequence[SourceState]:
        """How every source is doing."""

    def hours(self, source: str, scope: Scope, since: datetime) -> Sequence[Hour]:
        """The hours of a scope that began at or after `since`, oldest first."""

    def forget_before(self, moment: datetime) -> int:
        """Drop samples older than `moment`; how many. Their hours stay."""

    def forget_hours_before(self, moment: datetime) -> int:
        """Drop hours that began before `moment`; how many."""


class Notices(Protocol):
    """Who was told of which model by the original program, and when."""

    def last_told(self) -> Mapping[tuple[str, Model], datetime]:
        """The last time each recipient was told of each model."""

    def tell(self, recipient: str, models: Sequence[Model], now: datetime) -> None:
        """Note that a recipient is told of these models."""


class Overrides(Protocol):
    """What of the rules was changed in chat."""

    def all(self) -> Sequence[Override]:
        """Every change in force, by scope and field."""

    def put(self, override: Override) -> None:
        """Set a field, in place of an earlier change."""

    def drop(self, scope: Scope, fields: Sequence[Field] = ()) -> int:
        """Undo changes of these fields (of all, if none are named); how many there were."""


class Episodes(Protocol):
    """Where every watched scope stands, and who was told what of it."""

    def standings(self) -> Mapping[Scope, Standing]:
        """Every scope of which anything is remembered, with its open episode."""

    def standing(self, scope: Scope) -> Standing:
        """One scope; one never heard of is well."""

    def save(self, standings: Sequence[Standing]) -> Sequence[Standing]:
        """Write scopes back, in order; a new episode gets its number. A closed one is closed in the store.

        A standing without an episode drops the scope's open one, if there is one: it never fired.
        """

    def find(self, number: int) -> Episode | None:
        """An episode by its number, open or closed."""

    def closed_since(self, moment: datetime) -> Sequence[Episode]:
        """Episodes that ended at or after `moment`, quiet ones left out, oldest first."""

    def newest(self, limit: int, model: Model | None = None) -> Sequence[Episode]:
        """The last episodes that fired, open or closed, newest first."""

    def last_told(self, numbers: Sequence[int]) -> Mapping[tuple[int, str], Told]:
        """The last notice of each of these episodes to each recipient."""

    def told(self, number: int) -> Sequence[Told]:
        """Every notice of an episode, oldest first."""

    def tell(self, notices: Sequence[Told]) -> None:
        """Write notices down; the same one again (episode, recipient, count) changes nothing."""

    def messages_of(self, numbers: Sequence[int], since: datetime) -> Sequence[str]:
        """The keys of the messages that told of these episodes at or after `since`."""

    def on_cards(self, keys: Sequence[str]) -> Mapping[str, Sequence[Told]]:
        """What each of these messages told, by its key."""

    def set_back(self, now: datetime) -> int:
        """Let notices that lie in the future, after the clock was set back, be of now; how many."""

    def forget_before(self, moment: datetime) -> int:
        """Drop episodes that ended before `moment`, with their notices; how many."""


class Tickets(Protocol):
    """Purchases."""

    def save(self, ticket: Ticket) -> Ticket:
        """Write a ticket; a new one gets its number."""

    def find(self, number: int) -> Ticket | None:
        """A ticket by its number."""

    def open(self, scope: Scope | None = None) -> Sequence[Ticket]:
        """Those requested or ordered, of one scope or of all, oldest first."""

    def all(self) -> Sequence[Ticket]:
        """Every ticket, oldest first."""


class Burns(Protocol):
    """How fast each scope's cards go, as last worked out."""

    def all(self) -> Mapping[Scope, Burn]:
        """Every scope's burn."""

    def replace(self, burns: Mapping[Scope, Burn]) -> None:
        """Let these be all there are."""


class Alerts(Protocol):
    """Alerts of other systems."""

    def known(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, Alert]:
        """What is remembered of these alerts."""

    def save(self, alerts: Sequence[Alert]) -> None:
        """Remember alerts, each in place of what was known of it."""

    def forget_before(self, moment: datetime) -> int:
        """Drop alerts last heard of before `moment`; how many."""
