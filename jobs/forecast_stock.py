"""Work out how fast the cards of every watched scope go, for the cards and the severity of shortages."""

from dataclasses import dataclass
from datetime import datetime

from handlers.stock.ledger import rules_of
from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.stock import Scope, trend
from suanli.domain.stock.trend import Burn


@dataclass(frozen=True, slots=True)
class ForecastStock:
    """The burn of each scope with a rule; a scope with too few hours has none, and an old one is not kept."""

    store: Store
    site: Site
    clock: Clock

    def run(self, scheduled_for: datetime) -> str:  # noqa: ARG002 the shape of a job; a trend ends now
        """Work out every burn, then write them all; of how many scopes it is known."""
        now = self.clock.now()
        with self.store.begin() as tx:
            scopes = tuple(rules_of(tx, self.site))
        found = {scope: self._burn(scope, now) for scope in scopes}
        burns = {scope: burn for scope, burn in found.items() if burn is not None}
        with self.store.begin() as tx:
            tx.burns.replace(burns)
        return f"{len(burns)} of {len(scopes)} scopes"

    def _burn(self, scope: Scope, now: datetime) -> Burn | None:
        # A transaction for each: of hundreds of scopes together, nobody else could write meanwhile.
        with self.store.begin() as tx:
            hours = tx.samples.hours(self.site.stock_source, scope, now - trend.PERIOD)
        return trend.burn(hours, now)
