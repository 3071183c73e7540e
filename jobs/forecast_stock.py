"""Work out how fast the cards of every watched scope go, for the cards and the severity of shortages."""

from dataclasses import dataclass
from datetime import datetime

from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.stock import trend
from suanli.domain.stock.rules import in_force


@dataclass(frozen=True, slots=True)
class ForecastStock:
    """The burn of each scope with a rule; a scope with too few hours has none, and an old one is not kept."""

    store: Store
    site: Site
    clock: Clock

    def run(self, scheduled_for: datetime) -> str:  # noqa: ARG002 the shape of a job; a trend ends now
        """Read, then work out with no transaction open, then write; of how many scopes the burn is known."""
        now = self.clock.now()
        with self.store.begin() as tx:
            scopes = [rule.scope for rule in in_force(self.site.watch.rules, tx.overrides.all())]
            hours = tx.samples.hours_of(self.site.stock_source, scopes, now - trend.PERIOD)
        found = {scope: trend.burn(hours.get(scope, ()), now) for scope in scopes}
        burns = {scope: burn for scope, burn in found.items() if burn is not None}
        with self.store.begin() as tx:
            tx.burns.replace(burns)
        return f"{len(burns)} of {len(scopes)} scopes"
