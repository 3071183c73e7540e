"""GPU stock: models and where they stand, samples and their age, and who is told that cards run low."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

Model = NewType("Model", str)
"""A model's short name, as people type it: 4090, H20. An unlisted product goes by its full name."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a source says of one product in one place, in the source's own words. Counts are cards, never None."""

    product: str
    place: str
    total: int
    free: int
    used: int
    unavailable: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Cards of a model in a region and clock class at one moment."""

    taken_at: datetime
    source: str
    model: Model
    region: str
    clock: str
    total: int
    free: int
    used: int
    unavailable: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Cards, summed over whatever was asked for."""

    total: int = 0
    free: int = 0
    used: int = 0
    unavailable: int = 0

    def plus(self, other: "Counts | Sample") -> "Counts":
        """Both together."""
        return Counts(
            self.total + other.total,
            self.free + other.free,
            self.used + other.used,
            self.unavailable + other.unavailable,
        )


@dataclass(frozen=True, slots=True)
class Product:
    """A model of the table: its short name, the full names that sources use for it, and what else people type."""

    model: Model
    full_names: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A region or a clock class: a source's place belongs to it when it contains one of `keywords`.

    A group without keywords takes what no other takes. `names` are the words for it, the shown one first.
    """

    names: tuple[str, ...]
    keywords: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that is shown and stored."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The model table, regions and clock classes of this company, as its settings name them."""

    products: tuple[Product, ...]
    regions: tuple[Group, ...]
    clocks: tuple[Group, ...]
    _by_name: Mapping[str, Model] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the models by everything they are called."""
        names = {
            name.casefold(): product.model
            for product in self.products
            for name in (product.model, *product.full_names, *product.aliases)
        }
        object.__setattr__(self, "_by_name", names)

    def model_of(self, product: str) -> Model:
        """The model of a source's product name: an exact full name or short name, else the name itself."""
        return self._by_name.get(product.strip().casefold(), Model(product.strip()))

    def find_model(self, word: str) -> Model | None:
        """The model that a person means by `word`: exact, never by part, so H20 is not H200."""
        return self._by_name.get(word.strip().casefold())

    def title_of(self, model: Model) -> str:
        """A model's name for reading: its title where the table gives one."""
        return next((p.title for p in self.products if p.model == model and p.title), model)


def group_of(place: str, groups: Sequence[Group]) -> str:
    """The name of the first group with a keyword inside `place`, else of the one without keywords, else empty."""
    folded = place.casefold()
    named = (g for g in groups if any(word.casefold() in folded for word in g.keywords))
    rest = (g for g in groups if not g.keywords)
    found = next(named, None) or next(rest, None)
    return found.name if found else ""


def find_group(word: str, groups: Sequence[Group]) -> str | None:
    """The name of the group that a person means by `word`, exact."""
    folded = word.casefold()
    return next((g.name for g in groups if folded in (n.casefold() for n in g.names)), None)


def sample(rows: Iterable[Row], fleet: Fleet, *, source: str, taken_at: datetime) -> tuple[Sample, ...]:
    """Rows of a source as samples: one for each model, region and clock class, places of the same kind summed."""
    sums: dict[tuple[Model, str, str], Counts] = {}
    for row in rows:
        key = (fleet.model_of(row.product), group_of(row.place, fleet.regions), group_of(row.place, fleet.clocks))
        counts = Counts(row.total, row.free, row.used, row.unavailable)
        sums[key] = sums.get(key, Counts()).plus(counts)
    return tuple(
        Sample(taken_at, source, *key, counts.total, counts.free, counts.used, counts.unavailable)
        for key, counts in sorted(sums.items())
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest complete set of samples of a source; `samples` is empty when there never was one."""

    source: str
    taken_at: datetime | None
    samples: tuple[Sample, ...]

    def is_stale(self, now: datetime, limit: timedelta) -> bool:
        """Whether these figures are too old to act on (or absent)."""
        return self.taken_at is None or now - self.taken_at > limit

    def count(self, model: Model) -> Counts | None:
        """All cards of a model, or None when the snapshot does not name it: not zero."""
        found = [s for s in self.samples if s.model == model]
        total = Counts()
        for each in found:
            total = total.plus(each)
        return total if found else None


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing: its last good answer, and the error since then, if any."""

    source: str
    ok_at: datetime | None
    failed_at: datetime | None
    error: str
    failures: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """The original's rule: tell people when fewer than `min_free` cards of `model` are free."""

    model: Model
    min_free: int
    description: str


@dataclass(frozen=True, slots=True)
class LowStock:
    """A model below its threshold."""

    threshold: Threshold
    free: int

    @property
    def shortage(self) -> int:
        """How many cards would bring the model back to its threshold."""
        return self.threshold.min_free - self.free


@dataclass(frozen=True, slots=True)
class Watch:
    """The original program's configuration: thresholds, who is told, and when each day (HH:MM, local) to look."""

    thresholds: tuple[Threshold, ...]
    recipients: tuple[str, ...]
    check_time: str = "10:00"


REPEAT_AFTER = timedelta(hours=24)
"""One notice a recipient a model in this time, as the original promised."""


def below(watch: Watch, snapshot: Snapshot) -> tuple[LowStock, ...]:
    """Models under their threshold. A model that the snapshot does not name is left out: no data is not zero."""
    counted = ((threshold, snapshot.count(threshold.model)) for threshold in watch.thresholds)
    return tuple(LowStock(t, c.free) for t, c in counted if c is not None and c.free < t.min_free)


def unseen(watch: Watch, snapshot: Snapshot) -> tuple[Threshold, ...]:
    """Thresholds whose model the snapshot does not name."""
    return tuple(t for t in watch.thresholds if snapshot.count(t.model) is None)


def to_tell(
    low: Sequence[LowStock],
    recipients: Sequence[str],
    last_told: Mapping[tuple[str, Model], datetime],
    now: datetime,
) -> Mapping[str, tuple[LowStock, ...]]:
    """What each recipient is to be told now: the low models they have not been told of within 24 hours."""
    plan: dict[str, tuple[LowStock, ...]] = {}
    for recipient in recipients:
        fresh = tuple(item for item in low if _is_due(last_told.get((recipient, item.threshold.model)), now))
        if fresh:
            plan[recipient] = fresh
    return plan


def _is_due(told_at: datetime | None, now: datetime) -> bool:
    return told_at is None or now - told_at >= REPEAT_AFTER
