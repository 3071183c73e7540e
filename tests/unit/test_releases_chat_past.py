"""What chat says of what happened: how much a watch would tell, why something was told, and all of it once more."""

from dataclasses import replace

import pytest

from handlers.releases.past import MOST_EVENTS
from storage.store import SqlStore
from suanli.domain.releases import Change, Event, Part
from suanli.domain.releases.watches import MOST_LINES
from tests.fakes import FakeClock
from tests.release_items import DAY, HOUR, MINUTE, issue, model
from tests.releasechat import GROUP, VLLM, Chat

C = Change


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


def opened(chat: Chat, number: int, title: str = "Crash", *, told: bool = True) -> Event:
    return chat.happen(C.ISSUE_OPENED, issue(number, chat.clock.now(), title=title), told=told)


# test


def test_a_watch_is_tried_on_what_happened_before_it_was_made(chat: Chat) -> None:
    for number, title in enumerate(("Qwen3 crash", "Crash", "qwen again"), 1):
        opened(chat, number, title)
        chat.clock.advance(HOUR)
    chat.follow(VLLM, ["issue"], "qwen")
    words = chat.ask("/releases test 1")
    assert "最近 7 天 3 条动态，会通知 2 条" in words
    assert words.index("qwen again") < words.index("Qwen3 crash")


def test_what_is_older_than_a_week_is_not_tried(chat: Chat) -> None:
    opened(chat, 1)
    chat.clock.advance(7 * DAY + MINUTE)
    chat.follow(VLLM, ["issue"])
    words = chat.ask("/releases test 1")
    assert "0 条动态，会通知 0 条" in words
    assert "没有符合条件的动态" in words


def test_trying_sends_nothing_and_writes_nothing(chat: Chat) -> None:
    event = opened(chat, 1)
    chat.follow(VLLM, ["issue"])
    assert len(chat.talk.say("/releases test 1")) == 1
    assert chat.tell(DAY) == []
    with chat.store.begin() as tx:
        assert not tx.watches.told(event.fingerprint)


def test_a_muted_watch_is_tried_as_if_it_told_at_once(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    chat.ask("/releases mute 1 1d")
    opened(chat, 1)
    assert "会通知 1 条" in chat.ask("/releases test 1")


def test_the_record_says_when_it_began_if_that_was_within_the_week(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    assert "还没有读完第一遍" in chat.ask("/releases test 1")
    chat.read(VLLM, Part.ISSUES)
    chat.clock.advance(2 * DAY)
    assert "记录从这时开始： 2 天前" in chat.ask("/releases test 1")
    chat.clock.advance(6 * DAY)
    assert "记录从这时开始" not in chat.ask("/releases test 1")


def test_another_title_and_a_late_label_are_tried_as_they_were_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], "deepseek")
    chat.follow(VLLM, ["issue"], "label:new-model")
    old, at = issue(1, chat.clock.now(), title="Crash"), chat.clock.now()
    retitled = replace(old, title="DeepSeek-V4 crash")
    chat.happen(C.EDITED, retitled, detail="Crash", before=old)
    labelled = replace(retitled, labels=("bug", "new-model"), updated_at=at + HOUR)
    chat.clock.advance(HOUR)
    chat.happen(C.LABELED, labelled, detail="new-model", before=retitled)
    assert chat.said(chat.talk.parcels()) == [
        "🔎 vllm-project/vllm 开始符合条件：#1",
        "🔎 vllm-project/vllm 开始符合条件：#1",
    ]
    for number in (1, 2):
        assert "2 条动态，会通知 1 条" in chat.ask(f"/releases test {number}")


def test_an_edit_of_what_matched_before_is_no_news(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], "deepseek")
    opened(chat, 1, "deepseek")
    chat.clock.advance(HOUR)
    chat.happen(C.EDITED, issue(1, chat.clock.now(), title="DeepSeek!"), detail="deepseek")
    chat.talk.parcels()
    assert "2 条动态，会通知 1 条" in chat.ask("/releases test 1")


def test_a_model_and_a_dataset_of_one_name_are_two_things(chat: Chat) -> None:
    chat.follow("ms:deepseek-ai", ["model", "dataset"], "deepseek")
    at = chat.clock.now()
    chat.happen(C.MODEL_ADDED, model("DeepSeek", at, native_id="x"), part=Part.MODELS, place="ms:deepseek-ai")
    chat.happen(C.DATASET_ADDED, model("DeepSeek", at, native_id="x"), part=Part.DATASETS, place="ms:deepseek-ai")
    chat.talk.parcels()
    assert "会通知 2 条" in chat.ask("/releases test 1")


# replay


def test_a_replay_is_one_message_with_each_change_once(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    chat.follow(VLLM, ["issue"], "crash")
    opened(chat, 1, told=False)
    chat.clock.advance(DAY)
    opened(chat, 2, told=False)
    (answer,) = chat.talk.say("/releases replay 7d")
    assert answer.title == "最近 7 天符合条件的 2 条动态"
    assert chat.talk.words(answer).count("issues/1") == 1


def test_a_replay_reaches_as_far_back_as_it_is_asked_to(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    opened(chat, 1)
    chat.clock.advance(10 * DAY)
    chat.talk.parcels()
    assert "最近 7 天符合条件的 0 条动态" in chat.ask("/releases replay")
    assert "最近 30 天符合条件的 1 条动态" in chat.ask("/发布 回放 30天")


def test_a_replay_of_one_watch_leaves_the_others_out(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], "qwen")
    chat.follow(VLLM, ["issue"], "deepseek")
    for number, title in enumerate(("qwen", "deepseek", "qwen deepseek"), 1):
        opened(chat, number, title, told=False)
    assert "7 天符合条件的 3 条动态" in chat.ask("/releases replay 7d")
    assert "7 天符合条件的 2 条动态" in chat.ask("/releases replay 7d 2")


def test_of_very_many_changes_the_newest_are_shown_and_the_rest_is_counted(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    for number in range(MOST_LINES + 30):
        chat.clock.advance(MINUTE)
        opened(chat, number, f"Crash {number}", told=False)
    words = chat.ask("/releases replay 7d")
    assert "符合条件的 50 条动态" in words
    assert "… 另有 30 条未显示" in words
    assert "Crash 49 " in words
    assert "Crash 29 " not in words


def test_of_more_than_can_be_looked_at_in_a_moment_the_newest_are_and_that_is_said(chat: Chat) -> None:
    for place in ("owner/one", "Owner/ONE", "owner/two"):
        chat.follow(place, ["issue"], "crash")
    for place in ("owner/one", "owner/two"):
        events = [chat.event(C.ISSUE_OPENED, issue(n, chat.clock.now()), place=place) for n in range(MOST_EVENTS)]
        with chat.store.begin() as tx:
            tx.happenings.add(events)
    words = chat.ask("/releases replay 7d")
    assert f"符合条件的 {MOST_EVENTS} 条动态" in words
    assert f"只看了最新的 {MOST_EVENTS} 条" in words


def test_a_replay_shows_nobody_what_others_follow(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    opened(chat, 1)
    chat.talk.parcels()
    assert "还没有关注" in chat.ask("/releases replay 7d")
