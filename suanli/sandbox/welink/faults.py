"""What goes wrong on demand."""

import threading
from enum import Enum, auto


class Fault(Enum):
    """What happens to a call."""

    BUSY = auto()
    """58500, and nothing is done."""
    BAD_GATEWAY = auto()
    """A gateway's page with status 502, and nothing is done."""
    WEB_PAGE = auto()
    """Some page with status 200, and nothing is done."""
    DROPPED = auto()
    """The connection ends, and nothing is done."""
    LOST = auto()
    """It is done, and the connection ends before the answer."""
    SILENT = auto()
    """It is done, and there is no answer until the stand-in stops."""
    TRUNCATED = auto()
    """It is done, and the answer breaks off."""
    TOKEN_REFUSED = auto()
    """47101 for a token that is good; only calls of the app meet it."""


UNDONE = frozenset({Fault.BUSY, Fault.BAD_GATEWAY, Fault.WEB_PAGE, Fault.DROPPED, Fault.TOKEN_REFUSED})
"""Those before which nothing is done."""


class Faults:
    """The faults laid at present; each call meets the first whose path is part of its own."""

    def __init__(self) -> None:
        self._laid: list[tuple[str, Fault | None]] = []
        self._lock = threading.Lock()

    def lay(self, *faults: Fault | None, path: str = "/send") -> None:
        """Lay one fault on each of the next calls to a path, in this order; None lets a call pass."""
        with self._lock:
            self._laid += [(path, fault) for fault in faults]

    def meet(self, path: str) -> Fault | None:
        """The fault that a call meets."""
        with self._lock:
            for laid in self._laid:
                if laid[0] in path:
                    self._laid.remove(laid)
                    return laid[1]
        return None
