"""Purchases as people type them, and the lists of them."""

import csv
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Tone
from suanli.domain.audit import Outcome
from suanli.domain.chat import Person
from suanli.domain.stock import Model, Product, Scope
from suanli.domain.stock.episodes import State
from suanli.domain.stock.rules import Rule
from tests.dialogue import BOSS, LI, SITE
from tests.fakes import FakeClock
from tests.stockdesk import ANN, BEN, LOW, R4090, RH20, Desk, button, buttons, row

ORDER = "/stock po 4090 50 12-31"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    """Both models are low, H20 is muted for good, and both recipients have been told."""
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    desk.press("/stock mute H20 90d")
    return desk


@pytest.mark.parametrize(
    "words",
    ["4090 50 12-31", "12-31 50 4090", "50张 12月31日 4090", "4090 2026-12-31 50", "12/31 4090 50张", "50 4090 12.31",
     "4090 2026年12月31日 ５０张", '"NVIDIA GeForce RTX 4090" 50 12月31号'],
)  # fmt: skip
def test_the_words_of_an_order_come_in_any_order(desk: Desk, words: str) -> None:
    assert "已登记 PO-1：4090 50 张，预计 2026-12-31" in desk.ask_bot(f"/stock po {words}")


def test_a_full_name_without_quotes_is_no_model_and_orders_nothing(desk: Desk) -> None:
    assert "不认识「NVIDIA」" in desk.ask_bot("/stock po NVIDIA GeForce RTX 4090 50 12-31")
    assert desk.tickets() == ()


def test_a_quantity_may_look_like_a_model(sqlite_store: SqlStore, clock: FakeClock) -> None:
    more = Product(Model("3090"), ("NVIDIA GeForce RTX 3090",))
    site = replace(SITE, fleet=replace(SITE.fleet, products=(*SITE.fleet.products, more)))
    desk = Desk(sqlite_store, clock, LOW, site=site)
    desk.look()
    assert "PO-1：4090 3090 张" in desk.ask_bot("/stock po 4090 3090 12-31")
    assert "PO-2：3090 4090 张" in desk.ask_bot("/stock po 3090 4090 12-31")


def test_a_day_without_a_year_is_the_next_one(desk: Desk) -> None:
    assert "预计 2026-11-20" in desk.ask_bot("/stock po 4090 1 11-20")
    assert "预计 2027-11-19" in desk.ask_bot("/stock po 4090 1 11-19")


def test_purchases_of_a_region_are_its_own(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = tuple(Rule(Scope(Model("4090"), region), 50, samples=1) for region in ("国内", "海外"))
    desk = Desk(sqlite_store, clock, [row(R4090, 9), row(R4090, 9, place="dallas-1")], rules=rules)
    desk.look()
    assert "PO-1：4090 海外 高主频 9 张" in desk.ask_bot("/stock po 海外4090 高主频 9 12-31")
    assert "PO-2：4090 海外 50 张" in desk.ask_bot("/stock po overseas 50 12-31 4090")
    assert desk.standing("4090", "国内").episode != desk.standing("4090", "海外").episode
    abroad = desk.standing("4090", "海外").episode
    home = desk.standing("4090", "国内").episode
    assert abroad is not None
    assert home is not None
    assert (abroad.state, home.state) == (State.ACKED, State.FIRING)
    assert desk.ask_bot("/stock arrived 4090 海外") == "PO-2 已到货：4090 海外 50 张。"


# Whose they are.


def test_an_only_order_has_arrived_by_its_model(desk: Desk) -> None:
    desk.press(ORDER)
    assert desk.ask_bot("/stock arrived 4090") == "PO-1 已到货：4090 50 张。"


@pytest.mark.parametrize("line", ["/stock arrived PO-1", "/stock po cancel PO-1", "/stock po PO-1 60 12-31"])
def test_who_has_no_say_about_a_model_has_none_about_its_purchases(desk: Desk, line: str) -> None:
    desk.press(ORDER)
    before = desk.known()
    assert "只有运维" in desk.press(line, by=LI).words
    assert desk.outcome()[2] is Outcome.DENIED
    assert desk.known() == before


def test_cards_may_be_bought_of_what_is_not_short_and_has_no_rule(desk: Desk) -> None:
    assert "PO-1：H200 8 张" in desk.ask_bot("/stock po H200 8 12-31", by=BOSS)
    (ticket,) = desk.tickets()
    assert ticket.episode is None


def test_two_people_who_register_the_same_order_at_once_make_one_purchase(desk: Desk) -> None:
    together, said = threading.Barrier(2), list[str]()

    def press(person: Person) -> None:
        bot = Desk(desk.store, desk.clock, LOW).bot
        together.wait()
        toast, _ = bot.press({"run": ORDER}, sender=person, key=f"cli_a:{person.open_id}")
        said.append(toast.text if toast else "")

    threads = [threading.Thread(target=press, args=(person,)) for person in (ANN, BEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.tickets()) == 1
    assert sorted(words[:4] for words in said) == sorted(["PO-1", "已登记 "])
    assert "PO-1（4090）已经登记过：一位同事" in said


# Lists.


def test_the_list_names_what_is_under_way_and_what_is_late(desk: Desk) -> None:
    for order in ("/stock po 4090 50 11-25", "/stock po 4090 30 12-31", "/stock po H20 8"):
        desk.press(order)
    desk.clock.advance(timedelta(days=10))
    (listed,) = desk.bot.say("/stock po", sender=LI)
    words = desk.bot.words(listed)
    assert "⚠️ PO-1 4090 50 张：已下单，应在 2026-11-25 到货，已逾期 · ou_a" in words
    assert "PO-2 4090 30 张：已下单，预计 2026-12-31 到货 · ou_a" in words
    assert "PO-3 H20 8 张：已申请 · ou_a" in words
    assert listed.tone is Tone.WARNING
    assert buttons(listed) == ["/stock po csv"]


def test_what_has_ended_is_not_listed_and_without_any_an_example_is_shown(desk: Desk) -> None:
    desk.press(ORDER)
    desk.press("/stock arrived PO-1")
    assert desk.ask_bot("/stock po", by=LI) == "没有进行中的采购。下单后请登记，例如：\n\n/stock po 4090 50 12-31"


def test_a_long_list_says_how_many_more_there_are(desk: Desk) -> None:
    for quantity in range(1, 24):
        desk.press(f"/stock po 4090 {quantity} 12-31")
    assert "还有 3 条" in desk.ask_bot("/stock po", by=LI)


def test_the_export_holds_every_purchase_and_is_read_by_a_spreadsheet(desk: Desk) -> None:
    for line in (ORDER, "/stock po H20 8", "/stock po cancel PO-2"):
        desk.press(line)
    text = desk.ask_bot("/stock po csv", by=LI)
    rows: list[Mapping[str, str]] = list(csv.DictReader(text.splitlines()))
    assert [(r["ticket"], r["model"], r["stage"], r["quantity"], r["eta"]) for r in rows] == [
        ("PO-1", "4090", "ordered", "50", "2026-12-31"),
        ("PO-2", "H20", "cancelled", "8", ""),
    ]
    assert {r["requested_by"] for r in rows} == {"ou_a"}


def test_the_export_of_nothing_is_its_head(desk: Desk) -> None:
    assert desk.ask_bot("/stock po csv", by=LI).startswith("ticket,model,region,clock,stage")


def test_a_guest_sees_no_purchases(desk: Desk) -> None:
    stranger = replace(LI, open_id=BEN.open_id, tenant="other")
    for line in ("/stock po", "/stock po csv"):
        assert "权限不足" in desk.ask_bot(line, by=stranger)
    desk.grant(stranger, Role.VIEWER)
    assert "权限不足" not in desk.ask_bot("/stock po", by=stranger)


def test_two_models_low_are_two_forms_and_each_orders_its_own(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 12)])
    card = desk.look()[0].answer
    form = {"quantity_1": "50", "date_1": "2026-12-31", "quantity_2": "8", "date_2": "2026-12-01"}
    desk.press(button(card, "/stock po H20"), form=form)
    (ticket,) = desk.tickets()
    assert (ticket.scope.model, ticket.quantity, ticket.eta) == ("H20", 8, date(2026, 12, 1))
