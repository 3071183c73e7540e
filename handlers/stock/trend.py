"""/stock trend: two weeks of free cards as a chart, how fast they go, how long they last, how many to buy."""

from collections.abc import Iterator
from datetime import datetime

from handlers.arguments import Place
from handlers.stock import show
from handlers.stock.arguments import SCOPE, scope_of
from handlers.stock.ledger import rules_of
from suanli.domain.access import Role
from suanli.domain.answer import (
    Ago,
    Answer,
    Block,
    Buttons,
    Chart,
    Facts,
    Point,
    Span,
    Strong,
    Tone,
    line,
    note,
    run_button,
)
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.lines import write
from suanli.domain.stock import Model, Scope, Snapshot, count_scopes, purchases, trend
from suanli.domain.stock.trend import Forecast
from suanli.i18n import Texts

FAR = 365
"""Days beyond which a forecast is only called far: two weeks say nothing about it."""

LEAST_DRAWN = 2
"""Points of which a line can be drawn."""


def run(turn: Turn, model: Model, region: Place | None, clock: Place | None) -> Answer:
    """The trend of a model's cards, or of those in a region or clock class."""
    scope = scope_of(model, region, clock)
    hours = turn.tx.samples.hours(turn.site.stock_source, scope, turn.now - trend.PERIOD)
    snapshot = turn.tx.samples.latest(turn.site.stock_source)
    counts = count_scopes(snapshot.samples).get(scope)
    if not hours and counts is None:
        # Of nothing there is no trend: /stock says what is missing, and why.
        return show.run(turn, model, region, clock)
    rule = rules_of(turn.tx, turn.site).get(scope)
    on_order = purchases.on_order(turn.tx.tickets.open(scope), scope)
    return _card(
        turn, scope, snapshot, trend.forecast(hours, counts.free if counts else None, rule, on_order, turn.now)
    )


def _card(turn: Turn, scope: Scope, snapshot: Snapshot, forecast: Forecast) -> Answer:
    texts = turn.texts
    old = snapshot.is_stale(turn.now, turn.site.stale_after)
    chart = _chart(turn, forecast)
    blocks: tuple[Block, ...] = (
        *((line(texts("stock.stale")),) if old else ()),
        *((line(Strong(texts("trend.too_late"))),) if forecast.is_too_late else ()),
        *((chart,) if chart else ()),
        *((_too_few(texts, forecast),) if forecast.burn is None else ()),
        Facts(tuple(_facts(texts, forecast, snapshot.taken_at))),
        *((note(texts("trend.method", n=forecast.burn.points)),) if forecast.burn else ()),
        *((note(texts("trend.no_rule")),) if forecast.rule is None else ()),
        _buttons(turn, scope),
    )
    tone = Tone.WARNING if old or forecast.is_low or forecast.is_too_late else Tone.INFO
    title = texts("trend.title", name=" ".join(scope.words), days=trend.PERIOD.days)
    return Answer(texts.lang, blocks, title, tone)


def _chart(turn: Turn, forecast: Forecast) -> Chart | None:
    texts, curve, rule = turn.texts, forecast.curve, forecast.rule
    if len(curve) < LEAST_DRAWN:
        return None
    lows: dict[str, int] = {}
    for hour in curve:
        # When clocks are set back, two hours have the same name: they are one place on the axis.
        at = _label(turn, hour.at)
        lows[at] = min(lows.get(at, hour.low), hour.low)
    points = [Point(at, texts("stock.free"), low) for at, low in lows.items()]
    threshold = [Point(at, texts("trend.threshold"), rule.min_free) for at in lows] if rule else []
    return Chart(texts("trend.chart", days=trend.PERIOD.days), (*points, *threshold), _summary(turn, forecast))


def _summary(turn: Turn, forecast: Forecast) -> str:
    first, last = forecast.curve[0], forecast.curve[-1]
    lowest = min(forecast.curve, key=lambda hour: hour.low)
    return turn.texts(
        "trend.summary",
        first_at=_label(turn, first.at),
        first=first.low,
        last_at=_label(turn, last.at),
        last=last.low,
        lowest_at=_label(turn, lowest.at),
        lowest=lowest.low,
    )


def _label(turn: Turn, at: datetime) -> str:
    return f"{at.astimezone(turn.site.zone):%m-%d %H:%M}"


def _too_few(texts: Texts, forecast: Forecast) -> Block:
    return line(Strong(texts("trend.too_few", n=forecast.hours, least=trend.LEAST_POINTS)))


def _facts(texts: Texts, forecast: Forecast, seen_at: datetime | None) -> Iterator[tuple[str, tuple[Span, ...]]]:
    rule = forecast.rule
    yield texts("trend.free"), _free(texts, forecast, seen_at)
    yield texts("trend.burn"), (_burn(texts, forecast),)
    if rule:
        yield texts("trend.to_threshold", n=rule.min_free), (_days(texts, forecast, forecast.days_to_threshold),)
    yield texts("trend.to_empty"), (_days(texts, forecast, forecast.days_to_empty),)
    if rule:
        yield texts("trend.lead"), (texts("trend.days", n=rule.lead_days) if rule.lead_days else texts("trend.unset"),)
    yield texts("trend.on_order"), (texts("stock.cards", n=forecast.on_order),)
    if rule:
        yield texts("trend.suggested"), (_suggested(texts, forecast),)


def _free(texts: Texts, forecast: Forecast, seen_at: datetime | None) -> tuple[Span, ...]:
    # The age is that of the newest answer, also of one that no longer names these cards.
    age: tuple[Span, ...] = (" · ", texts("stock.updated"), " ", Ago(seen_at)) if seen_at else ()
    free = texts("trend.unseen") if forecast.free is None else texts("stock.cards", n=forecast.free)
    return (free, *age)


def _burn(texts: Texts, forecast: Forecast) -> str:
    if forecast.burn is None:
        return texts("trend.not_enough")
    shown = f"{abs(forecast.burn.per_day):.1f}"
    if shown == "0.0":
        return texts("trend.flat")
    return texts("trend.shrinks" if forecast.burn.per_day > 0 else "trend.grows", n=shown)


def _days(texts: Texts, forecast: Forecast, days: float | None) -> str:
    if forecast.burn is None:
        return texts("trend.not_enough")
    if forecast.free is None:
        return texts("trend.unknown")
    if days is None:
        return texts("trend.never")
    if days == 0:
        return texts("trend.reached")
    # What is not yet so is not shown as 0.0 days.
    return texts("trend.far") if days > FAR else texts("trend.about", n=f"{max(days, 0.1):.1f}")


def _suggested(texts: Texts, forecast: Forecast) -> str:
    if forecast.burn is None:
        return texts("trend.not_enough")
    return texts("trend.unknown") if forecast.suggested is None else texts("stock.cards", n=forecast.suggested)


def _buttons(turn: Turn, scope: Scope) -> Block:
    now = run_button(turn.texts("trend.now", model=scope.model), write(("stock", scope.model)))
    return Buttons((now, run_button(turn.texts("stock.refresh"), write(("stock", "trend", *scope.words)))))


COMMAND = Command(
    name="stock trend",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/stock trend 4090",
    aliases=("库存 趋势",),
    params=SCOPE,
)
