"""What goes wrong on demand, on any of the hubs."""

import threading
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any


class Fault(Enum):
    """What happens to a request. Those that a hub does not know in this form it takes for a bad gateway."""

    BAD_GATEWAY = auto()
    """502; on GitHub it costs quota all the same."""
    WEB_PAGE = auto()
    """Some page with status 200, as a proxy's sign-in or a mirror's maintenance notice."""
    LIMITED = auto()
    """Too many requests, and when to come again: GitHub's secondary limit, 429 on the others."""
    LIMITED_SILENTLY = auto()
    """The same without a word on when; on HuggingFace it is what stands in front that says so."""
    UNSUCCESSFUL = auto()
    """ModelScope's older interfaces: status 200, and `Success` is false."""
    DROPPED = auto()
    """The connection ends without an answer."""
    HANGING = auto()
    """There is no answer until the stand-in stops."""
    TRUNCATED = auto()
    """The answer breaks off in the middle of the body."""


class Faults:
    """The faults laid at present. A request meets the first whose path is part of its own; kept ones come last."""

    def __init__(self) -> None:
        self._laid: list[tuple[str, Fault | None]] = []
        self._kept: list[tuple[str, Fault]] = []
        self._drift: dict[str, str] = {}
        self._lock = threading.Lock()

    def lay(self, *faults: Fault | None, path: str = "") -> None:
        """Lay one fault on each of the next requests to a path, in this order; None lets a request pass."""
        with self._lock:
            self._laid += [(path, fault) for fault in faults]

    def keep(self, fault: Fault, path: str = "") -> None:
        """Lay a fault on every request to a path, until `mend`."""
        with self._lock:
            self._kept.append((path, fault))

    def drift(self, field: str, renamed: str = "") -> None:
        """From now on a field is missing wherever it would stand in an answer, or has another name, until `mend`."""
        with self._lock:
            self._drift = {**self._drift, field: renamed}

    def mend(self) -> None:
        """Let everything be well again."""
        with self._lock:
            self._laid, self._kept, self._drift = [], [], {}

    @property
    def drifted(self) -> Mapping[str, str]:
        """The fields that are named otherwise, or not at all, at present; the mapping itself never changes."""
        return self._drift

    def meet(self, path: str) -> Fault | None:
        """The fault that a request meets."""
        if not self._laid and not self._kept:
            return None
        with self._lock:
            for laid in self._laid:
                if laid[0] in path:
                    self._laid.remove(laid)
                    return laid[1]
            return next((fault for part, fault in self._kept if part in path), None)


def drift(value: Any, fields: Mapping[str, str]) -> Any:
    """Parsed JSON with fields renamed, or left out where the new name is empty, at any depth."""
    if isinstance(value, list):
        return [drift(each, fields) for each in value]
    if isinstance(value, dict):
        return dict(_drifting(value, fields))
    return value


def _drifting(value: Mapping[str, Any], fields: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, held in value.items():
        if fields.get(name, name):
            yield fields.get(name, name), drift(held, fields)
