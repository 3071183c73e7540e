"""Filters by label, author and kind."""

from dataclasses import replace

import pytest

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, parse

ITEM = Item(
    Kind.PULL, "#1", "#1", "Add Qwen", "https://github.com/o/r/pull/1", State.OPEN,
    author="OctoCat", labels=("New-Model", "good first issue", "type: bug"),
)  # fmt: skip


def why(filter_: str, item: Item = ITEM) -> tuple[str, ...] | None:
    return parse(filter_).match(Document.of(item))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("label:new-model", ("label:new-model",)),
        ("label：ＮＥＷ－ＭＯＤＥＬ", ("label:NEW-MODEL",)),
        ("LABEL:new_model", ("label:new_model",)),
        ("label:wip|new-model", ("label:new-model",)),
        ('label:"good first issue"|wip', ("label:good first issue",)),
        ("label:good-first-issue", ("label:good-first-issue",)),
        ('label:"type: bug"', ("label:type: bug",)),
        ("label:new-model label:good-first-issue", ("label:new-model", "label:good-first-issue")),
        ("+label:new-model", ("label:new-model",)),
        ("-label:!new-model", ("label:new-model",)),
        ("label:!wip", ()),
        ("-label:wip|urgent", ()),
        ("author:octocat", ("author:octocat",)),
        ("author:@octocat", ("author:@octocat",)),
        ("author:hubot author:octocat", ("author:octocat",)),
        ("author:!dependabot[bot]", ()),
        ("kind:pr", ("kind:pr",)),
        ("kind:PULL", ("kind:PULL",)),
        ("kind:release kind:pr", ("kind:pr",)),
        ("kind:!tag", ()),
        ("qwen label:new-model kind:pr", ("kind:pr", "label:new-model", "qwen")),
    ],
)
def test_what_is_so_lets_it_through(text: str, reasons: tuple[str, ...]) -> None:
    assert why(text) == reasons


@pytest.mark.parametrize(
    "text",
    [
        "label:new",
        "label:model",
        "label:wip",
        "label:new-model label:wip",
        "label:!new-model",
        "label:!wip|new-model",
        "-label:new-model",
        "qwen -label:new-model",
        "author:octo",
        "author:!octocat",
        "-author:octocat",
        "author:octocat -author:octocat",
        "kind:issue",
        "kind:release|tag",
        "kind:!pr",
        "kimi label:new-model",
    ],
)
def test_what_is_not_so_does_not(text: str) -> None:
    assert why(text) is None


def test_an_item_without_labels_and_author_has_none() -> None:
    bare = replace(ITEM, labels=(), author="")
    assert why("label:x", bare) is None
    assert why("author:x", bare) is None
    assert why("label:!x author:!y", bare) == ()


def test_a_late_label_makes_an_item_match() -> None:
    assert why("label:ready") is None
    assert why("label:ready", replace(ITEM, labels=(*ITEM.labels, "Ready"))) == ("label:ready",)


@pytest.mark.parametrize(
    ("text", "names"),
    [("author:dependabot[bot]", True), ("-author:!x", True), ("author:!x", False), ("-author:x", False), ("x", False)],
)
def test_a_filter_says_whether_it_asks_for_authors(text: str, *, names: bool) -> None:
    assert parse(text).names_author is names
