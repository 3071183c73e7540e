"""GitHub over HTTP: what goes out, byte for byte, and two readings of which the second costs a question."""

from collections.abc import Iterator
from wsgiref.types import WSGIEnvironment

import pytest

from suanli.domain.releases import Allowance, Hub, Part, Place, ResourceId, Tracked
from suanli.domain.releases.failures import Missing, Resting
from suanli.domain.releases.resources import ARCHIVED_EVERY, after_reading
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.github import HEADERS, GitHub
from tests.fakes import NOON, FakeClock
from tests.github_shelf import issue
from tests.web_service import TOKEN, Client, Reply, page, refusal, said, serving

TRACKED = Tracked(ResourceId(1), Place(Hub.GITHUB, "o/r"), Part.ISSUES, NOON)


@pytest.fixture
def client(clock: FakeClock) -> Iterator[Client]:
    with serving(clock) as client:
        yield client


def answer(environ: WSGIEnvironment) -> Reply:
    """A small GitHub with one busy repository."""
    if environ["PATH_INFO"] == "/repos/o/r":
        return said(200, {"id": 7, "full_name": "o/r", "archived": False})
    if environ.get("HTTP_IF_NONE_MATCH") == 'W/"1"':
        return Reply(304, b"", {"ETag": 'W/"1"', "X-RateLimit-Remaining": "4997"})
    newest = [issue(30 - n, 10 * n + 5) for n in range(30)]
    link = f'<http://{environ["HTTP_HOST"]}/repositories/7/issues?page=2>; rel="next"'
    if "per_page=100" in environ["QUERY_STRING"]:
        return said(200, [*newest, *(issue(100 + n, 400 + n) for n in range(5))])
    return said(200, newest, ETag='W/"1"', Link=link)


def test_two_readings_and_what_they_cost(client: Client, clock: FakeClock) -> None:
    http, service = client(answer)
    gate = Gate(Allowance("api.github.com"), clock)
    github = GitHub(Conditional(http, gate, token_id=token_id_of(TOKEN), headers=HEADERS))
    first = github.read(TRACKED, {}, lambda _: {})
    assert (len(first.items), first.whole) == (35, True)
    tracked = after_reading(TRACKED, first, ARCHIVED_EVERY / 4, clock.now())
    second = github.read(tracked, {each.url: each for each in first.validators}, lambda _: {})
    assert (second.unchanged, second.identity) == (True, None)
    assert [each["PATH_INFO"] for each in service.asked] == ["/repos/o/r", *["/repos/o/r/issues"] * 3]
    assert {each["HTTP_ACCEPT"] for each in service.asked} == {"application/vnd.github+json"}
    assert {each["HTTP_X_GITHUB_API_VERSION"] for each in service.asked} == {"2022-11-28"}
    assert {each["HTTP_AUTHORIZATION"] for each in service.asked} == {f"Bearer {TOKEN}"}
    assert all(each["HTTP_USER_AGENT"].startswith("suanli/") for each in service.asked)
    assert service.asked[-1]["QUERY_STRING"] == "state=all&sort=updated&direction=desc&per_page=30"
    assert gate.allowance.asked == 4


def test_with_another_token_everything_is_read_anew(client: Client, clock: FakeClock) -> None:
    http, service = client(answer)
    first = GitHub(Conditional(http, Gate(Allowance("h"), clock), token_id="a")).read(TRACKED, {}, lambda _: {})
    tracked = after_reading(TRACKED, first, ARCHIVED_EVERY / 4, clock.now())
    other = GitHub(Conditional(http, Gate(Allowance("h"), clock), token_id="b"))
    assert not other.read(tracked, {each.url: each for each in first.validators}, lambda _: {}).unchanged
    assert "HTTP_IF_NONE_MATCH" not in service.asked[-1]


def test_a_repository_that_is_not_there_and_a_host_that_rests_are_told_apart(client: Client, clock: FakeClock) -> None:
    http, _ = client(said(404, {"message": "Not Found"}), page(429))
    github = GitHub(Conditional(http, Gate(Allowance("h"), clock), token_id=""))
    assert isinstance(refusal(lambda: github.read(TRACKED, {}, lambda _: {})), Missing)
    assert isinstance(refusal(lambda: github.read(TRACKED, {}, lambda _: {})), Resting)
