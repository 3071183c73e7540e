"""What operators see of the hubs and of messages that did not arrive, and how such a message is sent after all."""

from dataclasses import replace

import pytest

from handlers.releases.upkeep import MOST_LETTERS
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, line
from suanli.domain.audit import Outcome
from suanli.domain.delivery import Draft
from suanli.domain.errors import RemoteError
from suanli.domain.releases import Allowance, Change, Part
from suanli.domain.releases.resources import Status
from suanli.i18n import Lang
from tests.dialogue import LI, runs
from tests.fakes import NOON, FakeClock, FakeCourier
from tests.outgoing import SECOND, delivery
from tests.release_items import HOUR, MINUTE, issue
from tests.releasechat import GROUP, VLLM, Chat

GONE = RemoteError("the bot is not in the chat", permanent=True)


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    chat = Chat(sqlite_store, clock)
    chat.grant(LI, Role.OPERATOR)
    return chat


def learn(chat: Chat, *allowances: Allowance) -> None:
    with chat.store.begin() as tx:
        for allowance in allowances:
            tx.allowances.save(allowance)


def deliver(chat: Chat, *script: Exception | None) -> FakeCourier:
    """Let everything that waits go out, as the script says."""
    courier = FakeCourier(*script)
    delivery(chat.store, courier, chat.clock, admins=(), workers=1).drain(2 * SECOND)
    return courier


# quota


def test_before_any_request_the_quota_says_that_nobody_was_asked(chat: Chat) -> None:
    assert "还没有请求过任何上游" in chat.ask("/releases quota")


def test_the_quota_says_what_is_left_what_was_asked_and_how_old_that_is(chat: Chat) -> None:
    learn(chat, Allowance("api.github.com", 5000, 4000, NOON + HOUR, asked=250, used=12, learnt_at=NOON))
    chat.clock.advance(3 * MINUTE)
    (answer,) = chat.talk.say("/发布 配额")
    assert "api.github.com：剩 4000/5000 · 已请求 250 次，计费 12 次 · 3 分钟前" in chat.talk.words(answer)
    assert answer.tone == "good"


@pytest.mark.parametrize(
    "allowance",
    [
        Allowance("h", 100, 20, NOON + HOUR),
        Allowance("h", 100, 0, NOON + HOUR),
        Allowance("h", paused_until=NOON + MINUTE),
    ],
    ids=["four fifths are used", "nothing is left", "it rests"],
)
def test_an_allowance_that_runs_out_is_a_warning_until_its_window_is_over(chat: Chat, allowance: Allowance) -> None:
    learn(chat, allowance)
    assert [answer.tone for answer in chat.talk.say("/releases quota")] == ["warning"]
    chat.clock.advance(2 * HOUR)
    assert [answer.tone for answer in chat.talk.say("/releases quota")] == ["good"]


def test_a_host_that_rests_says_until_when(chat: Chat) -> None:
    learn(chat, Allowance("h", 100, 5, NOON + 30 * MINUTE, asked=1))
    assert "暂停到 12:30" in chat.ask("/releases quota")


def test_the_quota_counts_the_sources_by_how_they_are_doing(chat: Chat) -> None:
    chat.follow(VLLM, ["issue", "release"])
    chat.read(VLLM, Part.RELEASES)
    tracked = chat.read(VLLM, Part.ISSUES)
    with chat.store.begin() as tx:
        tx.resources.save(replace(tracked, status=Status.FAILING, failures=2))
    assert "2 个来源： 正常 1 · 读取失败 1" in chat.ask("/releases quota")


# dlq and retry


def lose(chat: Chat, count: int = 1) -> None:
    """Messages about changes that the group never gets."""
    chat.follow(VLLM, ["issue"], target=GROUP)
    for number in range(count):
        chat.happen(Change.ISSUE_OPENED, issue(number, NOON, title=f"Crash {number}"))
    courier = deliver(chat, *[GONE] * count)
    assert (len(courier.tried), len(courier.sent)) == (count, 0)


def test_when_everything_arrived_there_is_nothing_to_see(chat: Chat) -> None:
    assert "没有未送达的消息" in chat.ask("/releases dlq")


def test_a_message_that_did_not_arrive_is_seen_with_whom_it_was_for_and_why(chat: Chat) -> None:
    lose(chat)
    chat.clock.advance(HOUR)
    (answer,) = chat.talk.say("/releases dlq")
    words = chat.talk.words(answer)
    assert "1 条未送达的消息" in words
    assert "vllm-project/vllm 新 Issue：#0 → feishu chat_id oc_group" in words
    assert "the bot is not in the chat · 1 小时前" in words


def test_the_button_sends_it_again_as_it_was_and_only_once(chat: Chat) -> None:
    lose(chat)
    (answer,) = chat.talk.say("/releases dlq")
    (run,) = runs(answer)
    _, parcels = chat.talk.press({"run": run}, sender=LI, chat="oc_of_li")
    assert [(each.target, each.answer.title) for each in parcels if each.target == GROUP] == [
        (GROUP, "🟢 vllm-project/vllm 新 Issue：#0")
    ]
    assert f"没有编号 {run.split()[-1]} 的未送达消息" in chat.ask(run)
    assert "没有未送达的消息" in chat.ask("/releases dlq")


def test_what_cannot_be_delivered_again_is_dead_again(chat: Chat) -> None:
    lose(chat)
    with chat.store.begin() as tx:
        (letter,) = tx.outbox.dead_letters("release", 10)
        assert tx.outbox.revive(letter.number, chat.clock.now())
    deliver(chat, GONE)
    assert f"/releases retry {letter.number}" in chat.ask("/releases dlq")


def test_also_what_is_not_about_a_change_is_seen(chat: Chat) -> None:
    begun = Answer(Lang.ZH, (line("已开始监控"),), "发布动态")
    with chat.store.begin() as tx:
        tx.outbox.post(Draft("releases-begun:1", GROUP, begun), NOON)
    deliver(chat, GONE)
    assert "1 条未送达的消息" in chat.ask("/releases dlq")


def test_messages_of_other_subjects_are_none_of_this(chat: Chat) -> None:
    with chat.store.begin() as tx:
        tx.outbox.post(Draft("stock:1", GROUP, Answer(Lang.ZH, (line("x"),))), NOON)
    deliver(chat, GONE)
    with chat.store.begin() as tx:
        (letter,) = tx.outbox.dead_letters("", 10)
    assert "没有未送达的消息" in chat.ask("/releases dlq")
    assert "没有编号" in chat.ask(f"/releases retry {letter.number}")
    with chat.store.begin() as tx:
        assert tx.outbox.dead_letters("", 10) == (letter,)


def test_of_many_the_newest_are_shown_and_all_are_counted(chat: Chat) -> None:
    for number in range(MOST_LETTERS + 3):
        with chat.store.begin() as tx:
            tx.outbox.post(Draft(f"release:{number}", GROUP, Answer(Lang.ZH, (line("x"),), "t")), NOON)
    deliver(chat, *[GONE] * (MOST_LETTERS + 3))
    (answer,) = chat.talk.say("/releases dlq")
    assert answer.title == "13 条未送达的消息"
    assert len(runs(answer)) == MOST_LETTERS
    assert "另有 3 条未显示" in chat.talk.words(answer)


@pytest.mark.parametrize("number", ["1", "999999999999999", "0"])
def test_a_number_of_no_such_message_is_said_so(chat: Chat, number: str) -> None:
    assert f"没有编号 {number} 的未送达消息" in chat.ask(f"/releases retry {number}")


@pytest.mark.parametrize("command", ["dlq", "retry 1"])
def test_only_operators_see_what_others_were_to_get(sqlite_store: SqlStore, clock: FakeClock, command: str) -> None:
    chat = Chat(sqlite_store, clock)
    chat.grant(LI, Role.MEMBER)
    chat.ask(f"/releases {command}")
    with chat.store.begin() as tx:
        assert tx.audits.newest(1)[0].outcome is Outcome.DENIED
