"""Following places from WeLink: its groups are their robots, its people are themselves, and nobody changes nothing."""

import pytest

from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.audit import Outcome
from suanli.domain.chat import OpenId, Platform, Target, TargetKind
from suanli.domain.releases import Watch
from tests import welink_desk
from tests.fakes import FakeClock
from tests.welink_caller import LI, PRIVATE, said, signed
from tests.welink_desk import AT_OPS, BOSS, Desk

desk = welink_desk.desk
WATCH = "/releases watch vllm-project/vllm"


def watches(desk: Desk) -> list[Watch]:
    with desk.store.begin() as tx:
        return list(tx.watches.all())


def test_in_private_a_person_follows_for_themselves_and_sees_it_there(desk: Desk) -> None:
    desk.post(signed(said(WATCH, "m-1", chat=PRIVATE)))
    assert [watch.target for watch in watches(desk)] == [Target(Platform.WELINK, TargetKind.USER_ID, LI)]
    desk.parcels()
    desk.post(signed(said("/releases", "m-2", chat=PRIVATE)))
    assert "1 vllm-project/vllm release" in desk.words()
    desk.post(signed(said("/releases mute 1 1d", "m-3", chat=PRIVATE)))
    assert "静音到" in desk.words()


def test_in_a_group_a_member_follows_for_the_robot_that_answers_there(desk: Desk) -> None:
    with desk.store.begin() as tx:
        tx.grants.put(Grant(Platform.WELINK, OpenId(LI), Role.MEMBER, OpenId(BOSS), desk.clock.now()))
    desk.post(signed(said(WATCH)))
    assert [watch.target for watch in watches(desk)] == [AT_OPS]


def test_in_a_group_a_colleague_without_a_role_is_told_what_it_takes(desk: Desk) -> None:
    desk.post(signed(said(WATCH)))
    assert "需要「成员」角色" in desk.words()
    assert (watches(desk), desk.outcomes()) == ([], [Outcome.DENIED])


@pytest.mark.parametrize("command", ["", " test 1", " replay 7d", " quota"])
def test_without_a_sender_the_groups_watches_can_be_read(desk: Desk, command: str) -> None:
    desk.post(signed(said(WATCH, "m-1", sender={"id": BOSS})))
    desk.post(signed(said(f"/releases{command}", "m-2", sender=None)))
    assert desk.outcomes() == [Outcome.OK, Outcome.OK]


@pytest.mark.parametrize("command", [WATCH, "/releases unwatch 1", "/releases mute 1 1d", "/releases retry 1"])
def test_without_a_sender_nothing_is_changed(sqlite_store: SqlStore, clock: FakeClock, command: str) -> None:
    desk = Desk(sqlite_store, clock)
    desk.post(signed(said("/releases watch sgl-project/sglang", "m-1", sender={"id": BOSS})))
    before = watches(desk)
    desk.post(signed(said(command, "m-2", sender=None)))
    assert desk.outcomes()[0] is Outcome.DENIED
    assert watches(desk) == before


def test_a_person_of_another_platform_with_the_same_id_is_somebody_else(desk: Desk) -> None:
    desk.post(signed(said(WATCH, "m-1", chat=PRIVATE)))
    (watch,) = watches(desk)
    desk.parcels()
    desk.post(signed(said("/releases unwatch 1", "m-2", chat=PRIVATE, sender={"id": "zhao@0123456789"})))
    assert f"这里没有编号 {watch.number} 的关注" in desk.words()
    assert watches(desk) == [watch]
