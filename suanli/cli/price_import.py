"""A list of prices beside those that hold: what is new, what changes and by how much, and what is left alone."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from rich.console import Console

from jobs.import_prices import Order
from suanli import wiring
from suanli.cli.price_tables import BASE, console, plain, shown_percent, shown_rate, shown_rates, table, unit_of
from suanli.cli.prices import WRONG, Desk
from suanli.domain.changes import Actor
from suanli.domain.cost.money import currency, nano
from suanli.domain.cost.offers import ASKED, Listing, ModelKey, Offer, Terms
from suanli.domain.cost.price_changes import Change, Kind
from suanli.domain.cost.price_imports import Plan, narrowed
from suanli.domain.cost.prices import CostType, Rates, Unit
from suanli.domain.cost.rates import rate
from suanli.domain.errors import UserError
from suanli.i18n import Texts

FEW = 30
"""Rows of a table that are shown unless all are asked for."""

_LONGEST_NAME = 200
_Row = TypeVar("_Row")


def run(desk: Desk, options: argparse.Namespace, actor: Actor) -> int:
    """Show what a list of prices changes, and do it if that is asked for."""
    order = wiring.read_price_list(
        desk.settings,
        options.file,
        desk.moment(options.since),
        actor=actor,
        now=desk.now,
        only=options.only,
        accept=options.accept,
    )
    if options.apply:
        plan = wiring.take_prices(desk.settings, desk.store, order, desk.now)
    else:
        plan = wiring.plan_prices(desk.settings, desk.store, order)
    report = Report(console(), desk.texts, None if options.all else FEW)
    report.show(order, plan)
    return report.conclude(plan, done=options.apply)


def set_by_hand(desk: Desk, options: argparse.Namespace, actor: Actor) -> int:
    """Set the price of one model."""
    offer = _offer(desk, options)
    order = Order(
        Listing((offer,)),
        desk.moment(options.since),
        actor,
        source=desk.texts("cost_cli.by_hand"),
        accept=frozenset({str(offer.key)}),
    )
    plan = wiring.take_prices(desk.settings, desk.store, order, desk.now)
    report = Report(console(), desk.texts, None)
    report.show_changes(plan)
    return report.conclude(plan, done=True)


def _offer(desk: Desk, options: argparse.Namespace) -> Offer:
    provider, _, name = (options.model or "").partition("/")
    unit = Unit(options.unit)
    if not provider or not name or max(len(provider), len(name)) > _LONGEST_NAME:
        raise UserError(desk.texts("cost_cli.no_model"))
    if options.input is None or (options.output is None and unit is Unit.TOKEN):
        raise UserError(desk.texts("cost_cli.no_amount"))
    per = options.per if options.per is not None else 1000 if unit is Unit.TOKEN else 1
    if not 1 <= per <= 10**9:
        raise UserError(desk.texts("cost_cli.no_per"))
    rates = Rates(
        rate(options.input, per),
        rate(options.output or Decimal(0), per),
        nano(options.base),
        None if options.cached is None else rate(options.cached, per),
    )
    terms = Terms(unit, currency(options.currency or desk.settings.cost.currency), rates)
    return Offer(ModelKey(provider, name), terms, options.model_type, CostType(options.cost_type), unit_size=per)


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a plan; `most` rows of each table, or all."""

    console: Console
    texts: Texts
    most: int | None

    def show(self, order: Order, plan: Plan) -> None:
        """The list, and everything that it says."""
        listing = narrowed(order.listing, order.only)
        kinds = Counter(change.kind for change in plan.comparison.changes)
        self._say("list", source=order.source, sha256=order.sha256[:12], n=len(listing.offers))
        self._say("counts", new=kinds[Kind.NEW], changed=kinds[Kind.CHANGED], same=kinds[Kind.SAME])
        self.show_changes(plan)
        self._asked(plan)
        self._names("removed", plan.comparison.removed)
        self._names("deleted", plan.deleted)
        self._names("other_units", (change.offer.key for change in plan.other_units))
        self._left_out(listing)

    def show_changes(self, plan: Plan) -> None:
        """What is done: new prices, and changed ones."""
        new = [change.offer for change in plan.taken if change.kind is Kind.NEW]
        self._table(
            "new",
            ("model", "unit", "currency", "input", "output", "cached", "more"),
            [(str(each.key), *self._terms(each.terms), self._more(each)) for each in new],
        )
        changed = [change for change in plan.taken if change.kind is Kind.CHANGED]
        columns = ("model", "kind", "unit", "before", "after", "percent")
        self._table("changed", columns, [row for change in changed for row in self._steps(change)])

    def conclude(self, plan: Plan, *, done: bool) -> int:
        """What came of it; the exit code."""
        for name in plan.unknown:
            self._say("unknown", name=name)
        for key in plan.refused:
            self._say("refused", name=key)
        if not plan.is_possible:
            return WRONG
        if plan.is_empty:
            self._say("nothing")
        else:
            self._say("done" if done else "trial", n=len(plan.taken), names=len(plan.aliases))
        return 0

    def _asked(self, plan: Plan) -> None:
        taken = {change.offer.key for change in plan.taken}
        rows = [
            (str(change.offer.key), *self._terms(change.offer.terms), self._before(change), self._concerns(change))
            for change in plan.comparison.suspicious
            if change.offer.key not in taken
        ]
        columns = ("model", "unit", "currency", "input", "output", "cached", "now", "concern")
        self._table("asked", columns, rows)

    def _left_out(self, listing: Listing) -> None:
        reasons = Counter(each.why for each in listing.left_out)
        if reasons:
            self._say("left_out", n=len(listing.left_out))
            for why, count in reasons.most_common():
                first = next(each for each in listing.left_out if each.why is why)
                said = self.texts(f"cost_cli.why.{why.value}")
                self._line(f"  {count} × {said} ({f'{first.name} {first.detail}'.strip()})")
        if listing.not_taken:
            self._say("not_taken")
            for kind, count in self._some(tuple(listing.not_taken.items())):
                self._line(f"  {count} × {kind}")
            self._rest(len(listing.not_taken))

    def _steps(self, change: Change) -> Iterator[tuple[str, ...]]:
        """A row for each rate that differs; one in all when they cannot be compared."""
        name, before, after = str(change.offer.key), change.before, change.offer.terms
        if before is not None and not change.steps:
            yield name, "", unit_of(self.texts, after.unit), self._short(before), self._short(after), ""
        for step in change.steps:
            kind = self.texts(f"cost_cli.rate.{step.rate}")
            if step.above:
                kind = self.texts("cost_cli.above", kind=kind, n=step.above)
            old, new = (shown_rate(each, step.rate, after.unit) for each in (step.before, step.after))
            unit = Unit.REQUEST if step.rate == BASE else after.unit
            yield name, kind, unit_of(self.texts, unit), old, new, shown_percent(step.percent)

    def _terms(self, terms: Terms) -> tuple[str, ...]:
        return unit_of(self.texts, terms.unit), terms.currency, *shown_rates(terms.rates, terms.unit)

    def _more(self, offer: Offer) -> str:
        said = [self.texts("cost_cli.tiers", n=len(offer.terms.tiers))] if offer.terms.tiers else []
        if offer.terms.rates.base:
            said.append(self.texts("cost_cli.base", price=shown_rate(offer.terms.rates.base, BASE, offer.terms.unit)))
        if offer.not_taken:
            said.append(self.texts("cost_cli.kinds", n=len(offer.not_taken)))
        return ", ".join(said)

    def _before(self, change: Change) -> str:
        return "" if change.before is None else self._short(change.before)

    def _short(self, terms: Terms) -> str:
        read, written, _ = shown_rates(terms.rates, terms.unit)
        return f"{read} / {written} {terms.currency}"

    def _concerns(self, change: Change) -> str:
        return ", ".join(self.texts(f"cost_cli.concern.{concern.value}") for concern in sorted(change.concerns & ASKED))

    def _names(self, what: str, keys: Iterable[ModelKey]) -> None:
        found = tuple(keys)
        if found:
            self._say(what, n=len(found))
            for key in self._some(found):
                self._line(f"  {key}")
            self._rest(len(found))

    def _table(self, what: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if rows:
            title = self.texts(f"cost_cli.title.{what}", n=len(rows))
            self.console.print(table(self.texts, title, columns, self._some(rows)))
            self._rest(len(rows))

    def _some(self, rows: Sequence[_Row]) -> Sequence[_Row]:
        return rows if self.most is None else rows[: self.most]

    def _rest(self, rows: int) -> None:
        if self.most is not None and rows > self.most:
            self._say("rest", n=rows - self.most)

    def _say(self, key: str, **values: object) -> None:
        self._line(self.texts(f"cost_cli.said.{key}", **values))

    def _line(self, text: str) -> None:
        self.console.print(plain(text), soft_wrap=True)
