"""Ask the stock source how many cards there are, and store the answer."""

from dataclasses import dataclass
from datetime import datetime

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import StockSource, Store
from suanli.domain.stock import Fleet, sample


@dataclass(frozen=True, slots=True)
class SampleStock:
    """One answer of the source becomes one set of samples; a failure is written down and never becomes zeros."""

    store: Store
    source: StockSource
    fleet: Fleet
    clock: Clock

    def run(self, scheduled_for: datetime) -> str:  # noqa: ARG002 the shape of a job; the answer is of now
        """Fetch and store; how many samples. Raises what the source raises."""
        try:
            rows = self.source.fetch()
        except RemoteError as error:
            with self.store.begin() as tx:
                tx.samples.failed(self.source.name, str(error), self.clock.now())
            raise
        now = self.clock.now()
        samples = sample(rows, self.fleet, source=self.source.name, taken_at=now)
        with self.store.begin() as tx:
            tx.samples.add(samples, now)
        return f"{len(samples)} samples"
