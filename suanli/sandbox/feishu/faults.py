"""What goes wrong on demand: faults laid on the next calls, or on all of them."""

import json
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.refusal import Refusal, card_rejected, scope_missing, too_many_calls

SENDING = "/open-apis/im/v1/messages"
"""Where faults strike unless told otherwise: sending, answering, updating and recalling messages."""

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a call. `Fault(refusal=Refusal(230018))` is any code of the platform.

    `refusal` is answered instead of doing anything, `bad_gateway` an HTML page with status 502. `delay` holds the
    answer back, and `reset` ends the connection instead of it, both after the call did what it asks for.
    """

    refusal: Refusal | None = None
    bad_gateway: bool = False
    delay: timedelta = _NOTHING
    reset: bool = False

    @classmethod
    def token_invalid(cls, *, status: int = 400) -> Self:
        """99991663; whether it comes with 400 or 200 is not settled (feishu.md §13)."""
        return cls(refusal=Refusal(99991663, status=status))

    @classmethod
    def html_502(cls) -> Self:
        """A gateway's error page in place of JSON."""
        return cls(bad_gateway=True)

    @classmethod
    def reset_after_stored(cls) -> Self:
        """The message is sent and the caller never learns of it."""
        return cls(reset=True)

    @classmethod
    def too_many_calls(cls, reset: timedelta = timedelta(seconds=1)) -> Self:
        """429 with the rate headers, for as many calls as it is laid on."""
        return cls(refusal=too_many_calls(50, reset))

    @classmethod
    def slow(cls, delay: timedelta) -> Self:
        """The call does what it asks for, and answers late."""
        return cls(delay=delay)

    @classmethod
    def bot_not_in_chat(cls) -> Self:
        """230002."""
        return cls(refusal=Refusal(230002))

    @classmethod
    def person_out_of_range(cls) -> Self:
        """230013."""
        return cls(refusal=Refusal(230013))

    @classmethod
    def bot_stopped(cls) -> Self:
        """230053: the person stopped the bot."""
        return cls(refusal=Refusal(230053))

    @classmethod
    def quota_used(cls) -> Self:
        """99991403: the month's API calls are used up."""
        return cls(refusal=Refusal(99991403, status=429))

    @classmethod
    def scope_missing(cls, *subjects: str) -> Self:
        """99991672 naming these scopes."""
        return cls(refusal=scope_missing(*subjects))

    @classmethod
    def card_rejected(cls) -> Self:
        """230099 for a card that looked fine; lay it with `msg_type="interactive"` to let the text after it pass."""
        path = "ROOT -> body -> elements -> [0](tag: markdown)"
        return cls(refusal=card_rejected(Flaw(11310, path, "the card was rejected on demand")))


@dataclass(slots=True, eq=False)
class _Laid:
    fault: Fault
    left: int | None
    path: str
    msg_type: str


class Faults:
    """The faults laid at present; each call meets at most one, the first laid that fits."""

    def __init__(self) -> None:
        self._laid: list[_Laid] = []
        self._lock = threading.Lock()

    def lay(self, fault: Fault, *, times: int | None = 1, path: str = SENDING, msg_type: str = "") -> None:
        """Lay a fault on the next `times` calls, or with None on all, whose path contains `path`.

        With `msg_type` only calls that send that type meet it. `path=""` means every call but those for a token.
        """
        with self._lock:
            self._laid.append(_Laid(fault, times, path, msg_type))

    def clear(self) -> None:
        """From now on everything goes well."""
        with self._lock:
            self._laid.clear()

    def meet(self, path: str, raw: bytes) -> Fault:
        """The fault that a call to `path` with this body meets; an empty one when it meets none."""
        with self._lock:
            for laid in self._laid:
                if laid.path in path and (not laid.msg_type or laid.msg_type == _msg_type(raw)):
                    self._use(laid)
                    return laid.fault
        return Fault()

    def _use(self, laid: _Laid) -> None:
        if laid.left is None:
            return
        laid.left -= 1
        if laid.left <= 0:
            self._laid.remove(laid)


def _msg_type(raw: bytes) -> str:
    try:
        body = json.loads(raw)
    except ValueError:
        return ""
    return str(body.get("msg_type", "")) if isinstance(body, dict) else ""
