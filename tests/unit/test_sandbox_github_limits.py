"""The stand-in of GitHub validates, counts and refuses as the sheet says (releases.md §1.1)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from suanli.sandbox.hubs import Fault, GithubStandIn, Repository
from suanli.sandbox.hubs.github_gate import TOKEN
from tests.fakes import NOON, FakeClock
from tests.hub_caller import Got, ask, authorized

ISSUES = "/repos/o/r/issues"


@pytest.fixture
def github(clock: FakeClock) -> Iterator[GithubStandIn]:
    with GithubStandIn(clock) as stand_in:
        stand_in.world.add("o/r").open_issue("One")
        yield stand_in


@pytest.fixture
def repository(github: GithubStandIn) -> Repository:
    found = github.world.named("o/r")
    assert found
    return found


def remaining(got: Got) -> int:
    return int(got.headers["X-RateLimit-Remaining"])


def test_an_etag_is_weak_and_depends_on_accept_authorization_and_body(
    github: GithubStandIn, repository: Repository
) -> None:
    github.gate.add_token("other", 2)

    def etag(**headers: str) -> str:
        return authorized(github.url, ISSUES, **headers).headers["ETag"]

    seen = {etag(), etag(Accept="application/json"), etag(Authorization="Bearer other"), etag(Authorization="")}
    assert len(seen) == 4
    assert etag() in seen
    assert all(re.fullmatch(r'W/"[0-9a-f]{64}"', each) for each in seen)
    repository.open_issue("Two")
    assert etag() not in seen


def test_an_unchanged_list_is_304_without_a_body_and_free(github: GithubStandIn, repository: Repository) -> None:
    first = authorized(github.url, ISSUES)
    again = authorized(github.url, ISSUES, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert "Content-Length" not in again.headers
    assert remaining(again) == remaining(first) == 4999
    repository.comment(1)
    changed = authorized(github.url, ISSUES, If_None_Match=first.headers["ETag"])
    assert (changed.status, remaining(changed)) == (200, 4998)


def test_a_validator_may_be_one_of_several_or_strong_or_any(github: GithubStandIn) -> None:
    etag = authorized(github.url, ISSUES).headers["ETag"]
    for asked in (f'"x", {etag}', etag.removeprefix("W/"), "*"):
        assert authorized(github.url, ISSUES, If_None_Match=asked).status == 304
    assert authorized(github.url, ISSUES, If_None_Match='W/"0"').status == 200


def test_an_etag_of_another_token_changes_nothing(github: GithubStandIn) -> None:
    github.gate.add_token("other", 2)
    etag = authorized(github.url, ISSUES).headers["ETag"]
    assert authorized(github.url, ISSUES, Authorization="Bearer other", If_None_Match=etag).status == 200


def test_without_a_token_a_304_costs(github: GithubStandIn) -> None:
    first = ask(github.url, ISSUES)
    again = ask(github.url, ISSUES, If_None_Match=first.headers["ETag"])
    assert (first.headers["X-RateLimit-Limit"], remaining(first)) == ("60", 59)
    assert (again.status, remaining(again)) == (304, 58)
    assert "public" in again.headers["Cache-Control"]


def test_a_repository_can_be_asked_for_by_date_and_a_list_of_issues_cannot(
    github: GithubStandIn, repository: Repository, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=1))
    for path in ("/repos/o/r", "/repos/o/r/tags"):
        date = authorized(github.url, path).headers["Last-Modified"]
        assert date == "Fri, 20 Nov 2026 04:00:00 GMT"
        assert authorized(github.url, path, If_Modified_Since=date).status == 304
        assert authorized(github.url, path, If_Modified_Since=date, If_None_Match='"x"').status == 200
    assert "Last-Modified" not in authorized(github.url, ISSUES).headers
    repository.archive()
    assert authorized(github.url, "/repos/o/r", If_Modified_Since=date).status == 200


def test_the_headers_count_down_to_a_reset(github: GithubStandIn, clock: FakeClock) -> None:
    authorized(github.url, ISSUES)
    clock.advance(timedelta(minutes=10))
    got = authorized(github.url, "/repos/o/missing")
    names = ("Limit", "Remaining", "Used", "Reset", "Resource")
    reset = str(int((NOON + timedelta(hours=1)).timestamp()))
    assert [got.headers[f"X-RateLimit-{name}"] for name in names] == ["5000", "4998", "2", reset, "core"]
    clock.advance(timedelta(minutes=50))
    assert remaining(authorized(github.url, ISSUES)) == 4999


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_quota_refuses_everything_until_the_reset(github: GithubStandIn, clock: FakeClock, status: int) -> None:
    github.switches.limit_status = status
    etag = authorized(github.url, ISSUES).headers["ETag"]
    github.gate.spend(10_000)
    got = authorized(github.url, ISSUES, If_None_Match=etag)
    assert (got.status, got.json["message"]) == (status, "API rate limit exceeded for user ID 1.")
    assert (remaining(got), got.headers["X-RateLimit-Used"]) == (0, "5000")
    assert "Retry-After" not in got.headers
    assert ask(github.url, ISSUES).status == 200
    assert github.record.charged == 2
    clock.advance(timedelta(hours=1))
    assert authorized(github.url, ISSUES).status == 200


def test_sixty_requests_are_all_there_is_without_a_token(github: GithubStandIn) -> None:
    assert {ask(github.url, ISSUES).status for _ in range(60)} == {200}
    refused = ask(github.url, ISSUES)
    assert (refused.status, refused.json["message"]) == (403, "API rate limit exceeded for 127.0.0.1.")
    assert authorized(github.url, ISSUES).status == 200


@pytest.mark.parametrize(("fault", "wait"), [(Fault.LIMITED, "60"), (Fault.LIMITED_SILENTLY, None)])
def test_the_secondary_limit_may_say_when_to_come_again(github: GithubStandIn, fault: Fault, wait: str | None) -> None:
    github.faults.lay(fault)
    got = authorized(github.url, ISSUES)
    assert (got.status, got.headers.get("Retry-After")) == (403, wait)
    assert "secondary rate limit" in got.json["message"]
    assert remaining(got) > 0
    assert authorized(github.url, ISSUES).status == 200


def test_points_a_minute_are_a_limit_when_it_is_set(github: GithubStandIn, clock: FakeClock) -> None:
    github.switches.points_per_minute = 3
    assert [authorized(github.url, ISSUES).status for _ in range(4)] == [200, 200, 200, 403]
    clock.advance(timedelta(minutes=1))
    assert authorized(github.url, ISSUES).status == 200


def test_whoever_does_not_say_what_they_are_is_forbidden(github: GithubStandIn) -> None:
    got = authorized(github.url, ISSUES, User_Agent="")
    assert got.status == 403
    assert "User-Agent" in got.json["message"]
    assert "X-RateLimit-Limit" not in got.headers
    assert github.record.charged == 0


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic eDp5", "", f"Bearer {TOKEN}x"])
def test_bad_credentials_are_told_from_none(github: GithubStandIn, header: str) -> None:
    got = ask(github.url, ISSUES, Authorization=header)
    if not header:
        assert got.status == 200
        return
    assert (got.status, got.json["message"]) == (401, "Bad credentials")
    assert got.headers["X-RateLimit-Limit"] == "60"


def test_a_revoked_token_is_bad(github: GithubStandIn) -> None:
    assert authorized(github.url, ISSUES, Authorization=f"token {TOKEN}").status == 200
    github.gate.revoke(TOKEN)
    assert authorized(github.url, ISSUES).status == 401


def test_what_is_left_can_be_asked_for_nothing(github: GithubStandIn) -> None:
    authorized(github.url, ISSUES)
    github.gate.spend(10_000)
    got = authorized(github.url, "/rate_limit")
    assert got.json["resources"]["core"]["remaining"] == 0
    assert (got.status, github.record.charged) == (200, 1)


def test_two_users_have_a_quota_each_and_two_tokens_of_one_share_it(github: GithubStandIn) -> None:
    github.gate.add_token("mine", 1)
    github.gate.add_token("yours", 2)
    authorized(github.url, ISSUES)
    assert remaining(authorized(github.url, ISSUES, Authorization="Bearer mine")) == 4998
    assert remaining(authorized(github.url, ISSUES, Authorization="Bearer yours")) == 4999
