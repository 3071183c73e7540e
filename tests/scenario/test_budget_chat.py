"""Budgets in chat: who sees what of them, and how they are set and shared out."""

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Tone
from suanli.domain.chat import OpenId, Person
from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import BudgetId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from tests.dialogue import BOSS, LI
from tests.fakes import FakeClock
from tests.quotadesk import ACME, PROJECT, SALES, USER, WANG, ZHAO, QuotaDesk, money

OPS = Person(OpenId("ou_ops"), "ops", "on_ops", "Ops", "ten")


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> QuotaDesk:
    desk = QuotaDesk(sqlite_store, clock)
    desk.grant(OPS, Role.OPERATOR)
    return desk


def budgets(desk: QuotaDesk) -> list[Budget]:
    with desk.store.begin() as tx:
        return list(tx.budgets.all())


def test_a_budget_is_made_shared_out_and_seen_as_it_is_spent(desk: QuotaDesk) -> None:
    assert "已新建预算" in desk.ask("/budget set 研发 1万 yearly organization:acme", OPS)
    desk.ask("/budget share 研发 department:销售部 3000", OPS)
    desk.ask("/budget share 研发 project:bot 5,000", OPS)
    desk.spend("1500")
    said = desk.ask("/budget", ZHAO)
    assert said.split("\n\n")[1].split("\n") == [
        "研发 #1 · 组织 爱可美 · 每年",
        "█░░░░░░░░░ 15% · 已花 1,500.00 / 10,000.00 CNY · 剩 8,500.00 CNY",
        "2027-01-01 00:00 重置 · 照此速度够用到重置",
        "· 部门 销售部 █████░░░░░ 50% · 已花 1,500.00 / 3,000.00 CNY · 剩 1,500.00 CNY",
        "· 项目 bot ░░░░░░░░░░ 0% · 已花 0.00 / 5,000.00 CNY · 剩 5,000.00 CNY",
        "未分配 2,000.00 CNY",
    ]


def test_who_answers_for_a_share_sees_that_and_no_more(desk: QuotaDesk) -> None:
    desk.ask("/budget set 研发 10000 yearly org:acme", OPS)
    desk.ask("/budget share 研发 dept:sales 3000", OPS)
    desk.ask("/budget share 研发 project:bot 5000", OPS)
    said = desk.ask("/budget", WANG)
    assert "部门 销售部 ░░░░░░░░░░ 0% · 已花 0.00 / 3,000.00 CNY" in said
    assert "这里只显示分配给您的部分" in said
    assert "10,000" not in said
    assert "5,000" not in said
    for line in ("/budget", "/budget 研发", "/budget #1"):
        assert "研发 #1" not in desk.ask(line, LI)


def test_a_budget_that_is_over_is_red_and_refuses_nobody(desk: QuotaDesk) -> None:
    desk.ask("/budget set 研发 10 monthly org:acme", OPS)
    desk.spend("12.5")
    answer = desk.answer("/budget", ZHAO)
    assert answer.tone is Tone.BAD
    assert "██████████ 125% · 已花 12.50 / 10.00 CNY · 超出 2.50 CNY" in desk.read(answer)


def test_a_budget_is_changed_by_its_name_or_number(desk: QuotaDesk) -> None:
    desk.ask("/budget set 研发 10000 yearly org:acme", OPS)
    assert "总额 10,000.00 → 12,000.50 CNY" in desk.ask("/budget set 研发 12000.50", OPS)
    assert "没有变化" in desk.ask("/budget set #1 12000.50", OPS)
    assert "范围不能改" in desk.ask("/budget set 研发 5 dept:sales", OPS)
    (budget,) = budgets(desk)
    assert (budget.total, budget.period, budget.scope) == (money("12000.5"), Period.YEARLY, ACME)
    with desk.store.begin() as tx:
        assert [each.what for each in tx.changes.newest(9)] == ["budget.change", "budget.create"]


def test_whose_a_budget_is_goes_without_saying_where_there_is_one_organisation(desk: QuotaDesk) -> None:
    desk.ask("/budget set 全年 100", OPS)
    assert [(each.name, each.scope, each.period) for each in budgets(desk)] == [("全年", ACME, Period.MONTHLY)]
    desk.put(Party(Scope(ScopeKind.ORGANIZATION, "other"), "另一家"))
    assert "请写明是谁的" in desk.ask("/budget set 明年 100", OPS)


def test_a_share_is_changed_in_its_place_and_taken_back(desk: QuotaDesk) -> None:
    desk.ask("/budget set 研发 100 monthly org:acme", OPS)
    for line in ("dept:sales 60", "project:bot 40", "dept:sales 50"):
        desk.ask(f"/budget share 研发 {line}", OPS)
    assert budgets(desk)[0].allocations == (Allocation(SALES, money("50")), Allocation(PROJECT, money("40")))
    desk.ask("/budget share 研发 dept:sales 0", OPS)
    assert budgets(desk)[0].allocations == (Allocation(PROJECT, money("40")),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("set 研发 0", "预算要大于 0"),
        ("set 研发 59.99", "已分配出去 60.00 CNY"),
        ("share 研发 project:bot 40.01", "最多还能分配 40.00 CNY"),
        ("share 研发 dept:sales 100.01", "最多还能分配 100.00 CNY"),
        ("share 研发 org:acme 1", "本来就是他们的"),
        ("share 没有 dept:sales 1", "不认识「没有」"),
        ("share #7 dept:sales 1", "没有预算「#7」"),
    ],
)
def test_what_does_not_add_up_is_refused_and_changes_nothing(desk: QuotaDesk, line: str, said: str) -> None:
    desk.ask("/budget set 研发 100 monthly org:acme", OPS)
    desk.ask("/budget share 研发 dept:sales 60", OPS)
    before = budgets(desk)
    assert said in desk.ask(f"/budget {line}", OPS)
    assert budgets(desk) == before


def test_what_binds_an_organisation_takes_an_admin(desk: QuotaDesk) -> None:
    assert "只有管理员能改" in desk.ask("/budget set 研发 100 monthly org:acme hard", OPS)
    assert not budgets(desk)
    assert "（强制）" in desk.ask("/budget set 研发 100 monthly org:acme hard", BOSS)
    for line in ("set 研发 1", "set 研发 100 soft", "share 研发 dept:sales 0"):
        assert "只有管理员能改" in desk.ask(f"/budget {line}", OPS)
    assert "（强制）" in desk.ask("/budget set 部门 100 monthly dept:sales hard", OPS)
    before = budgets(desk)
    for line in ("org:acme 0.01", "dept:research 1"):
        assert "只能往下分配" in desk.ask(f"/budget share 部门 {line}", OPS)
    assert budgets(desk) == before


def test_setting_budgets_is_for_operators(desk: QuotaDesk) -> None:
    for line in ("set 研发 100 monthly dept:sales", "share 研发 user:li 1"):
        assert "需要「运维」角色" in desk.ask(f"/budget {line}", WANG)
    assert not budgets(desk)


def test_a_share_of_ones_own_is_seen(desk: QuotaDesk) -> None:
    with desk.store.begin() as tx:
        tx.budgets.add(
            Budget(BudgetId(0), "小组", SALES, money("9"), Period.DAILY, desk.bot.site.zone,
                   desk.bot.site.money.currency, (Allocation(USER, money("2")),)),
            desk.clock.now(),
        )  # fmt: skip
    assert "个人 李雷 ░░░░░░░░░░ 0% · 已花 0.00 / 2.00 CNY" in desk.ask("/预算")


def test_many_shares_are_counted_in_the_list_and_all_there_of_one(desk: QuotaDesk) -> None:
    for name in ("甲", "乙"):
        desk.ask(f"/budget set {name} 100 monthly org:acme", OPS)
    for number in range(8):
        desk.ask(f"/budget share 甲 project:p{number} 1", OPS)
    assert "另有 3 个没有显示" in desk.ask("/budget", OPS)
    assert desk.ask("/budget 甲", OPS).count("· 项目 p") == 8
