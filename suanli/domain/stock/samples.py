"""Card counts over time: what a source said, when, and how it is doing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from suanli.domain.stock.fleet import Fleet, Model, group_of


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
