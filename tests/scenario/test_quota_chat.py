"""Quotas in chat: who sees what of them, and how operators set them."""

from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Table
from suanli.domain.changes import Way
from suanli.domain.chat import ChatKind, OpenId, Person
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import BudgetId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from tests.dialogue import BOSS, GUEST, LI, SHANGHAI
from tests.fakes import FakeClock
from tests.ledgers import adjustments
from tests.quotadesk import ACME, CNY, PROJECT, SALES, USER, WANG, ZHAO, QuotaDesk, money

OPS = Person(OpenId("ou_ops"), "ops", "on_ops", "Ops", "ten")
UNKNOWN = Person(OpenId(""), None, None, None, "ten")


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> QuotaDesk:
    desk = QuotaDesk(sqlite_store, clock)
    desk.grant(OPS, Role.OPERATOR)
    return desk


# Seen.


def test_without_a_quota_it_says_so_and_how_to_set_one(desk: QuotaDesk) -> None:
    said = desk.ask("/quota")
    assert "还没有给您设置配额" in said
    assert "/quota set department:sales 5000 monthly" in said
    assert "还没有配额" in desk.ask("/quota list", OPS)


def test_everybody_sees_what_is_left_of_limits_that_bind_them_and_not_what_others_spent(desk: QuotaDesk) -> None:
    desk.quota(ACME, "1000")
    desk.quota(SALES, "500")
    desk.quota(USER, "100")
    desk.quota(PROJECT, "70")
    desk.put(Party(Scope(ScopeKind.USER, "han"), "韩梅梅", department="sales", organization="acme"))
    desk.spend("30", user="li")
    desk.spend("200", user="han")
    own, sales, company, *rest = desk.ask("/quota").split("\n\n")[1:]
    assert own.startswith("个人 李雷 #3\n███░░░░░░░ 30% 每月 · 已用 30.00 / 100.00 CNY · 剩 70.00 CNY")
    assert sales == "部门 销售部 #2\n████░░░░░░ 46% 每月 · 剩 270.00 CNY · 12-01 00:00 重置"
    assert company == "组织 爱可美 #1\n██░░░░░░░░ 23% 每月 · 剩 770.00 CNY · 12-01 00:00 重置"
    assert rest[0].startswith("别人用了多少，只有负责人和运维能看到")
    assert "230" not in desk.ask("/quota")
    assert "已用 230.00 / 500.00 CNY" in desk.ask("/quota sales", WANG)
    assert "已用 230.00 / 1,000.00 CNY" in desk.ask("/quota 爱可美", ZHAO)
    assert "已用 230.00 / 500.00 CNY" in desk.ask("/quota #2", OPS)


def test_figures_change_the_moment_money_is_held(desk: QuotaDesk) -> None:
    desk.quota(USER, "100")
    desk.hold(desk.ask_for("99.5"))
    assert "预扣 99.50 · 剩 0.50 CNY" in desk.ask("/quota")
    desk.clock.advance(timedelta(minutes=11))
    with desk.store.begin() as tx:
        assert tx.holds.expire(desk.clock.now()) is not None
    assert "已用 0.00 / 100.00 CNY · 剩 100.00 CNY" in desk.ask("/quota")


@pytest.mark.parametrize("word", ["#1", "1", "foreign", "user:han", "ou_han", "韩梅梅"])
def test_a_quota_that_is_no_business_of_whoever_asks_does_not_exist_for_them(desk: QuotaDesk, word: str) -> None:
    desk.put(Party(Scope(ScopeKind.USER, "han"), "韩梅梅"))
    desk.quota(Scope(ScopeKind.USER, "han"), "12345", name="foreign")
    said = desk.ask(f"/quota {word}")
    assert "没有配额" in said or "不认识" in said
    assert "12,345" not in said
    assert "配额 #1" in desk.ask("/quota user:han", OPS)


def test_a_quota_in_detail_has_its_history_and_whom_to_ask(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100", BOSS)
    desk.ask("/quota set ou_li 120.5 daily=30 soft", BOSS)
    desk.ask("/quota set ou_li 120.5 hard", BOSS)
    said = desk.ask("/quota 李雷")
    assert "提额找谁批： ou_wang" in said
    assert "ou_boss 修改 · 上限 100.00 CNY → 120.50 CNY · 只提醒 否 → 是 · 每天上限 未设置 → 30.00" in said
    assert "ou_boss 新建 · 名称 李雷" in said


def test_the_list_is_for_operators_has_no_quotas_of_budgets_and_the_fullest_first(desk: QuotaDesk) -> None:
    desk.quota(ACME, "1000")
    desk.quota(SALES, "500", active=False)
    desk.quota(USER, "100", hourly_limit=money("40"))
    with desk.store.begin() as tx:
        tx.budgets.add(Budget(BudgetId(0), "研发", ACME, money("1"), Period.YEARLY, SHANGHAI, CNY), desk.clock.now())
    desk.spend("30")
    (table,) = [each for each in desk.answer("/quota list", OPS).blocks if isinstance(each, Table)]
    assert [row[:4] for row in table.rows] == [
        ("3", "个人 李雷", "每小时", "75%"),
        ("1", "组织 爱可美", "每月", "3%"),
        ("2", "部门 销售部（已停用）", "每月", ""),
    ]
    assert "需要「运维」角色" in desk.ask("/quota list")


def test_a_budget_that_binds_is_a_limit_among_the_others(desk: QuotaDesk) -> None:
    budget = Budget(BudgetId(0), "研发", ACME, money("50"), Period.YEARLY, SHANGHAI, CNY, binds=True)
    with desk.store.begin() as tx:
        tx.budgets.add(budget, desk.clock.now())
    assert "组织 爱可美 · 研发 #1" in desk.ask("/quota")
    assert "属于一个预算" in desk.ask("/quota off #1", BOSS)


def test_who_is_not_known_sees_nothing(desk: QuotaDesk) -> None:
    desk.quota(ACME, "1000")
    assert "1,000" not in desk.ask("/quota", UNKNOWN)
    assert "需要「访客」角色" in desk.ask("/quota", GUEST)


# Set.


@pytest.mark.parametrize(
    ("words", "scope", "period"),
    [
        ("ou_li 500", USER, Period.MONTHLY),
        ("user:li 500 daily", USER, Period.DAILY),
        ("部门:sales 500 每周", SALES, Period.WEEKLY),
        ("部门：销售部 500 weekly", SALES, Period.WEEKLY),
        ("dept:sales yearly 500元", SALES, Period.YEARLY),
        ("500 项目:bot hourly", PROJECT, Period.HOURLY),
        ("org:acme 0.05万", ACME, Period.MONTHLY),
    ],
)
def test_the_words_of_a_quota(desk: QuotaDesk, words: str, scope: Scope, period: Period) -> None:
    assert "已新建配额" in desk.ask(f"/quota set {words}", BOSS)
    with desk.store.begin() as tx:
        (quota,) = tx.quotas.all()
    assert (quota.scope, quota.total, quota.period) == (scope, money("500"), period)
    assert (quota.zone, quota.currency, quota.soft, quota.active) == (SHANGHAI, CNY, False, True)


def test_setting_again_changes_the_same_quota_at_once_and_another_period_is_another(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100", BOSS)
    desk.spend("90")
    assert "上限 100.00 CNY → 91.00 CNY" in desk.ask("/quota set ou_li 91", BOSS)
    assert desk.accounts(desk.find_number(1))[0].left == money("1")
    assert "没有变化" in desk.ask("/quota set ou_li 91", BOSS)
    assert "已新建配额" in desk.ask("/quota set ou_li 5 daily", BOSS)
    assert "有好几个，请用编号：#1 #2" in desk.ask("/quota set ou_li 6", BOSS)
    assert "上限 5.00 CNY → 6.00 CNY" in desk.ask("/quota set #2 6", BOSS)
    with desk.store.begin() as tx:
        changes = tx.changes.newest(9)
    assert [(each.who, each.way, each.what, each.subject) for each in changes] == [
        ("ou_boss", Way.CHAT, "quota.change", "quota 2"),
        ("ou_boss", Way.CHAT, "quota.create", "quota 2"),
        ("ou_boss", Way.CHAT, "quota.change", "quota 1"),
        ("ou_boss", Way.CHAT, "quota.create", "quota 1"),
    ]


def test_a_limit_of_nothing_stops_everything(desk: QuotaDesk) -> None:
    assert "██████████ 100% 每月" in desk.ask("/quota set ou_li 0", BOSS)
    assert "已用完" in desk.ask("/quota")


def test_a_limit_within_is_taken_away_again(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100 daily=10 hourly=5 name=研发", BOSS)
    said = desk.ask("/quota set ou_li 100 daily=off", BOSS)
    assert "每天上限 10.00 → 未设置" in said
    quota = desk.find_number(1)
    assert (quota.daily_limit, quota.hourly_limit, quota.name) == (None, money("5"), "研发")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ou_li 100 warning=96%", "提醒阈值不对"),
        ("ou_li 100 warning=0", "不认识「warning=0」"),
        ("ou_li 100 zone=../etc", "不认识「zone=../etc」"),
        ("ou_li 100 zone=America", "不认识"),
        ("ou_li -5", "不认识「-5」"),
        ("ou_li 99999999999", "不认识"),
        ("ou_li", "还需要"),
        ("planet:mars 5", "不认识「planet:mars」"),
        ("#99 5", "没有配额「#99」"),
    ],
)
def test_what_cannot_be_set_is_refused_and_nothing_is_made(desk: QuotaDesk, words: str, said: str) -> None:
    assert said in desk.ask(f"/quota set {words}", BOSS)
    with desk.store.begin() as tx:
        assert not tx.quotas.all()
        assert not tx.changes.newest(1)


def test_a_scope_that_nobody_knows_is_pointed_out(desk: QuotaDesk) -> None:
    assert "还没有登记过 department:salse" in desk.ask("/quota set department:salse 5", BOSS)
    assert "还没有登记过" not in desk.ask("/quota set department:sales 5", BOSS)


def test_operators_set_quotas_and_only_admins_those_of_an_organisation(desk: QuotaDesk) -> None:
    assert "已新建配额" in desk.ask("/quota set department:sales 5", OPS)
    company = desk.quota(ACME, "100")
    for line in ("set org:acme 5", f"set #{company.id} 5", f"reset #{company.id} 更正", f"off #{company.id}"):
        assert "只有管理员能改" in desk.ask(f"/quota {line}", OPS)
    assert desk.find(company) == company
    for person in (LI, WANG):
        assert "需要「运维」角色" in desk.ask("/quota set department:sales 5000", person)


def test_a_reset_empties_the_windows_of_now_with_a_reason_in_the_books(desk: QuotaDesk) -> None:
    quota = desk.quota(USER, "100", daily_limit=money("50"))
    desk.spend("40")
    desk.hold(desk.ask_for("5"))
    assert "还需要：原因" in desk.ask("/quota reset #1", OPS)
    said = desk.ask("/quota reset #1 账单更正 11 月", OPS)
    assert "每月：-40.00 CNY" in said
    assert "每天：-40.00 CNY" in said
    assert [(each.used, each.held) for each in desk.accounts(quota)] == [(0, money("5"))] * 2
    assert {each.why for each in adjustments(desk.store, quota.id)} == {"账单更正 11 月"}
    assert "当前没有已用的金额" in desk.ask("/quota reset #1 再来", OPS)


def test_a_quota_that_is_off_binds_nobody_and_comes_back_as_it_was(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100 daily=10", BOSS)
    assert "/quota set #1 100.00" in desk.ask("/quota off #1", OPS)
    assert "还没有给您设置配额" in desk.ask("/quota")
    assert "（已停用）" in desk.ask("/quota #1", OPS)
    desk.ask("/quota set ou_li 100", BOSS)
    quota = desk.find_number(1)
    assert (quota.active, quota.daily_limit) == (True, money("10"))


def test_setting_is_not_done_by_a_button(desk: QuotaDesk) -> None:
    toast, _ = desk.bot.click({"run": "/quota set ou_li 1000000"}, sender=BOSS)
    assert toast == "按钮只能用来查询，请直接输入这条命令。"


def test_in_a_group_whoever_asks_is_answered_there(desk: QuotaDesk) -> None:
    desk.quota(USER, "100")
    assert "李雷 #1" in desk.bot.ask("/quota", sender=LI, kind=ChatKind.GROUP)
    assert "还没有给您设置" in desk.bot.ask("/额度", sender=OPS, kind=ChatKind.GROUP)
