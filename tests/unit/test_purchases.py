"""Purchase tickets: requested, ordered, arrived; what is on order, what is late, and the table of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.purchases import (
    CSV_COLUMNS,
    OPEN,
    Stage,
    Step,
    Ticket,
    csv_rows,
    on_order,
    quiet_until,
)
from tests.fakes import NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")
SCOPE = Scope(Model("4090"), "国内")
ALICE, BOB = Step(OpenId("ou_alice"), NOON), Step(OpenId("ou_bob"), NOON + timedelta(hours=1))
ETA = date(2026, 12, 24)
ASKED = Ticket(SCOPE, Stage.REQUESTED, 16, ALICE, number=12, episode=7)
ORDERED = ASKED.order(32, ETA, BOB)


def test_an_order_says_how_many_when_and_by_whom_and_keeps_who_asked() -> None:
    assert (ORDERED.stage, ORDERED.quantity, ORDERED.eta, ORDERED.ordered) == (Stage.ORDERED, 32, ETA, BOB)
    assert (ORDERED.requested, ORDERED.number, ORDERED.episode, ORDERED.ended) == (ALICE, 12, 7, None)
    assert ORDERED.name == "PO-12"


def test_an_order_can_be_corrected_and_is_still_one_order() -> None:
    later = ORDERED.order(30, ETA + timedelta(days=7), ALICE)
    assert (later.number, later.quantity, later.eta, later.ordered) == (12, 30, ETA + timedelta(days=7), ALICE)
    assert on_order([later], SCOPE) == 30


@pytest.mark.parametrize("stage", [Stage.ARRIVED, Stage.CANCELLED])
def test_an_end_keeps_what_was_ordered(stage: Stage) -> None:
    got = ORDERED.end(stage, ALICE)
    assert (got.stage, got.ended, got.quantity, got.eta) == (stage, ALICE, 32, ETA)
    assert got.stage not in OPEN
    assert {ASKED.stage, ORDERED.stage} == set(OPEN)


def test_late_is_after_the_day_it_was_expected_on() -> None:
    assert not ORDERED.is_late(ETA)
    assert ORDERED.is_late(ETA + timedelta(days=1))


@pytest.mark.parametrize("ticket", [ASKED, ORDERED.end(Stage.ARRIVED, BOB), ORDERED.end(Stage.CANCELLED, BOB)])
def test_only_what_is_on_order_can_be_late(ticket: Ticket) -> None:
    assert not ticket.is_late(date.max)


def test_reminders_pause_until_a_day_after_the_day_of_arrival_where_people_are() -> None:
    assert quiet_until(ETA, SHANGHAI) == datetime(2026, 12, 25, 16, tzinfo=UTC)
    assert quiet_until(ETA, ZoneInfo("America/Los_Angeles")) == datetime(2026, 12, 26, 8, tzinfo=UTC)


@pytest.mark.parametrize("eta", [date(2026, 3, 27), date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24)])
def test_a_pause_ends_at_midnight_though_clocks_change_on_the_way(eta: date) -> None:
    got = quiet_until(eta, ZoneInfo("Europe/Berlin"))
    assert (got.date(), got.hour, got.minute) == (eta + timedelta(days=2), 0, 0)


def test_on_order_is_what_was_ordered_for_this_scope_and_has_not_arrived() -> None:
    other = replace(ORDERED, scope=Scope(Model("4090")))
    tickets = (ASKED, ORDERED, ORDERED.order(5, ETA, BOB), other, ORDERED.end(Stage.ARRIVED, BOB))
    assert on_order(tickets, SCOPE) == 37
    assert on_order([*tickets, ORDERED.end(Stage.CANCELLED, BOB)], SCOPE) == 37
    assert on_order(iter(()), SCOPE) == 0


def test_the_table_has_its_titles_even_without_tickets() -> None:
    assert csv_rows([]) == [CSV_COLUMNS]


def test_the_table_says_who_did_what_when() -> None:
    asked, ended = csv_rows([ASKED, ORDERED.end(Stage.ARRIVED, replace(ALICE, at=NOON + timedelta(days=30)))])[1:]
    assert asked == (
        "PO-12", "4090", "国内", "", "requested", "16", "", "7",
        "ou_alice", "2026-11-20T04:00:00+00:00", "", "", "", "",
    )  # fmt: skip
    assert ended == (
        "PO-12", "4090", "国内", "", "arrived", "32", "2026-12-24", "7",
        "ou_alice", "2026-11-20T04:00:00+00:00", "ou_bob", "2026-11-20T05:00:00+00:00",
        "ou_alice", "2026-12-20T04:00:00+00:00",
    )  # fmt: skip


def cells_of(model: str) -> tuple[str, ...]:
    return csv_rows([replace(ASKED, scope=Scope(Model(model)))])[1]


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "＝1+1", "＠SUM(A1)", '=HYPERLINK("http://x")'],
)
def test_no_cell_is_run_by_a_spreadsheet(formula: str) -> None:
    assert cells_of(formula)[1] == f"'{formula}"


@pytest.mark.parametrize("text", ["4090", "A100-SXM4", "RTX 6000", "'4090", "国内=1", ""])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    assert cells_of(text)[1] == text


@given(st.text(max_size=6), st.text(max_size=6))
def test_every_row_has_a_cell_for_every_title_and_none_begins_a_formula(model: str, region: str) -> None:
    ticket = replace(ORDERED, scope=Scope(Model(model), region))
    (row,) = csv_rows([ticket])[1:]
    assert len(row) == len(CSV_COLUMNS)
    assert not any(cell.lstrip()[:1] in {"=", "+", "-", "@"} for cell in row if cell)
