"""What HuggingFace says by webhook, and what of it is news."""

from typing import Any

import pytest

from suanli.domain.releases import Hub, Part, Place
from suanli.domain.releases.failures import Drift
from suanli.sources.huggingface import Action, HookNews, Scope, read_hook


def said(action: str = "update", scope: str = "repo.content", kind: str = "model", **more: Any) -> dict[str, Any]:
    return {
        "event": {"action": action, "scope": scope},
        "repo": {
            "type": kind,
            "name": "deepseek-ai/DeepSeek-V4",
            "id": "6366c000a2abcdf2fd69a080",
            "private": False,
            "url": {"web": "https://huggingface.co/deepseek-ai/DeepSeek-V4"},
            "headSha": "c379e821",
            "owner": {"id": "61d2000c3c2083e1c08af22d"},
        },
        "webhook": {"id": "6390e855e30d9209411de93b", "version": 3},
        **more,
    }


def news(payload: object) -> HookNews:
    found = read_hook(payload)
    assert found
    return found


def test_a_commit_is_news_of_its_owners_models() -> None:
    found = news(said(updatedRefs=[{"ref": "refs/heads/main", "oldSha": None, "newSha": "c379e821"}]))
    assert found == HookNews(
        Part.MODELS, "6366c000a2abcdf2fd69a080", "deepseek-ai/DeepSeek-V4", Action.UPDATE, Scope.CONTENT
    )
    assert found.places == (Place(Hub.HUGGINGFACE, "deepseek-ai"),)


@pytest.mark.parametrize("action", list(Action))
def test_each_action_on_a_repository_is_known(action: Action) -> None:
    found = news(said(action, "repo"))
    assert (found.action, found.scope) == (action, Scope.REPO)


@pytest.mark.parametrize(
    ("scope", "known"),
    [
        ("repo.config", Scope.REPO),
        ("repo.config.dois", Scope.REPO),
        ("repo.content.large", Scope.CONTENT),
        ("repo.anything", Scope.REPO),
    ],
)
def test_what_is_done_to_a_part_we_do_not_know_is_an_update_of_the_whole(scope: str, known: Scope) -> None:
    found = news(said("create", scope))
    assert (found.scope, found.action) == (known, Action.UPDATE)


def test_an_action_we_do_not_know_is_an_update() -> None:
    assert news(said("transmogrify", "repo")).action is Action.UPDATE


def test_a_move_concerns_both_owners() -> None:
    found = news(said("move", "repo", movedTo={"name": "deepseek/V4", "owner": {"id": "1"}}))
    assert found.moved_to == "deepseek/V4"
    assert found.places == (Place(Hub.HUGGINGFACE, "deepseek-ai"), Place(Hub.HUGGINGFACE, "deepseek"))


@pytest.mark.parametrize(("kind", "part"), [("model", Part.MODELS), ("dataset", Part.DATASETS), ("space", Part.SPACES)])
def test_each_kind_of_repository_has_its_part(kind: str, part: Part) -> None:
    assert news(said(kind=kind)).part is part


def test_what_is_private_says_so() -> None:
    payload = said()
    payload["repo"]["private"] = True
    assert news(payload).private


@pytest.mark.parametrize(
    "payload",
    [
        said(scope="discussion"),
        said(scope="discussion.comment"),
        said(scope=""),
        said(scope="repository"),
        said(kind="bucket"),
        said(updatedRefs=[{"ref": "refs/pr/7", "oldSha": None, "newSha": "1"}]),
        said(updatedRefs=[{"ref": "refs/tags/v1", "oldSha": None, "newSha": "1"}]),
    ],
)
def test_discussions_side_branches_and_other_things_are_no_news(payload: object) -> None:
    assert read_hook(payload) is None


def without(*path: str) -> object:
    payload = said()
    part: dict[str, Any] = payload
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return payload


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (without("event"), "event"),
        (without("event", "scope"), "event.scope"),
        (without("repo", "name"), "repo.name"),
        (without("repo", "private"), "repo.private"),
        (said(updatedRefs="main"), "updatedRefs"),
        (said(movedTo={}), "movedTo.name"),
        (None, "webhook"),
        ([], "webhook"),
        ("{}", "webhook"),
        ({}, "event"),
    ],
)
def test_a_body_that_is_built_otherwise_is_a_failure_that_names_the_place(payload: object, place: str) -> None:
    with pytest.raises(Drift, match=place):
        read_hook(payload)
