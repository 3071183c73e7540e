"""Dialogues with each command."""

from datetime import timedelta

import pytest

from handlers import COMMANDS
from storage.store import SqlStore
from suanli.domain.answer import Table, Tone
from suanli.domain.audit import Outcome
from suanli.domain.chat import ChatId, ChatKind, Mention, OpenId, Person, Platform, Target, TargetKind
from suanli.domain.delivery import Draft, Rate, Rates
from suanli.domain.facts import BEAT
from suanli.i18n import Lang
from tests.dialogue import BOSS, GUEST, LI, Dialogue, runs
from tests.fakes import FakeClock


@pytest.fixture
def bot(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    return Dialogue(sqlite_store, clock)


FLEET = (
    ("4090", "国内", "普通", 300, 60),
    ("4090", "国内", "高主频", 40, 5),
    ("4090", "海外", "普通", 60, 20),
    ("H20", "国内", "普通", 100, 7),
    ("NVIDIA B300", "海外", "普通", 8, 8),
)


def table(bot: Dialogue, text: str) -> Table:
    (answer,) = bot.say(text)
    (found,) = [block for block in answer.blocks if isinstance(block, Table)]
    return found


def test_stock_lists_every_model_the_largest_first_unlisted_products_too(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    got = table(bot, "/stock")
    assert [c.title for c in got.columns] == ["型号", "空闲", "总数", "使用中", "不可用"]
    assert got.rows == (("4090", "85", "400", "315", "0"), ("H20", "7", "100", "93", "0"),
                        ("NVIDIA B300", "8", "8", "0", "0"))  # fmt: skip


def test_stock_of_a_model_lists_its_places_and_their_sum(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    got = table(bot, "/stock 4090")
    assert [row[:4] for row in got.rows] == [
        ("国内", "普通", "60", "300"),
        ("国内", "高主频", "5", "40"),
        ("海外", "普通", "20", "60"),
        ("合计", "", "85", "400"),
    ]


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("/stock 4090 国内", ["60", "5", "65"]),
        ("/stock 国内 高主频 4090", ["5"]),
        ("/stock overseas 4090", ["20"]),
        ("/stock 海外", ["20", "8"]),
        ('/stock "NVIDIA B300"', ["8"]),
    ],
)
def test_stock_narrows_by_whatever_is_named_in_any_order(bot: Dialogue, text: str, free: list[str]) -> None:
    bot.stock(*FLEET)
    got = table(bot, text)
    at = [c.title for c in got.columns].index("空闲")
    assert [row[at] for row in got.rows] == free


def test_stock_figures_carry_their_age_and_source(bot: Dialogue) -> None:
    bot.stock(*FLEET, age=timedelta(minutes=4))
    text = bot.ask("/stock")
    assert "数据时间 4 分钟前" in text
    assert "grafana-sql" in text


def test_old_figures_are_shown_as_old(bot: Dialogue) -> None:
    bot.stock(*FLEET, age=timedelta(minutes=16))
    (answer,) = bot.say("/stock")
    assert "数据已过期" in bot.words(answer)
    assert answer.tone is Tone.WARNING


def test_only_the_newest_answer_of_the_source_counts(bot: Dialogue) -> None:
    bot.stock(*FLEET, age=timedelta(minutes=5))
    bot.stock(("H20", "国内", "普通", 100, 9))
    assert [row[0] for row in table(bot, "/stock").rows] == ["H20"]


def test_no_data_is_said_and_is_no_table_of_zeros(bot: Dialogue) -> None:
    (answer,) = bot.say("/stock")
    assert not any(isinstance(block, Table) for block in answer.blocks)
    assert "没有数据不等于没有库存" in bot.words(answer)


def test_a_model_that_the_newest_data_does_not_name_is_not_zero(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    (answer,) = bot.say("/stock H200")
    assert not any(isinstance(block, Table) for block in answer.blocks)
    assert "不等于 0 张" in bot.words(answer)


def test_why_there_is_no_data_is_told_to_those_who_can_mend_it(bot: Dialogue) -> None:
    with bot.store.begin() as tx:
        tx.samples.failed("grafana-sql", "401: the token is not accepted", bot.clock.now())
    assert "401" not in bot.ask("/stock")
    assert "401" in bot.ask("/stock", sender=BOSS)


def test_the_refresh_button_asks_the_same_again(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    (answer,) = bot.say("/stock 4090 国内")
    assert runs(answer) == ["/stock 4090 国内", "/stock trend 4090 国内", "/stock"]


def test_a_question_in_a_sentence_is_answered_and_can_be_refreshed(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    (answer,) = bot.say("国内4090有多少")
    assert answer.title == "国内 4090 库存"
    assert runs(answer)[0] == "/stock 4090 国内"


def test_names_that_are_glued_together_are_told_apart(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    assert bot.say("/stock 国内4090")[0].title == "国内 4090 库存"


def test_a_sentence_that_is_no_question_of_stock_is_not_taken_for_one(bot: Dialogue) -> None:
    bot.stock(*FLEET)
    assert "我只听得懂命令" in bot.ask("4090 昨天坏了")


def test_userid_shows_ones_own_ids_and_where_one_is(bot: Dialogue) -> None:
    text = bot.ask("/userid")
    for expected in ("ou_li", "li", "on_li", "oc_ou_li", "ten"):
        assert expected in text


def test_userid_says_why_a_user_id_is_missing(bot: Dialogue) -> None:
    text = bot.ask("/userid", sender=GUEST)
    assert "contact:user.employee_id:readonly" in text
    assert "union_id：未提供" in text


def test_userid_of_others_shows_theirs(bot: Dialogue) -> None:
    wang = Mention("@_user_2", Person(OpenId("ou_wang"), "wang", "on_wang", "王五"))
    text = bot.ask("/userid @_user_2", mentions=[wang])
    assert "ou_wang" in text
    assert "王五" in text
    assert "ou_li" not in text.replace("oc_ou_li", "")


def test_help_lists_what_this_person_may_run(bot: Dialogue) -> None:
    mine, bosses = bot.ask("/help"), bot.ask("/help", sender=BOSS)
    assert "/status" not in mine
    assert "/status" in bosses
    assert all(f"/{command.name}" in bosses for command in COMMANDS)


@pytest.mark.parametrize("name", ["stock", "/stock", "库存"])
def test_help_of_a_command_shows_usage_aliases_and_an_example(bot: Dialogue, name: str) -> None:
    text = bot.ask(f"/help {name}")
    for expected in ("/stock [型号] [地区] [频率]", "/库存", "/stock 4090 国内", "访客"):
        assert expected in text


def test_help_of_a_command_with_subcommands_shows_them_all(bot: Dialogue) -> None:
    text = bot.ask("/help role")
    assert all(f"/role {sub}" in text for sub in ("list", "grant", "revoke"))


def test_help_of_no_command_suggests_one(bot: Dialogue) -> None:
    assert runs(bot.say("/help stok")[0]) == ["/help stock"]


def grant(bot: Dialogue, who: Person, role: str, *, by: Person = BOSS) -> str:
    return bot.ask(f"/role grant @_user_2 {role}", sender=by, mentions=[Mention("@_user_2", who)])


def test_a_granted_role_counts_from_the_next_message_on(bot: Dialogue) -> None:
    assert "权限不足" in bot.ask("/status")
    assert "已授权" in grant(bot, LI, "operator")
    assert "运行状态" in bot.ask("/status")


def test_a_role_may_be_named_in_either_language(bot: Dialogue) -> None:
    assert "已授权" in grant(bot, LI, "运维")


def test_roles_are_listed_with_who_has_them_and_what_everybody_else_is(bot: Dialogue) -> None:
    grant(bot, LI, "operator")
    text = bot.ask("/role", sender=BOSS)
    assert "管理员：ou_boss （在设置中指定）" in text
    assert "运维：ou_li" in text
    assert "「访客」" in text


def test_only_an_admin_grants(bot: Dialogue) -> None:
    assert "需要「管理员」角色" in grant(bot, LI, "admin", by=LI)
    assert "权限不足" in bot.ask("/status")


def test_an_admin_of_the_settings_cannot_be_changed_in_chat(bot: Dialogue) -> None:
    grant(bot, LI, "admin")
    assert "SUANLI_ADMINS" in grant(bot, BOSS, "viewer", by=LI)


def test_nobody_locks_themselves_out(bot: Dialogue) -> None:
    grant(bot, LI, "admin")
    revoke = bot.ask("/role revoke @_user_2", sender=LI, mentions=[Mention("@_user_2", LI)])
    assert "不能收回自己" in revoke


def test_a_revoked_role_falls_back_to_the_default(bot: Dialogue) -> None:
    grant(bot, LI, "operator")
    mention = Mention("@_user_2", LI)
    assert "已收回" in bot.ask("/role revoke @_user_2", sender=BOSS, mentions=[mention])
    assert "权限不足" in bot.ask("/status")
    assert "不需要收回" in bot.ask("/role revoke @_user_2", sender=BOSS, mentions=[mention])


def test_revoking_from_several_is_all_or_nothing(bot: Dialogue) -> None:
    grant(bot, LI, "operator")
    people = [Mention("@_user_2", LI), Mention("@_user_3", GUEST)]
    assert "不需要收回" in bot.ask("/role revoke @_user_2 @_user_3", sender=BOSS, mentions=people)
    assert "运行状态" in bot.ask("/status")


def test_status_shows_sources_queue_failures_beat_and_version(bot: Dialogue) -> None:
    bot.stock(*FLEET, age=timedelta(minutes=2))
    with bot.store.begin() as tx:
        tx.samples.failed("prometheus", "timeout", bot.clock.now())
        tx.facts.put(BEAT, "host:1", bot.clock.now())
    text = bot.ask("/status", sender=BOSS)
    for expected in ("grafana-sql：最近成功 2 分钟前", "从未成功 · 连续失败 1 次：timeout", "0 条", "刚刚", "1.2.3"):
        assert expected in text


def test_status_shows_what_was_given_up(bot: Dialogue) -> None:
    target = Target(Platform.FEISHU, TargetKind.CHAT, "oc_gone")
    draft = Draft("x", target, bot.say("/help")[0])
    with bot.store.begin() as tx:
        tx.outbox.post(draft, bot.clock.now())
        fast = Rate(10, timedelta(seconds=1), burst=5)
        (parcel,) = tx.outbox.claim(
            owner="o",
            now=bot.clock.now(),
            lease=timedelta(seconds=9),
            limit=9,
            rates={Platform.FEISHU: Rates(fast, (fast,))},
        )
        tx.outbox.dead(parcel, "230002", bot.clock.now())
    (answer,) = bot.say("/status", sender=BOSS)
    assert "发送失败：1 条" in bot.words(answer)
    assert answer.tone is Tone.WARNING


def test_a_silent_scheduler_is_said(bot: Dialogue) -> None:
    assert "没有心跳" in bot.ask("/status", sender=BOSS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
@pytest.mark.parametrize("lang", Lang)
def test_every_command_answers_nothing_nonsense_and_a_stranger_in_both_languages(
    bot: Dialogue, command: object, lang: Lang
) -> None:
    with bot.store.begin() as tx:
        for person in (LI, GUEST, BOSS):
            tx.chats.choose_lang(Platform.FEISHU, ChatId(person.open_id), lang)
    name = getattr(command, "name", "")
    for sender in (LI, GUEST, BOSS):
        for text in (f"/{name}", f"/{name} ?? <at id=all></at>", f"/{name} --help"):
            (answer,) = bot.say(text, sender=sender, kind=ChatKind.PRIVATE)
            assert bot.words(answer).strip()
    with bot.store.begin() as tx:
        assert all(entry.outcome is not Outcome.CRASHED for entry in tx.audits.newest(100))
