"""What nobody decided in time: who asked is told, once, whoever finds it out."""

import pytest

from jobs.tell_costs import TellCosts
from storage.store import SqlStore
from suanli.domain.chat import Platform
from suanli.domain.cost.requests import RequestState
from suanli.i18n import Lang
from tests.dialogue import LI
from tests.fakes import FakeClock
from tests.quotadesk import MONTH_END, USER, WANG, QuotaDesk, approve_button, own_chat


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> QuotaDesk:
    """Li has 100 a month, and has spent 95 of it."""
    desk = QuotaDesk(sqlite_store, clock)
    desk.quota(USER, "100")
    desk.spend("95")
    return desk


def tick(desk: QuotaDesk) -> str:
    return TellCosts(desk.store, desk.bot.site, desk.clock).run(desk.clock.now())


def test_who_asked_is_told_that_nobody_decided_and_what_to_do_next(desk: QuotaDesk) -> None:
    desk.requested('/quota request 50 月底 "压测 两轮"')
    tick(desk)
    desk.bot.parcels()
    desk.clock.step_to(MONTH_END)
    assert "1 lapsed" in tick(desk)
    (told,) = [each for each in desk.bot.parcels() if each.target == own_chat(LI) and each.key.endswith(":lapsed")]
    said = desk.read(told.answer)
    assert told.answer.title == "您的提额申请 1 没有人处理，已失效"
    assert "⌛ 到 12-01 00:00 周期结束，没有人处理，已失效" in said
    assert "/quota request 50.00 #1 月底 压测 两轮" in said
    assert "ou_wang" in said
    assert tick(desk) == ""
    assert "提额申请 2 已发出" in desk.ask("/quota request 50.00 #1 月底 压测 两轮")


def test_they_are_told_in_their_language(desk: QuotaDesk) -> None:
    desk.requested()
    with desk.store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, LI.open_id, Lang.EN)
    desk.bot.parcels()
    desk.clock.step_to(MONTH_END)
    tick(desk)
    (told,) = [each for each in desk.bot.parcels() if each.key.endswith(":lapsed")]
    assert told.answer.title == "Nobody decided about your request 1: it has lapsed"


def test_until_the_window_ends_it_waits(desk: QuotaDesk) -> None:
    desk.requested()
    tick(desk)
    assert desk.request().state is RequestState.PENDING


def test_a_click_that_finds_it_out_first_tells_them_too_and_the_job_is_quiet_then(desk: QuotaDesk) -> None:
    card = desk.requested()
    desk.clock.step_to(MONTH_END)
    assert len(desk.press(approve_button(card), by=WANG).to(LI)) == 1
    assert "lapsed" not in tick(desk)
    assert not [each for each in desk.bot.parcels() if each.key.endswith(":lapsed")]


def test_what_was_decided_does_not_lapse(desk: QuotaDesk) -> None:
    desk.press(approve_button(desk.requested()), by=WANG)
    desk.clock.step_to(MONTH_END)
    assert "lapsed" not in tick(desk)
    assert desk.request().state is RequestState.APPROVED
