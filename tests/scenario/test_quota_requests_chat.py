"""Asking for more in chat: written once, sent to who decides, listed, and lapsed with its window."""

from datetime import UTC, datetime

import pytest

from storage.store import SqlStore
from suanli.domain.chat import OpenId, Person
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind, Span
from suanli.domain.cost.requests import RequestState
from tests.dialogue import BOSS, LI
from tests.fakes import FakeClock
from tests.quotadesk import ACME, MONTH_END, SALES, USER, WANG, ZHAO, QuotaDesk, approve_button, money, own_chat, typed
from tests.stockdesk import button, buttons

STRANGER = Person(OpenId("ou_other"), "other", "on_other", "Other", "ten")


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> QuotaDesk:
    """Li has 100 a month, and has spent 95 of it."""
    desk = QuotaDesk(sqlite_store, clock)
    desk.quota(USER, "100")
    desk.spend("95")
    return desk


def limit(desk: QuotaDesk) -> int:
    return desk.accounts(desk.find_number(1))[0].limit


# Asked.


def test_a_request_is_written_and_its_card_goes_to_who_answers_for_the_department(desk: QuotaDesk) -> None:
    done = desk.type("/quota request 50 月底压测 #7")
    assert [each.target for each in done.said][1:] == [own_chat(WANG)]
    request = desk.request()
    assert (request.amount, request.span, request.user, request.why) == (money("50"), Span.PERIOD, "li", "月底压测 #7")
    assert (request.asked_by, request.told, request.until) == (own_chat(LI), (own_chat(WANG),), MONTH_END)
    assert "提额申请 1 已发出：李雷 #1（每月）增加 50.00 CNY，到 12-01 00:00。等待批准： ou_wang" in desk.read(
        done.said[0].answer
    )
    assert "已用 95.00 / 100.00 CNY · 剩 5.00 CNY" in desk.read(done.to(WANG)[0].answer)
    assert limit(desk) == money("100")


def test_the_limit_that_is_meant_is_the_one_that_binds_most(desk: QuotaDesk) -> None:
    desk.quota(SALES, "200", daily_limit=money("60"))
    desk.spend("4")
    desk.requested()
    assert (desk.request().quota, desk.request().span) == (1, Span.PERIOD)
    desk.quota(ACME, "10", hourly_limit=money("1"))
    desk.hold(desk.ask_for("1"))
    desk.requested("/quota request 5 另一个")
    assert (desk.request(2).quota, desk.request(2).span) == (3, Span.HOUR)


@pytest.mark.parametrize("named", ["sales", "#2", "销售部", "department:sales"])
def test_a_quota_may_be_named(desk: QuotaDesk, named: str) -> None:
    desk.quota(SALES, "200")
    desk.requested(f"/quota request 50 {named} 压测")
    assert (desk.request().quota, desk.request().why) == (2, "压测")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("50", "还需要：原因"),
        ("很多 压测", "还需要：金额"),
        ("0 压测", "要大于 0"),
        ("-5 压测", "还需要：金额"),
        ("1000.01 压测", "一次最多申请 1,000.00 CNY（上限的 10 倍）"),
        ("50 #99 压测", "没有配额「#99」"),
        ("50 #2 压测", "没有配额「#2」"),
    ],
)
def test_what_makes_no_sense_is_not_asked(desk: QuotaDesk, line: str, said: str) -> None:
    desk.quota(Scope(ScopeKind.USER, "han"), "100")
    assert said in desk.ask(f"/quota request {line}")
    with desk.store.begin() as tx:
        assert not tx.quota_requests.pending()


def test_nobody_asks_for_more_of_what_only_warns(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100 soft", BOSS)
    assert "只提醒、不拦截" in desk.ask("/quota request 50 压测")
    assert "没有约束您的配额" in desk.ask("/quota request 50 压测", WANG)


def test_the_same_again_is_told_and_not_doubled(desk: QuotaDesk) -> None:
    desk.requested()
    for line in ("/quota request 50 月底压测", "/quota request 70 再加一些"):
        done = desk.type(line)
        assert len(done.said) == 1
        assert "申请 1（50.00 CNY）还在等待批准，没有重复提交" in desk.read(done.said[0].answer)
    with desk.store.begin() as tx:
        assert len(tx.quota_requests.pending()) == 1


def test_the_form_of_the_own_quotas_asks_too(desk: QuotaDesk) -> None:
    ask = button(desk.answer("/quota"), "/quota request")
    done = desk.press(ask, by=LI, more_amount="50", more_why="月底 压测")
    assert "提额申请 1 已发出" in done.toast
    assert desk.request().why == "月底 压测"


def test_without_a_contact_the_next_wider_one_is_asked_and_at_last_the_operators(desk: QuotaDesk) -> None:
    desk.put(Party(SALES, "销售部", None, organization="acme"))
    assert desk.type("/quota request 50 压测").to(ZHAO)
    desk.press(typed("/quota deny 1"), by=ZHAO)
    desk.put(Party(ACME, "爱可美"))
    assert desk.type("/quota request 50 压测").to(BOSS)


def test_a_contact_who_asks_is_not_who_is_asked(desk: QuotaDesk) -> None:
    desk.quota(SALES, "200")
    assert desk.type("/quota request 50 #2 压测", by=WANG).to(ZHAO)


# While it lasts.


def test_a_request_lapses_with_its_window_and_the_click_says_so_once(desk: QuotaDesk) -> None:
    card = desk.requested()
    desk.clock.step_to(MONTH_END)
    done = desk.press(approve_button(card), by=WANG)
    assert "⌛ 到 12-01 00:00 周期结束，没有人处理，已失效" in done.toast
    assert done.drawn[0].answer.title == "提额申请 1：已失效"
    assert (desk.request().state, limit(desk)) == (RequestState.LAPSED, money("100"))
    assert not desk.press(approve_button(card), by=WANG).drawn


def test_lapsed_ones_are_not_listed_and_stand_in_nobodys_way(desk: QuotaDesk) -> None:
    desk.requested()
    assert "50.00 CNY：月底压测" in desk.ask("/quota requests", WANG)
    desk.clock.step_to(MONTH_END)
    assert "没有等待您批准" in desk.ask("/quota requests", WANG)
    assert desk.request().state is RequestState.LAPSED
    desk.requested("/quota request 60 新的月份")
    assert desk.request(2).until == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def test_requests_are_listed_for_who_decides_and_for_who_asked(desk: QuotaDesk) -> None:
    desk.requested()
    assert buttons(desk.answer("/quota requests", WANG)) == ["/quota approve 1", "/quota deny 1"]
    own = desk.answer("/quota requests", LI)
    assert "您自己的申请" in desk.read(own)
    assert buttons(own) == []
    assert "没有等待您批准" in desk.ask("/quota requests", STRANGER)


@pytest.mark.parametrize("change", ["/quota off #1", "/quota set #1 100 hourly=off"])
def test_what_is_limited_no_more_cannot_be_raised_but_denied(
    sqlite_store: SqlStore, clock: FakeClock, change: str
) -> None:
    desk = QuotaDesk(sqlite_store, clock)
    known = desk.quota(USER, "100", hourly_limit=money("10"))
    desk.hold(desk.ask_for("10"))
    card = desk.requested()
    assert desk.request().span is Span.HOUR
    desk.ask(change, BOSS)
    assert "无法批准；可以拒绝它" in desk.press(approve_button(card), by=WANG).toast
    with desk.store.begin() as tx:
        assert not tx.quotas.grants(known.id)
    desk.press(typed("/quota deny 1"), by=WANG)
    assert desk.request().state is RequestState.DENIED


def test_a_request_that_there_is_none_of(desk: QuotaDesk) -> None:
    assert "没有申请 7" in desk.ask("/quota approve 7", BOSS)
    assert "没有申请 999999999" in desk.ask("/quota deny #999999999 不行", BOSS)
