"""What every analysis of spending begins with: whose figures, of which days, told apart by what, and who is who."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.dates import Dates, day_at
from suanli.domain.cost.prices import CostType, Unit
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import RecordFilter, Sort
from suanli.domain.cost.sums import Dimension, Grain, Line, Outlay, Question
from suanli.domain.ports import Transaction
from suanli.domain.site import Site

Whose = Mapping[Dimension, str]
"""Whose figures, and of what: all that is said fits. Nothing said: everything."""

EVERYTHING: Whose = MappingProxyType({})

PAYERS = {
    Dimension.USER: ScopeKind.USER,
    Dimension.PROJECT: ScopeKind.PROJECT,
    Dimension.DEPARTMENT: ScopeKind.DEPARTMENT,
    Dimension.ORGANIZATION: ScopeKind.ORGANIZATION,
}
"""The dimensions that are somebody."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures as they stand `now`, in one transaction: they are exact, so their age is that of the moment."""

    tx: Transaction
    site: Site
    whose: Whose
    now: datetime

    @property
    def today(self) -> date:
        """The day of the site."""
        return day_at(self.now, self.site.zone)

    @property
    def scopes(self) -> tuple[Scope, ...] | None:
        """Those whose figures they are; None: everybody's."""
        return tuple(Scope(PAYERS[each], of) for each, of in self.whose.items() if each in PAYERS) or None

    @property
    def knows_hours(self) -> bool:
        """Whether hours are known of them: they are kept of who pays and of what is paid for, not of both at once."""
        return not (self.whose.keys() & PAYERS and self.whose.keys() - PAYERS)

    def of(self, more: Whose) -> "Figures":
        """The part of them that this fits too."""
        return Figures(self.tx, self.site, {**self.whose, **more}, self.now)

    def lines(self, dates: Dates, grain: Grain = Grain.ALL, by: Dimension | None = None) -> Sequence[Line]:
        """What was spent on some days."""
        since, until = dates.moments(self.site.zone)
        return self.tx.sums.of(Question(since, until, grain, by, self.whose))

    def outlays(self, dates: Dates, by: Dimension) -> Mapping[str, Outlay]:
        """What each value has of what was spent on some days, in short."""
        since, until = dates.moments(self.site.zone)
        return self.tx.sums.outlays(Question(since, until, Grain.ALL, by, self.whose))

    def of_ai(self, dates: Dates) -> Sequence[Line]:
        """What calls of models cost on some days, by model: units of storage and of bandwidth are no tokens."""
        if self.whose.get(Dimension.COST_TYPE, CostType.AI_API) != CostType.AI_API:
            return ()
        return self.of({Dimension.COST_TYPE: CostType.AI_API.value}).lines(dates, by=Dimension.MODEL)

    def counter(self) -> Callable[[str], bool]:
        """Tells whether a model's units are tokens: those of some are minutes."""
        book = self.book()
        return lambda model: counts_tokens(book, model)

    def book(self) -> PriceBook:
        """All prices."""
        return self.tx.prices.book(self.site.money.currency)

    def newest(self) -> datetime | None:
        """When the newest call happened that anybody told of; None: nobody has told of any."""
        page = self.tx.records.page(RecordFilter(), Sort.HAPPENED_AT, ascending=False, after=None, limit=1)
        return page.records[0].call.happened_at if page.records else None

    def names(self, by: Dimension, values: Iterable[str]) -> Mapping[str, str]:
        """What people call these: parties by their names, and everything else by its id."""
        known = tuple(values)
        if by not in PAYERS:
            return {value: value for value in known}
        names = self.tx.parties.names([Scope(PAYERS[by], value) for value in known if value])
        return {value: names.get(Scope(PAYERS[by], value), value) for value in known}


def counts_tokens(book: PriceBook, model: str) -> bool:
    """Whether the units of a model are tokens; those of one that nobody has told of are taken for such."""
    known = book.names.find(model)
    if not isinstance(known, Missing):
        return known.unit is Unit.TOKEN
    found = [each for each in book.models.values() if each.name == model]
    return not found or any(each.unit is Unit.TOKEN for each in found)
