"""The stand-in of GitHub shows what is in its repositories as the sheet says (releases.md §1.1)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from suanli.sandbox.hubs import GithubStandIn, Repository
from suanli.sandbox.hubs.github_world import fill
from tests.fakes import NOON, FakeClock
from tests.hub_caller import Got, authorized

VLLM = "/repos/vllm-project/vllm"
SECOND = timedelta(seconds=1)


@pytest.fixture
def github(clock: FakeClock) -> Iterator[GithubStandIn]:
    with GithubStandIn(clock) as stand_in:
        yield stand_in


@pytest.fixture
def vllm(github: GithubStandIn) -> Repository:
    return github.world.add("vllm-project/vllm")


def numbers(got: Got) -> list[int]:
    return [item["number"] for item in got.json]


def issues(github: GithubStandIn, query: str = "state=all") -> list[int]:
    return numbers(authorized(github.url, f"{VLLM}/issues?{query}"))


def test_an_issue_has_the_fields_of_the_sheet(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_issue("DeepSeek-V4 crash", None, login="fixer[bot]", labels=["bug"])
    [issue] = authorized(github.url, f"{VLLM}/issues").json
    assert {"id", "node_id", "locked", "author_association", "assignee", "assignees", "milestone"} <= set(issue)
    assert (issue["number"], issue["title"], issue["body"]) == (1, "DeepSeek-V4 crash", None)
    assert issue["html_url"] == "https://github.com/vllm-project/vllm/issues/1"
    assert (issue["state"], issue["state_reason"], issue["closed_at"]) == ("open", None, None)
    assert issue["created_at"] == issue["updated_at"] == "2026-11-20T04:00:00Z"
    assert issue["user"]["login"] == "fixer[bot]"
    assert issue["user"]["type"] == "Bot"
    assert [label["name"] for label in issue["labels"]] == ["bug"]
    assert "pull_request" not in issue


def test_pull_requests_are_among_the_issues_under_another_id(github: GithubStandIn, vllm: Repository) -> None:
    number = vllm.open_pull("Add MLA kernel", draft=True)
    vllm.open_issue("Crash")
    among = next(item for item in authorized(github.url, f"{VLLM}/issues").json if item["number"] == number)
    [alone] = authorized(github.url, f"{VLLM}/pulls").json
    assert among["draft"] is alone["draft"] is True
    assert among["pull_request"]["merged_at"] is alone["merged_at"] is None
    assert among["html_url"] == alone["html_url"] == "https://github.com/vllm-project/vllm/pull/1"
    assert among["id"] != alone["id"]
    assert alone["head"]["repo"] is None


def test_what_people_do_shows_with_its_moment(github: GithubStandIn, vllm: Repository, clock: FakeClock) -> None:
    issue, pull = vllm.open_issue("One"), vllm.open_pull("Two", draft=True)
    clock.advance(SECOND)
    vllm.edit(issue, title="Uno")
    vllm.label(issue, "new-model", "new-model")
    vllm.comment(issue)
    vllm.close(issue, "not_planned")
    vllm.ready(pull)
    vllm.merge(pull)
    one = authorized(github.url, f"{VLLM}/issues/{issue}").json
    two = authorized(github.url, f"{VLLM}/issues/{pull}").json
    assert (one["title"], one["comments"], [each["name"] for each in one["labels"]]) == ("Uno", 1, ["new-model"])
    assert (one["state"], one["state_reason"], one["closed_at"]) == ("closed", "not_planned", "2026-11-20T04:00:01Z")
    assert (one["created_at"], one["updated_at"]) == ("2026-11-20T04:00:00Z", "2026-11-20T04:00:01Z")
    assert (two["state"], two["draft"], two["state_reason"]) == ("closed", False, None)
    assert two["pull_request"]["merged_at"] == "2026-11-20T04:00:01Z"
    vllm.reopen(issue)
    vllm.unlabel(issue, "new-model")
    again = authorized(github.url, f"{VLLM}/issues/{issue}").json
    assert (again["state"], again["state_reason"], again["closed_at"]) == ("open", "reopened", None)
    assert again["labels"] == []


def test_a_list_shows_what_is_open_unless_it_is_asked_for_more(github: GithubStandIn, vllm: Repository) -> None:
    first, second = vllm.open_issue("One"), vllm.open_issue("Two")
    vllm.close(first)
    assert issues(github, "") == [second]
    assert issues(github, "state=closed") == [first]
    assert issues(github) == [second, first]


def test_a_list_is_sorted_by_what_was_asked_for(github: GithubStandIn, vllm: Repository, clock: FakeClock) -> None:
    for name in ("One", "Two", "Three"):
        vllm.open_issue(name)
        clock.advance(SECOND)
    vllm.comment(1)
    assert issues(github) == [3, 2, 1]
    assert issues(github, "direction=asc") == [1, 2, 3]
    assert issues(github, "sort=updated") == [1, 3, 2]
    assert issues(github, "sort=comments&direction=asc") == [2, 3, 1]


def test_since_is_inclusive_and_to_the_second(github: GithubStandIn, vllm: Repository, clock: FakeClock) -> None:
    vllm.open_issue("Early")
    clock.advance(SECOND * 1.2)
    vllm.open_issue("In the second")
    clock.advance(SECOND * 0.7)
    vllm.open_issue("In it too")
    assert issues(github, "state=all&since=2026-11-20T04:00:01Z") == [3, 2]
    assert issues(github, "state=all&since=2026-11-20T04:00:02Z") == []
    ties = authorized(github.url, f"{VLLM}/issues?state=all").json
    assert ties[0]["updated_at"] == ties[1]["updated_at"]


@pytest.mark.parametrize("query", ["state=any", "sort=name", "direction=up", "since=yesterday"])
def test_a_query_that_means_nothing_is_refused(github: GithubStandIn, vllm: Repository, query: str) -> None:
    vllm.open_issue("One")
    assert authorized(github.url, f"{VLLM}/issues?{query}").status == 422


def test_an_option_that_the_stand_in_lacks_is_not_passed_over(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_issue("One")
    assert authorized(github.url, f"{VLLM}/issues?milestone=3").status == 501


def test_labels_and_creator_narrow_a_list(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_issue("One", login="li", labels=["bug", "npu"])
    vllm.open_issue("Two", login="li", labels=["bug"])
    vllm.open_issue("Three", labels=["bug", "npu"])
    assert issues(github, "labels=bug,npu&creator=li") == [1]


def test_pages_are_linked_by_the_repositorys_number(github: GithubStandIn, vllm: Repository, clock: FakeClock) -> None:
    fill(vllm, 70, 0, clock)
    first = authorized(github.url, f"{VLLM}/issues?state=all")
    start = f"{github.url}/repositories/{vllm.id}/issues?state=all&page="
    assert first.links() == {"next": f"{start}2", "last": f"{start}3"}
    second = authorized(first.links()["next"])
    assert second.links() == {"prev": f"{start}1", "next": f"{start}3", "last": f"{start}3", "first": f"{start}1"}
    last = authorized(first.links()["last"])
    assert set(last.links()) == {"prev", "first"}
    assert sorted(numbers(first) + numbers(second) + numbers(last)) == list(range(1, 71))
    assert authorized(f"{start}9").json == []


def test_one_page_has_no_link_and_a_hundred_is_the_most(
    github: GithubStandIn, vllm: Repository, clock: FakeClock
) -> None:
    fill(vllm, 120, 0, clock)
    assert len(issues(github, "state=all&per_page=500")) == 100
    assert len(issues(github, "state=all&per_page=0")) == 30
    assert "Link" not in authorized(github.url, f"{VLLM}/releases").headers


def test_releases_are_ordered_by_their_commits_and_drafts_are_unseen(github: GithubStandIn, vllm: Repository) -> None:
    vllm.publish_release("v2.0", committed_at=NOON - timedelta(days=1))
    vllm.publish_release("v1.9.1", committed_at=NOON - timedelta(days=9))
    draft = vllm.publish_release("v3.0", draft=True)
    seen = authorized(github.url, f"{VLLM}/releases").json
    assert [release["tag_name"] for release in seen] == ["v2.0", "v1.9.1"]
    assert (seen[0]["created_at"], seen[0]["published_at"]) == ("2026-11-19T04:00:00Z", "2026-11-20T04:00:00Z")
    assert "Last-Modified" not in authorized(github.url, f"{VLLM}/releases").headers
    vllm.edit_release(draft, draft=False)
    assert authorized(github.url, f"{VLLM}/releases").json[0]["published_at"] == "2026-11-20T04:00:00Z"


def test_a_release_is_promoted_edited_and_taken_back_under_one_id(github: GithubStandIn, vllm: Repository) -> None:
    number = vllm.publish_release("v0.9.0rc1", body="notes", prerelease=True)

    def shown() -> list[tuple[Any, ...]]:
        seen = authorized(github.url, f"{VLLM}/releases").json
        return [(each["id"], each["prerelease"], each["name"], each["body"]) for each in seen]

    assert shown() == [(number, True, "v0.9.0rc1", "notes")]
    assert authorized(github.url, f"{VLLM}/releases/latest").status == 404
    vllm.promote(number)
    vllm.edit_release(number, body="more notes")
    assert shown() == [(number, False, "v0.9.0rc1", "more notes")]
    assert authorized(github.url, f"{VLLM}/releases/latest").json["id"] == number
    vllm.delete_release(number)
    assert shown() == []
    assert authorized(github.url, f"{VLLM}/releases/tags/v0.9.0rc1").status == 404


def test_tags_come_by_name_without_dates(github: GithubStandIn, vllm: Repository) -> None:
    for name in ("v0.9", "v0.10", "v1.0"):
        vllm.tag(name)
    got = authorized(github.url, f"{VLLM}/tags")
    assert [tag["name"] for tag in got.json] == ["v1.0", "v0.9", "v0.10"]
    assert set(got.json[0]) == {"name", "zipball_url", "tarball_url", "commit", "node_id"}
    assert got.headers["Last-Modified"] == "Fri, 20 Nov 2026 04:00:00 GMT"
    vllm.tag("v1.0", "f" * 40)
    vllm.untag("v0.9")
    after = authorized(github.url, f"{VLLM}/tags").json
    assert [(tag["name"], tag["commit"]["sha"] == "f" * 40) for tag in after] == [("v1.0", True), ("v0.10", False)]


def test_a_published_release_tags_its_commit(github: GithubStandIn, vllm: Repository) -> None:
    vllm.publish_release("v1.0")
    assert [tag["name"] for tag in authorized(github.url, f"{VLLM}/tags").json] == ["v1.0"]
    assert authorized(github.url, f"{VLLM}/git/refs/tags").json[0]["ref"] == "refs/tags/v1.0"


def test_changing_what_is_not_there_is_an_error(vllm: Repository) -> None:
    number = vllm.publish_release("v1.0")
    vllm.delete_release(number)
    with pytest.raises(KeyError):
        vllm.edit(1, title="x")
    with pytest.raises(KeyError):
        vllm.promote(number)
    with pytest.raises(KeyError):
        vllm.untag("v9")


def test_a_newer_version_of_the_api_lacks_fields(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_pull("One")
    newer = "2026-03-10"
    for path, field in (("/issues", "assignee"), ("/pulls", "merge_commit_sha"), ("", "has_downloads")):
        usual, reduced = (
            authorized(github.url, VLLM + path, X_GitHub_Api_Version=version) for version in ("2022-11-28", newer)
        )
        assert field in str(usual.json)
        assert f"'{field}'" not in str(reduced.json)
        assert reduced.headers["x-github-api-version-selected"] == newer
    assert authorized(github.url, VLLM, X_GitHub_Api_Version="2020-01-01").status == 400
