"""What chats get when something happened: a card each, one message for many, each change once, cards that point on."""

from dataclasses import replace

import pytest

from storage.store import SqlStore
from suanli.domain.chat import Platform, TargetKind
from suanli.domain.releases import Change, Event, Part, State
from suanli.domain.releases.watches import MOST_AT_ONCE
from tests.fakes import FakeClock
from tests.release_items import DAY, HOUR, issue, model, pull, release
from tests.releasechat import GROUP, LI_ALONE, VLLM, Chat

C = Change
HF, MS = "hf:deepseek-ai", "ms:deepseek-ai"
PAGES = {HF: "https://huggingface.co/deepseek-ai/", MS: "https://modelscope.cn/models/deepseek-ai/"}


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


def opened(chat: Chat, count: int) -> list[Event]:
    """So many new issues, found in one look, told."""
    now = chat.clock.now()
    events = [chat.event(C.ISSUE_OPENED, issue(n, now, title=f"Crash {n};")) for n in range(count)]
    chat.look(*events)
    return events


def test_a_few_changes_are_a_card_each_and_more_are_one_message(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    opened(chat, MOST_AT_ONCE)
    assert chat.said(chat.talk.parcels()) == [f"🟢 vllm-project/vllm 新 Issue：#{n}" for n in range(MOST_AT_ONCE)]


def test_more_than_a_few_are_one_message(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    opened(chat, MOST_AT_ONCE + 1)
    (parcel,) = chat.talk.parcels()
    assert parcel.answer.title == "6 条发布动态"
    assert all(f"Crash {n};" in chat.talk.words(parcel.answer) for n in range(MOST_AT_ONCE + 1))


def test_how_many_is_counted_for_each_chat_by_what_it_is_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    chat.follow(VLLM, ["issue"], '"Crash 3"|"Crash 4"')
    opened(chat, 8)
    found = chat.talk.parcels()
    assert chat.said([each for each in found if each.target == GROUP]) == ["8 条发布动态"]
    assert len([each for each in found if each.target == LI_ALONE]) == 2


def test_a_change_that_several_watches_of_a_chat_are_about_is_told_there_once(chat: Chat) -> None:
    for text in ("", "crash", "-nothing"):
        chat.follow(VLLM, ["issue"], text)
    events = opened(chat, 2)
    assert len(chat.talk.parcels()) == 2
    with chat.store.begin() as tx:
        assert [len(tx.watches.told(event.fingerprint)) for event in events] == [3, 3]


def test_the_same_look_twice_tells_nothing_twice(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    events = opened(chat, 3)
    assert len(chat.talk.parcels()) == 3
    chat.look(*events)
    assert chat.talk.parcels() == []


def test_a_filter_of_an_older_language_lets_everything_pass(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], 'unclosed "quote')
    opened(chat, 1)
    assert len(chat.talk.parcels()) == 1
    assert "会通知 1 条" in chat.ask("/releases test 1")


# The same model elsewhere.


def added(chat: Chat, place: str, name: str = "DeepSeek-V4") -> Event:
    """A model that appeared, is remembered, and was told."""
    item = model(name, chat.clock.now(), url=f"{PAGES[place]}{name}")
    chat.read(place, Part.MODELS, item)
    return chat.happen(C.MODEL_ADDED, item, part=Part.MODELS, place=place)


def test_a_model_that_comes_to_a_second_hub_is_told_with_the_first_and_the_first_card_learns_of_it(chat: Chat) -> None:
    chat.follow(HF, ["model"])
    chat.follow(MS, ["model"])
    first = added(chat, HF)
    assert "🔗" not in chat.talk.words(chat.talk.parcels()[0].answer)
    chat.clock.advance(3 * HOUR)
    added(chat, MS)
    new, redrawn = sorted(chat.talk.parcels(), key=lambda parcel: parcel.redraws or "")
    assert "🔗 hf:deepseek-ai deepseek-ai/DeepSeek-V4" in chat.talk.words(new.answer)
    assert "（早 3 小时）" in chat.talk.words(new.answer)
    assert redrawn.redraws == f"release:{first.fingerprint}:1"
    assert "🔗 ms:deepseek-ai deepseek-ai/DeepSeek-V4" in chat.talk.words(redrawn.answer)
    assert "（晚 3 小时）" in chat.talk.words(redrawn.answer)


@pytest.mark.parametrize("name", ["DeepSeek-V4-Base", "DeepSeek-V4.1", "DeepSeek"])
def test_another_model_is_another_model(chat: Chat, name: str) -> None:
    chat.follow(MS, ["model"])
    added(chat, HF)
    added(chat, MS, name)
    (parcel,) = chat.talk.parcels()
    assert "🔗" not in chat.talk.words(parcel.answer)


def test_support_that_lands_in_a_repository_points_to_the_model(chat: Chat) -> None:
    chat.follow(VLLM, ["pr"])
    added(chat, HF)
    merged = pull(1, chat.clock.now(), State.MERGED, title="Support DeepSeek V4")
    chat.read(VLLM, Part.ISSUES, merged)
    chat.happen(C.PR_MERGED, merged)
    (parcel,) = chat.talk.parcels()
    assert "🔗 hf:deepseek-ai deepseek-ai/DeepSeek-V4" in chat.talk.words(parcel.answer)


def test_support_for_a_model_that_is_gone_points_nowhere(chat: Chat) -> None:
    chat.follow(VLLM, ["pr"])
    gone = replace(added(chat, HF).item, state=State.GONE)
    chat.read(HF, Part.MODELS, gone)
    merged = pull(1, chat.clock.now(), State.MERGED, title="Support DeepSeek V4")
    chat.read(VLLM, Part.ISSUES, merged)
    chat.happen(C.PR_MERGED, merged)
    (parcel,) = chat.talk.parcels()
    assert "🔗" not in chat.talk.words(parcel.answer)


def test_an_earlier_card_of_which_there_is_nothing_more_to_say_is_left_as_it_is(chat: Chat) -> None:
    chat.follow(HF, ["card"])
    chat.follow(MS, ["model"])
    first = added(chat, HF)
    chat.happen(C.CARD, first.item, part=Part.MODELS, place=HF)
    chat.talk.parcels()
    chat.clock.advance(HOUR)
    added(chat, MS)
    assert [parcel.redraws for parcel in chat.talk.parcels()] == [None]


def test_a_model_points_to_the_release_that_supports_it_already(chat: Chat) -> None:
    chat.follow(HF, ["model"])
    chat.read(VLLM, Part.RELEASES, release(1, "v0.10.0", chat.clock.now(), body="Adds DeepSeek-V4."))
    chat.clock.advance(HOUR)
    added(chat, HF)
    (parcel,) = chat.talk.parcels()
    assert "🔗 vllm-project/vllm v0.10.0" in chat.talk.words(parcel.answer)


def test_a_card_of_two_weeks_ago_is_left_as_it_is(chat: Chat) -> None:
    chat.follow(HF, ["model"])
    added(chat, HF)
    chat.talk.parcels()
    chat.clock.advance(15 * DAY)
    added(chat, MS)
    assert chat.talk.parcels() == []


@pytest.mark.parametrize("ended", [True, False])
def test_only_cards_of_those_who_still_follow_and_that_can_be_drawn_are_drawn_anew(chat: Chat, *, ended: bool) -> None:
    robot = replace(GROUP, platform=Platform.WELINK, kind=TargetKind.ROBOT, id="ops")
    chat.follow(HF, ["model"], target=LI_ALONE if ended else robot)
    added(chat, HF)
    chat.talk.parcels()
    if ended:
        chat.ask("/releases unwatch 1")
    added(chat, MS)
    assert chat.talk.parcels() == []
