"""GitHub's JSON as items, and what is wrong with it named by its place."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suanli.domain.releases import Item, Kind, Part, State
from suanli.domain.releases.failures import Drift
from suanli.sources.github import HookNews, read_hook
from suanli.sources.github.bodies import Issue, Release, Tag, read
from tests.github_shelf import at, issue, release, tag

EXAMPLES = Path(__file__).parents[1] / "golden" / "github"
PULL = {"url": "https://api.github.com/x", "merged_at": None}


def item(**more: Any) -> Item:
    return read(list[Issue], [issue(3045, 5) | more], "issues")[0].to_domain()


def test_an_issue_becomes_an_item() -> None:
    assert item(body="支持 DeepSeek", labels=["bug", {"name": "new-model", "color": "x"}, {"name": None}]) == Item(
        kind=Kind.ISSUE,
        native_id="#3045",
        name="#3045",
        title="Issue 3045",
        url="https://github.com/o/r/issues/3045",
        state=State.OPEN,
        body="支持 DeepSeek",
        author="octocat",
        labels=("bug", "new-model"),
        created_at=datetime(2026, 11, 20, 3, 54, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, 3, 55, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("more", "kind", "state", "reason"),
    [
        ({}, Kind.ISSUE, State.OPEN, ""),
        ({"draft": True}, Kind.ISSUE, State.OPEN, ""),
        ({"state_reason": "reopened"}, Kind.ISSUE, State.OPEN, "reopened"),
        ({"state": "closed", "state_reason": "not_planned"}, Kind.ISSUE, State.CLOSED, "not_planned"),
        ({"pull_request": PULL}, Kind.PULL, State.OPEN, ""),
        ({"pull_request": {}, "draft": None}, Kind.PULL, State.OPEN, ""),
        ({"pull_request": PULL, "draft": True}, Kind.PULL, State.DRAFT, ""),
        ({"pull_request": PULL, "state": "closed", "draft": True}, Kind.PULL, State.CLOSED, ""),
        ({"pull_request": PULL | {"merged_at": at(4)}, "state": "closed"}, Kind.PULL, State.MERGED, ""),
        ({"merged_at": at(4), "state": "closed", "pull_request": {}}, Kind.PULL, State.MERGED, ""),
    ],
)
def test_where_it_stands_is_read_off_several_fields(
    more: dict[str, Any], kind: Kind, state: State, reason: str
) -> None:
    found = item(**more)
    assert (found.kind, found.state, found.reason) == (kind, state, reason)


def test_it_ended_when_it_was_merged_or_else_closed() -> None:
    merged = item(state="closed", closed_at=at(2), pull_request={"merged_at": at(3)})
    assert merged.ended_at == datetime(2026, 11, 20, 3, 57, tzinfo=UTC)
    assert item(state="closed", closed_at=at(2)).ended_at == datetime(2026, 11, 20, 3, 58, tzinfo=UTC)


def test_who_wrote_it_may_be_nobody_or_a_machine() -> None:
    ghost, bot = item(user=None), item(user={"login": "dependabot[bot]", "type": "Bot"})
    assert [(each.author, each.by_bot) for each in (ghost, bot)] == [("", False), ("dependabot[bot]", True)]


def test_text_that_no_database_holds_is_made_to_fit() -> None:
    assert item(title="a\0b\ud800c", body="二\0").title == "a?b?c"


def test_moments_of_any_zone_are_of_one() -> None:
    assert item(updated_at="2026-11-20T11:55:00+08:00").updated_at == datetime(2026, 11, 20, 3, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "body", "place"),
    [
        (Issue, {"message": "hello"}, "the whole"),
        (Issue, None, "the whole"),
        (Issue, "[]", "the whole"),
        (Issue, [issue(1, 1), []], "[1]"),
        (Issue, [issue(1, 1), issue(2, 1, updated_at=None)], "[1].updated_at"),
        (Issue, [issue(1, 1, updated_at=1700000000)], "[0].updated_at"),
        (Issue, [issue(1, 1, updated_at="2026-11-20T03:55:00")], "[0].updated_at"),
        (Issue, [issue(1, 1) | {"number": "1"}], "[0].number"),
        (Issue, [issue(1, 1, title=None)], "[0].title"),
        (Issue, [issue(1, 1, state="locked")], "[0].state"),
        (Issue, [issue(1, 1, html_url="javascript:alert(1)")], "[0].html_url"),
        (Issue, [issue(1, 1, labels=[3])], "[0].labels[0]"),
        (Release, [release(1, 1), release(2, 1) | {"id": "x"}], "[1].id"),
        (Release, [release(1, 1) | {"draft": "no"}], "[0].draft"),
        (Release, [{key: value for key, value in release(1, 1).items() if key != "tag_name"}], "[0].tag_name"),
        (Tag, [tag("")], "[0].name"),
        (Tag, [{"name": "x", "commit": None}], "[0].commit"),
    ],
)
def test_what_is_built_differently_is_named_by_its_place_and_not_quoted(form: Any, body: Any, place: str) -> None:
    with pytest.raises(Drift, match="GitHub's issues are built differently") as caught:
        read(list[form], body, "issues")
    assert f": {place}" in str(caught.value)
    assert "javascript" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["number", "title", "repository", "issue", "id", "full_name", "state", "ref_type"]),
                inner,
            )
        ),
    )
)
def test_whatever_comes_is_an_item_or_drift(body: Any) -> None:
    for event in ("issues", "pull_request", "release", "create"):
        with pytest.raises(Drift):
            read_hook(event, body)
    with pytest.raises(Drift):
        read(list[Issue], [body], "issues")


def examples(event: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((EXAMPLES / f"{event}.json").read_text("utf-8"))
    return found


def news(event: str, payload: Any) -> HookNews:
    found = read_hook(event, payload)
    assert found
    assert found.repository_id == str(payload["repository"]["id"])
    assert found.full_name == payload["repository"]["full_name"]
    return found


@pytest.mark.parametrize(("event", "key", "count"), [("issues", "issue", 29), ("pull_request", "pull_request", 29)])
def test_every_recorded_issue_and_pull_request_event_is_read_whole(event: str, key: str, count: int) -> None:
    payloads = examples(event)
    assert len(payloads) == count
    for payload in payloads:
        found, sent = news(event, payload), payload[key]
        kind = Kind.PULL if event == "pull_request" or "pull_request" in sent else Kind.ISSUE
        assert (found.part, found.item.kind) == (Part.ISSUES, kind)
        assert (found.item.native_id, found.item.title) == (f"#{sent['number']}", sent["title"])
        assert (found.item.url, found.item.body) == (sent["html_url"], sent["body"] or "")
        assert found.item.labels == tuple(label["name"] for label in sent.get("labels", []))
        assert found.item.author == sent["user"]["login"]
        assert found.item.updated_at == datetime.fromisoformat(sent["updated_at"])


def test_the_recorded_events_stand_where_their_actions_say() -> None:
    states = Counter(
        (payload["action"], news("pull_request", payload).item.state)
        for payload in examples("pull_request")
        if payload["action"] in {"closed", "converted_to_draft"}
    )
    assert states == {("closed", State.CLOSED): 2, ("converted_to_draft", State.DRAFT): 3}


def test_every_recorded_release_event_is_read_whole() -> None:
    payloads = examples("release")
    assert len(payloads) == 13
    for payload in payloads:
        found, sent = news("release", payload), payload["release"]
        assert (found.part, found.item.kind) == (Part.RELEASES, Kind.RELEASE)
        assert (found.item.native_id, found.item.name) == (str(sent["id"]), sent["tag_name"])
        assert (found.item.title, found.item.body) == (sent["name"] or sent["tag_name"], sent["body"] or "")
        withdrawn = sent["draft"] or payload["action"] == "deleted"
        assert (found.item.state is State.DRAFT) == withdrawn


def test_every_recorded_new_tag_is_read_whole() -> None:
    payloads = examples("create")
    assert len(payloads) == 5
    for payload in payloads:
        found = news("create", payload)
        assert (found.part, found.item.native_id, found.item.revision) == (Part.TAGS, payload["ref"], "")
        assert found.item.url == f"{payload['repository']['html_url']}/releases/tag/{payload['ref']}"


def test_a_new_branch_and_other_events_bring_nothing() -> None:
    payload = examples("create")[0]
    assert read_hook("create", payload | {"ref_type": "branch"}) is None
    assert read_hook("ping", {"zen": "Speak like a human."}) is None
    assert read_hook("push", None) is None


def test_the_examples_licence_stands_beside_them() -> None:
    assert "MIT License" in (EXAMPLES / "LICENSE").read_text("utf-8")
