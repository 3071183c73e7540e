"""Who is told of what: by changes, by filter, and by an item's coming to match it, which is told once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.releases import Change, Event, Item, Kind, Part, Place, Rhythm, State, Watch, WatchNumber
from suanli.domain.releases.changes import fingerprint
from suanli.domain.releases.filters import parse
from suanli.domain.releases.routing import Follower, before_of, concerns, route, stories
from tests.dialogue import SHANGHAI
from tests.fakes import NOON
from tests.release_items import DEEPSEEK, HOUR, VLLM, issue, model, pull, release, tag

C = Change
CHAT = Target(Platform.FEISHU, TargetKind.CHAT, "oc_a")
PARTS = {Kind.ISSUE: Part.ISSUES, Kind.PULL: Part.ISSUES, Kind.RELEASE: Part.RELEASES, Kind.TAG: Part.TAGS,
         Kind.MODEL: Part.MODELS, Kind.DATASET: Part.DATASETS, Kind.SPACE: Part.SPACES}  # fmt: skip


def follower(words: str, text: str = "", *, place: Place = VLLM, muted_until: datetime | None = None) -> Follower:
    watch = Watch(WatchNumber(3), CHAT, place, tuple(words.split()), text, NOON, muted_until=muted_until)
    return Follower(watch, parse(text))


def event(change: Change, item: Item, detail: str = "") -> Event:
    name = fingerprint("github|1", item.native_id, change, "")
    return Event(name, VLLM, PARTS[item.kind], change, item, NOON, NOON, detail)


def told(who: Follower, happened: Sequence[Event], *before: Item) -> list[tuple[str, Change, tuple[str, ...]]]:
    """What is told of one look: which item, as what change, and why."""
    known = {item.native_id: item for item in before}
    names = {each.fingerprint: each.item.name for each in happened}
    notices = (n for story in stories(happened, known) for n in route(who, story, NOON, SHANGHAI))
    return [(names[notice.fingerprint], notice.change, notice.why) for notice in notices]


OPENED = event(C.ISSUE_OPENED, issue(1, NOON, title="Qwen crash"))


def test_a_watch_without_a_filter_is_told_of_its_changes_and_of_no_others() -> None:
    closed = event(C.ISSUE_CLOSED, issue(2, NOON, State.CLOSED))
    assert told(follower("issue"), [OPENED, closed]) == [("#1", C.ISSUE_OPENED, ())]
    assert told(follower("issue issue_closed"), [OPENED, closed]) == [
        ("#1", C.ISSUE_OPENED, ()),
        ("#2", C.ISSUE_CLOSED, ()),
    ]
    assert told(follower("pr release"), [OPENED, closed]) == []


def test_a_filter_lets_through_what_it_meets_and_says_why() -> None:
    assert told(follower("issue", "qwen|deepseek"), [OPENED]) == [("#1", C.ISSUE_OPENED, ("qwen",))]
    assert told(follower("issue", "deepseek"), [OPENED]) == []
    assert told(follower("issue", "qwen -crash"), [OPENED]) == []


def test_each_change_of_one_look_is_told_as_itself() -> None:
    merged = pull(1, NOON, State.MERGED)
    assert told(follower("pr"), [event(C.PR_OPENED, merged), event(C.PR_MERGED, merged)]) == [
        ("#1", C.PR_OPENED, ()),
        ("#1", C.PR_MERGED, ()),
    ]


# Coming to match.


def test_another_title_that_makes_an_item_match_is_told_once() -> None:
    before, after = issue(1, NOON, title="Crash"), issue(1, NOON, title="DeepSeek-V4 crash")
    who = follower("issue", "deepseek")
    assert told(who, [event(C.EDITED, after, "Crash")], before) == [("#1", C.MATCHED, ("deepseek",))]
    assert told(who, [event(C.EDITED, replace(after, title="DeepSeek-V4 crashes"))], after) == []


def test_a_late_label_that_makes_an_item_match_is_told_once_though_two_things_happened() -> None:
    before, after = issue(1, NOON), issue(1, NOON, title="Other", labels=("new-model",))
    happened = [event(C.LABELED, after, "new-model"), event(C.EDITED, after, "Crash")]
    assert told(follower("issue", "label:new-model"), happened, before) == [("#1", C.MATCHED, ("label:new-model",))]


def test_who_asked_for_labels_is_told_of_the_label_and_not_of_the_match_too() -> None:
    before, after = issue(1, NOON), issue(1, NOON, labels=("new-model",))
    who = follower("issue labeled", "label:new-model")
    assert [change for _, change, _ in told(who, [event(C.LABELED, after)], before)] == [C.LABELED]


def test_an_old_item_that_stirs_and_matches_is_told_and_without_a_filter_it_is_not() -> None:
    old = issue(1, NOON, title="Qwen", created_at=NOON - 1000 * HOUR)
    assert told(follower("issue", "qwen"), [event(C.FOUND, old)]) == [("#1", C.MATCHED, ("qwen",))]
    assert told(follower("issue"), [event(C.FOUND, old)]) == []
    assert told(follower("pr", "qwen"), [event(C.FOUND, old)]) == []


@pytest.mark.parametrize("words", ["issue_closed", "labeled", "release", "pr"])
def test_who_would_not_be_told_of_a_new_item_is_not_told_that_one_matches(words: str) -> None:
    before, after = issue(1, NOON), issue(1, NOON, title="Qwen")
    assert told(follower(words, "qwen"), [event(C.EDITED, after)], before) == []


def test_a_new_item_is_told_as_new_and_never_as_matching() -> None:
    assert told(follower("issue", "qwen"), [OPENED, event(C.LABELED, OPENED.item)]) == [
        ("#1", C.ISSUE_OPENED, ("qwen",))
    ]


def test_what_stops_matching_and_matches_again_is_told_again() -> None:
    match, other = issue(1, NOON, title="Qwen"), issue(1, NOON, title="Crash")
    who = follower("issue", "qwen")
    assert told(who, [event(C.EDITED, other)], match) == []
    assert told(who, [event(C.EDITED, match)], other) == [("#1", C.MATCHED, ("qwen",))]


def test_a_removed_model_does_not_come_to_match() -> None:
    gone = model("Qwen", NOON, state=State.GONE)
    who = follower("model_added", "qwen", place=DEEPSEEK)
    assert told(who, [event(C.REMOVED, gone)], replace(gone, title="x", name="y")) == []


# Prereleases and stable releases.


@pytest.mark.parametrize(
    ("words", "state", "change", "is_told"),
    [
        ("release", State.PRERELEASE, C.PRERELEASED, False),
        ("prerelease", State.PRERELEASE, C.PRERELEASED, True),
        ("release", State.STABLE, C.RELEASED, True),
        ("prerelease", State.STABLE, C.RELEASED, False),
        ("release", State.STABLE, C.PROMOTED, True),
        ("prerelease", State.STABLE, C.PROMOTED, False),
        ("release", State.PRERELEASE, C.PROMOTED, False),
        ("prerelease", State.PRERELEASE, C.PROMOTED, True),
    ],
)
def test_prereleases_are_for_who_asked_for_them(words: str, state: State, change: Change, is_told: bool) -> None:  # noqa: FBT001 a table of cases
    assert bool(told(follower(words), [event(change, release(1, "v2", NOON, state))])) is is_told


def test_notes_of_a_prerelease_that_come_to_match_are_none_of_a_stable_watch() -> None:
    before = release(1, "v2rc1", NOON, State.PRERELEASE)
    after = replace(before, body="Qwen")
    happened = [event(C.RELEASE_EDITED, after)]
    assert told(follower("release", "qwen"), happened, before) == []
    assert told(follower("prerelease", "qwen"), happened, before) == [("v2rc1", C.MATCHED, ("qwen",))]


# Machines.


@pytest.mark.parametrize(
    ("words", "text", "is_told"),
    [
        ("pr", "", False),
        ("pr bots", "", True),
        ("pr", "author:dependabot[bot]", True),
        ("pr", "author:!renovate[bot]", False),
        ("pr", "-author:renovate[bot]", False),
        ("all", "", False),
    ],
)
def test_what_a_machine_wrote_is_for_who_asked_for_machines(words: str, text: str, is_told: bool) -> None:  # noqa: FBT001 a table of cases
    bump = pull(1, NOON, title="Bump x", by_bot=True, author="dependabot[bot]")
    assert bool(told(follower(words, text), [event(C.PR_OPENED, bump)])) is is_told


def test_a_release_that_a_machine_published_is_a_release() -> None:
    assert told(follower("release"), [event(C.RELEASED, release(1, "v2", NOON, by_bot=True))])


# Which items are shown to somebody who begins to follow.


@pytest.mark.parametrize(
    ("words", "text", "shown"),
    [
        ("issue", "", ["#1"]),
        ("pr", "", ["#2"]),
        ("pr bots", "", ["#2", "#3"]),
        ("pr_merged", "", ["#2"]),
        ("labeled", "", ["#1", "#2"]),
        ("release", "", ["v1"]),
        ("prerelease", "", ["v2rc1"]),
        ("release_edited", "", ["v1", "v2rc1"]),
        ("tag", "", ["t1"]),
        ("all", "", ["#1", "#2", "v1", "v2rc1", "t1"]),
        ("all", "crash", ["#1", "#2"]),
    ],
)
def test_only_items_of_which_something_could_be_told_are_shown(words: str, text: str, shown: list[str]) -> None:
    items = [issue(1, NOON), pull(2, NOON), pull(3, NOON, by_bot=True), release(1, "v1", NOON),
             release(2, "v2rc1", NOON, State.PRERELEASE), tag("t1")]  # fmt: skip
    who = follower(words, text)
    assert [i.name for i in items if PARTS[i.kind] in who.parts and concerns(who, i)] == shown


# What a change says of how it was before.


def test_a_change_tells_the_title_and_the_labels_that_were_before() -> None:
    now = issue(1, NOON, title="Qwen", labels=("bug", "new-model", "urgent"))
    happened = [event(C.LABELED, now, "new-model, urgent"), event(C.EDITED, now, "Crash")]
    assert before_of(happened) == replace(now, title="Crash", labels=("bug",))


def test_of_most_changes_nobody_knows_how_it_was_before() -> None:
    assert before_of([OPENED]) is None
    assert before_of([event(C.EDITED, issue(1, NOON))]) is None


# When.


def test_what_is_found_while_muted_is_due_when_that_is_over() -> None:
    who = follower("issue", muted_until=NOON + 2 * HOUR)
    (story,) = stories([OPENED], {})
    (notice,) = route(who, story, NOON, SHANGHAI)
    assert (notice.queued_at, notice.due_at, notice.message_key) == (NOON, NOON + 2 * HOUR, None)
    assert notice.watch == who.watch.number


def test_at_once_means_now() -> None:
    (story,) = stories([OPENED], {})
    assert [n.due_at for n in route(follower("issue"), story, NOON + timedelta(1), SHANGHAI)] == [NOON + timedelta(1)]
    assert follower("issue").watch.rhythm == Rhythm()
