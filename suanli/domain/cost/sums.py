"""What was spent, added up: by hours and days, and by what people ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from operator import add, attrgetter

from suanli.domain.cost.money import Nano


class Dimension(StrEnum):
    """What spending is told apart by."""

    USER = "user"
    PROJECT = "project"
    DEPARTMENT = "department"
    ORGANIZATION = "organization"
    MODEL = "model"
    PROVIDER = "provider"
    REQUEST_TYPE = "request_type"
    COST_TYPE = "cost_type"


class Grain(StrEnum):
    """Into what lengths of time it is parted."""

    HOUR = "hour"
    DAY = "day"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Sum:
    """Records added up: how many, of which without a price and failed; units; nano-units of the site's currency.

    What an unpriced record costs is in no amount, so an amount with `unpriced` beside it is a least one. Every number
    may be less than nothing in a correction that is yet to be added.
    """

    requests: int = 0
    unpriced: int = 0
    failed: int = 0
    input_units: int = 0
    output_units: int = 0
    cached_units: int = 0
    total_units: int = 0
    input_cost: int = 0
    output_cost: int = 0
    total_cost: int = 0
    took: int = 0
    """Milliseconds, of those that say so."""
    timed: int = 0
    """How many say so."""

    def __add__(self, other: "Sum") -> "Sum":
        """Both together."""
        return Sum(*map(add, _amounts(self), _amounts(other)))

    @classmethod
    def of_all(cls, sums: Iterable["Sum"]) -> "Sum":
        """All of these together; many at once cost a quarter of what one after the other do."""
        return cls(*map(sum, zip(*map(_amounts, sums), strict=True)))

    @property
    def cost(self) -> Nano:
        """The known cost."""
        return Nano(self.total_cost)

    @property
    def outlay(self) -> "Outlay":
        """The same in short."""
        return Outlay(self.requests, self.unpriced, self.total_cost)


@dataclass(frozen=True, slots=True)
class Outlay:
    """Of a sum what people are told first: how many records, of which without a price, and the known cost."""

    requests: int = 0
    unpriced: int = 0
    total_cost: int = 0

    @property
    def cost(self) -> Nano:
        """The known cost."""
        return Nano(self.total_cost)


_amounts = attrgetter(*(each.name for each in fields(Sum)))  # asked once: reports add thousands of sums


@dataclass(frozen=True, slots=True)
class Question:
    """What was spent from `since` up to `until`: parted into `grain`, told apart `by`, and only `where`.

    Hours begin where UTC's do, days where the site's do: for a grain of days, or all, both moments are taken as the
    days that they are in, `until` being the first day that is not meant.
    """

    since: datetime
    until: datetime
    grain: Grain = Grain.ALL
    by: Dimension | None = None
    where: Mapping[Dimension, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: the hour's beginning, or the day, unless it is for all; the value told apart by, unless for all."""

    sum: Sum
    hour: datetime | None = None
    day: date | None = None
    value: str = ""
