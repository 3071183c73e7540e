"""The stand-in of GitHub knows repositories by their numbers, and loses, moves and closes them (releases.md §2.5)."""

from collections.abc import Iterator

import pytest

from suanli.sandbox.hubs import GithubStandIn, Repository
from tests.fakes import FakeClock
from tests.hub_caller import authorized

PARTS = ("", "/issues", "/pulls", "/releases", "/tags")


@pytest.fixture
def github(clock: FakeClock) -> Iterator[GithubStandIn]:
    with GithubStandIn(clock) as stand_in:
        yield stand_in


@pytest.fixture
def vllm(github: GithubStandIn) -> Repository:
    return github.world.add("vllm-project/vllm")


@pytest.mark.parametrize("part", PARTS)
def test_a_number_shows_the_same_as_the_name_in_any_case(github: GithubStandIn, vllm: Repository, part: str) -> None:
    vllm.open_pull("One")
    vllm.publish_release("v1.0")
    by_number = authorized(github.url, f"/repositories/{vllm.id}{part}")
    assert by_number.status == 200
    assert by_number.body == authorized(github.url, f"/repos/VLLM-Project/vLLM{part}").body


@pytest.mark.parametrize("part", PARTS)
def test_an_old_name_leads_to_the_number_on_every_path(github: GithubStandIn, vllm: Repository, part: str) -> None:
    github.world.rename(vllm, "inference/vllm")
    moved = authorized(github.url, f"/repos/vllm-project/vllm{part}?per_page=5")
    assert moved.status == 301
    assert moved.headers["Location"] == moved.json["url"] == f"{github.url}/repositories/{vllm.id}{part}?per_page=5"
    assert moved.json["message"] == "Moved Permanently"
    assert authorized(moved.headers["Location"]).status == 200
    assert authorized(github.url, f"/repos/inference/vllm{part}").status == 200


def test_the_number_tells_the_present_name(github: GithubStandIn, vllm: Repository) -> None:
    github.world.rename(vllm, "a/b")
    github.world.rename(vllm, "c/d")
    assert authorized(github.url, f"/repositories/{vllm.id}").json["full_name"] == "c/d"
    assert authorized(github.url, "/repos/a/b").status == 301
    assert authorized(github.url, "/repos/vllm-project/vllm").status == 301


def test_a_name_may_go_back_to_who_had_it(github: GithubStandIn, vllm: Repository) -> None:
    github.world.rename(vllm, "a/b")
    github.world.rename(vllm, "vllm-project/vllm")
    assert authorized(github.url, "/repos/vllm-project/vllm").status == 200
    assert authorized(github.url, "/repos/a/b").status == 301


def test_whoever_seizes_an_old_name_has_another_number(github: GithubStandIn, vllm: Repository) -> None:
    github.world.rename(vllm, "inference/vllm")
    other = github.world.seize("vllm-project/vllm")
    shown = authorized(github.url, "/repos/vllm-project/vllm").json
    assert shown["id"] == other.id != vllm.id
    assert authorized(github.url, f"/repositories/{vllm.id}").json["full_name"] == "inference/vllm"


def test_a_name_in_use_is_seized_from_a_repository_that_is_gone_then(github: GithubStandIn, vllm: Repository) -> None:
    other = github.world.seize("vllm-project/vllm")
    assert authorized(github.url, "/repos/vllm-project/vllm").json["id"] == other.id
    assert authorized(github.url, f"/repositories/{vllm.id}").status == 404
    with pytest.raises(ValueError, match="exists"):
        github.world.add("vllm-project/VLLM")


def test_a_deleted_repository_is_not_found_under_any_name(github: GithubStandIn, vllm: Repository) -> None:
    github.world.rename(vllm, "a/b")
    github.world.delete(vllm)
    for path in ("/repos/a/b", "/repos/vllm-project/vllm/issues", f"/repositories/{vllm.id}/tags"):
        got = authorized(github.url, path)
        assert got.status == 404
        assert (got.json["message"], got.json["status"]) == ("Not Found", "404")


@pytest.mark.parametrize(
    "path", ["/", "/repos", "/repos/a", "/repositories/x", "/repositories/%C2%B2", "/user", "/repos//"]
)
def test_what_was_never_there_is_not_found(github: GithubStandIn, path: str) -> None:
    assert authorized(github.url, path).status == 404


def test_an_archived_repository_says_so(github: GithubStandIn, vllm: Repository) -> None:
    assert authorized(github.url, "/repos/vllm-project/vllm").json["archived"] is False
    vllm.archive()
    assert authorized(github.url, "/repos/vllm-project/vllm").json["archived"] is True


def test_disabled_issues_are_gone_while_pull_requests_stay(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_issue("One")
    pull = vllm.open_pull("Two")
    vllm.disable_issues()
    gone = authorized(github.url, "/repos/vllm-project/vllm/issues?state=all")
    assert (gone.status, gone.json["message"]) == (410, "Issues are disabled for this repo")
    assert [each["number"] for each in authorized(github.url, "/repos/vllm-project/vllm/pulls").json] == [pull]
    assert authorized(github.url, "/repos/vllm-project/vllm").json["has_issues"] is False


def test_disabled_issues_may_be_answered_with_the_pull_requests(github: GithubStandIn, vllm: Repository) -> None:
    vllm.open_issue("One")
    pull = vllm.open_pull("Two")
    vllm.disable_issues(200)
    assert [each["number"] for each in authorized(github.url, "/repos/vllm-project/vllm/issues").json] == [pull]
    vllm.disable_issues(None)
    assert len(authorized(github.url, "/repos/vllm-project/vllm/issues").json) == 2


@pytest.mark.parametrize("part", PARTS)
def test_a_blocked_repository_is_kept_from_everybody(github: GithubStandIn, vllm: Repository, part: str) -> None:
    vllm.block()
    got = authorized(github.url, f"/repos/vllm-project/vllm{part}")
    assert (got.status, got.json["block"]["reason"]) == (451, "dmca")
    vllm.block(blocked=False)
    assert authorized(github.url, f"/repos/vllm-project/vllm{part}").status == 200
