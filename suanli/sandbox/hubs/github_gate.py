"""Who may ask GitHub, and how often (releases.md §1.1)."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from werkzeug.wrappers import Request

from suanli.clock import Clock
from suanli.sandbox.hubs.github_switches import Switches
from suanli.sandbox.hubs.reply import Headers, Refusal, refused, told

TOKEN = "github-sandbox-token"
DOCS = "https://docs.github.com/rest"
WINDOW = timedelta(hours=1)
SCHEMES = frozenset({"bearer", "token"})


@dataclass(slots=True)
class Bucket:
    """The requests of one caller in one window, which begins with its first; `who` is as refusals name it."""

    who: str
    limit: int
    reset_at: datetime
    used: int = 0
    points: deque[datetime] = field(default_factory=deque)

    @property
    def remaining(self) -> int:
        """How many are left."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. A 304 is free only for whoever says who they are."""

    bucket: Bucket
    authorized: bool


class Gate:
    """Tokens and quotas; a token is somebody's, and all tokens of a user share one quota."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.limit, self.anonymous_limit = 5000, 60
        self._tokens = {TOKEN: 1}
        self._buckets: dict[str, Bucket] = {}
        self._clock = clock
        self._switches = switches

    def add_token(self, token: str, user: int) -> None:
        """Let a token be good, and belong to a user; that of TOKEN is 1."""
        self._tokens[token] = user

    def revoke(self, token: str) -> None:
        """Let a token be good no more."""
        del self._tokens[token]

    def spend(self, requests: int, user: int = 1) -> None:
        """Count requests that somebody else made with this user's quota."""
        bucket = self._bucket(f"user ID {user}", self.limit)
        bucket.used = min(bucket.limit, bucket.used + requests)

    def identify(self, request: Request) -> Caller:
        """Who asks. Raises Refusal for whoever has no user agent, or says to be somebody they are not."""
        if not request.headers.get("User-Agent", "").strip():
            message = "Request forbidden by administrative rules: a User-Agent header is required."
            raise Refusal(replace(told({"message": message, "documentation_url": DOCS}, 403), charged=False))
        header = request.headers.get("Authorization")
        if header is None:
            return Caller(self._bucket(request.remote_addr or "", self.anonymous_limit), authorized=False)
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in SCHEMES or token.strip() not in self._tokens:
            bucket = self._bucket(request.remote_addr or "", self.anonymous_limit)
            reply = error(401, "Bad credentials").reply
            raise Refusal(reply.plus(*self.charge(Caller(bucket, authorized=False))))
        return Caller(self._bucket(f"user ID {self._tokens[token.strip()]}", self.limit), authorized=True)

    def let_in(self, caller: Caller) -> None:
        """Raise Refusal when there is nothing left, or when it is too much at once."""
        bucket = caller.bucket
        if not bucket.remaining:
            raise error(self._switches.limit_status, f"API rate limit exceeded for {bucket.who}.")
        most = self._switches.points_per_minute
        if most is None:
            return
        now = self._clock.now()
        while bucket.points and now - bucket.points[0] >= timedelta(minutes=1):
            bucket.points.popleft()
        if len(bucket.points) >= most:
            raise self.secondary(60)
        bucket.points.append(now)

    def secondary(self, retry_after: int | None) -> Refusal:
        """The secondary limit, with or without the seconds to wait."""
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
        return error(self._switches.limit_status, message, *headers)

    def charge(self, caller: Caller, *, free: bool = False) -> Headers:
        """Count a request, unless it is free; the headers that say how many are left."""
        bucket = caller.bucket
        if not free:
            bucket.used = min(bucket.limit, bucket.used + 1)
        return (
            ("X-RateLimit-Limit", str(bucket.limit)),
            ("X-RateLimit-Remaining", str(bucket.remaining)),
            ("X-RateLimit-Used", str(bucket.used)),
            ("X-RateLimit-Reset", str(int(bucket.reset_at.timestamp()))),
            ("X-RateLimit-Resource", "core"),
        )

    def _bucket(self, who: str, limit: int) -> Bucket:
        now = self._clock.now()
        bucket = self._buckets.get(who)
        if bucket is None or now >= bucket.reset_at:
            bucket = Bucket(who, limit, now.replace(microsecond=0) + WINDOW)
            self._buckets[who] = bucket
        bucket.limit = limit
        return bucket


def error(status: int, message: str, *headers: tuple[str, str], **more: object) -> Refusal:
    """A refusal as GitHub words it."""
    return refused(status, {"message": message, **more, "documentation_url": DOCS, "status": str(status)}, *headers)
