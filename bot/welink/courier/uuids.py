"""Which uuid a part of a message goes out under (welink.md §1.5).

It is made of the message's own, of the part's number, and of how often the robot refused the part. So one that was
refused goes out under a new uuid, and one of which nobody knows whether it arrived under the same again, by which the
robot can tell; a refusal after that changes nothing, for the earlier try is still open. All this is remembered by
this process only: after a restart, or when another process takes over, a part starts again with its first uuid, as
one that may have arrived.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

MOST = 1000
"""Parts whose tries are remembered; the oldest are forgotten first, for what was given up is never settled here."""


@dataclass(frozen=True, slots=True)
class Tries:
    """What is known of a part's earlier tries: how often it was refused, and whether one was left unanswered."""

    refused: int = 0
    doubted: bool = False


class Uuids:
    """The tries of parts that have not arrived yet. `key` names a part: the message's uuid and the part's number."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, Tries] = OrderedDict()
        self._lock = Lock()

    def tries(self, key: str) -> Tries:
        """What is known of a part."""
        with self._lock:
            return self._tries.get(key, Tries())

    def next(self, key: str) -> str:
        """The uuid for the next try: 32 hexadecimal digits."""
        return hashlib.sha256(f"{key}:{self.tries(key).refused}".encode()).hexdigest()[:32]

    def refused(self, key: str) -> None:
        """This try has certainly not arrived: the next one has a new uuid, unless an earlier one may have."""
        if not self.tries(key).doubted:
            self.renew(key)

    def renew(self, key: str) -> None:
        """The next try has a new uuid, whatever became of the others."""
        self._put(key, Tries(self.tries(key).refused + 1))

    def doubted(self, key: str) -> None:
        """This try may have arrived: the next one has the same uuid."""
        self._put(key, Tries(self.tries(key).refused, doubted=True))

    def arrived(self, key: str) -> None:
        """The part needs no more tries."""
        with self._lock:
            self._tries.pop(key, None)

    def _put(self, key: str, tries: Tries) -> None:
        with self._lock:
            self._tries[key] = tries
            self._tries.move_to_end(key)
            while len(self._tries) > MOST:
                self._tries.popitem(last=False)
