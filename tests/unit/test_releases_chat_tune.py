"""When a watch tells, set in chat: muted for a while, in rhythms, with quiet hours; nothing is ever dropped."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import OpenId
from suanli.domain.releases import Change, Mode, Rhythm
from tests.dialogue import GUEST, LI, runs
from tests.fakes import NOON, FakeClock
from tests.release_items import DAY, HOUR, MINUTE, issue
from tests.releasechat import GROUP, LI_ALONE, VLLM, Chat


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    chat = Chat(sqlite_store, clock)
    chat.follow(VLLM, ["issue"])
    return chat


def open_issue(chat: Chat, number: int) -> None:
    chat.happen(Change.ISSUE_OPENED, issue(number, chat.clock.now()))


# Muting.


def test_while_muted_nothing_is_told_and_afterwards_all_of_it_in_one_message(chat: Chat) -> None:
    assert "静音到 11-20 14:00，期间的内容到时一起告诉您" in chat.ask("/releases mute 1 2h")
    open_issue(chat, 1)
    open_issue(chat, 2)
    assert chat.tell(2 * HOUR - MINUTE) == []
    (parcel,) = chat.tell(MINUTE)
    assert "issues/1" in chat.talk.words(parcel.answer)
    assert "issues/2" in chat.talk.words(parcel.answer)


def test_a_mute_that_is_ended_tells_at_once_what_it_held_back(chat: Chat) -> None:
    chat.ask("/releases mute 1 2d")
    open_issue(chat, 1)
    assert "已取消静音" in chat.ask("/releases mute 1 off")
    assert len(chat.tell(MINUTE)) == 1
    assert chat.watch(1).muted_until is None


def test_a_second_mute_counts_instead_of_the_first(chat: Chat) -> None:
    chat.ask("/releases mute 1 5d")
    open_issue(chat, 1)
    chat.ask("/releases mute 1 1h")
    assert chat.tell(59 * MINUTE) == []
    assert len(chat.tell(MINUTE)) == 1


def test_a_day_counts_in_and_the_list_says_until_when(chat: Chat) -> None:
    chat.ask("/发布 静音 1 11月22日")
    assert chat.watch(1).muted_until == NOON + timedelta(days=2, hours=12)
    assert "静音到 11-23 00:00" in chat.ask("/releases")


@pytest.mark.parametrize("until", ["91d", "9999w", "2025-01-01", "2026-11-19"])
def test_a_mute_ends_in_the_future_and_within_three_months(chat: Chat, until: str) -> None:
    assert "最多 90 天" in chat.ask(f"/releases mute 1 {until}")
    assert chat.watch(1).muted_until is None


@pytest.mark.parametrize("until", ["", "2h off"])
def test_a_mute_says_how_long_or_that_it_ends_and_not_both(chat: Chat, until: str) -> None:
    assert "/releases mute 1 2h" in chat.ask(f"/releases mute 1 {until}")


def test_what_the_settings_declare_can_be_muted_all_the_same(chat: Chat) -> None:
    chat.follow(VLLM, ["release"], declared="settings")
    assert "静音到" in chat.ask("/releases mute 2 1d")
    assert chat.watch(2).muted_until == NOON + DAY


# Pressing the button on a card. The platform does not say whether the card hangs in a private chat.


def cards_of(chat: Chat) -> list[str]:
    open_issue(chat, 7)
    (parcel,) = chat.talk.parcels()
    return runs(parcel.answer)


def test_the_buttons_of_a_private_card_are_for_its_person(chat: Chat) -> None:
    why, mute = cards_of(chat)
    toast, (answer,) = chat.talk.click({"run": mute}, sender=LI)
    assert "静音到" in chat.talk.words(answer)
    assert chat.watch(1).muted_until == NOON + DAY
    _, (answer,) = chat.talk.click({"run": why}, sender=LI)
    assert "符合（新 Issue，命中 全部） → 已送达 私聊" in chat.talk.words(answer)
    assert toast


def test_somebody_else_who_presses_it_learns_and_changes_nothing(chat: Chat) -> None:
    for run in cards_of(chat):
        toast, answers = chat.talk.click({"run": run}, sender=GUEST)
        assert "已关注" not in "".join(map(chat.talk.words, answers)) + (toast or "")
    other = replace(LI, open_id=OpenId("ou_other"), user_id="other", union_id="on_other")
    toast, answers = chat.talk.click({"run": "/releases mute 1 1d"}, sender=other)
    assert (toast, answers) == ("这里没有编号 1 的关注。发送 /releases 查看。", [])
    assert chat.watch(1).muted_until is None


def test_in_a_group_whoever_presses_is_asked_for_their_role(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    toast, answers = chat.talk.click({"run": "/releases mute 2 1d"}, sender=LI)
    assert "需要「成员」角色" in (toast or "")
    assert not answers
    chat.grant(LI, Role.MEMBER)
    chat.talk.click({"run": "/releases mute 2 1d"}, sender=LI)
    assert chat.watch(2).muted_until == NOON + DAY


@pytest.mark.parametrize("run", ["/releases mode 1 hourly", "/releases quiet 1 off", "/releases watch a/b"])
def test_a_button_does_nothing_that_no_card_offers(chat: Chat, run: str) -> None:
    before = chat.watches()
    _, answers = chat.talk.click({"run": run}, sender=LI)
    assert (answers, chat.watches()) == ([], before)


# Rhythms and quiet hours.


@pytest.mark.parametrize(
    ("typed", "rhythm", "said"),
    [
        ("instant", Rhythm(), "即时通知"),
        ("hourly", Rhythm(Mode.HOURLY), "每小时汇总"),
        ("daily 18:30", Rhythm(Mode.DAILY, time(18, 30)), "每天 18:30 汇总"),
        ("每周五 9:05", Rhythm(Mode.WEEKLY, time(9, 5), 4), "每周五 09:05 汇总"),
        ("weekly", Rhythm(Mode.WEEKLY, time(9, 10), 0), "每周一 09:10 汇总"),
    ],
)
def test_a_rhythm_is_read_back_in_words(chat: Chat, typed: str, rhythm: Rhythm, said: str) -> None:
    assert said in chat.ask(f"/releases mode 1 {typed}")
    assert chat.watch(1).rhythm == rhythm
    assert said in chat.ask("/releases")


def test_the_words_may_come_in_any_order(chat: Chat) -> None:
    chat.ask("/releases mode daily 07:00 1")
    chat.ask("/releases quiet 22:00 - 08:00 1")
    assert chat.watch(1).rhythm == Rhythm(Mode.DAILY, time(7), quiet=(time(22), time(8)))


def test_in_english_a_week_has_its_own_days(chat: Chat) -> None:
    chat.ask("/lang en")
    assert "weekly on Friday at 09:10" in chat.ask("/releases mode 1 weekly fri")


@pytest.mark.parametrize("typed", ["yearly", "daily 25:00", "hourly 09:00", "instant mon", "daily mon"])
def test_what_is_no_rhythm_is_refused_with_those_there_are(chat: Chat, typed: str) -> None:
    assert "weekly mon 09:10" in chat.ask(f"/releases mode 1 {typed}")
    assert chat.watch(1).rhythm == Rhythm()


@pytest.mark.parametrize("typed", ["22-8", "25:00-08:00", "08:00-08:00", "never"])
def test_what_are_no_hours_is_refused_with_an_example(chat: Chat, typed: str) -> None:
    assert "22:00-08:00" in chat.ask(f"/releases quiet 1 {typed}")
    assert chat.watch(1).rhythm.quiet is None


def test_quiet_hours_stay_when_the_rhythm_changes_and_end_on_their_own(chat: Chat) -> None:
    assert "22:00–08:00 免打扰（推迟，不丢）" in chat.ask("/releases quiet 1 22:00至08:00")
    chat.ask("/releases mode 1 hourly")
    assert chat.watch(1).rhythm == Rhythm(Mode.HOURLY, quiet=(time(22), time(8)))
    chat.ask("/releases quiet 1 关")
    assert chat.watch(1).rhythm == Rhythm(Mode.HOURLY)


def test_what_is_put_by_follows_the_new_rhythm(chat: Chat) -> None:
    chat.ask("/releases mode 1 weekly")
    open_issue(chat, 1)
    chat.ask("/releases mode 1 instant")
    assert len(chat.tell(MINUTE)) == 1


def test_what_was_told_is_not_told_again_by_a_new_rhythm(chat: Chat) -> None:
    open_issue(chat, 1)
    assert len(chat.talk.parcels()) == 1
    chat.ask("/releases mode 1 hourly")
    assert chat.tell(2 * DAY) == []


@pytest.mark.parametrize("command", ["mode 9 hourly", "quiet 9 off", "mute 9 1d", "unwatch 999999999"])
def test_a_number_that_does_not_exist_is_said_so(chat: Chat, command: str) -> None:
    assert "这里没有编号" in chat.ask(f"/releases {command}")


@pytest.mark.parametrize("number", ["0", "-1", "9999999999", "١", "1.5"])
def test_what_is_no_number_is_asked_for_again_with_those_there_are(chat: Chat, number: str) -> None:
    words = chat.ask(f"/releases unwatch {number}")
    assert "1" in words
    assert len(chat.watches()) == 1


def test_several_who_change_a_watch_at_once_change_all_of_it(chat: Chat) -> None:
    commands = ("mute 1 1d", "mode 1 hourly", "quiet 1 22:00-08:00", f"watch {VLLM} pr", f"watch {VLLM} pr")
    with ThreadPoolExecutor(len(commands)) as threads:
        list(threads.map(lambda command: chat.talk.tell(f"/releases {command}"), commands))
    watch, _ = chat.watches()
    assert (watch.target, watch.muted_until) == (LI_ALONE, NOON + DAY)
    assert watch.rhythm == Rhythm(Mode.HOURLY, quiet=(time(22), time(8)))
