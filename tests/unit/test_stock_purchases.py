"""Purchases from the request to the arrival, by form, button and command, and what they do to reminders."""

from datetime import UTC, date, datetime, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.audit import Outcome
from suanli.domain.stock.episodes import State
from suanli.domain.stock.purchases import Stage
from tests.fakes import FakeClock
from tests.stockdesk import ANN, BEN, LOW, PLENTY, Desk, Pressed, button, buttons

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
ETA = date(2026, 12, 31)
ORDER = "/stock po 4090 50 12-31"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    """Both models are low, H20 is muted for good, and both recipients have been told."""
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    desk.press("/stock mute H20 90d")
    return desk


def fill(desk: Desk, quantity: str = "", day: str = "") -> Pressed:
    """Press "ordered" on the form of the first shortage, with these fields filled in."""
    form = {name: text for name, text in (("quantity_1", quantity), ("date_1", day)) if text}
    toast, parcels = desk.bot.press(
        {"run": "/stock po 4090 #1", "fields": "quantity_1 date_1"}, sender=ANN, chat="oc_private", form=form
    )
    return Pressed(toast, [p for p in parcels if not p.redraws], [p for p in parcels if p.redraws])


def stages(desk: Desk) -> list[Stage]:
    return [ticket.stage for ticket in desk.tickets()]


# The form.


def test_the_form_of_the_card_is_the_one_that_is_filled_in_here(sqlite_store: SqlStore, clock: FakeClock) -> None:
    card = Desk(sqlite_store, clock, LOW).look()[0].answer
    assert button(card, "/stock po 4090").value == {"run": "/stock po 4090 #1", "fields": "quantity_1 date_1"}


def test_an_order_is_a_ticket_and_pauses_reminders_until_a_day_after_it_is_due(desk: Desk) -> None:
    pressed = fill(desk, "50", "2026-12-31")
    assert pressed.words == "已登记 PO-1：4090 50 张，预计 2026-12-31 到货；到货前不再提醒。"
    (ticket,) = desk.tickets()
    assert (ticket.stage, ticket.quantity, ticket.eta, ticket.episode) == (Stage.ORDERED, 50, ETA, 1)
    assert ticket.ordered is not None
    assert ticket.ordered.by == "ou_a"
    claim = desk.episode("4090").claim
    assert claim is not None
    # The end of 1 January in Shanghai.
    assert (claim.by, claim.ordered, claim.until) == ("ou_a", True, datetime(2027, 1, 1, 16, tzinfo=UTC))
    assert desk.episode("4090").state is State.ACKED


def test_every_card_shows_the_order_and_a_button_for_its_arrival(desk: Desk) -> None:
    pressed = fill(desk, "50", "2026-12-31")
    assert {p.target.id for p in pressed.drawn} == {"ou_a", "ou_b"}
    for parcel in pressed.drawn:
        words = desk.read(parcel)
        assert "在途：50 张，预计 12-31 到货" in words
        assert "已下单：ou_a，01-02 00:00 前不再提醒" in words
        assert "/stock arrived 4090 PO-1" in buttons(parcel.answer)
    assert pressed.said == []


@pytest.mark.parametrize(
    ("quantity", "day", "said"),
    [
        ("", "2026-12-31", "还差数量"),
        ("50", "", "还差到货日期"),
        ("", "", "还差数量"),
        ("五十", "2026-12-31", "不认识「五十」"),
        ("50 80", "2026-12-31", "不认识「50 80」"),
        ("-5", "2026-12-31", "不认识「-5」"),
        ("0", "2026-12-31", "不认识「0」"),
        ("2.5e3", "2026-12-31", "不认识「2.5e3」"),
        ("100001", "2026-12-31", "不认识「100001」"),
        ("9" * 90, "2026-12-31", "不认识「999"),
        ('50" PO-1', "2026-12-31", "不认识「50 PO-1」"),
        ("#1", "2026-12-31", "不认识「#1」"),
        ("海外", "2026-12-31", "还差数量"),
        ("50", "2026-11-19", "2026-11-19 已经过去"),
        ("50", "2028-11-20", "太远了"),
        ("50", "9999-12-31", "太远了"),
        ("50", "2026-02-30", "不认识「2026-02-30」"),
        ("50", "明年", "不认识「明年」"),
    ],
)
def test_a_form_that_is_filled_in_wrongly_is_refused_in_words_and_changes_nothing(
    desk: Desk, quantity: str, day: str, said: str
) -> None:
    before = desk.known()
    pressed = fill(desk, quantity, day)
    assert said in pressed.words
    assert desk.outcome() == ("ou_a", "stock po", Outcome.REFUSED)
    assert (desk.known(), pressed.said, pressed.drawn) == (before, [], [])


@pytest.mark.parametrize(("quantity", "day"), [(" ５０ ", "2026-12-31"), ("50张", "12月31日"), ("050", "2026/12/31")])
def test_a_form_may_be_filled_in_as_people_type(desk: Desk, quantity: str, day: str) -> None:
    assert "PO-1：4090 50 张，预计 2026-12-31" in fill(desk, quantity, day).words


def test_cards_that_come_today_are_an_order(desk: Desk) -> None:
    assert "预计 2026-11-20" in fill(desk, "50", "2026-11-20").words


# Twice, and otherwise.


def test_the_same_order_again_is_known_and_changes_nothing(desk: Desk) -> None:
    fill(desk, "50", "2026-12-31")
    before = desk.known()
    assert fill(desk, "50", "2026-12-31").words == "PO-1（4090）已经登记过：您"
    assert desk.press(ORDER, by=BEN).words == "PO-1（4090）已经登记过：一位同事"
    assert desk.known() == before


def test_other_values_are_a_second_order_and_the_later_of_both_keeps_quiet(desk: Desk) -> None:
    desk.press("/stock po 4090 50 12-31", by=ANN)
    assert "PO-2" in desk.press("/stock po 4090 30 12-10", by=BEN).words
    assert [(t.quantity, t.eta) for t in desk.tickets()] == [(50, ETA), (30, date(2026, 12, 10))]
    claim = desk.episode("4090").claim
    assert claim is not None
    # Whose order it waits for, whoever added another.
    assert (claim.by, claim.until) == ("ou_a", datetime(2027, 1, 1, 16, tzinfo=UTC))


def test_an_order_is_corrected_by_its_number(desk: Desk) -> None:
    desk.press(ORDER)
    assert "PO-1：4090 60 张，预计 2027-01-15" in desk.press("/stock po 4090 PO-1 60 2027-01-15", by=BEN).words
    (ticket,) = desk.tickets()
    assert (ticket.quantity, ticket.eta) == (60, date(2027, 1, 15))


def test_an_order_may_be_corrected_to_what_another_says(desk: Desk) -> None:
    desk.press(ORDER)
    desk.press("/stock po 4090 30 12-10")
    desk.press("/stock po PO-2 50 12-31")
    assert [(t.quantity, t.eta) for t in desk.tickets()] == [(50, ETA), (50, ETA)]


@pytest.mark.parametrize("line", ["/stock po 4090 PO-7 50 12-31", "/stock po H20 PO-1 50 12-31"])
def test_a_number_of_another_purchase_is_refused(desk: Desk, line: str) -> None:
    desk.press(ORDER)
    before = desk.known()
    assert "不是这个型号进行中的采购" in desk.press(line).words
    assert desk.known() == before


# Requested, ordered, arrived, cancelled.


def test_a_request_becomes_the_order_and_then_has_arrived(desk: Desk) -> None:
    assert desk.ask_bot("/stock po 4090 40").startswith("已登记 PO-1：申请采购 4090 40 张")
    assert desk.episode("4090").state is State.FIRING
    assert "已登记 PO-1" in desk.ask_bot("/stock po 4090 45", by=BEN)
    assert "已登记 PO-1" in desk.ask_bot(ORDER, by=BEN)
    assert desk.ask_bot("/stock arrived PO-1") == "PO-1 已到货：4090 50 张。"
    (ticket,) = desk.tickets()
    assert ticket.stage is Stage.ARRIVED
    assert (ticket.requested.by, ticket.ordered and ticket.ordered.by, ticket.ended and ticket.ended.by) == (
        "ou_a", "ou_b", "ou_a",
    )  # fmt: skip


def test_a_request_keeps_nobody_quiet(desk: Desk) -> None:
    desk.press("/stock po 4090 40")
    assert len(desk.look(after=DAY)) == 2


def test_an_order_pauses_reminders_until_its_day_has_passed_and_then_they_come_back(desk: Desk) -> None:
    desk.press("/stock po 4090 50 11-25")
    # Until the end of the 26th.
    assert [len(desk.look(after=DAY)) for _ in range(6)] == [0] * 6
    assert desk.look(after=12 * HOUR - timedelta(seconds=1)) == []
    parcel, _ = desk.look(after=timedelta(seconds=1))
    assert "认领或订单已到期，仍未恢复" in desk.read(parcel)
    assert desk.episode("4090").state is State.FIRING


def test_cards_that_come_in_time_end_the_shortage_and_the_recovery_says_what_was_bought(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, PLENTY)
    desk.look()
    desk.press(ORDER)
    desk.look(after=DAY)
    assert "期间采购：50 张" in desk.read(desk.look(after=HOUR)[0])


def test_an_arrival_gives_a_day_of_quiet_before_reminders(desk: Desk) -> None:
    desk.press(ORDER, by=ANN)
    desk.clock.advance(2 * DAY)
    pressed = desk.press("/stock arrived 4090 PO-1", by=BEN)
    assert pressed.words == "PO-1 已到货：4090 50 张。"
    assert not any("arrived" in run for p in pressed.drawn for run in buttons(p.answer))
    claim = desk.episode("4090").claim
    assert claim is not None
    assert (claim.by, claim.ordered) == ("ou_b", False)
    assert desk.look(after=DAY - MINUTES) == []
    assert len(desk.look(after=MINUTES)) == 2


def test_an_arrival_while_another_order_is_out_waits_for_that(desk: Desk) -> None:
    desk.press(ORDER, by=ANN)
    desk.press("/stock po 4090 30 12-10", by=BEN)
    desk.press("/stock arrived PO-2", by=BEN)
    claim = desk.episode("4090").claim
    assert claim is not None
    assert (claim.by, claim.ordered) == ("ou_a", True)
    assert desk.look(after=3 * DAY) == []


@pytest.mark.parametrize("line", ["/stock po cancel PO-1", "库存 采购 取消 po1"])
def test_a_cancelled_order_reopens_the_shortage(desk: Desk, line: str) -> None:
    desk.press(ORDER)
    assert desk.look(after=2 * DAY) == []
    assert desk.ask_bot(line) == "PO-1 已取消：4090 50 张。"
    assert stages(desk) == [Stage.CANCELLED]
    assert desk.episode("4090").state is State.FIRING
    assert len(desk.look(after=MINUTES)) == 2


def test_a_cancelled_request_leaves_a_claim_alone(desk: Desk) -> None:
    desk.press("/stock po 4090 40")
    desk.press("/stock ack 4090", by=BEN)
    desk.press("/stock po cancel PO-1")
    claim = desk.episode("4090").claim
    assert claim is not None
    assert claim.by == "ou_b"


def test_an_order_that_is_long_late_keeps_nobody_quiet_again(desk: Desk) -> None:
    """Two orders were late and the shortage has been reopened: ending one of them tells nobody anew."""
    desk.press("/stock po 4090 50 11-21")
    desk.press("/stock po 4090 30 11-22")
    assert len(desk.look(after=5 * DAY)) == 2
    desk.press("/stock po cancel PO-1")
    assert desk.episode("4090").state is State.FIRING
    assert desk.look(after=MINUTES) == []


@pytest.mark.parametrize("end", ["/stock arrived PO-1", "/stock po cancel PO-1"])
def test_what_has_ended_cannot_end_again_or_be_ordered_again(desk: Desk, end: str) -> None:
    desk.press(ORDER)
    desk.press(end)
    before = desk.known()
    for line in ("/stock arrived PO-1", "/stock po cancel PO-1", "/stock po PO-1 50 12-31"):
        assert "PO-1 已经在 11-20 12:00" in desk.press(line).words
    assert desk.known() == before


def test_an_arrival_is_delivered_twice_and_happens_once(desk: Desk) -> None:
    desk.press(ORDER)
    desk.press("/stock arrived PO-1", key="cli_a:ev_9")
    before = desk.known()
    assert desk.press("/stock arrived PO-1", key="cli_a:ev_9").toast is None
    assert desk.known() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/stock arrived", "请写上采购单号或型号"),
        ("/stock arrived PO-9", "没有 PO-9 这张采购单"),
        ("/stock arrived H20", "H20 没有在途的采购单"),
        ("/stock arrived H20 PO-1", "PO-1 不是这个型号进行中的采购"),
        ("/stock arrived PO-3", "PO-3 还没有下单"),
        ("/stock arrived 4090", "请写上单号：PO-1 PO-2"),
        ("/stock po cancel PO-9", "没有 PO-9 这张采购单"),
        ("/stock po cancel", "还需要：PO-单号"),
        ("/stock po 4090", "还差数量"),
        ("/stock po 4090 12-31", "还差数量"),
        ("/stock po PO-1", "还差数量"),
        ("/stock po PO-1 60", "还差到货日期"),
        ("/stock po 50 12-31", "还差型号"),
        ("/stock po 国内", "还差型号"),
        ("/stock po 4090 50 12-31 #99", "缺货 #99 已经结束"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(desk: Desk, line: str, said: str) -> None:
    for order in (ORDER, "/stock po 4090 30 12-10", "/stock po H20 5"):
        desk.press(order)
    before = desk.known()
    assert said in desk.ask_bot(line)
    assert desk.outcome()[2] is Outcome.REFUSED
    assert desk.known() == before
