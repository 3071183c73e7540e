"""The levels of sums. Every question is answered from the smallest cuboid that can tell apart what it asks for.

A payer is a user with the project, the department and the organisation that pay, or these without the user, or the
organisation alone, or everybody; a product is a model with its provider, type of request and type of cost, or these
without the model, or everything. Each of these payers with each of these products is a cuboid of days: the largest one,
users by models, is asked only for what a user or a model has, because no question is by both. Hours are kept for
payers, and for products, but not for both.

Each cuboid of days has one of months, which has what is long past in a thirtieth of the cells. A month is closed, and
gets its cells from those of its days, when the first sum of a later month is put by; what comes late after that is
added to both. Until then it has no cells: whoever puts the newest sums by has not more to write than days and hours.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import add

from storage.site_days import QUARTERS, month_of
from storage.sum_tail import Amounts, Entry, Names
from suanli.domain.cost.sums import Dimension

PAYER = (Dimension.USER, Dimension.PROJECT, Dimension.DEPARTMENT, Dimension.ORGANIZATION)
PRODUCT = (Dimension.MODEL, Dimension.PROVIDER, Dimension.REQUEST_TYPE, Dimension.COST_TYPE)

Cell = tuple[int, int, int]
"""A time, a payer and a product, by number."""
Cells = dict[Cell, Amounts]


class Level(IntEnum):
    """How far payers, or products, are told apart."""

    ALL = 0
    GROUP = 1
    EACH = 2
    ORGANIZATION = 3
    """Of payers: between ALL and GROUP."""


PAYERS = (Level.EACH, Level.GROUP, Level.ORGANIZATION, Level.ALL)
PRODUCTS = (Level.EACH, Level.GROUP, Level.ALL)
"""From the finest to the coarsest: each is added up from the one before."""

_DAYS = {(payer, product): payer * 3 + product for payer in PAYERS[:2] + PAYERS[3:] for product in PRODUCTS}
_DAYS |= {(Level.ORGANIZATION, product): 14 + product for product in PRODUCTS}
_HOURS = {
    (Level.ALL, Level.ALL): 9,
    (Level.GROUP, Level.ALL): 10,
    (Level.EACH, Level.ALL): 11,
    (Level.ALL, Level.GROUP): 12,
    (Level.ALL, Level.EACH): 13,
    (Level.ORGANIZATION, Level.ALL): 17,
}
MONTHS = 32
"""So much more than the number of a cuboid of days is that of its months."""

OF_DAYS = tuple(sorted(_DAYS.values()))
OF_HOURS = tuple(sorted(_HOURS.values()))
OF_MONTHS = tuple(MONTHS + each for each in OF_DAYS)
LARGEST = _DAYS[Level.EACH, Level.EACH]
"""The cuboid that is read by the cell; the others are small enough to be read through."""


def level_of(asked: Iterable[Dimension], of: Sequence[Dimension]) -> Level:
    """The level of payers, or of products, that tells apart what is asked for; the first dimension is the finest."""
    wanted = set(asked) & set(of)
    if not wanted:
        return Level.ALL
    if wanted == {Dimension.ORGANIZATION}:
        return Level.ORGANIZATION
    return Level.EACH if of[0] in wanted else Level.GROUP


def of_days(payer: Level, product: Level) -> int:
    """The cuboid of days of these levels."""
    return _DAYS[payer, product]


def of_hours(payer: Level, product: Level) -> int | None:
    """The cuboid of hours of these levels; None where there is none."""
    return _HOURS.get((payer, product))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of payers, or of products: `each` of them, what is one level `above` a number, and `all` of them."""

    each: Mapping[Names, int]
    above: Mapping[int, int]
    all: int


def cells_of(
    entries: Collection[Entry], payers: Numbers, products: Numbers, day_of: Callable[[int], int], closed: int
) -> list[tuple[int, ...]]:
    """Entries, added up for every cuboid: rows of `cost_sums` in the order of its key.

    Months before the day `closed` are closed.
    """
    split = {names: (payers.each[names[:4]], products.each[names[4:]]) for _, names, _ in entries}
    numbered = [(quarter, *split[names], amounts) for quarter, names, amounts in entries]
    days = _added_up(((day_of(quarter), payer, product), amounts) for quarter, payer, product, amounts in numbered)
    late = [cell for cell in days.items() if cell[0][0] < closed]
    months = _added_up(((month_of(day), payer, product), amounts) for (day, payer, product), amounts in late)
    by_payer = _added_up(
        ((quarter // QUARTERS, payer, products.all), amounts) for quarter, payer, _, amounts in numbered
    )
    by_product = _added_up(
        ((quarter // QUARTERS, payers.all, product), amounts) for quarter, _, product, amounts in numbered
    )
    found = [*_days(days, payers, products), *_hours(by_payer, by_product, payers, products)]
    found += [(MONTHS + cuboid, cells) for cuboid, cells in _days(months, payers, products)]
    return sorted([(cuboid, *cell, *amounts) for cuboid, cells in found for cell, amounts in cells.items()])


def _days(cells: Cells, payers: Numbers, products: Numbers) -> Iterator[tuple[int, Cells]]:
    for payer in PAYERS:
        some = cells
        for product in PRODUCTS:
            yield of_days(payer, product), some
            some = _above_product(some, products) if product else some
        cells = _above_payer(cells, payers) if payer else cells


def _hours(by_payer: Cells, by_product: Cells, payers: Numbers, products: Numbers) -> Iterator[tuple[int, Cells]]:
    for payer in PAYERS:
        yield _HOURS[payer, Level.ALL], by_payer
        by_payer = _above_payer(by_payer, payers) if payer else by_payer
    for product in PRODUCTS[:-1]:
        yield _HOURS[Level.ALL, product], by_product
        by_product = _above_product(by_product, products)


def _above_payer(cells: Cells, payers: Numbers) -> Cells:
    above = payers.above
    return _added_up(((time, above[payer], product), amounts) for (time, payer, product), amounts in cells.items())


def _above_product(cells: Cells, products: Numbers) -> Cells:
    above = products.above
    return _added_up(((time, payer, above[product]), amounts) for (time, payer, product), amounts in cells.items())


def _added_up(cells: Iterable[tuple[Cell, Amounts]]) -> Cells:
    found: Cells = {}
    for cell, more in cells:
        known = found.get(cell)
        found[cell] = more if known is None else tuple(map(add, known, more))
    return found
