"""Rules as chat shows and changes them: by whom, as a whole or not at all, and what the settings say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Table
from suanli.domain.audit import Outcome
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import State
from suanli.domain.stock.rules import Field, Recipient, Rule
from tests.dialogue import BOSS, LI, SITE
from tests.fakes import FakeClock
from tests.stockdesk import BEN, LOW, PLENTY, R4090, RULES, Desk, row

MINUTES, HOUR = timedelta(minutes=5), timedelta(hours=1)


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    return Desk(sqlite_store, clock, PLENTY)


def rows(desk: Desk, line: str = "/stock rule") -> list[tuple[str, ...]]:
    (answer,) = desk.bot.say(line)
    (table,) = (block for block in answer.blocks if isinstance(block, Table))
    return list(table.rows)


def fields(desk: Desk, model: str = "4090") -> dict[Field, int]:
    with desk.store.begin() as tx:
        return {each.field: each.value for each in tx.overrides.all() if each.scope.model == model}


def order(desk: Desk, words: str) -> str:
    """What an admin is told who says this."""
    return desk.ask_bot(f"/stock rule {words}", by=BOSS)


# Seeing them.


def test_the_table_shows_every_rule_with_what_it_works_out(desk: Desk) -> None:
    assert rows(desk) == [
        ("4090", "100", "50", "110", "1", "24h", "0", "2"),
        ("H20", "20", "10", "22", "1", "24h", "0", "2"),
    ]


def test_without_any_rule_an_operator_learns_how_to_make_one(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY, rules=())
    assert "/stock rule set 4090 min_free=100" in desk.ask_bot("/stock rule")


def test_one_models_rule_shows_every_field_and_who_is_told(desk: Desk) -> None:
    words = desk.ask_bot("/stock rule 4090")
    for said in ("安全库存：100", "严重低于：50", "恢复到：110", "连续次数：1", "重复间隔：24h", "恢复观察：15m",
                 "采购周期（天）：0", "收件人：ou_a ou_b"):  # fmt: skip
        assert said in words


def test_a_recipient_who_is_no_person_is_shown_by_their_id(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("oc_buyers"), Recipient("li@example.com"))
    desk = Desk(sqlite_store, clock, PLENTY, recipients=people)
    assert "收件人：oc_buyers li@example.com" in desk.ask_bot("/stock rule 4090")


def test_without_recipients_operators_are_named_as_those_who_are_told(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY, recipients=())
    assert "收件人：ou_boss" in desk.ask_bot("/stock rule 4090")


def test_a_changed_field_shows_what_the_settings_say_and_who_changed_it_when(desk: Desk) -> None:
    order(desk, "set 4090 min_free=90")
    desk.clock.advance(2 * HOUR)
    words = desk.ask_bot("/stock rule 4090")
    assert "安全库存：90 （设置文件：100）由ou_boss 2 小时前" in words
    assert "恢复到：99\n" in words
    assert [row[0] for row in rows(desk)] == ["4090*", "H20"]


def test_a_rule_made_in_chat_alone_says_so(desk: Desk) -> None:
    order(desk, "set H200 min_free=8")
    assert "安全库存：8 （设置文件：没有）由ou_boss" in desk.ask_bot("/stock rule H200")


def test_a_model_without_a_rule_has_none_to_show(desk: Desk) -> None:
    assert "没有 H200 的库存规则" in desk.ask_bot("/stock rule H200")


def test_a_model_shows_the_rules_of_its_regions_and_a_region_only_its_own(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    scopes = (Scope(Model("4090")), Scope(Model("4090"), "海外"), Scope(Model("H20"), "海外", "高主频"))
    desk = Desk(sqlite_store, clock, PLENTY, rules=tuple(Rule(scope, 10) for scope in scopes))
    assert desk.ask_bot("/stock rule 4090").count("安全库存") == 2
    assert desk.ask_bot("/stock rule 4090 overseas").count("安全库存") == 1
    assert "没有 4090 国内 的库存规则" in desk.ask_bot("/stock rule 4090 国内")
    assert [row[0] for row in rows(desk, "/stock rule 海外")] == ["4090 海外", "H20 海外 高主频"]
    assert [row[0] for row in rows(desk, "/stock rule 高主频")] == ["H20 海外 高主频"]
    assert "没有 国内 的库存规则" in desk.ask_bot("/stock rule 国内")


# Changing them.


@pytest.mark.parametrize("line", ["/stock rule set 4090 min_free=1", "/stock rule unset 4090"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_only_operators_change_rules_not_even_recipients(desk: Desk, line: str, role: Role) -> None:
    order(desk, "set 4090 critical=7")
    desk.grant(BEN, role)
    assert "需要「运维」角色" in desk.ask_bot(line, by=BEN)
    assert desk.outcome() == ("ou_b", " ".join(line.split()[:3])[1:], Outcome.DENIED)
    assert fields(desk) == {Field.CRITICAL: 7}


def test_a_button_changes_no_rule_whoever_presses(desk: Desk) -> None:
    assert "按钮只能用来查询" in desk.press("/stock rule set 4090 min_free=1", by=BOSS).words
    assert fields(desk) == {}


def test_an_operator_changes_several_fields_at_once(desk: Desk) -> None:
    desk.grant(LI, Role.OPERATOR)
    words = desk.ask_bot(
        "/stock rule set min_free=200 4090 critical=120 recover=240 samples=3 repeat=12h keep=30m lead_days=14", by=LI
    )
    assert "规则已修改" in words
    assert fields(desk) == {
        Field.MIN_FREE: 200, Field.CRITICAL: 120, Field.RECOVER: 240, Field.SAMPLES: 3, Field.REPEAT: 43200,
        Field.KEEP: 1800, Field.LEAD_DAYS: 14,
    }  # fmt: skip
    assert rows(desk)[0] == ("4090*", "200", "120", "240", "3", "12h", "14", "2")


def test_of_a_field_that_is_named_twice_the_last_holds(desk: Desk) -> None:
    order(desk, "set 4090 min_free=90 min_free=80")
    assert fields(desk) == {Field.MIN_FREE: 80}


@pytest.mark.parametrize("typed", ["min_free=90", "MIN_FREE=90", "ｍｉｎ＿ｆｒｅｅ＝９０"])
def test_a_field_may_be_typed_in_any_width_and_case(desk: Desk, typed: str) -> None:
    order(desk, f"set 4090 {typed}")
    assert fields(desk) == {Field.MIN_FREE: 90}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("min_free=90 samples=0", "samples 要在 1 到 100 之间"),
        ("min_free=90 samples=101", "samples 要在 1 到 100 之间"),
        ("min_free=90 lead_days=366", "lead_days 要在 0 到 365 之间"),
        ("min_free=90 repeat=31d", "repeat 要在 1m 到 30d 之间"),
        ("min_free=90 keep=2周", "keep 要在 1m 到 7d 之间"),
        ("min_free=90 critical=91", "critical（91）不能大于 min_free（90）"),
        ("min_free=90 recover=89", "recover（89）不能小于 min_free（90）"),
        ("min_free=90 min_free=-1", "不认识「min_free=-1」"),
        ("min_free=90 critical=ten", "不认识「critical=ten」"),
        ("min_free=90 critical=1.5", "不认识「critical=1.5」"),
        ("min_free=90 critical=9999999", "不认识「critical=9999999」"),
        ("min_free=90 repeat=12", "不认识「repeat=12」"),
        ("min_free=90 repeat=0h", "不认识「repeat=0h」"),
        ("min_free=90 samples=1h", "不认识「samples=1h」"),
        ("min_free=90 description=x", "不认识「description=x」"),
        ("min_free=90 critical", "不认识「critical」"),
        ("min_free=90 H20", "不认识「H20」"),
        ("", "还需要：字段=值"),
    ],
)
def test_what_makes_no_sense_is_refused_as_a_whole(desk: Desk, typed: str, said: str) -> None:
    assert said in order(desk, f"set 4090 {typed}")
    assert desk.outcome()[2] is Outcome.REFUSED
    assert fields(desk) == {}


def test_a_rule_of_the_settings_is_checked_together_with_the_change(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY, rules=(Rule(Scope(Model("4090")), 100, critical=50, recover=110),))
    assert "recover（110）不能小于 min_free（150）" in order(desk, "set 4090 min_free=150")
    assert "critical（50）不能大于 min_free（40）" in order(desk, "set 4090 min_free=40")
    assert fields(desk) == {}
    assert "规则已修改" in order(desk, "set 4090 min_free=150 recover=160")


def test_a_rule_is_made_in_chat_once_its_threshold_is_named(desk: Desk) -> None:
    assert "请先给出 min_free" in order(desk, "set H200 critical=5")
    assert fields(desk, "H200") == {}
    assert "规则已修改" in order(desk, "set H200 min_free=8 critical=5")
    assert [row[:3] for row in rows(desk)][-1] == ("H200*", "8", "5")


def test_a_rule_made_in_chat_is_watched_and_claimed_like_any_other(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 300), row(R4090, 3, place="dallas-1")], rules=())
    order(desk, "set 海外4090 min_free=20 samples=1")
    assert "4090 海外" in desk.read(desk.look()[0])
    assert desk.press("/stock ack 4090 海外").words.startswith("已认领")
    assert desk.standing("4090").episode is None


def test_a_change_holds_from_the_next_look(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY)
    assert desk.look() == []
    order(desk, "set 4090 min_free=400")
    assert "安全库存：400 张" in desk.read(desk.look(after=MINUTES)[0])


# Taking changes back.


def test_one_field_or_all_go_back_to_the_settings(desk: Desk) -> None:
    order(desk, "set 4090 min_free=90 samples=3 repeat=1h")
    assert "规则已恢复" in order(desk, "unset 4090 samples")
    assert fields(desk) == {Field.MIN_FREE: 90, Field.REPEAT: 3600}
    assert "重复间隔：1h" in desk.ask_bot("/stock rule 4090")
    assert "安全库存：100" in order(desk, "unset 4090")
    assert fields(desk) == {}
    assert rows(desk)[0][0] == "4090"


def test_several_fields_go_back_at_once(desk: Desk) -> None:
    order(desk, "set 4090 min_free=90 samples=3 repeat=1h")
    order(desk, "unset repeat 4090 min_free")
    assert fields(desk) == {Field.SAMPLES: 3}


def test_of_what_was_never_changed_nothing_is_taken_back(desk: Desk) -> None:
    assert "没有在聊天中修改过" in order(desk, "unset 4090")
    order(desk, "set 4090 min_free=90")
    assert "没有在聊天中修改过" in order(desk, "unset 4090 repeat")
    assert "没有在聊天中修改过" in order(desk, "unset 4090 海外")
    assert fields(desk) == {Field.MIN_FREE: 90}


def test_what_is_left_after_taking_back_must_make_sense(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY, rules=(Rule(Scope(Model("4090")), 100, critical=50),))
    order(desk, "set 4090 min_free=40 critical=10")
    assert "critical（50）不能大于 min_free（40）" in order(desk, "unset 4090 critical")
    assert fields(desk) == {Field.MIN_FREE: 40, Field.CRITICAL: 10}


def test_a_rule_made_in_chat_goes_with_all_that_was_set_of_it(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 3)], rules=())
    order(desk, "set 4090 min_free=20 critical=5 samples=1")
    desk.look()
    assert desk.episode("4090").state is State.FIRING
    assert "现在已删除" in order(desk, "unset 4090 min_free")
    assert fields(desk) == {}
    assert desk.look(after=MINUTES) == []
    assert desk.standing("4090").episode is None


def test_every_change_is_audited_with_what_was_typed(desk: Desk) -> None:
    order(desk, "set 4090 min_free=90")
    with desk.store.begin() as tx:
        (entry,) = tx.audits.newest(1)
    assert (entry.open_id, entry.command, entry.words) == (
        "ou_boss", "stock rule set", "/stock rule set 4090 min_free=90",
    )  # fmt: skip


def test_five_hundred_rules_are_one_table(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = tuple(replace(RULES[0], scope=Scope(Model(f"M{n:03}"))) for n in range(500))
    desk = Desk(sqlite_store, clock, LOW, rules=rules, site=SITE)
    assert len(rows(desk)) == 500
