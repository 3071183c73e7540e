"""Deciding about a request for more in chat: once, by whom it is up to."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Button
from suanli.domain.audit import Outcome
from suanli.domain.chat import OpenId, Person
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import QuotaId
from suanli.domain.cost.requests import RequestState
from tests.dialogue import BOSS, LI
from tests.fakes import FakeClock
from tests.quotadesk import ACME, MONTH_END, SALES, USER, WANG, ZHAO, QuotaDesk, approve_button, money, own_chat, typed
from tests.stockdesk import buttons, pressable

DAY = timedelta(days=1)


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


def form_button(card: Answer, verb: str) -> Button:
    return next(each for each in pressable(card) if "fields" in each.value and verb in each.value["run"])


# Decided.


def test_approved_in_full_it_holds_until_the_window_ends(desk: QuotaDesk) -> None:
    done = desk.press(approve_button(desk.requested()), by=WANG)
    assert done.toast == "已批准申请 1：李雷 #1 增加 50.00 CNY，到 12-01 00:00。"
    assert limit(desk) == money("150")
    request = desk.request()
    assert (request.state, request.granted, request.decided_by) == (RequestState.APPROVED, money("50"), "ou_wang")
    with desk.store.begin() as tx:
        (grant,) = tx.quotas.grants(QuotaId(1))
        (change,) = tx.changes.newest(1)
    assert (grant.id, grant.granted_by, grant.expires_at) == (request.grant, "ou_wang", MONTH_END)
    assert (change.who, change.what, change.subject) == ("ou_wang", "quota.grant", "quota 1")
    (told,) = done.to(LI)
    assert told.answer.title == "您的提额申请 1 已批准"
    (card,) = done.drawn
    assert card.redraws == "quota-request:1:feishu:open_id:ou_wang"
    assert buttons(card.answer) == []
    assert "✅ 已批准 50.00 CNY，到 12-01 00:00 · ou_wang 11-20 12:00" in desk.read(card.answer)
    desk.clock.step_to(MONTH_END)
    assert limit(desk) == money("100")


def test_less_is_approved_until_a_day_that_counts_in(desk: QuotaDesk) -> None:
    pressed = form_button(desk.requested(), "approve")
    done = desk.press(pressed, by=WANG, amount_1="20.5", until_1="2026-12-02", why_1="")
    assert done.toast == "已批准申请 1：李雷 #1 增加 20.50 CNY，到 12-03 00:00。"
    assert "已批准 20.50 CNY" in desk.read(done.to(LI)[0].answer)
    assert limit(desk) == money("120.5")
    desk.clock.step_to(MONTH_END + DAY)
    assert limit(desk) == money("120.5")
    desk.clock.step_to(MONTH_END + 2 * DAY)
    assert limit(desk) == money("100")


def test_a_day_ends_where_the_quota_is(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100 zone=America/New_York", BOSS)
    desk.requested()
    desk.ask("/quota approve 1 2026-11-25", WANG)
    assert desk.request().until == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"amount_1": "50.01"}, "只能批准不大于它的正数"),
        ({"amount_1": "0"}, "只能批准不大于它的正数"),
        ({"until_1": "2026-11-19"}, "2026-11-19 不行"),
        ({"until_1": "2028-01-01"}, "最多 366 天"),
        ({"amount_1": "很多"}, "看不懂这个参数"),
    ],
)
def test_what_cannot_be_approved_so_leaves_the_request_as_it_was(
    desk: QuotaDesk, form: dict[str, str], said: str
) -> None:
    done = desk.press(form_button(desk.requested(), "approve"), by=WANG, **form)
    assert said in done.toast or "不认识" in done.toast
    assert (desk.request().state, limit(desk)) == (RequestState.PENDING, money("100"))
    assert not done.drawn


def test_denied_with_a_reason_that_who_asked_is_told(desk: QuotaDesk) -> None:
    pressed = form_button(desk.requested(), "deny")
    done = desk.press(pressed, by=WANG, amount_1="20", until_1="", why_1="下个月 再议")
    assert done.toast == "已拒绝申请 1，申请人会收到通知。"
    assert "❌ 已拒绝 · ou_wang 11-20 12:00\n原因：下个月 再议" in desk.read(done.to(LI)[0].answer)
    assert "原因：下个月 再议" in desk.read(done.drawn[0].answer)
    assert (desk.request().state, limit(desk)) == (RequestState.DENIED, money("100"))


@pytest.mark.parametrize("second", ["/quota approve 1", "/quota approve 1 20", "/quota deny 1 不行"])
def test_a_second_decision_changes_nothing_and_says_who_made_the_first(desk: QuotaDesk, second: str) -> None:
    desk.press(approve_button(desk.requested()), by=WANG)
    before = desk.request()
    done = desk.press(typed(second), by=ZHAO)
    assert done.toast.startswith("申请 1 已经处理过：✅ 已批准 50.00 CNY，到 12-01 00:00 · 一位同事")
    assert (done.said, done.drawn) == ([], [])
    assert (desk.request(), limit(desk)) == (before, money("150"))


def test_the_same_delivery_of_a_click_is_one_click(desk: QuotaDesk) -> None:
    card = desk.requested()
    desk.press(approve_button(card), by=WANG, key="cli_a:click")
    again = desk.press(approve_button(card), by=WANG, key="cli_a:click")
    assert (again.toast, again.said, limit(desk)) == ("", [], money("150"))


def test_every_card_of_a_request_is_drawn_anew(desk: QuotaDesk) -> None:
    desk.put(Party(SALES, "销售部"))
    desk.put(Party(ACME, "爱可美"))
    desk.grant(ZHAO, Role.OPERATOR)
    cards = [each for each in desk.type("/quota request 50 压测").said if each.key.startswith("quota-request:")]
    assert {each.target for each in cards} == {own_chat(BOSS), own_chat(ZHAO)}
    done = desk.press(approve_button(cards[0].answer), by=ZHAO)
    assert {each.redraws for each in done.drawn} == {each.key for each in cards}


# By whom.


@pytest.mark.parametrize("person", [WANG, ZHAO, BOSS])
def test_the_contacts_of_wider_scopes_and_operators_decide(desk: QuotaDesk, person: Person) -> None:
    desk.requested()
    desk.press(typed("/quota approve 1"), by=person)
    assert desk.request().state is RequestState.APPROVED


def test_nobody_else_decides_and_is_told_who_does(desk: QuotaDesk) -> None:
    desk.requested()
    for line in ("/quota approve 1", "/quota deny 1"):
        assert "由配额所属部门或组织的负责人，或者运维批准" in desk.press(typed(line), by=STRANGER).toast
    assert desk.request().state is RequestState.PENDING
    with desk.store.begin() as tx:
        assert tx.audits.newest(1)[0].outcome is Outcome.DENIED


def test_who_does_not_answer_for_the_money_any_more_decides_nothing(desk: QuotaDesk) -> None:
    card = desk.requested()
    desk.put(Party(SALES, "销售部", own_chat(BOSS), organization="acme"))
    assert "不归您批" in desk.press(approve_button(card), by=WANG).toast
    assert limit(desk) == money("100")


def test_what_somebody_asked_for_themselves_somebody_else_decides_but_for_admins(desk: QuotaDesk) -> None:
    desk.grant(LI, Role.OPERATOR)
    desk.requested()
    assert "要由别人批准" in desk.press(typed("/quota approve 1"), by=LI).toast
    assert desk.request().state is RequestState.PENDING
    desk.grant(LI, Role.ADMIN)
    desk.press(typed("/quota approve 1"), by=LI)
    assert desk.request().state is RequestState.APPROVED
