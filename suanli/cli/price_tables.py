"""Prices and rates of exchange as tables. What comes from lists is untrusted: it is shown, never obeyed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from suanli.cli.prices import Desk
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import decimal
from suanli.domain.cost.prices import PER, CostModel, Price, Rates, Unit
from suanli.domain.cost.rates import for_units
from suanli.i18n import Texts

WIDE = 160
"""Cells of a line that nobody reads on a terminal: a file or another program does."""

_NUMBERS = frozenset({"input", "output", "cached", "rate", "before", "after", "percent"})
BASE = "base"
"""The rate that is for a call, whatever it does."""


def console() -> Console:
    """Standard output. Nothing in a text is markup, and a line is not cut to a terminal that is not there."""
    found = Console(markup=False, highlight=False, emoji=False)
    return found if found.is_terminal else Console(markup=False, highlight=False, emoji=False, width=WIDE)


def plain(text: str) -> str:
    """Text of others with what would move the cursor, or turn letters around, made visible."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(texts: Texts, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table with the names of these columns."""
    made = Table(title=Text(plain(title)), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        is_number = name in _NUMBERS
        made.add_column(
            Text(texts(f"cost_cli.column.{name}")), justify="right" if is_number else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return made


def shown_rate(rate: int | None, name: str, unit: Unit) -> str:
    """A rate as people say it: for a million tokens, or for one of anything else; a call's own for the call."""
    if rate is None:
        return "–"
    price = decimal(rate) if name == BASE else for_units(rate, PER if unit is Unit.TOKEN else 1)
    return f"{price.normalize():f}" if price else "0"


def shown_rates(rates: Rates, unit: Unit) -> tuple[str, str, str]:
    """Input, output and cached."""
    return (
        shown_rate(rates.input, "input", unit),
        shown_rate(rates.output, "output", unit),
        shown_rate(rates.cached, "cached", unit),
    )


def unit_of(texts: Texts, unit: Unit) -> str:
    """What its prices are for, in words."""
    return texts(f"cost_cli.unit.{unit.value}")


def show_prices(desk: Desk, book: PriceBook, provider: str, name: str) -> int:
    """All prices of the models that are asked for, and from when to when they hold."""
    models = [
        model
        for model in book.models.values()
        if provider in {"", model.provider} and name.casefold() in f"{model.provider}/{model.name}".casefold()
    ]
    ordered = sorted(models, key=lambda model: (model.provider, model.name))
    rows = [_price(desk, model, price) for model in ordered for price in book.history(model.id)]
    if not rows:
        print(desk.texts("cost_cli.no_prices"))
        return 0
    columns = ("model", "unit", "currency", "input", "output", "cached", "since", "until", "source", "set_by")
    console().print(table(desk.texts, desk.texts("cost_cli.prices", n=len(rows)), columns, rows))
    return 0


def show_rates(desk: Desk, rates: Sequence[ExchangeRate], currency: str | None) -> int:
    """All rates of exchange, or those of one currency."""
    rows = [
        (
            f"{rate.currency} → {rate.to}",
            f"{rate.rate.normalize():f}",
            _at(desk, rate.valid_from),
            rate.set_by,
        )
        for rate in rates
        if currency in {None, rate.currency}
    ]
    if not rows:
        print(desk.texts("cost_cli.no_rates", currency=desk.settings.cost.currency))
        return 0
    columns = ("pair", "rate", "since", "set_by")
    console().print(table(desk.texts, desk.texts("cost_cli.rates"), columns, rows))
    return 0


def _price(desk: Desk, model: CostModel, price: Price) -> tuple[str, ...]:
    name = f"{model.provider}/{model.name}"
    return (
        name if model.active else desk.texts("cost_cli.deleted_model", model=name),
        unit_of(desk.texts, model.unit),
        price.currency,
        *shown_rates(price.rates, model.unit),
        _at(desk, price.valid_from),
        "" if price.valid_to is None else _at(desk, price.valid_to),
        price.source,
        price.set_by,
    )


def _at(desk: Desk, moment: datetime) -> str:
    return f"{moment.astimezone(desk.settings.timezone):%Y-%m-%d %H:%M}"


def shown_percent(percent: Decimal | None) -> str:
    """By how much something rose or fell."""
    return "" if percent is None else f"{percent:+}%"
