"""What is read of the hubs, what changed there, who follows it, and how it is asked for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from suanli.domain.chat import Target
from suanli.domain.releases import (
    Allowance,
    Event,
    Fingerprint,
    Hub,
    Item,
    Known,
    Notice,
    Part,
    Place,
    Reading,
    ResourceId,
    Tracked,
    Validator,
    Watch,
    WatchNumber,
)

Recall = Callable[[Sequence[str]], Mapping[str, Item]]
"""The remembered items of a resource by their native ids, those that there are; of all, for an empty sequence."""


class Upstream(Protocol):
    """A hub: what it publishes is read here and nowhere else."""

    def read(self, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        """Read what may have changed of a resource.

        Raises RemoteError; the kinds of it that say more are in `suanli.domain.releases.failures`.
        """


class Resources(Protocol):
    """What is read regularly, and what is known of it."""

    def need(self, needed: Mapping[Place, Sequence[Part]], now: datetime) -> None:
        """Let these be read from now on, and what is not among them no more; its items stay until they are forgotten.

        What is new is due at once; what was dropped before and comes again stands where it stood.
        """

    def due(self, now: datetime, limit: int, hubs: Collection[Hub] = tuple(Hub)) -> Sequence[Tracked]:
        """Needed resources of these hubs that are to be read, those that wait longest first.

        One that is due in more than two days was put off before the clock was set back, and is due.
        """

    def find(self, place: Place, part: Part) -> Tracked | None:
        """A resource, needed or not. The place's name in any case."""

    def of(self, place: Place) -> Sequence[Tracked]:
        """The needed resources of a place, in the order of their parts."""

    def all(self) -> Sequence[Tracked]:
        """Every needed resource, by place and part."""

    def save(self, tracked: Tracked) -> None:
        """Write a resource back. A changed name of its place is changed for the place's other resources too."""

    def hurry(self, resource: ResourceId, now: datetime) -> None:
        """Let a resource be due now."""

    def validators(self, resource: ResourceId) -> Mapping[str, Validator]:
        """What the pages of a resource can be asked with, by their addresses."""

    def keep(self, resource: ResourceId, validators: Sequence[Validator]) -> None:
        """Remember these, each in place of an earlier one of its page."""

    def items(self, resource: ResourceId, native_ids: Sequence[str] | None = None) -> Mapping[str, Known]:
        """The items of a resource, these of them, or all."""

    def missing(self, resource: ResourceId) -> Mapping[str, Known]:
        """The items of a resource that its last whole readings did not have."""

    def remember(self, resource: ResourceId, known: Sequence[Known]) -> None:
        """Write items, each in place of what was known of it."""

    def newest(self, resource: ResourceId, limit: int) -> Sequence[Known]:
        """The items changed last, newest first; what is gone left out."""

    def same_model(self, key: str, but: Hub | None = None) -> Sequence[tuple[Place, Known]]:
        """Models and datasets of this `models.key_of`, on other hubs than `but`, the first seen first."""

    def mentioning(self, key: str, since: datetime, *, limit: int) -> Sequence[tuple[Place, Known]]:
        """Items of repositories changed at or after `since` whose text may name this model, the newest first.

        Only likely ones: the parts of the key stand in their text in this order; the caller looks closer.
        """

    def model_keys(self, since: datetime) -> Sequence[str]:
        """The keys of models first seen at or after `since`."""

    def forget_before(self, moment: datetime) -> int:
        """Drop resources that nobody has needed since `moment`, with all that is known of them; how many."""


class Happenings(Protocol):
    """What changed on the hubs."""

    def add(self, events: Sequence[Event]) -> Sequence[Event]:
        """Write changes down; those that were not there before. The same one again is left alone."""

    def find(self, short: str) -> Sequence[Event]:
        """The changes whose fingerprint begins so, at most five."""

    def by(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, Event]:
        """These changes."""

    def moved(self, before: Place, after: Place) -> int:
        """Let what happened at a place be of its new name; how many changes."""

    def of_item(self, place: Place, native_id: str) -> Sequence[Event]:
        """What happened to an item, oldest first."""

    def since(self, place: Place, moment: datetime, limit: int) -> Sequence[Event]:
        """Changes of a place observed at or after `moment`, oldest first; of more than `limit`, the newest."""

    def forget_before(self, moment: datetime) -> int:
        """Drop changes observed before `moment`, with their notices; how many."""


class Watches(Protocol):
    """Who follows what, and what is to be told to whom."""

    def add(self, watch: Watch) -> Watch:
        """Store a watch; it gets its number, higher than any before."""

    def save(self, watch: Watch) -> None:
        """Write a watch back."""

    def drop(self, number: WatchNumber) -> bool:
        """Forget a watch and what it has not told yet; False when there is none."""

    def find(self, number: WatchNumber) -> Watch | None:
        """A watch."""

    def of_target(self, target: Target) -> Sequence[Watch]:
        """The watches of a chat or person, by number."""

    def of_place(self, place: Place) -> Sequence[Watch]:
        """The watches of a place, by number."""

    def all(self) -> Sequence[Watch]:
        """Every watch, by number."""

    def tell(self, notices: Sequence[Notice]) -> None:
        """Write notices down; one that is there already (watch and fingerprint) is left alone."""

    def told(self, fingerprint: Fingerprint) -> Sequence[Notice]:
        """Every notice of a change, by watch."""

    def waiting(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Notices that are due and not told, of those watches that have one, by watch and age.

        Whole watches at a time, as many as `limit` notices take, at least one.
        """

    def posted(self, notices: Sequence[Notice]) -> None:
        """Note the messages that tell of these notices (`message_key`)."""

    def put_off(self, watch: WatchNumber, due_at: datetime) -> int:
        """Let what a watch has not told yet be due then; how much that is."""


class Allowances(Protocol):
    """How much the hosts let us ask."""

    def all(self) -> Sequence[Allowance]:
        """What every host said last, by name."""

    def save(self, allowance: Allowance) -> None:
        """Write down what a host said."""
