"""What is known of a shortage beside its episode: the rule, what is on order, how fast cards go, a mute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Episode, Mute, News, State
from suanli.domain.stock.purchases import Stage, Ticket, quiet_until
from suanli.domain.stock.rules import Rule, in_force
from suanli.domain.stock.trend import Burn, days_until, suggested


@dataclass(frozen=True, slots=True)
class Item:
    """One shortage as a card shows it. `before` is how many cards were free at the last notice.

    One that is not watched any more has lost its rule; nothing can be said of how it went on. One that is not the
    newest has been told anew since, on a later card: its buttons are there.
    """

    kind: News
    rule: Rule
    episode: Episode
    before: int | None
    orders: tuple[Ticket, ...]
    bought: int
    burn: Burn | None
    mute: Mute | None
    is_watched: bool = True
    is_newest: bool = True

    @property
    def on_order(self) -> int:
        """Cards that are ordered and have not come."""
        return sum(ticket.quantity for ticket in self.orders)

    @property
    def eta(self) -> date | None:
        """When the first of them is expected."""
        return min((ticket.eta for ticket in self.orders if ticket.eta), default=None)

    @property
    def suggested(self) -> int:
        """How many to buy."""
        return suggested(self.rule.min_free, self.rule.lead_days, self.episode.free, self.on_order, self.burn)

    @property
    def days_left(self) -> float | None:
        """Days until none is free, if anybody knows."""
        return days_until(0, self.episode.free, self.burn)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rules in force, purchases and burns, read once for all shortages of a transaction."""

    rules: Mapping[Scope, Rule]
    tickets: Sequence[Ticket]
    burns: Mapping[Scope, Burn]
    _orders: Mapping[Scope, tuple[Ticket, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the open orders by what they are of."""
        orders: dict[Scope, tuple[Ticket, ...]] = {}
        for ticket in self.tickets:
            if ticket.stage is Stage.ORDERED:
                orders[ticket.scope] = (*orders.get(ticket.scope, ()), ticket)
        object.__setattr__(self, "_orders", orders)

    def awaits(self, scope: Scope, now: datetime, zone: ZoneInfo) -> bool:
        """Whether cards of a scope are on order and not yet late: nobody is reminded then."""
        return any(each.eta and now < quiet_until(each.eta, zone) for each in self._orders.get(scope, ()))

    def item(self, episode: Episode, kind: News, before: int | None, mute: Mute | None) -> Item:
        """A shortage with all that is known of it. One whose rule is gone is shown with what it was."""
        known = self.rules.get(episode.scope)
        rule = known or Rule(episode.scope, 0)
        bought = 0
        if episode.state is State.CLOSED:
            bought = sum(t.quantity for t in self.tickets if t.episode == episode.number and t.stage in _BOUGHT)
        orders = self._orders.get(episode.scope, ())
        burn = self.burns.get(episode.scope)
        return Item(kind, rule, episode, before, orders, bought, burn, mute, is_watched=known is not None)


_BOUGHT = (Stage.ORDERED, Stage.ARRIVED)


def read_ledger(tx: Transaction, site: Site) -> Ledger:
    """The ledger of this moment."""
    return Ledger(rules_of(tx, site), tx.tickets.all(), tx.burns.all())


def rules_of(tx: Transaction, site: Site) -> Mapping[Scope, Rule]:
    """The rules in force: the settings', as changed in chat."""
    return {rule.scope: rule for rule in in_force(site.watch.rules, tx.overrides.all())}
