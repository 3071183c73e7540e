"""What was said by robots, and which cards were sent."""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_EVERYBODY = re.compile(r"@(?:all|所有人)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a robot, as the group got it; `at_accounts` is empty unless `isAt` was set."""

    text: str
    uuid: str
    at: datetime
    at_accounts: tuple[str, ...] = ()

    @property
    def highlighted(self) -> tuple[str, ...]:
        """Who is highlighted: `all` wherever the text says so, and who is both in the text and in `atAccounts`."""
        everybody = ("all",) if _EVERYBODY.search(self.text) else ()
        return (*everybody, *(each for each in self.at_accounts if f"@{each}" in self.text))


@dataclass(slots=True, eq=False)
class Robot:
    """A robot of a group: `said` is all that it said; `silent_until` is set once it said too much."""

    token: str
    enabled: bool = True
    said: list[Said] = field(default_factory=list)
    uuids: set[str] = field(default_factory=set)
    taken: deque[datetime] = field(default_factory=deque)
    silent_until: datetime | None = None

    @property
    def path(self) -> str:
        """Path and query of its address."""
        return f"/api/werobot/v1/webhook/send?token={self.token}&channel=standard"


@dataclass(frozen=True, slots=True)
class Card:
    """A card that a person got: `kind` is `common` or `wecode`, `body` the request's."""

    item_id: str
    kind: str
    to: str
    body: Mapping[str, Any]
    at: datetime
