"""Everything of one process that runs in the background, started and stopped together."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs.delivery import Delivery
from jobs.runner import Runner
from jobs.scheduler import Scheduler
from suanli.clock import Clock

GRACE = timedelta(seconds=25)
"""How long a stopping process waits for what it has begun; service managers must give it longer."""


@dataclass(frozen=True, slots=True)
class Work:
    """The scheduler, the job runner and the delivery. `warm_up` does once what would make the first send slow."""

    scheduler: Scheduler
    runner: Runner
    delivery: Delivery
    warm_up: Callable[[], None]
    clock: Clock

    def start(self) -> None:
        """Begin, without waiting for the warm-up."""
        threading.Thread(target=self.warm_up, name="warm-up", daemon=True).start()
        self.delivery.start()
        self.runner.start()
        self.scheduler.start()

    def stop(self, grace: timedelta = GRACE) -> bool:
        """Begin nothing more and wait for what has begun; False when something still ran after `grace`."""
        deadline = self.clock.elapsed() + grace.total_seconds()
        self.scheduler.stop()
        runs_ended = self.runner.stop(grace)
        left = max(0.0, deadline - self.clock.elapsed())
        return self.delivery.stop(timedelta(seconds=left)) and runs_ended
