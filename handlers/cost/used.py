"""The models that were used, with what they cost now: what suggestions compare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.cost.analysis import Figures
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.dates import Dates
from suanli.domain.cost.exchange import ExchangeRate, convert
from suanli.domain.cost.prices import Cost, CostModel, Rates
from suanli.domain.cost.reports import added
from suanli.domain.cost.suggestions import Used
from suanli.domain.cost.sums import Dimension, Grain, Line, Sum


def used_models(figures: Figures, dates: Dates) -> Sequence[Used]:
    """Those that were used on some days and that have a price now."""
    return _used(figures, _by_provider(figures, dates))


def used_off_hours(figures: Figures, dates: Dates, first: int, end: int) -> Sequence[Used]:
    """The same of hours that begin outside of `first` to `end` from Monday to Friday, on the site's clocks.

    Providers none of whose models has a price for batches are left out. Raises ValueError for figures of somebody,
    whose hours are not known by model.
    """
    known = _by_provider(figures, dates)
    asked = [provider for provider, some in known.items() if _has_batches(_used(figures, {provider: some}))]
    zone = figures.site.zone
    return _used(
        figures,
        {
            provider: [
                each
                for each in figures.of({Dimension.PROVIDER: provider}).lines(dates, Grain.HOUR, Dimension.MODEL)
                if each.hour and _is_off(each.hour.astimezone(zone), first, end)
            ]
            for provider in asked
        },
    )


def _has_batches(used: Iterable[Used]) -> bool:
    return any(each.has_batches for each in used)


_SATURDAY = 5


def _is_off(local: datetime, first: int, end: int) -> bool:
    return local.weekday() >= _SATURDAY or not first <= local.hour < end


def _by_provider(figures: Figures, dates: Dates) -> Mapping[str, Sequence[Line]]:
    """Lines by model, of each provider: models of several providers have the same name."""
    providers = {line.value for line in figures.lines(dates, by=Dimension.PROVIDER)}
    return {
        provider: figures.of({Dimension.PROVIDER: provider}).lines(dates, by=Dimension.MODEL)
        for provider in sorted(providers)
    }


def _used(figures: Figures, lines: Mapping[str, Iterable[Line]]) -> Sequence[Used]:
    book = figures.book()
    said: dict[tuple[str, str], list[Sum]] = {}
    for provider, some in lines.items():
        for line in some:
            said.setdefault((line.value, provider), []).append(line.sum)
    sums: dict[CostModel, list[Sum]] = {}
    for names, each in said.items():
        model = book.names.find(*names)
        if not isinstance(model, Missing):
            sums.setdefault(model, []).extend(each)
    found = []
    for model, each in sums.items():
        rates = rates_now(book, model, figures.now)
        if rates is not None:
            found.append(Used(model.name, model.provider, model.model_type, model.unit, rates, added(each)))
    return found


def rates_now(book: PriceBook, model: CostModel, now: datetime) -> Rates | None:
    """What a model costs now in the site's currency; None: nobody has said."""
    price = book.price_at(model.id, now)
    if price is None:
        return None
    if price.currency == book.currency:
        return price.rates
    exchange = book.rate_at(price.currency, now)
    return None if exchange is None else _converted(price.rates, exchange)


def _converted(rates: Rates, exchange: ExchangeRate) -> Rates:
    fields = {
        name: convert(Cost(amount, amount, amount), exchange).input
        for name in Rates.__dataclass_fields__
        if (amount := getattr(rates, name)) is not None
    }
    return replace(rates, **fields)
