"""From what a call would cost to what became of it: over the API as a program does it, and in chat as people do."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from jobs.tell_costs import TellCosts
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import Person
from suanli.domain.delivery import Parcel
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk
from tests.dialogue import BOSS, LI, SITE, Dialogue
from tests.fakes import FakeClock
from tests.reservation_desk import COST, ESTIMATE, RESERVATIONS, UNITS, figures, people, quota, reserve, shown
from tests.stockdesk import button

RUNNING = replace(SITE, operators=("ou_boss",))
USED = {"input_units": 900, "output_units": 800}
"""What the call came to: 2.5 yuan of the 3 that were held."""


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS, RUNNING) as desk:
        people(desk)
        yield desk


@pytest.fixture
def talk(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    return Dialogue(sqlite_store, clock, RUNNING)


def cards(desk: CostDesk, talk: Dialogue) -> list[tuple[str, str]]:
    """The alerts that are due: to whom, and their titles."""
    TellCosts(desk.store, desk.site, desk.clock).run(desk.clock.now())
    return [(parcel.target.id, parcel.answer.title) for parcel in talk.parcels()]


def fits(desk: CostDesk, token: str) -> tuple[Any, ...]:
    said = desk.call("POST", ESTIMATE, UNITS, token).json
    return said["total_cost"], said["hold_amount"], said["fits"]


def test_estimated_refused_asked_for_approved_by_a_click_held_settled_shown_and_told(
    desk: CostDesk, talk: Dialogue
) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    desk.spend("li", "qwen", "7.5")
    assert fits(desk, token) == ("3.000000", "3.000000", False)
    is_refused_with_what_to_do(desk, token)
    assert figures(desk, number) == ("7.500000", "0.000000", "2.500000")
    assert cards(desk, talk) == []

    # In the words of the refusal; only the click changes something.
    (card,) = cards_of(talk.tell("/quota request 5 月底压测", sender=LI), BOSS)
    assert reserve(desk, token, "the-call", **UNITS).status == 429
    is_approved_by_a_click(talk, card)

    assert fits(desk, token)[-1] is True
    held = reserve(desk, token, "the-call", **UNITS)
    assert (held.status, held.json["amount"], held.json["state"]) == (201, "3.000000", "held")
    assert figures(desk, number) == ("7.500000", "3.000000", "4.500000")
    settled = desk.call("POST", f"{RESERVATIONS}/the-call/settle", USED, token)
    assert (settled.json["state"], settled.json["total_cost"]) == ("settled", "2.500000")
    assert figures(desk, number) == ("10.000000", "0.000000", "5.000000")
    assert shown(desk, number)["granted_quota"] == "5.000000"

    is_shown_everywhere(desk, talk, settled.json["request_id"])
    is_told_at_four_fifths_of_what_was_granted(desk, talk)
    with desk.store.begin() as tx:
        assert tx.books.reconcile(desk.clock.now(), None).is_clean


def is_refused_with_what_to_do(desk: CostDesk, token: str) -> None:
    refused = reserve(desk, token, "the-call", **UNITS)
    assert (refused.status, refused.json["type"]) == (429, "/problems/quota-exceeded")
    assert int(refused.headers["Retry-After"]) == 10 * 86_400 + 12 * 3600
    for words in ("li的配额", "10.000000 CNY", "2.500000", "2026-12-01 00:00", "/quota request"):
        assert words in refused.json["detail"]


def is_approved_by_a_click(talk: Dialogue, card: Parcel) -> None:
    toast, parcels = talk.press(button(card.answer, "/quota approve").value, sender=BOSS)
    assert toast is not None
    assert "已批准" in toast.text
    assert "5.00 CNY" in talk.words(cards_of(parcels, LI)[0].answer)


def is_shown_everywhere(desk: CostDesk, talk: Dialogue, request_id: str) -> None:
    operator = desk.token()
    found = desk.get(f"{COST}/records?request_id={request_id}", operator)["items"]
    assert [(each["user_id"], each["department"], each["total_cost"]) for each in found] == [
        ("li", "sales", "2.500000")
    ]
    said = desk.get(f"{COST}/dashboard", operator)
    assert said["total_cost_today"] == "10.000000"
    assert [(each["name"], each["cost"]) for each in said["cost_by_user"]] == [("李雷", "10.000000")]
    assert "10.00" in talk.ask("/cost today", sender=LI)


def is_told_at_four_fifths_of_what_was_granted(desk: CostDesk, talk: Dialogue) -> None:
    """Of fifteen, of which ten are used."""
    assert cards(desk, talk) == []
    desk.spend("li", "qwen", "1.999999")
    assert cards(desk, talk) == []
    desk.spend("li", "qwen", "0.000001")
    title = "🟠 配额快用完了：li的配额"
    assert cards(desk, talk) == [("ou_li", title), ("ou_boss", title)]
    assert desk.get(f"{COST}/dashboard", desk.token())["active_alerts"] == 1


def cards_of(parcels: list[Parcel], person: Person) -> list[Parcel]:
    """What goes to somebody's private chat, answers to what they said left out."""
    return [each for each in parcels if each.target.id == person.open_id and not each.key.startswith("reply:")]
