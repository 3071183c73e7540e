"""What can be set about the whole of GitHub."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


def _at_once() -> timedelta:
    return timedelta()


@dataclass(slots=True)
class Switches:
    """How this GitHub is.

    `lag`: what is answered is as of so long ago. `replication` is asked at every change of an issue, a release or a
    tag for the time after which that change alone can be seen, so that a newer one may be seen before an older one.
    `limit_status` is the status of both limits, 403 or 429. `points_per_minute` is the secondary limit of each caller;
    None is none.
    """

    lag: timedelta = timedelta()
    replication: Callable[[], timedelta] = _at_once
    limit_status: int = 403
    points_per_minute: int | None = None
