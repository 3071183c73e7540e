"""Who follows what."""

from dataclasses import replace
from datetime import time

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from suanli.domain.chat import OpenId, Platform, Target, TargetKind
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Mode, Place, Rhythm, Watch, WatchNumber
from tests.contract.release_kit import DAY, DEEPSEEK, HOSTILE, HOUR, SGLANG, VLLM, follow, person, watch
from tests.fakes import NOON

GROUP = Target(Platform.WELINK, TargetKind.ROBOT, "ops")


def watches(store: Store) -> list[Watch]:
    with store.begin() as tx:
        return list(tx.watches.all())


def test_nobody_watches_at_first(store: Store) -> None:
    assert watches(store) == []
    with store.begin() as tx:
        assert tx.watches.find(WatchNumber(1)) is None
        assert tx.watches.of_place(VLLM) == tx.watches.of_target(person()) == ()
        assert not tx.watches.drop(WatchNumber(1))


def test_a_watch_comes_back_as_it_was_added_with_its_number(store: Store) -> None:
    whole = Watch(
        WatchNumber(0), GROUP, DEEPSEEK, ("model", "dataset_changed"), 'deepseek|qwen -revert "a b" /x(y)?/',
        NOON, OpenId("ou_9"), Rhythm(Mode.WEEKLY, time(23, 59), 6, (time(22), time(7, 30))), NOON + DAY, "ops:deepseek",
    )  # fmt: skip
    bare = watch(words=())
    first, second = follow(store, whole, bare)
    assert (first, second) == (replace(whole, number=first.number), replace(bare, number=second.number))
    assert 0 < first.number < second.number
    assert watches(store) == [first, second]
    with store.begin() as tx:
        assert tx.watches.find(first.number) == first


def test_what_a_database_refuses_in_a_filter_is_replaced(store: Store) -> None:
    (stored,) = follow(store, watch(filter_=HOSTILE))
    with store.begin() as tx:
        assert tx.watches.find(stored.number) == replace(stored, filter="支持 ? ? </font> @all \u202e 🀄")


def test_a_watch_is_saved_whole_and_keeps_its_number(store: Store) -> None:
    stored, other = follow(store, watch(), watch())
    changed = Watch(
        stored.number, GROUP, SGLANG, ("issue", "pr"), "qwen", NOON + HOUR, OpenId("ou_2"),
        Rhythm(Mode.DAILY, quiet=(time(0), time(8))), NOON, "d",
    )  # fmt: skip
    with store.begin() as tx:
        tx.watches.save(changed)
        tx.watches.save(replace(changed, number=WatchNumber(99), declared="e"))
    assert watches(store) == [changed, other]
    with store.begin() as tx:
        tx.watches.save(stored)
    assert watches(store) == [stored, other]


def test_watches_are_found_by_their_target_and_by_their_place_in_any_case(store: Store) -> None:
    mine, group, other = follow(store, watch(), watch(target=GROUP), watch(SGLANG))
    with store.begin() as tx:
        assert tx.watches.of_target(person()) == (mine, other)
        assert tx.watches.of_target(GROUP) == (group,)
        assert tx.watches.of_target(replace(GROUP, kind=TargetKind.CHAT)) == ()
        assert tx.watches.of_target(replace(GROUP, platform=Platform.MAIL)) == ()
        assert tx.watches.of_place(VLLM) == tx.watches.of_place(Place(Hub.GITHUB, "vLLM-project/VLLM")) == (mine, group)
        assert tx.watches.of_place(Place(Hub.MODELSCOPE, VLLM.name)) == ()


def test_the_number_of_a_dropped_watch_is_never_given_again(store: Store) -> None:
    first, second = follow(store, watch(), watch())
    with store.begin() as tx:
        assert tx.watches.drop(second.number)
        assert not tx.watches.drop(second.number)
    assert watches(store) == [first]
    (third,) = follow(store, watch())
    assert third.number > second.number


def test_a_name_is_declared_once_and_those_made_in_chat_have_none(store: Store) -> None:
    follow(store, replace(watch(), declared="ops"), watch(), watch())
    with pytest.raises(IntegrityError):
        follow(store, replace(watch(SGLANG), declared="ops"))
    assert [each.declared for each in watches(store)] == ["ops", None, None]


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    bare = NOON.replace(tzinfo=None)
    for naive in (replace(watch(), created_at=bare), replace(watch(), muted_until=bare)):
        with pytest.raises(StatementError, match="no zone"):
            follow(store, naive)
    assert watches(store) == []
