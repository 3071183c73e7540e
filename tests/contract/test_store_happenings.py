"""What changed on the hubs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from suanli.domain.ports import Store
from suanli.domain.releases import Change, Event, Hub, Part, Place
from tests.contract.release_kit import (
    DAY,
    HOSTILE,
    HOUR,
    MINUTE,
    SGLANG,
    VLLM,
    add,
    event,
    execute,
    follow,
    issue,
    name,
    notice,
    tell,
    watch,
)
from tests.fakes import NOON


def named(short: str, *, after: timedelta = timedelta(0), place: Place = VLLM) -> Event:
    """A change whose fingerprint begins so, seen `after` noon."""
    return replace(event(issue(1), after=after, place=place), fingerprint=name(short))


def find(store: Store, short: str) -> list[str]:
    with store.begin() as tx:
        return [each.fingerprint.rstrip("0") for each in tx.happenings.find(short)]


def since(store: Store, moment: datetime, limit: int = 10, place: Place = VLLM) -> list[str]:
    with store.begin() as tx:
        return [each.fingerprint.rstrip("0") for each in tx.happenings.since(place, moment, limit)]


def test_nothing_happened_at_first(store: Store) -> None:
    assert add(store) == ()
    assert since(store, NOON - DAY) == []
    with store.begin() as tx:
        assert tx.happenings.by([name("a")]) == {}
        assert tx.happenings.by([]) == {}
        assert tx.happenings.of_item(VLLM, "#1") == ()


def test_a_change_comes_back_as_it_was_added(store: Store) -> None:
    whole = Event(
        name("a"), VLLM, Part.RELEASES, Change.DATASET_CHANGED, issue(1, HOSTILE, body=HOSTILE * 100), NOON - HOUR,
        NOON, "old-name, other", older_branch=True,
    )  # fmt: skip
    bare = named("b")
    assert add(store, whole, bare) == (whole, bare)
    with store.begin() as tx:
        assert tx.happenings.by([whole.fingerprint, bare.fingerprint, name("c")]) == {
            whole.fingerprint: whole,
            bare.fingerprint: bare,
        }


def test_only_what_was_not_there_before_is_new_and_the_rest_is_left_alone(store: Store) -> None:
    first, second, third = named("c"), named("a"), named("b")
    assert add(store, first, second) == (first, second)
    assert add(store, third, replace(first, detail="other"), second) == (third,)
    assert add(store, first, second, third) == ()
    with store.begin() as tx:
        assert tx.happenings.by([first.fingerprint]) == {first.fingerprint: first}


def test_the_same_change_twice_at_once_is_new_once_as_it_came_first(store: Store) -> None:
    first = named("a")
    assert add(store, first, named("b"), replace(first, detail="again"), first) == (first, named("b"))


def test_thousands_of_changes_are_added_at_once_in_the_order_in_which_they_came(store: Store) -> None:
    many = [event(issue(n, body="正文 " * 50), after=n * MINUTE) for n in range(5_000)]
    assert add(store, *many[::2]) == tuple(many[::2])
    assert add(store, *many) == tuple(many[1::2])
    with store.begin() as tx:
        assert len(tx.happenings.by([each.fingerprint for each in many])) == 5_000


def test_changes_are_found_by_how_their_fingerprint_begins(store: Store) -> None:
    add(store, named("a1b2c3d4"), named("a1b2ffff"), named("a1b3"), named("f" * 32))
    assert find(store, "a1b2c3d4") == ["a1b2c3d4"]
    assert find(store, " #A1B2C3D4 ") == ["a1b2c3d4"]
    assert find(store, "a1b2") == ["a1b2c3d4", "a1b2ffff"]
    assert find(store, "A1b") == ["a1b2c3d4", "a1b2ffff", "a1b3"]
    assert find(store, name("a1b3")) == ["a1b3"]
    assert find(store, "f" * 8) == ["f" * 32]
    assert find(store, "a1b4") == []


@pytest.mark.parametrize("short", ["", "#", "g1", "0x1", "a1%", "a_", "a1 b2", "##a1b2", "١", "a1b2\0", "a" * 33])
def test_what_is_no_beginning_of_a_fingerprint_finds_nothing(store: Store, short: str) -> None:
    add(store, named("a1b2"), named("a" * 32))
    assert find(store, short) == []


def test_of_many_that_begin_so_five_are_found(store: Store) -> None:
    add(store, *(named(f"a{n}") for n in range(10)))
    assert find(store, "a") == ["a", "a1", "a2", "a3", "a4"]


def test_changes_of_a_place_come_oldest_first_and_of_too_many_the_newest(store: Store) -> None:
    add(store, *(named(f"a{n}", after=n * MINUTE) for n in (3, 1, 2)), named("b", place=SGLANG))
    assert since(store, NOON) == ["a1", "a2", "a3"]
    assert since(store, NOON + 2 * MINUTE) == ["a2", "a3"]
    assert since(store, NOON, limit=2) == ["a2", "a3"]
    assert since(store, NOON + HOUR) == []
    assert since(store, NOON, place=Place(Hub.GITHUB, "VLLM-Project/vllm")) == ["a1", "a2", "a3"]
    assert since(store, NOON, place=Place(Hub.HUGGINGFACE, "vllm-project/vllm")) == []


def test_changes_seen_together_come_in_the_order_in_which_they_occurred(store: Store) -> None:
    late, early, unknown = (
        replace(named(short), occurred_at=at) for short, at in (("a", NOON - HOUR), ("b", NOON - DAY), ("c", None))
    )
    add(store, late, early, unknown)
    assert since(store, NOON) == ["b", "a", "c"]


def test_what_happened_to_an_item_is_told_oldest_first(store: Store) -> None:
    closed = event(issue(1, "b"), change=Change.ISSUE_CLOSED, after=HOUR)
    opened = event(issue(1, "a"))
    add(store, closed, opened, event(issue(2)), event(issue(1), place=SGLANG))
    with store.begin() as tx:
        assert tx.happenings.of_item(VLLM, "#1") == (opened, closed)
        assert tx.happenings.of_item(Place(Hub.GITHUB, "vLLM-project/VLLM"), "#1") == (opened, closed)
        assert tx.happenings.of_item(VLLM, "#3") == ()


def test_a_change_whose_item_cannot_be_read_is_left_out_and_logged_without_its_text(
    store: Store, database_url: str
) -> None:
    add(store, named("a"), named("b"))
    execute(database_url, "UPDATE happenings SET document = 'secret' WHERE fingerprint = :of", of=name("a"))
    with capture_logs() as logs:
        assert since(store, NOON) == ["b"]
    assert logs == [{"event": "happening_unreadable", "fingerprint": name("a"), "log_level": "error"}]
    assert add(store, named("a")) == ()


def test_old_changes_are_forgotten_with_their_notices(store: Store) -> None:
    (follower,) = follow(store, watch())
    add(store, named("a"), named("b", after=HOUR))
    tell(store, notice(follower, "a"), notice(follower, "b"))
    with store.begin() as tx:
        assert tx.happenings.forget_before(NOON) == 0
        assert tx.happenings.forget_before(NOON + HOUR) == 1
        assert (tx.watches.told(name("a")), tx.watches.told(name("b"))) == ((), (notice(follower, "b"),))
    assert since(store, NOON - DAY) == ["b"]
    assert add(store, named("a")) == (named("a"),)


@pytest.mark.parametrize("field", ["occurred_at", "observed_at"])
def test_a_moment_without_a_zone_is_refused(store: Store, field: str) -> None:
    naive = replace(named("a"), **{field: NOON.replace(tzinfo=None)})  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ValueError, match="no zone"):
        add(store, named("b"), naive)
    assert since(store, NOON) == []


def test_an_item_with_a_moment_without_a_zone_is_refused(store: Store) -> None:
    item = replace(issue(1), created_at=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no zone"):
        add(store, event(item))


def test_what_happened_follows_a_place_to_its_new_name_and_other_places_keep_theirs(store: Store) -> None:
    add(store, named("a"), named("b", place=SGLANG))
    after = Place(Hub.GITHUB, "vllm/renamed")
    with store.begin() as tx:
        assert tx.happenings.moved(Place(VLLM.hub, VLLM.name.upper()), after) == 1
        assert tx.happenings.moved(VLLM, after) == 0
    assert (since(store, NOON - DAY), since(store, NOON - DAY, place=after)) == ([], ["a"])
    assert since(store, NOON - DAY, place=SGLANG) == ["b"]
