"""What comes in is done once, by who may do it, and answered; a bug costs one command and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.router import Router
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, line
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.chat import ChatKind, Mention, Message, MessageId, OpenId, Person
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.i18n import Lang
from tests.dialogue import BOSS, GUEST, LI, Dialogue, runs
from tests.fakes import FakeClock, FaultyStore

MINUTE = timedelta(minutes=1)


@pytest.fixture
def bot(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    return Dialogue(sqlite_store, clock)


def audits(bot: Dialogue) -> list[AuditEntry]:
    with bot.store.begin() as tx:
        return list(tx.audits.newest(10))


def test_a_message_delivered_again_is_not_done_again(bot: Dialogue) -> None:
    assert len(bot.say("/help", key="cli_a:om_1")) == 1
    assert bot.say("/help", key="cli_a:om_1") == []
    assert len(audits(bot)) == 1


def test_an_answer_hangs_under_its_question_and_goes_before_alerts(bot: Dialogue) -> None:
    origin = bot.origin(ChatKind.GROUP, LI, timedelta(0), "k")
    Router(bot.store, bot.site, bot.clock, lambda: None).handle(Message(origin, MessageId("om_q"), LI, "/help"))
    (parcel,) = bot.parcels()
    assert (parcel.reply_to, parcel.target.id, parcel.key) == ("om_q", "oc_group", "reply:k")


def test_delivery_is_woken_after_the_commit(bot: Dialogue) -> None:
    bot.say("/help")
    assert bot.woken == 1


@pytest.mark.parametrize("text", ["/stock", "库存", "stock", "／ＳＴＯＣＫ", "/ stock"])
def test_a_command_is_understood_however_it_is_typed(bot: Dialogue, text: str) -> None:
    bot.say(text)
    assert audits(bot)[0].command == "stock"


def test_words_that_are_no_command_are_answered_with_a_hint(bot: Dialogue) -> None:
    assert bot.ask("早上好") == "我只听得懂命令。发送 /help 看看我会什么。"


def test_a_typo_is_answered_with_what_was_probably_meant_as_a_button(bot: Dialogue) -> None:
    (answer,) = bot.say("/stok 4090")
    assert runs(answer) == ["/stock 4090"]
    assert "没有 /stok 这个命令" in bot.words(answer)


def test_a_wrong_value_is_answered_with_near_ones_that_keep_the_rest_of_the_line(bot: Dialogue) -> None:
    (answer,) = bot.say("/stock H2 国内")
    assert "/stock H20 国内" in runs(answer)
    assert "不认识「H2」" in bot.words(answer)


def test_arguments_may_come_in_any_order(bot: Dialogue) -> None:
    bot.stock(("H20", "海外", "普通", 8, 3), ("H20", "国内", "普通", 8, 1))
    first, second = (bot.say(text)[0] for text in ("/stock 海外 h20", "/stock H20 overseas"))
    assert (first.title, first.blocks[0]) == (second.title, second.blocks[0])


def test_a_missing_argument_is_named_with_the_words_that_are_right(bot: Dialogue) -> None:
    text = bot.ask("/lang")
    assert "还需要：zh|en" in text
    assert "可以用的有：zh en" in text


def test_a_denial_says_which_role_it_takes_and_who_can_grant_it(bot: Dialogue) -> None:
    text = bot.ask("/status")
    assert "需要「运维」角色，您现在是「访客」" in text
    assert "ou_boss" in text
    assert "ou_li" in text
    assert audits(bot)[0].outcome is Outcome.DENIED


def test_a_guest_is_told_why(bot: Dialogue) -> None:
    assert "您不属于安装本应用的企业" in bot.ask("/stock", sender=GUEST)


def test_a_guest_still_learns_their_own_id(bot: Dialogue) -> None:
    assert "ou_guest" in bot.ask("/userid", sender=GUEST)


def test_without_any_admin_the_denial_says_how_to_get_one(bot: Dialogue) -> None:
    bot.site = replace(bot.site, admins=frozenset())
    assert "SUANLI_ADMINS" in bot.ask("/status")


def test_an_old_message_is_written_down_and_not_run(bot: Dialogue) -> None:
    (answer,) = bot.say("/lang en", age=11 * MINUTE)
    assert "11 分钟前" in bot.words(answer)
    assert audits(bot)[0].outcome is Outcome.STALE
    with bot.store.begin() as tx:
        assert tx.chats.lang_of(bot.origin(ChatKind.PRIVATE, LI, MINUTE, "").platform, "ou_li") is None


def test_a_message_of_ten_minutes_is_still_run(bot: Dialogue) -> None:
    bot.say("/help", age=10 * MINUTE)
    assert audits(bot)[0].outcome is Outcome.OK


def test_in_a_group_the_bot_keeps_silent_unless_spoken_to(bot: Dialogue) -> None:
    assert bot.say("/stock", kind=ChatKind.GROUP, addressed=False) == []
    assert audits(bot) == []


def test_where_the_settings_allow_it_an_exact_command_needs_no_mention(bot: Dialogue) -> None:
    bot.slash_without_mention = True
    assert len(bot.say("/help", kind=ChatKind.GROUP, addressed=False)) == 1
    assert bot.say("/hepl", kind=ChatKind.GROUP, addressed=False) == []
    assert bot.say("help", kind=ChatKind.GROUP, addressed=False) == []


def test_every_run_is_audited_with_who_where_what_and_how_it_went(bot: Dialogue) -> None:
    bot.say("/help stock", kind=ChatKind.GROUP)
    entry = audits(bot)[0]
    assert (entry.open_id, entry.chat_id, entry.chat_kind) == ("ou_li", "oc_group", ChatKind.GROUP)
    assert (entry.command, entry.words, entry.outcome) == ("help", "/help stock", Outcome.OK)


def crash(turn: Turn) -> Answer:
    turn.tx.facts.put("half", "done", turn.now)
    raise RuntimeError("secret detail")


def refuse(turn: Turn) -> Answer:
    turn.tx.facts.put("half", "done", turn.now)
    raise UserError("先做别的")


def spell(name: str, run: object, risk: Risk = Risk.CHANGE) -> Command:
    return Command(name=name, run=run, role=Role.NONE, risk=risk, example=f"/{name}")  # type: ignore[arg-type]


def test_a_bug_undoes_its_command_tells_a_reference_and_hides_the_detail(bot: Dialogue) -> None:
    broken = bot.with_commands(spell("crash", crash))
    with capture_logs() as logs:
        text = broken.ask("/crash")
    (event,) = [entry for entry in logs if entry["event"] == "command_crashed"]
    assert event["reference"] in text
    assert "secret detail" not in text
    with bot.store.begin() as tx:
        assert tx.facts.get("half") is None
    assert audits(bot)[0].outcome is Outcome.CRASHED


def test_what_a_command_refuses_is_shown_as_it_is_and_undone(bot: Dialogue) -> None:
    assert bot.with_commands(spell("no", refuse)).ask("/no") == "先做别的"
    with bot.store.begin() as tx:
        assert tx.facts.get("half") is None


def test_a_failing_store_is_not_taken_for_a_bug_of_the_command(bot: Dialogue) -> None:
    """The error reaches the webhook, which answers 500, so that Feishu delivers again, and then it is done."""
    store = FaultyStore(bot.store)
    store.broken = True
    router = Router(store, bot.site, bot.clock, lambda: None)
    message = Message(bot.origin(ChatKind.PRIVATE, LI, MINUTE, "k"), MessageId("om_1"), LI, "/help")
    with pytest.raises(OSError, match="locked"):
        router.handle(message)
    store.broken = False
    router.handle(message)
    assert [parcel.key for parcel in bot.parcels()] == ["reply:k"]


def test_a_click_does_what_typing_would_for_the_one_who_clicked(bot: Dialogue) -> None:
    toast, answers = bot.click({"run": "/stock 4090"}, sender=GUEST)
    assert toast == "已收到，结果马上发到会话里。"
    assert "权限不足" in bot.words(answers[0])


def test_a_click_cannot_change_anything(bot: Dialogue) -> None:
    toast, answers = bot.click({"run": "/role grant ou_li admin"}, sender=BOSS)
    assert (toast, answers) == ("按钮只能用来查询，请直接输入这条命令。", [])


@pytest.mark.parametrize("value", [{}, {"run": ""}, {"run": "/nothing"}, {"other": "x"}])
def test_a_click_that_means_nothing_says_so(bot: Dialogue, value: dict[str, str]) -> None:
    assert bot.click(value) == ("这个按钮已经失效，请重新发送命令。", [])


def test_a_replayed_click_does_nothing(bot: Dialogue) -> None:
    assert len(bot.click({"run": "/help"}, key="same")[1]) == 1
    assert bot.click({"run": "/help"}, key="same") == (None, [])
    assert bot.click({"run": "/help"}, age=11 * MINUTE)[1] == []


def test_a_chat_is_welcomed_once(bot: Dialogue) -> None:
    (welcome,) = bot.arrive(ChatKind.GROUP)
    assert runs(welcome) == ["/stock", "/help"]
    assert bot.arrive(ChatKind.GROUP) == []
    assert len(bot.arrive(ChatKind.PRIVATE)) == 1


def test_a_person_named_by_hand_is_answered_with_how_to_mention_them(bot: Dialogue) -> None:
    assert "请用 @ 从列表里选择" in bot.ask("/role grant @张三 operator", sender=BOSS)


def test_the_language_of_a_private_chat_is_the_persons_and_of_a_group_the_groups(bot: Dialogue) -> None:
    bot.say("/lang en")
    assert bot.ask("hello") == "I only understand commands. Send /help to see what I can do."
    assert bot.say("hello", kind=ChatKind.GROUP)[0].lang is Lang.ZH
    bot.say("/lang en", kind=ChatKind.GROUP, sender=BOSS)
    assert bot.say("hello", kind=ChatKind.GROUP)[0].lang is Lang.EN
    assert bot.say("hello", sender=BOSS)[0].lang is Lang.ZH


def echo(turn: Turn, person: tuple[Person, ...]) -> Answer:
    return Answer(turn.texts.lang, (line(" ".join(p.open_id for p in person)),))


def test_a_mention_reaches_the_command_as_the_person(bot: Dialogue) -> None:
    from handlers.arguments import PersonArgument  # noqa: PLC0415 beside what it is about

    params = (Param("person", PersonArgument(), many=True),)
    who = Command(name="who", run=echo, role=Role.NONE, risk=Risk.READ, example="/who", params=params)
    mentions = [Mention("@_user_1", Person(OpenId("ou_one"))), Mention("@_user_10", Person(OpenId("ou_ten")))]
    bot = bot.with_commands(who)
    (answer,) = bot.say("/who @_user_10 @_user_1", mentions=mentions)
    assert bot.words(answer) == "ou_ten ou_one"
