"""Issues and pull requests: what happened between two looks at them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.releases import Change, Part, State
from tests.fakes import NOON
from tests.release_items import DAY, HOUR, MINUTE, VLLM, Observer, changes, issue, names, pull, tracked

AGO = NOON - 30 * DAY


@pytest.fixture
def observer() -> Observer:
    """The repository was read once, an hour ago; one issue and one draft were open then, and one issue closed."""
    observer = Observer(tracked(VLLM, Part.ISSUES), NOON - HOUR)
    observer.look(
        issue(1, AGO, body="It crashes.", labels=("bug",)),
        pull(2, AGO, State.DRAFT),
        issue(3, AGO, State.CLOSED),
    )
    return observer


def at(minutes: float) -> datetime:
    """After the first look, which was at five past."""
    return NOON - HOUR + timedelta(minutes=minutes)


def test_the_first_look_tells_nothing_and_remembers_everything() -> None:
    observer = Observer(tracked(VLLM, Part.ISSUES))
    seen = observer.look(issue(1, NOON), pull(2, NOON, State.MERGED))
    assert (changes(seen), names(seen.remembered), seen.before) == ([], ["#1", "#2"], {})


def test_the_first_issue_of_a_repository_that_had_none_is_told() -> None:
    observer = Observer(tracked(VLLM, Part.ISSUES))
    observer.look()
    assert changes(observer.look(issue(1, NOON + 6 * MINUTE))) == ["#1 issue_opened"]


def test_nothing_happened_to_what_stands_as_before(observer: Observer) -> None:
    seen = observer.look(*(known.item for known in observer.known.values()))
    assert (seen.remembered, seen.events) == ((), ())


def test_a_new_issue_and_a_new_pull_request_are_opened(observer: Observer) -> None:
    seen = observer.look(pull(5, at(8), State.DRAFT), issue(4, at(7)))
    assert changes(seen) == ["#4 issue_opened", "#5 pr_opened"]
    assert [event.occurred_at for event in seen.events] == [at(7), at(8)]
    assert {event.observed_at for event in seen.events} == {observer.now}


def test_two_issues_of_one_second_are_both_told_though_one_is_visible_later(observer: Observer) -> None:
    assert changes(observer.look(issue(4, at(7)))) == ["#4 issue_opened"]
    assert changes(observer.look(issue(4, at(7)), issue(5, at(7)))) == ["#5 issue_opened"]


def test_a_pull_request_that_was_opened_and_merged_between_two_looks_gives_both(observer: Observer) -> None:
    seen = observer.look(pull(5, at(9), State.MERGED, created_at=at(7)))
    assert changes(seen) == ["#5 pr_opened", "#5 pr_merged"]


def test_a_new_issue_that_a_replica_hid_from_the_first_look_is_new(observer: Observer) -> None:
    assert changes(observer.look(issue(4, at(4)))) == ["#4 issue_opened"]


def test_a_new_issue_is_new_though_our_clock_is_hours_ahead_of_the_hubs() -> None:
    fast = Observer(tracked(VLLM, Part.ISSUES), NOON + 5 * HOUR)
    fast.look(issue(1, at(0)))
    assert changes(fast.look(issue(4, at(1)))) == ["#4 issue_opened"]


def test_the_first_issue_of_an_empty_repository_is_new_though_our_clock_is_hours_ahead() -> None:
    fast = Observer(tracked(VLLM, Part.ISSUES), NOON + 5 * HOUR)
    fast.look()
    assert changes(fast.look(issue(1, NOON))) == ["#1 issue_opened"]


def test_an_old_issue_that_comes_up_again_is_found_and_not_opened(observer: Observer) -> None:
    seen = observer.look(issue(4, at(7), created_at=AGO))
    assert changes(seen) == ["#4 found"]
    assert changes(observer.look(issue(4, at(8), created_at=AGO))) == []


def test_an_old_pull_request_that_was_unknown_is_found_and_merged(observer: Observer) -> None:
    assert changes(observer.look(pull(4, at(7), State.MERGED, created_at=AGO))) == ["#4 found", "#4 pr_merged"]


def test_one_that_ended_before_the_watch_began_only_comes_up(observer: Observer) -> None:
    seen = observer.look(issue(4, at(7), State.CLOSED, created_at=AGO - DAY, ended_at=AGO))
    assert changes(seen) == ["#4 found"]


def test_old_issues_that_are_switched_on_again_in_an_empty_repository_are_not_new() -> None:
    observer = Observer(tracked(VLLM, Part.ISSUES))
    observer.look()
    assert changes(observer.look(issue(1, AGO), issue(2, AGO))) == ["#1 found", "#2 found"]


def test_an_issue_is_closed_with_its_reason_and_opened_again_as_often_as_it_is(observer: Observer) -> None:
    told = [
        observer.look(issue(1, at(minutes), state, created_at=AGO, body="It crashes.", labels=("bug",), reason=reason))
        for minutes, state, reason in [
            (6, State.CLOSED, "not_planned"),
            (12, State.OPEN, "reopened"),
            (18, State.CLOSED, "completed"),
            (24, State.OPEN, "reopened"),
        ]
    ]
    assert [changes(one) for one in told] == [
        ["#1 issue_closed not_planned"],
        ["#1 issue_reopened"],
        ["#1 issue_closed completed"],
        ["#1 issue_reopened"],
    ]
    assert len({event.fingerprint for one in told for event in one.events}) == 4


def test_one_that_was_opened_and_closed_again_between_two_looks_is_closed_again(observer: Observer) -> None:
    assert changes(observer.look(issue(3, at(6), State.CLOSED, created_at=AGO))) == ["#3 issue_closed"]


def test_it_was_closed_when_it_was_and_not_when_somebody_commented_on_it(observer: Observer) -> None:
    event = observer.look(issue(1, at(9), State.CLOSED, created_at=AGO, ended_at=at(6))).events[0]
    assert (event.change, event.occurred_at) == (Change.ISSUE_CLOSED, at(6))


def test_a_comment_on_a_closed_issue_closes_nothing(observer: Observer) -> None:
    seen = observer.look(issue(3, at(6), State.CLOSED, created_at=AGO, ended_at=AGO))
    assert (changes(seen), names(seen.remembered)) == ([], ["#3"])


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.OPEN, ["#2 pr_ready"]),
        (State.MERGED, ["#2 pr_merged"]),
        (State.CLOSED, ["#2 pr_closed"]),
        (State.DRAFT, []),
    ],
)
def test_a_draft_becomes_ready_or_ends_and_merged_is_never_closed_as_well(
    observer: Observer, state: State, told: list[str]
) -> None:
    assert changes(observer.look(pull(2, at(6), state, created_at=AGO))) == told


def test_a_closed_pull_request_is_opened_again_by_its_own_name(observer: Observer) -> None:
    observer.look(pull(2, at(6), State.CLOSED, created_at=AGO))
    assert changes(observer.look(pull(2, at(12), State.DRAFT, created_at=AGO))) == ["#2 pr_reopened"]


def test_labels_that_were_added_are_told_and_removed_ones_are_not(observer: Observer) -> None:
    one = observer.item("#1")
    seen = observer.look(replace(one, labels=("new-model", "bug", "p1"), updated_at=at(6)))
    assert changes(seen) == ["#1 labeled new-model, p1"]
    assert changes(observer.look(replace(one, labels=("p1",), updated_at=at(7)))) == []


def test_another_title_tells_the_earlier_one_and_another_body_does_not(observer: Observer) -> None:
    one = observer.item("#1")
    retitled = replace(one, title="DeepSeek-V4 crash", updated_at=at(6))
    seen = observer.look(retitled)
    assert changes(seen) == ["#1 edited Crash"]
    assert seen.before == {"#1": one}
    assert changes(observer.look(replace(retitled, body="It hangs.", updated_at=at(7)))) == ["#1 edited"]


def test_everything_that_happened_to_one_item_is_told(observer: Observer) -> None:
    closed = issue(1, at(6), State.CLOSED, created_at=AGO, title="Hang", labels=("bug", "p1"), reason="duplicate")
    assert changes(observer.look(closed)) == ["#1 issue_closed duplicate", "#1 labeled p1", "#1 edited Crash"]


def test_what_a_lagging_replica_says_is_ignored_entirely(observer: Observer) -> None:
    closed = replace(observer.item("#1"), state=State.CLOSED, ended_at=at(6), updated_at=at(6))
    earlier = observer.item("#1")
    observer.look(closed)
    seen = observer.look(earlier)
    assert (seen.remembered, seen.events, observer.item("#1")) == ((), (), closed)


def test_two_states_of_one_moment_are_a_change(observer: Observer) -> None:
    one = replace(observer.item("#1"), updated_at=at(6), title="One")
    observer.look(one)
    assert changes(observer.look(replace(one, state=State.CLOSED, ended_at=at(6)))) == ["#1 issue_closed"]


def test_an_item_that_is_on_two_pages_counts_as_it_was_last(observer: Observer) -> None:
    one = observer.item("#1")
    closed = replace(one, state=State.CLOSED, ended_at=at(6), updated_at=at(6))
    assert changes(observer.look(closed, one, closed)) == ["#1 issue_closed"]


def test_two_states_of_one_moment_in_one_reading_are_settled_for_good(observer: Observer) -> None:
    both = [issue(4, at(6), title=title) for title in ("One", "Two")]
    observer.look(*both)
    assert [changes(observer.look(*pages)) for pages in (both, both[::-1])] == [[], []]


@pytest.mark.parametrize("cursor", [None, NOON - 3 * DAY])
def test_another_programs_items_were_told_by_that_and_later_ones_are_not(cursor: datetime | None) -> None:
    until = NOON - 3 * DAY
    observer = Observer(tracked(VLLM, Part.ISSUES, baselined_at=NOON, silent_until=until, cursor=cursor))
    seen = observer.look(issue(1, until), issue(2, until + MINUTE), issue(3, NOON - HOUR, created_at=until - MINUTE))
    assert changes(seen) == ["#2 issue_opened", "#3 found"]
    assert names(seen.remembered) == ["#1", "#2", "#3"]


def test_what_a_change_is_named_by_tells_places_items_and_kinds_apart(observer: Observer) -> None:
    seen = observer.look(*(issue(n, at(7), State.CLOSED) for n in range(4, 9)))
    assert len({event.fingerprint for event in seen.events}) == 10
    assert {event.part for event in seen.events} == {Part.ISSUES}
    assert {event.change for event in seen.events} == {Change.ISSUE_OPENED, Change.ISSUE_CLOSED}
