"""Telling what was put by: once, in one message a watch, at its time; late, twice, together and in masses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import time, timedelta

import pytest

from jobs.tell_releases import AT_ONCE, LOST, TellReleases
from storage.store import SqlStore
from suanli.domain.chat import Platform, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.ports import Store, Transaction
from suanli.domain.releases import Change, Event, Fingerprint, Mode, Notice, Rhythm, WatchNumber
from suanli.domain.releases.watches import MOST_LINES
from suanli.i18n import Lang
from tests.fakes import NOON, FakeClock
from tests.release_items import DAY, HOUR, MINUTE, issue
from tests.releasechat import GROUP, LI_ALONE, VLLM, Chat

HOURLY = Rhythm(Mode.HOURLY)
DAILY = Rhythm(Mode.DAILY, time(18))
WEEKLY = Rhythm(Mode.WEEKLY, time(9, 10), weekday=0)
AT_NIGHT = Rhythm(quiet=(time(22), time(8)))


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


def open_issue(chat: Chat, number: int) -> Event:
    return chat.happen(Change.ISSUE_OPENED, issue(number, chat.clock.now(), title=f"Crash {number};"))


def named(chat: Chat, parcels: list[Parcel], most: int = 60) -> list[int]:
    """Which issues messages name, in order."""
    words = "\n".join(chat.talk.words(parcel.answer) for parcel in parcels)
    found = {number: words.find(f"Crash {number};") for number in range(most)}
    return sorted((number for number, at in found.items() if at >= 0), key=lambda number: found[number])


# At its time.


@pytest.mark.parametrize(
    ("rhythm", "wait", "title"),
    [
        (HOURLY, 2 * MINUTE, "vllm-project/vllm 每小时汇总"),
        (DAILY, 6 * HOUR, "vllm-project/vllm 每日汇总"),
        (WEEKLY, 3 * DAY - 3 * HOUR + 10 * MINUTE, "vllm-project/vllm 每周汇总"),
    ],
)
def test_a_rhythm_tells_everything_together_at_its_time_and_not_before(
    chat: Chat, rhythm: Rhythm, wait: timedelta, title: str
) -> None:
    chat.follow(VLLM, ["issue"], rhythm=rhythm)
    open_issue(chat, 1)
    chat.clock.advance(MINUTE)
    open_issue(chat, 2)
    assert chat.tell(wait - 2 * MINUTE) == []
    (parcel,) = chat.tell(MINUTE)
    assert (parcel.target, parcel.answer.title) == (LI_ALONE, title)
    assert named(chat, [parcel]) == [1, 2]
    assert chat.tell(30 * DAY) == []


def test_one_thing_alone_is_told_by_its_own_card(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    open_issue(chat, 1)
    assert chat.said(chat.tell(DAY)) == ["🟢 vllm-project/vllm 新 Issue：#1"]


def test_what_happens_in_quiet_hours_is_told_in_the_morning_and_none_of_it_is_lost(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=AT_NIGHT)
    chat.clock.advance(11 * HOUR)
    for number in range(1, 8):
        open_issue(chat, number)
        assert chat.tell(HOUR) == []
    assert named(chat, chat.tell(2 * HOUR)) == [1, 2, 3, 4, 5, 6, 7]
    open_issue(chat, 9)
    assert named(chat, chat.talk.parcels()) == [9]


def test_a_mute_and_quiet_hours_and_a_rhythm_are_all_waited_for(chat: Chat) -> None:
    rhythm = replace(DAILY, at=time(7), quiet=(time(22), time(8)))
    chat.follow(VLLM, ["issue"], rhythm=rhythm)
    chat.ask("/releases mute 1 2d")
    open_issue(chat, 1)
    assert chat.tell(2 * DAY + 19 * HOUR + 59 * MINUTE) == []
    assert named(chat, chat.tell(MINUTE)) == [1]


def test_with_nothing_put_by_there_is_nothing_to_do(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    assert chat.telling.run(NOON) == ""
    assert chat.talk.parcels() == []


def test_it_is_told_in_the_language_of_who_is_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP, rhythm=DAILY)
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    with chat.store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, GROUP.id, Lang.EN)
    open_issue(chat, 1)
    open_issue(chat, 2)
    assert chat.said(chat.tell(DAY)) == ["vllm-project/vllm: the last day", "vllm-project/vllm 每日汇总"]


# Once.


def test_two_watches_of_a_chat_tell_a_change_that_both_are_about_once(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=AT_NIGHT)
    chat.follow(VLLM, ["issue"], "crash", rhythm=AT_NIGHT)
    chat.clock.advance(11 * HOUR)
    event = open_issue(chat, 1)
    assert chat.said(chat.tell(HOUR * 9)) == ["🟢 vllm-project/vllm 新 Issue：#1"]
    with chat.store.begin() as tx:
        assert len({notice.message_key for notice in tx.watches.told(event.fingerprint)}) == 1


def test_two_people_with_the_same_watch_are_both_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    chat.follow(VLLM, ["issue"], rhythm=DAILY, target=GROUP)
    open_issue(chat, 1)
    assert {parcel.target for parcel in chat.tell(DAY)} == {LI_ALONE, GROUP}


def test_after_a_restart_nothing_is_told_again_and_nothing_is_missing(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    open_issue(chat, 1)
    told = chat.tell(DAY)
    for _ in range(2):
        chat.telling = TellReleases(chat.store, chat.talk.site, chat.clock)
        told += chat.tell(MINUTE)
    open_issue(chat, 2)
    assert named(chat, told) == [1]
    assert named(chat, chat.tell(DAY)) == [2]


class Killed(Exception):  # noqa: N818 what happened
    """The process died."""


class MortalStore:
    """A store whose process dies at the end of the first transactions, before they are written."""

    def __init__(self, store: Store, deaths: int) -> None:
        self._store, self._deaths = store, deaths

    def read(self) -> AbstractContextManager[Transaction]:
        return self._store.read()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._store.begin() as tx:
            yield tx
            if self._deaths:
                self._deaths -= 1
                raise Killed


def test_killed_before_the_end_it_has_told_nothing_and_tells_all_of_it_afterwards(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    open_issue(chat, 1)
    chat.clock.advance(DAY)
    mortal = TellReleases(MortalStore(chat.store, 2), chat.talk.site, chat.clock)
    for _ in range(2):
        with pytest.raises(Killed):
            mortal.run(chat.clock.now())
        assert chat.talk.parcels() == []
    mortal.run(chat.clock.now())
    assert named(chat, chat.talk.parcels()) == [1]


def test_several_at_once_tell_each_thing_once(chat: Chat) -> None:
    for number in range(6):
        chat.follow(VLLM, ["issue"], rhythm=DAILY, target=replace(GROUP, id=f"oc_{number}"))
    open_issue(chat, 1)
    open_issue(chat, 2)
    chat.clock.advance(DAY)
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(chat.telling.run, [chat.clock.now()] * 4))
    assert sum(int(each.partition(" ")[0] or 0) for each in said) == 12
    assert sorted(parcel.target.id for parcel in chat.talk.parcels()) == [f"oc_{number}" for number in range(6)]


# Late, half, and in masses.


def test_after_a_week_without_the_job_everything_is_told_in_one_message(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=HOURLY)
    for number in range(5):
        open_issue(chat, number)
        chat.clock.advance(DAY)
    assert named(chat, chat.tell(2 * DAY)) == [0, 1, 2, 3, 4]


def test_of_thousands_the_first_are_named_and_every_one_is_counted_and_told_for_good(chat: Chat) -> None:
    watch = chat.follow(VLLM, ["issue"], rhythm=DAILY)
    event = open_issue(chat, 0)
    many = [replace(event, fingerprint=Fingerprint(f"{number:032x}")) for number in range(AT_ONCE * 3)]
    due = NOON + HOUR
    with chat.store.begin() as tx:
        tx.happenings.add(many)
        tx.watches.tell([Notice(watch.number, e.fingerprint, e.change, (), NOON, due) for e in many])
    (parcel,) = chat.tell(DAY)
    assert f"… 另有 {AT_ONCE * 3 + 1 - MOST_LINES} 条未显示" in chat.talk.words(parcel.answer)
    assert chat.tell(DAY) == []


def test_masses_of_watches_are_told_in_steps_and_every_one_of_them(chat: Chat) -> None:
    targets = [replace(GROUP, id=f"oc_{number}") for number in range(AT_ONCE // 5 + 50)]
    for target in targets:
        chat.follow(VLLM, ["issue"], rhythm=DAILY, target=target)
    for number in range(5):
        open_issue(chat, number)
    chat.clock.advance(DAY)
    assert chat.telling.run(chat.clock.now()) == f"{5 * len(targets)} told"
    assert sorted(parcel.target.id for parcel in chat.talk.parcels()) == sorted(target.id for target in targets)


def test_what_can_be_read_no_more_is_given_up_once_and_holds_nothing_up(chat: Chat) -> None:
    watch = chat.follow(VLLM, ["issue"], rhythm=DAILY)
    lost = Fingerprint("f" * 32)
    with chat.store.begin() as tx:
        tx.watches.tell([Notice(watch.number, lost, Change.ISSUE_OPENED, (), NOON, NOON)])
    open_issue(chat, 1)
    assert named(chat, chat.tell(DAY)) == [1]
    assert chat.telling.run(chat.clock.now()) == ""
    with chat.store.begin() as tx:
        assert [notice.message_key for notice in tx.watches.told(lost)] == [LOST]


def test_what_a_dropped_watch_put_by_is_told_to_nobody(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], rhythm=DAILY)
    open_issue(chat, 1)
    chat.ask("/releases unwatch 1")
    with chat.store.begin() as tx:
        tx.watches.tell([Notice(WatchNumber(1), Fingerprint("e" * 32), Change.EDITED, (), NOON, NOON)])
    assert chat.tell(DAY) == []
    assert chat.telling.run(chat.clock.now()) == ""


def test_a_robot_and_a_mailbox_have_their_rhythms_too(chat: Chat) -> None:
    robot = replace(GROUP, platform=Platform.WELINK, kind=TargetKind.ROBOT, id="ops")
    box = replace(GROUP, platform=Platform.MAIL, kind=TargetKind.EMAIL, id="ops@example.com")
    for target in (robot, box):
        chat.follow(VLLM, ["issue"], rhythm=DAILY, target=target, declared=target.id)
    open_issue(chat, 1)
    assert {parcel.target for parcel in chat.tell(DAY)} == {robot, box}
