"""The tenant access token: fetched once for all threads, renewed in time, dropped when the platform refuses it.

lark-oapi has a provider of its own, which is not used: it fetches once for each thread, keeps a refused token until
its end, and shares one cache between apps of different secrets (feishu.md §5.4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pydantic import BaseModel, Field

from suanli.clock import Clock

RENEW_BEFORE_END = timedelta(minutes=30)
"""Earlier than this, the platform gives out the same token again (feishu.md §3.1)."""

SHORTEST_USE = timedelta(minutes=1)
"""Of a token that came with less time than that: asking at every call would help nobody."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was given out, good for `lasts` from then."""

    value: str
    lasts: timedelta


class TokenAnswer(BaseModel):
    """What the platform answers. The value goes into a header, where only visible ASCII can stand."""

    tenant_access_token: str = Field(pattern=r"^[\x21-\x7e]+$")
    expire: int = Field(ge=0, le=10_000_000)

    def to_domain(self) -> Token:
        """The same as a value."""
        return Token(self.tenant_access_token, timedelta(seconds=self.expire))


class TokenProvider:
    """Hands out the current token. `fetch` asks the platform for one and may raise RemoteError."""

    def __init__(self, fetch: Callable[[], Token], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._value = ""
        self._renew_at = 0.0

    def get(self) -> str:
        """A token to use now. While one thread fetches it, the others wait for the same one."""
        with self._lock:
            asked_at = self._clock.elapsed()
            if not self._value or asked_at >= self._renew_at:
                token = self._fetch()
                use = max(token.lasts - RENEW_BEFORE_END, SHORTEST_USE)
                self._value, self._renew_at = token.value, asked_at + use.total_seconds()
            return self._value

    def invalidate(self, value: str) -> None:
        """Forget the token if it is still this one; another thread may have a newer one by now."""
        with self._lock:
            if self._value == value:
                self._value = ""
