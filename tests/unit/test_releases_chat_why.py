"""What chat says of why something was told, or was not: from the change to the rule, and on to the message."""

from dataclasses import replace

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import OpenId
from suanli.domain.errors import RemoteError
from suanli.domain.releases import Change, Event, Fingerprint, Part, State
from tests.dialogue import LI
from tests.fakes import FakeClock, FakeCourier
from tests.outgoing import SECOND, delivery
from tests.release_items import DAY, HOUR, MINUTE, issue, pull, release
from tests.releasechat import GROUP, VLLM, Chat

C = Change


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


def opened(chat: Chat, number: int, title: str = "Crash") -> Event:
    return chat.happen(C.ISSUE_OPENED, issue(number, chat.clock.now(), title=title))


def test_why_names_the_change_the_words_and_the_delivery(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], "qwen|deepseek")
    event = opened(chat, 1, "Qwen and DeepSeek")
    chat.talk.parcels()
    chat.clock.advance(HOUR)
    words = chat.ask(f"/releases why {event.short}")
    assert "Qwen and DeepSeek https://github.com/vllm-project/vllm/issues/1" in words
    assert "动态：vllm-project/vllm 新 Issue" in words
    assert "1 符合（新 Issue，命中 qwen, deepseek） → 已送达 私聊 1 小时前" in words


def test_why_is_asked_with_or_without_the_sign_and_in_any_case(chat: Chat) -> None:
    event = opened(chat, 1)
    for name in (event.short, event.fingerprint, event.short[1:].upper()):
        assert "来龙去脉" in chat.ask(f"/releases why {name}")


def test_why_knows_what_is_put_by_and_until_when(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    chat.ask("/releases mode 1 daily 18:00")
    event = opened(chat, 1)
    assert "将在这时通知： 11-20 18:00" in chat.ask(f"/releases why {event.short}")


def test_why_knows_what_has_not_left_yet(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    event = opened(chat, 1)
    chat.grant(LI, Role.OPERATOR)
    (asked, *_) = (parcel.answer for parcel in chat.talk.tell(f"/releases why {event.short} 1"))
    assert "正在发送" in chat.talk.words(asked)


def test_why_says_what_the_watch_is_about_when_the_change_was_another(chat: Chat) -> None:
    chat.follow(VLLM, ["pr", "release"])
    event = opened(chat, 1)
    assert "没有通知：只关注 pr, release" in chat.ask(f"/releases why {event.short}")


def test_why_says_which_filter_was_not_met(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], "deepseek")
    event = opened(chat, 1)
    assert "没有通知：不符合条件 deepseek" in chat.ask(f"/releases why {event.short}")


def test_why_says_that_a_machine_wrote_it(chat: Chat) -> None:
    chat.follow(VLLM, ["pr"])
    event = chat.happen(C.PR_OPENED, pull(1, chat.clock.now(), by_bot=True))
    assert chat.talk.parcels() == []
    assert "由机器人发出" in chat.ask(f"/releases why {event.short}")


def test_why_says_that_a_prerelease_with_another_tag_is_none_of_a_stable_watch(chat: Chat) -> None:
    chat.follow(VLLM, ["release"])
    renamed = release(1, "v2rc2", chat.clock.now(), State.PRERELEASE)
    event = chat.happen(C.PROMOTED, renamed, part=Part.RELEASES, detail="v2rc1")
    assert "没有通知：只关注 release" in chat.ask(f"/releases why {event.short}")


def test_why_says_that_it_was_before_the_watch(chat: Chat) -> None:
    event = opened(chat, 1)
    chat.clock.advance(MINUTE)
    chat.follow(VLLM, ["issue"])
    assert "没有通知：发生在关注之前" in chat.ask(f"/releases why {event.short}")


def test_why_of_a_place_that_nobody_follows_here_says_so(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    event = opened(chat, 1)
    chat.talk.parcels()
    words = chat.ask(f"/releases why {event.short}")
    assert "这里没有关注这个仓库或组织" in words
    assert "符合" not in words


def test_why_finds_a_watch_whose_place_was_typed_in_another_case(chat: Chat) -> None:
    chat.follow("VLLM-Project/vLLM", ["pr"])
    event = opened(chat, 1)
    assert "只关注 pr" in chat.ask(f"/releases why {event.short}")


def test_why_of_what_two_watches_of_a_chat_tell_shows_both_and_one_message(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    chat.follow(VLLM, ["issue"], "crash")
    event = opened(chat, 1)
    assert len(chat.talk.parcels()) == 1
    words = chat.ask(f"/releases why {event.short}")
    assert "1 符合（新 Issue，命中 全部） → 已送达" in words
    assert "2 符合（新 Issue，命中 crash） → 已送达" in words


def test_why_of_a_name_that_stands_for_several_asks_for_more_of_it(chat: Chat) -> None:
    one = opened(chat, 1)
    with chat.store.begin() as tx:
        name = one.fingerprint[:8] + "f" * 24
        tx.happenings.add([replace(one, fingerprint=Fingerprint(name))])
    words = chat.ask(f"/releases why {one.short}")
    assert name in words
    assert one.fingerprint in words
    assert "来龙去脉" in chat.ask(f"/releases why {name}")


@pytest.mark.parametrize("name", ["#00000000", "#" + "0" * 32])
def test_why_of_a_name_that_nothing_has_says_so(chat: Chat, name: str) -> None:
    assert f"没有编号 {name} 的动态" in chat.ask(f"/releases why {name}")


@pytest.mark.parametrize("name", ["", "#abc", "#xyzxyzxy", "#" + "0" * 33])
def test_why_of_what_is_no_name_asks_again(chat: Chat, name: str) -> None:
    assert "来龙去脉" not in chat.ask(f"/releases why {name}")


def test_why_for_a_watch_of_somebody_else_is_as_good_as_for_none(chat: Chat) -> None:
    other = replace(LI, open_id=OpenId("ou_other"), user_id=None, union_id=None)
    chat.follow(VLLM, ["issue"])
    event = opened(chat, 1)
    chat.talk.parcels()
    assert "这里没有编号 1 的关注" in chat.ask(f"/releases why {event.short} 1", by=other)


def test_what_was_told_so_long_ago_that_the_message_is_forgotten_was_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    event = opened(chat, 1)
    chat.talk.parcels()
    with chat.store.begin() as tx:
        tx.outbox.forget_before(chat.clock.now() + DAY)
    assert "已通知（投递记录已过期）" in chat.ask(f"/releases why {event.short}")


def test_why_knows_what_did_not_arrive_and_why_not(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"], target=GROUP)
    event = opened(chat, 1)
    courier = FakeCourier(RemoteError("the bot is not in the chat", permanent=True))
    delivery(chat.store, courier, chat.clock, admins=()).drain(2 * SECOND)
    assert "没有送达：the bot is not in the chat 刚刚" in chat.ask_in_group(f"/releases why {event.short}", by=LI)
