"""The stand-in of GitHub fails, lags and counts on demand, and lets many wait at once."""

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from suanli.clock import SystemClock
from suanli.sandbox.hubs import Fault, GithubStandIn, Repository
from suanli.sandbox.hubs.github_gate import TOKEN
from suanli.sandbox.hubs.github_world import fill
from suanli.sandbox.hubs.history import History
from tests.fakes import NOON, FakeClock
from tests.hub_caller import ask, authorized

ISSUES = "/repos/o/r/issues"
MANY = 120


@pytest.fixture
def github(clock: FakeClock) -> Iterator[GithubStandIn]:
    with GithubStandIn(clock) as stand_in:
        stand_in.world.add("o/r")
        yield stand_in


@pytest.fixture
def repository(github: GithubStandIn) -> Repository:
    found = github.world.named("o/r")
    assert found
    return found


def titles(github: GithubStandIn) -> list[str]:
    return [issue["title"] for issue in authorized(github.url, ISSUES).json]


def test_a_bad_gateway_costs_quota(github: GithubStandIn, repository: Repository) -> None:
    repository.open_issue("One")
    github.faults.lay(Fault.BAD_GATEWAY, None, Fault.BAD_GATEWAY, path="/issues")
    assert authorized(github.url, "/repos/o/r").status == 200
    statuses = [authorized(github.url, ISSUES) for _ in range(4)]
    assert [got.status for got in statuses] == [502, 200, 502, 200]
    assert [got.headers["X-RateLimit-Used"] for got in statuses] == ["2", "3", "4", "5"]


def test_a_kept_fault_stays_until_it_is_mended(github: GithubStandIn) -> None:
    github.faults.keep(Fault.WEB_PAGE, "/releases")
    for _ in range(2):
        got = authorized(github.url, "/repos/o/r/releases")
        assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert authorized(github.url, ISSUES).json == []
    github.faults.mend()
    assert authorized(github.url, "/repos/o/r/releases").json == []


def test_a_body_breaks_off(github: GithubStandIn, repository: Repository) -> None:
    repository.open_issue("One")
    github.faults.lay(Fault.TRUNCATED)
    with pytest.raises(http.client.IncompleteRead) as broken:
        authorized(github.url, ISSUES)
    assert len(broken.value.partial) > 100


def test_a_connection_ends_without_an_answer(github: GithubStandIn) -> None:
    github.faults.lay(Fault.DROPPED)
    with pytest.raises(ConnectionError):
        authorized(github.url, ISSUES)
    assert [asked.status for asked in github.record.asked] == [0]
    assert github.record.charged == 0


def test_a_field_is_missing_or_named_otherwise_and_the_etag_with_it(
    github: GithubStandIn, repository: Repository
) -> None:
    repository.open_issue("One")
    whole = authorized(github.url, ISSUES)
    github.faults.drift("updated_at")
    github.faults.drift("title", "heading")
    drifted = authorized(github.url, ISSUES, If_None_Match=whole.headers["ETag"])
    assert drifted.status == 200
    assert set(whole.json[0]) - set(drifted.json[0]) == {"updated_at", "title"}
    assert drifted.json[0]["heading"] == "One"
    github.faults.mend()
    assert authorized(github.url, ISSUES, If_None_Match=whole.headers["ETag"]).status == 304


def test_a_lagging_replica_answers_as_of_before(
    github: GithubStandIn, repository: Repository, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=1))
    repository.open_issue("One")
    repository.tag("v1")
    clock.advance(timedelta(seconds=15))
    repository.edit(1, title="Uno")
    number = repository.publish_release("v2")
    assert titles(github) == ["Uno"]
    github.switches.lag = timedelta(seconds=10)
    assert titles(github) == ["One"]
    assert authorized(github.url, "/repos/o/r/releases").json == []
    github.switches.lag = timedelta(seconds=20)
    assert titles(github) == []
    assert authorized(github.url, "/repos/o/r/tags").json == []
    clock.advance(timedelta(seconds=20))
    assert titles(github) == ["Uno"]
    assert [each["id"] for each in authorized(github.url, "/repos/o/r/releases").json] == [number]


def test_what_is_deleted_is_still_seen_by_a_replica_that_lags(
    github: GithubStandIn, repository: Repository, clock: FakeClock
) -> None:
    number = repository.publish_release("v1")
    clock.advance(timedelta(hours=1))
    repository.delete_release(number)
    github.switches.lag = timedelta(seconds=5)
    assert len(authorized(github.url, "/repos/o/r/releases").json) == 1
    clock.advance(timedelta(seconds=5))
    assert authorized(github.url, "/repos/o/r/releases").json == []


def test_a_change_may_be_seen_later_than_a_newer_one(
    github: GithubStandIn, repository: Repository, clock: FakeClock
) -> None:
    delays = iter([timedelta(seconds=20), timedelta()])
    github.switches.replication = lambda: next(delays)
    repository.open_issue("Late")
    clock.advance(timedelta(seconds=1))
    repository.open_issue("Soon")
    assert titles(github) == ["Soon"]
    clock.advance(timedelta(seconds=19))
    late = authorized(github.url, f"{ISSUES}?sort=updated").json[1]
    assert (late["title"], late["updated_at"]) == ("Late", "2026-11-20T04:00:00Z")


def test_versions_that_no_replica_shows_any_more_are_forgotten() -> None:
    history: History[str] = History()
    for minute, word in enumerate(("a", "b", "c", None)):
        history.write(word, NOON + timedelta(minutes=6 * minute), NOON + timedelta(minutes=6 * minute))
    assert [history.at(NOON + timedelta(minutes=m)) for m in (0, 6, 12, 17, 18)] == [None, "b", "c", "c", None]
    assert history.latest is None


def test_a_request_waits_for_the_latency_of_the_hub(github: GithubStandIn, clock: FakeClock) -> None:
    github.front.latency = timedelta(milliseconds=50)
    before = clock.elapsed()
    authorized(github.url, ISSUES)
    assert clock.elapsed() - before == pytest.approx(0.05)


def test_a_hundred_requests_can_wait_at_once_and_end_when_it_stops() -> None:
    """The real clock: nothing here waits for time to pass, only for the others to come."""
    with ThreadPoolExecutor(MANY) as pool:
        with GithubStandIn(SystemClock()) as github:
            github.world.add("o/r")
            github.faults.keep(Fault.HANGING)
            waiting = [pool.submit(ask, github.url, ISSUES) for _ in range(MANY)]
            tick, turns = threading.Event(), 0
            while github.record.present < MANY and turns < 1000:
                tick.wait(0.01)
                turns += 1
            assert (github.record.present, any(each.done() for each in waiting)) == (MANY, False)
        assert all(isinstance(each.exception(), ConnectionError) for each in waiting)
    assert (github.record.present, github.record.most_present, github.record.total) == (0, MANY, MANY)


def test_requests_are_counted_by_kind_and_repository(github: GithubStandIn) -> None:
    github.world.add("o/other")
    etag = authorized(github.url, ISSUES).headers["ETag"]
    authorized(github.url, ISSUES, If_None_Match=etag)
    authorized(github.url, "/repos/o/other/tags")
    ask(github.url, "/repos/o/none")
    record = github.record
    assert (record.total, record.charged, record.unchanged) == (4, 3, 1)
    assert record.by_name == {"o/r": 2, "o/other": 1}
    assert record.by_status == {200: 2, 304: 1, 404: 1}
    record.clear()
    assert (record.total, record.charged, len(record.asked), record.by_name) == (0, 0, 0, {})


def test_a_request_is_written_down_without_its_token(github: GithubStandIn) -> None:
    authorized(github.url, f"{ISSUES}?state=all", Cookie="m_session_id=secret")
    [asked] = github.record.asked
    assert (asked.method, asked.path, asked.query, asked.status) == ("GET", ISSUES, "state=all", 200)
    assert (asked.headers["Authorization"], asked.headers["Cookie"]) == ("Bearer ***", "***")
    assert TOKEN not in repr(asked)
    assert "secret" not in repr(asked)


def test_a_list_is_written_once_until_something_changes(
    github: GithubStandIn, repository: Repository, clock: FakeClock
) -> None:
    fill(repository, 30, 5, clock)
    first = authorized(github.url, f"{ISSUES}?state=all")
    pages = dict(repository.pages)
    assert authorized(github.url, f"{ISSUES}?state=all").body == first.body
    assert repository.pages == pages
    assert len(pages) == 1
    repository.comment(1)
    assert repository.pages == {}


def test_changes_and_requests_may_come_at_the_same_time(github: GithubStandIn, repository: Repository) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = [pool.submit(repository.open_issue, f"Issue {n}") for n in range(40)]
        asked = [pool.submit(authorized, github.url, f"{ISSUES}?per_page=100") for _ in range(40)]
    assert sorted(each.result() for each in opened) == list(range(1, 41))
    assert {each.result().status for each in asked} == {200}
    assert len(authorized(github.url, f"{ISSUES}?per_page=100").json) == 40
