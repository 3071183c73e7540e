"""What something was, and from when on each of its versions could be seen."""

from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = timedelta(minutes=10)
"""A version that nobody has seen for so long is forgotten; no replica lags behind that far."""


class History(Generic[T]):
    """The versions of a thing, in the order in which they were written. None is a version too: it is gone."""

    def __init__(self) -> None:
        self._versions: list[tuple[datetime, T | None]] = []

    def write(self, thing: T | None, visible_at: datetime, now: datetime) -> None:
        """Add a version that is seen from `visible_at` on."""
        self._versions.append((visible_at, thing))
        old = [index for index, (seen_at, _) in enumerate(self._versions) if seen_at <= now - KEPT]
        if old:
            del self._versions[: old[-1]]

    @property
    def latest(self) -> T | None:
        """What it is, wherever that can be seen."""
        return self._versions[-1][1] if self._versions else None

    def at(self, moment: datetime) -> T | None:
        """What of it can be seen at `moment`; None when nothing can, or when it is gone."""
        return next((thing for seen_at, thing in reversed(self._versions) if seen_at <= moment), None)
