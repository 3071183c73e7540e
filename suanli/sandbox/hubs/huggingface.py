"""The whole stand-in of the HuggingFace Hub."""

import base64
import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.wrappers import Request

from suanli.clock import Clock
from suanli.sandbox.hubs.faults import Fault, drift
from suanli.sandbox.hubs.front import Front, Served
from suanli.sandbox.hubs.huggingface_lists import Listed, fields_of, list_repos, slice_of
from suanli.sandbox.hubs.huggingface_shapes import expanded, listed, tree
from suanli.sandbox.hubs.huggingface_world import Repo, RepoKind, World
from suanli.sandbox.hubs.reply import (
    BAD_GATEWAY,
    HTML,
    JSON,
    PLAIN,
    Headers,
    Refusal,
    Reply,
    is_among,
    packed,
    refused,
)

TOKEN = "hf_sandbox"
WINDOW = 300
_KINDS = frozenset(RepoKind)


@dataclass(slots=True)
class _Bucket:
    window: int = 0
    used: int = 0


class HuggingFaceStandIn(Served):
    """HuggingFace with what `world` has. `limit` is for whoever has a token, `anonymous_limit` for an address."""

    def __init__(self, clock: Clock) -> None:
        self.world = World(clock)
        self.front = Front(clock, self._answer)
        self.tokens = {TOKEN}
        self.limit, self.anonymous_limit = 1000, 500
        self._buckets: dict[str, _Bucket] = {}
        self._clock = clock

    def _answer(self, request: Request, fault: Fault | None) -> Reply:
        if fault is Fault.LIMITED_SILENTLY:
            page = b"<html>429 Too Many Requests</html>"
            return Reply(429, page, (HTML, ("Server", "CloudFront")), charged=False)
        if fault not in (None, Fault.LIMITED):
            return BAD_GATEWAY
        with self.world.lock:
            token, known = self._token(request)
            allowed, left = self._count(token if known else request.remote_addr or "", known, fault)
            try:
                if not allowed:
                    raise _refused(429, "Too many requests")
                if token and not known:
                    raise _refused(401, "Invalid credentials in Authorization header")
                reply = self._done(request, known=known)
            except Refusal as refusal:
                reply = refusal.reply
        return replace(reply.plus(("x-powered-by", "huggingface-moon"), *left), charged=allowed)

    def _token(self, request: Request) -> tuple[str, bool]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return token, scheme == "Bearer" and token in self.tokens

    def _count(self, who: str, known: bool, fault: Fault | None) -> tuple[bool, Headers]:  # noqa: FBT001 a fact
        """Whether a request is one of those that are allowed in a window, and the headers that say so."""
        now = self._clock.now().timestamp()
        limit = self.limit if known else self.anonymous_limit
        bucket = self._buckets.setdefault(who, _Bucket())
        if bucket.window != int(now // WINDOW):
            bucket.window, bucket.used = int(now // WINDOW), 0
        allowed = bucket.used < limit and fault is not Fault.LIMITED
        bucket.used += allowed
        left = limit - bucket.used if allowed else 0
        until = math.ceil((bucket.window + 1) * WINDOW - now)
        return allowed, (
            ("ratelimit", f'"api";r={left};t={until}'),
            ("ratelimit-policy", f'"fixed window";"api";q={limit};w={WINDOW}'),
        )

    def _done(self, request: Request, *, known: bool) -> Reply:
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or len(parts) < 2 or parts[0] != "api" or parts[1] not in _KINDS:
            raise _refused(404, "Not found")
        kind, parts = RepoKind(parts[1]), parts[2:]
        now = self._clock.now()
        if not parts:
            return self._said(request, list_repos(kind, self.world.all(kind), request.args, now))
        # The first models have no owner: `bert-base-uncased`, `bert-base-uncased/tree/main`.
        parts_of_name = 1 if len(parts) == 1 or parts[1] == "tree" else 2
        name, rest = "/".join(parts[:parts_of_name]), parts[parts_of_name:]
        repo = self._find(kind, name, rest, request, known=known)
        if not rest:
            fields = fields_of(kind, request.args)
            shape = expanded(repo, fields, now) if fields else listed(repo, now, full=True, more=("cardData",))
            return self._said(request, shape, repo)
        if rest[0] != "tree" or len(rest) < 2:
            raise _refused(404, "Not found")
        return self._said(request, self._tree(repo, rest[1], "/".join(rest[2:]), request), repo)

    def _find(self, kind: RepoKind, name: str, rest: list[str], request: Request, *, known: bool) -> Repo:
        repo = self.world.find(kind, name)
        if repo and not repo.private:
            return repo
        moved = self.world.moved(kind, name)
        if moved and not moved.private and not repo:
            raise Refusal(_redirect("/".join(["/api", kind, moved.name, *rest]), request))
        if known:
            raise _refused(404, "Repository not found", "RepoNotFound")
        raise _refused(401, "Invalid username or password.")

    def _tree(self, repo: Repo, revision: str, folder: str, request: Request) -> Listed:
        if repo.gated:
            raise _refused(403, f"Access to {repo.name} is restricted and you are not among those let in.", "GatedRepo")
        files = repo.past.get(repo.sha if revision == "main" else revision)
        if files is None:
            raise _refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        entries = tree(files, folder, recursive=request.args.get("recursive") in {"true", "1", "True"})
        if folder and not entries:
            raise _refused(404, f"{folder} does not exist", "EntryNotFound")
        return slice_of(entries, request.args)

    def _said(self, request: Request, what: Any, repo: Repo | None = None) -> Reply:
        headers: list[tuple[str, str]] = []
        value = what
        if isinstance(what, Listed):
            value = what.items
            if what.following:
                headers.append(("Link", f'<{self.url}{request.path}?{what.following}>; rel="next"'))
        body = packed(drift(value, self.faults.drifted) if self.faults.drifted else value)
        etag = _etag(body)
        headers.append(("ETag", etag))
        about = repo.name if repo else request.args.get("author", "")
        if is_among(etag, request.headers.get("If-None-Match")):
            return Reply(304, b"", (("ETag", etag),), about=about)
        return Reply(200, body, (JSON, *headers), about=about)


def _redirect(target: str, request: Request) -> Reply:
    query = request.query_string.decode("latin-1")
    location = f"{target}?{query}" if query else target
    return Reply(307, f"Temporary Redirect. Redirecting to {location}".encode(), (PLAIN, ("Location", location)))


def _refused(status: int, message: str, code: str = "") -> Refusal:
    named = (("X-Error-Code", code),) if code else ()
    return refused(status, {"error": message}, *named, ("X-Error-Message", message))


def _etag(body: bytes) -> str:
    digest = hashlib.sha1(body, usedforsecurity=False).digest()
    return f'W/"{len(body):x}-{base64.b64encode(digest).decode().rstrip("=")}"'
