"""The whole stand-in of GitHub's REST API."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from werkzeug.wrappers import Request

from suanli.clock import Clock
from suanli.sandbox.hubs.faults import Fault, drift
from suanli.sandbox.hubs.front import Front, Served
from suanli.sandbox.hubs.github_gate import DOCS, Caller, Gate, error
from suanli.sandbox.hubs.github_pages import Page, Viewer, link_of
from suanli.sandbox.hubs.github_repository import Repository
from suanli.sandbox.hubs.github_shapes import Shapes
from suanli.sandbox.hubs.github_switches import Switches
from suanli.sandbox.hubs.github_world import World
from suanli.sandbox.hubs.reply import JSON, Headers, Refusal, Reply, is_among, packed, refused, told

USUAL_VERSION = "2022-11-28"
REDUCED_VERSION = "2026-03-10"
MOST_PAGES = 256
"""So many queries of one repository are kept rendered: more come only from windows that move."""


class GithubStandIn(Served):
    """GitHub with the repositories that `world` has; they are changed by their own methods.

    with GithubStandIn(SystemClock()) as github:
        vllm = github.world.add("vllm-project/vllm")
        number = vllm.open_pull("Add DeepSeek-V4")
        poll(github.url, TOKEN)
        print(github.record.charged)
    """

    def __init__(self, clock: Clock, switches: Switches | None = None, *, keeps: bool = False) -> None:
        self.switches = switches or Switches()
        self.world = World(clock, self.switches)
        self.gate = Gate(clock, self.switches)
        self.front = Front(clock, self._answer, keeps=keeps)
        self._clock = clock

    def _answer(self, request: Request, fault: Fault | None) -> Reply:
        with self.world.lock:
            try:
                caller = self.gate.identify(request)
            except Refusal as refusal:
                return refusal.reply
            about = ""
            try:
                version = _version_of(request)
                if request.path == "/rate_limit":
                    return self._limits(caller)
                self.gate.let_in(caller)
                self._show(fault)
                repository, rest = self._find(request)
                about = repository.name
                reply = self._conditional(request, self._page(repository, rest, request, version), caller)
            except Refusal as refusal:
                reply = refusal.reply
            return self._counted(reply, caller, about, _standing(request))

    def _counted(self, reply: Reply, caller: Caller, about: str, standing: Headers) -> Reply:
        free = (reply.status == 304 and caller.authorized) or not caller.bucket.remaining
        left = self.gate.charge(caller, free=free)
        return Reply(reply.status, reply.body, (*reply.headers, *standing, *left), charged=not free, about=about)

    def _show(self, fault: Fault | None) -> None:
        if fault is Fault.LIMITED:
            raise self.gate.secondary(60)
        if fault is Fault.LIMITED_SILENTLY:
            raise self.gate.secondary(None)
        if fault is not None:
            raise refused(502, {"message": "Server Error"})

    def _find(self, request: Request) -> tuple[Repository, str]:
        """The repository that a path is about, and the rest of the path."""
        head, _, tail = request.path.lstrip("/").partition("/")
        if request.method != "GET" or head not in {"repos", "repositories"}:
            raise error(404, "Not Found")
        if head == "repositories":
            number, _, rest = tail.partition("/")
            repository = self.world.numbered(int(number)) if number.isascii() and number.isdecimal() else None
            name = ""
        else:
            owner, _, tail = tail.partition("/")
            name, _, rest = tail.partition("/")
            name = f"{owner}/{name}"
            repository = self.world.named(name)
        if repository is None:
            raise error(404, "Not Found")
        if name and name.lower() != repository.name.lower():
            raise self._moved(repository, rest, request)
        if repository.blocked:
            block = {"reason": "dmca", "created_at": None, "html_url": DOCS}
            raise error(451, "Repository access blocked", block=block)
        return repository, rest

    def _moved(self, repository: Repository, rest: str, request: Request) -> Refusal:
        path = f"/repositories/{repository.id}" + (f"/{rest}" if rest else "")
        query = request.query_string.decode("latin-1")
        url = f"{self.url}{path}" + (f"?{query}" if query else "")
        body = {"message": "Moved Permanently", "url": url, "documentation_url": f"{DOCS}#http-redirects"}
        return refused(301, body, ("Location", url))

    def _page(self, repository: Repository, rest: str, request: Request, version: str) -> Page:
        moment = self._clock.now() - self.switches.lag
        drifted = self.faults.drifted
        key = (rest, request.query_string, version, tuple(drifted.items()), repository.generation(moment))
        page: Page | None = repository.pages.get(key)
        if page is None:
            if len(repository.pages) >= MOST_PAGES:
                repository.pages.clear()
            page = self._rendered(repository, rest, request, moment, reduced=version == REDUCED_VERSION)
            repository.pages[key] = page
        return page

    def _rendered(
        self, repository: Repository, rest: str, request: Request, moment: datetime, *, reduced: bool
    ) -> Page:
        query = request.args
        shown = Viewer(repository, Shapes(repository, self.url, reduced=reduced), moment).show(rest, query)
        address = f"{self.url}/repositories/{repository.id}/{rest}"
        link = link_of(address, query, shown.page, shown.pages) if shown.pages else ""
        drifted = self.faults.drifted
        return Page(packed(drift(shown.value, drifted) if drifted else shown.value), link, shown.last_modified)

    def _conditional(self, request: Request, page: Page, caller: Caller) -> Reply:
        etag = _etag(request, page)
        scope = "private" if caller.authorized else "public"
        headers = [("ETag", etag), ("Cache-Control", f"{scope}, max-age=60, s-maxage=60")]
        if page.link:
            headers.append(("Link", page.link))
        if page.last_modified:
            headers.append(("Last-Modified", format_datetime(page.last_modified.replace(microsecond=0), usegmt=True)))
        if _is_unchanged(request, etag, page.last_modified):
            return Reply(304, b"", tuple(each for each in headers if each[0] != "Link"))
        return Reply(200, page.body, (JSON, *headers))

    def _limits(self, caller: Caller) -> Reply:
        headers = self.gate.charge(caller, free=True)
        bucket = caller.bucket
        core = {
            "limit": bucket.limit,
            "used": bucket.used,
            "remaining": bucket.remaining,
            "reset": int(bucket.reset_at.timestamp()),
        }
        reply = told({"resources": {"core": core}, "rate": core}, 200, *headers)
        return Reply(reply.status, reply.body, reply.headers, charged=False)


def _version_of(request: Request) -> str:
    version = request.headers.get("X-GitHub-Api-Version", USUAL_VERSION)
    if version not in {USUAL_VERSION, REDUCED_VERSION}:
        raise error(400, f"{version!r} is not a supported version.")
    return version


def _standing(request: Request) -> Headers:
    """The headers that every answer has."""
    vary = "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With"
    version = request.headers.get("X-GitHub-Api-Version", USUAL_VERSION)
    return (
        ("Vary", vary),
        ("x-github-api-version-selected", version),
        ("X-GitHub-Media-Type", "github.v3; format=json"),
        ("X-GitHub-Request-Id", "0000:0000:0000"),
    )


def _etag(request: Request, page: Page) -> str:
    of = (request.headers.get("Accept", ""), request.headers.get("Authorization", ""))
    if of not in page.etags:
        digest = hashlib.sha256("\0".join(of).encode() + b"\0" + page.body).hexdigest()
        page.etags[of] = f'W/"{digest}"'
    return page.etags[of]


def _is_unchanged(request: Request, etag: str, last_modified: datetime | None) -> bool:
    asked = request.headers.get("If-None-Match")
    if asked is not None:
        return is_among(etag, asked)
    since = request.headers.get("If-Modified-Since")
    if since is None or last_modified is None:
        return False
    try:
        return parsedate_to_datetime(since).astimezone(UTC) >= last_modified.replace(microsecond=0)
    except ValueError:
        return False
