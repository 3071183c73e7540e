"""The app's access token: fetched once for all threads, renewed in time, dropped when the platform refuses it.

Too many failed logins lock the app out (welink.md §2.1), so after one that was refused nobody logs in for a while:
whoever asks then is told the same again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pydantic import BaseModel, Field

from bot.welink.courier.codes import LOGIN_FAILED
from suanli.clock import Clock
from suanli.domain.errors import RemoteError

RENEW_BEFORE_END = timedelta(seconds=300)
"""The platform's own practice."""

SHORTEST_USE = timedelta(minutes=1)
"""Of a token that came with less time than that: asking at every call would help nobody."""

REST = timedelta(minutes=10)
"""After a login was refused for what only a person can set right."""

SHORT_REST = timedelta(seconds=30)
"""After one that failed for no reason of ours."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token as it was given out, good for `lasts` from then."""

    value: str
    lasts: timedelta


class TicketAnswer(BaseModel):
    """What the platform answers. The value goes into a header, where only visible ASCII can stand."""

    access_token: str = Field(pattern=r"^[\x21-\x7e]+$")
    expires_in: int = Field(ge=0, le=10_000_000)

    def to_domain(self) -> Ticket:
        """The same as a value."""
        return Ticket(self.access_token, timedelta(seconds=self.expires_in))


class Tickets:
    """Hands out the current token. `log_in` asks the platform for one and may raise RemoteError."""

    def __init__(self, log_in: Callable[[], Ticket], clock: Clock) -> None:
        self._log_in = log_in
        self._clock = clock
        self._lock = Lock()
        self._value = ""
        self._renew_at = 0.0
        self._refusal: RemoteError | None = None
        self._silent_until = 0.0

    def get(self) -> str:
        """A token to use now. While one thread fetches it, the others wait for the same one."""
        with self._lock:
            now = self._clock.elapsed()
            if self._value and now < self._renew_at:
                return self._value
            if self._refusal and now < self._silent_until:
                raise _again(self._refusal)
            ticket = self._logged_in()
            use = max(ticket.lasts - RENEW_BEFORE_END, SHORTEST_USE)
            self._value, self._renew_at = ticket.value, now + use.total_seconds()
            return self._value

    def drop(self, value: str) -> None:
        """Forget the token if it is still this one; another thread may have a newer one by now."""
        with self._lock:
            if self._value == value:
                self._value = ""

    def _logged_in(self) -> Ticket:
        self._value, self._refusal = "", None
        try:
            return self._log_in()
        except RemoteError as error:
            rest = REST if error.permanent else SHORT_REST if error.code == LOGIN_FAILED else None
            if rest:
                self._refusal, self._silent_until = _again(error), self._clock.elapsed() + rest.total_seconds()
            raise


def _again(error: RemoteError) -> RemoteError:
    """The same refusal as an error of its own, for each that is raised collects where it was."""
    return RemoteError(str(error), permanent=error.permanent, retry_after=error.retry_after, code=error.code)
