"""What a hub answers in place of a page: each refusal has consequences of its own, and none holds a thread up."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from wsgiref.types import WSGIEnvironment

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Allowance
from suanli.domain.releases.failures import Blocked, Missing, Resting
from suanli.sandbox.server import reset_connection
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional
from suanli.sources.http import MAX_BODY, TooLarge
from tests.fakes import FakeClock
from tests.web_service import TOKEN, Behaviour, Client, Reply, Service, page, refusal, said, serving

MINUTE = timedelta(minutes=1)


@pytest.fixture
def client(clock: FakeClock) -> Iterator[Client]:
    with serving(clock) as client:
        yield client


@pytest.fixture
def gate(clock: FakeClock) -> Gate:
    return Gate(Allowance("hub"), clock)


def asking(client: Client, gate: Gate, *script: Behaviour) -> tuple[Conditional, Service]:
    http, service = client(*script)
    return Conditional(http, gate, token_id="t"), service


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said(404, {"message": "Not Found", "status": "404"}), Missing),
        (said(410, {"message": "Issues are disabled for this repo"}), Missing),
        (said(401, {"error": "Repository not found"}, **{"X-Error-Code": "RepoNotFound"}), Missing),
        (said(451, {"message": "Repository access blocked"}), Blocked),
        (page(404), Missing),
    ],
    ids=["404", "410", "401 of HuggingFace", "451", "a web page"],
)
def test_what_is_not_there_is_told_apart(client: Client, gate: Gate, reply: Reply, kind: type[RemoteError]) -> None:
    pages, service = asking(client, gate, reply)
    error = refusal(lambda: pages.get("/x"))
    assert type(error) is kind
    assert (error.permanent, error.code, len(service.asked)) == (True, reply.status, 1)


def test_a_token_that_is_not_accepted_is_named_by_its_setting(client: Client, gate: Gate) -> None:
    pages, service = asking(client, gate, said(401, {"message": f"Bad credentials {TOKEN}"}))
    error = refusal(lambda: pages.get("/x"))
    assert type(error) is not Missing
    assert "check GRAFANA_API_KEY" in str(error)
    assert (error.permanent, error.code, len(service.asked)) == (True, 401, 1)


def test_what_is_forbidden_says_nothing_about_the_rest_of_the_hub(client: Client, gate: Gate) -> None:
    pages, _ = asking(client, gate, said(403, {"message": "Resource not accessible by integration"}), Reply())
    error = refusal(lambda: pages.get("/x"))
    assert (type(error) is Resting, error.permanent) == (False, True)
    assert pages.get("/y").body == {"ok": True}


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (said(403, {"message": "You have exceeded a secondary rate limit."}, **{"Retry-After": "120"}), 2 * MINUTE),
        (said(403, {"message": "You have exceeded a secondary rate limit."}), MINUTE),
        (said(403, {"code": "QuotaLimitExceed", "message": "no"}), MINUTE),
        (said(429, {"message": "API rate limit exceeded"}), MINUTE),
        (page(429), MINUTE),
        (page(429, **{"Retry-After": "Fri, 20 Nov 2026 04:03:00 GMT"}), 3 * MINUTE),
        (page(503, **{"Retry-After": "30"}), MINUTE / 2),
    ],
)
def test_a_hub_that_wants_a_pause_is_not_asked_by_anybody(
    client: Client, gate: Gate, clock: FakeClock, reply: Reply, wait: timedelta
) -> None:
    pages, service = asking(client, gate, reply, Reply())
    for _ in range(2):
        error = refusal(lambda: pages.get("/x"))
        assert (type(error), error.retry_after) == (Resting, wait)
    assert (len(service.asked), clock.elapsed()) == (1, 0)
    clock.advance(wait)
    assert pages.get("/x").body == {"ok": True}


def test_a_used_up_allowance_rests_until_the_window_ends(client: Client, gate: Gate, clock: FakeClock) -> None:
    headers = {
        "Date": "Fri, 20 Nov 2026 04:00:00 GMT",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(clock.now().timestamp()) + 600),
    }
    pages, _ = asking(client, gate, said(403, {"message": "API rate limit exceeded for user ID 1."}, **headers))
    error = refusal(lambda: pages.get("/x"))
    assert (type(error), error.retry_after) == (Resting, timedelta(seconds=601))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_trouble_that_passes_is_asked_once_more_and_counted_twice(
    client: Client, gate: Gate, clock: FakeClock, status: int
) -> None:
    pages, service = asking(client, gate, page(status), said(200, [1]))
    assert pages.get("/x").body == [1]
    assert (len(service.asked), gate.allowance.asked, gate.allowance.used) == (2, 2, 2)
    assert clock.elapsed() < 0.5


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_that_stays_is_left_to_the_caller(client: Client, gate: Gate, status: int) -> None:
    pages, service = asking(client, gate, page(status))
    error = refusal(lambda: pages.get("/x"))
    assert (error.permanent, error.code) == (False, status)
    assert len(service.asked) == (1 if status == 500 else 2)


def test_a_reset_connection_is_tried_once_more(client: Client, gate: Gate) -> None:
    def fall_over(environ: WSGIEnvironment) -> Reply:
        reset_connection(environ)
        return Reply()

    pages, service = asking(client, gate, fall_over, Reply())
    assert pages.get("/x").body == {"ok": True}
    assert (len(service.asked), gate.allowance.asked) == (2, 2)


def test_a_silent_hub_is_given_up(client: Client, gate: Gate) -> None:
    released = threading.Event()

    def hang(_: WSGIEnvironment) -> Reply:
        released.wait(10)
        return Reply()

    pages, service = asking(client, gate, hang)
    error = refusal(lambda: pages.get("/x"))
    released.set()
    assert (error.permanent, len(service.asked), gate.allowance.asked) == (False, 1, 1)


def test_a_page_that_is_too_large_is_told_apart(client: Client, gate: Gate) -> None:
    pages, _ = asking(client, gate, Reply(body=b"[" + b" " * MAX_BODY + b"]"))
    assert isinstance(refusal(lambda: pages.get("/x")), TooLarge)


def test_two_threads_ask_at_once_and_stop_together(client: Client, gate: Gate) -> None:
    def answer(_: WSGIEnvironment) -> Reply:
        return Reply() if next(count) < 20 else page(429)

    count = iter(range(1000))
    pages, service = asking(client, gate, answer)
    rested: list[timedelta | None] = []

    def ask() -> None:
        try:
            while True:
                pages.get("/x")
        except Resting as error:
            rested.append(error.retry_after)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert rested == [MINUTE, MINUTE]
    assert 21 <= len(service.asked) == gate.allowance.asked <= 22
    assert gate.allowance.pauses == 1
