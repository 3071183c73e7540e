"""A card on WeLink is acted on: from the card over the page in WeLink's browser to what it changes, over real HTTP."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from jobs.watch_stock import ASKED
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Episode, State
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.sandbox.welink import WelinkStandIn
from suanli.settings import Settings, load
from tests.welink_pages import Reader, read

LI = "li.lei@0123456789"
HAN = "han.mei@0123456789"
CONFIG = """\
[welink]
h5_url = "{home}"

[stock.watch]
recipients = ["welink:{li}"]

[stock.watch.thresholds]
4090 = {{ min_free = 100, description = "RTX 4090" }}
"""


class Switchboard:
    """An address that is known before what is served there."""

    app: WSGIApplication

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start)


class LaterClock(SystemClock):
    """Real time, some while from now."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> Any:
        return super().now() + self.ahead


@dataclass
class Company:
    """The product with WeLink around it."""

    settings: Settings
    store: SqlStore
    welink: WelinkStandIn
    clock: LaterClock

    def tell(self) -> dict[str, Any]:
        """Look at the stock and deliver what follows; the card that comes of it."""
        wiring.build_watch(self.settings, self.store, self.clock).look(ASKED)
        self.deliver()
        (card,) = self.welink.app.cards
        return dict(card.body)

    def deliver(self) -> None:
        courier = wiring.build_courier(self.settings, self.clock)
        delivery = wiring.build_delivery(self.settings, self.store, self.clock, courier)
        assert delivery.drain(timedelta(seconds=20))
        delivery.stop(timedelta(seconds=5))

    def press(
        self, address: str, page: Reader, label: int, who: str = LI, origin: str = "", **form: str
    ) -> tuple[int, dict[str, Any]]:
        """What the page's script sends once a button is pressed, and what it gets."""
        code = self.welink.app.give_code(who)
        body = {"code": code, "action": label, "form": form, "token": page.data["data-token"]}
        own = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        headers = {"Content-Type": "application/json", "Origin": origin or own, "Sec-Fetch-Site": "same-origin"}
        status, text = fetch(address, json.dumps(body).encode(), headers)
        return status, json.loads(text)

    @property
    def episode(self) -> Episode:
        with self.store.begin() as tx:
            episode = tx.episodes.standing(Scope(Model("4090"))).episode
        assert episode is not None
        return episode

    @property
    def tickets(self) -> list[tuple[int, str]]:
        with self.store.begin() as tx:
            return [(ticket.quantity, str(ticket.eta)) for ticket in tx.tickets.all()]


def fetch(address: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    try:
        with urlopen(Request(address, body, headers or {}), timeout=10) as answer:  # noqa: S310 loopback
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def opened(address: str) -> Reader:
    status, text = fetch(address)
    assert status == 200
    return read(text)


def number_of(page: Reader, label: str) -> int:
    """The number of the first button with such a label."""
    return min(number for number, words in page.labels.items() if words.startswith(label))


@pytest.fixture
def company(sqlite_url: str, tmp_path: Path) -> Iterator[Company]:
    clock, switchboard = LaterClock(), Switchboard()
    fleet = SandboxFleet(clock.now())
    with ExitStack() as stack:
        welink = stack.enter_context(WelinkStandIn(clock))
        welink.app.followers |= {LI, HAN}
        grafana = GrafanaStandIn(lambda: fleet.nodes(clock.now()), clock=clock)
        grafana_url = stack.enter_context(LoopbackServer(grafana.app)).url
        home = stack.enter_context(LoopbackServer(switchboard)).url
        (tmp_path / "suanli.toml").write_text(CONFIG.format(home=home, li=LI), "utf-8")
        settings = load(
            {
                "FEISHU_APP_ID": "cli_unused",
                "FEISHU_APP_SECRET": "not asked for in these tests",
                "FEISHU_ENCRYPT_KEY": "k" * 32,
                "FEISHU_VERIFICATION_TOKEN": "v" * 32,
                "GRAFANA_URL": grafana_url,
                "GRAFANA_API_KEY": TOKEN,
                "GRAFANA_DATASOURCE_UID": SQL_UID,
                "SUANLI_DATABASE_URL": sqlite_url,
                "SUANLI_SECRET_KEY": "s" * 32,
                "WELINK_BASE_URL": welink.url,
                "WELINK_CLIENT_ID": welink.app.client_id,
                "WELINK_CLIENT_SECRET": welink.app.client_secret,
            },
            tmp_path,
        )
        store = SqlStore(sqlite_url)
        stack.callback(store.close)
        switchboard.app = wiring.build_web(settings, store, clock, lambda: None)
        yield Company(settings, store, welink, clock)


def test_a_shortage_is_claimed_from_its_card_once(company: Company) -> None:
    card = company.tell()
    address = card["btnList"][0]["btnUrl"]
    page = opened(address)
    ack = number_of(page, card["btnList"][0]["btnTitle"])
    status, reply = company.press(address, page, ack)
    assert (status, reply["mood"], reply["done"]) == (200, "success", True)
    claim = company.episode.claim
    assert company.episode.state is State.ACKED
    assert claim is not None
    assert claim.by == LI
    again, told = company.press(address, page, ack)
    assert (again, "没有重复执行" in told["said"]) == (409, True)
    assert company.episode.claim == claim


def test_a_card_without_room_for_its_buttons_leads_to_all_of_them(company: Company) -> None:
    card = company.tell()
    first, _, more = card["btnList"]
    assert more["btnUrl"] == card["urlPath"]
    page = opened(more["btnUrl"])
    assert more["btnTitle"] == f"全部操作（{len(page.buttons)}）"
    assert page.buttons.keys() == opened(first["btnUrl"]).buttons.keys()
    assert "/stock ack 4090" in page.words


def test_a_form_on_the_page_orders_cards(company: Company) -> None:
    address = company.tell()["urlPath"]
    page = opened(address)
    quantity, day = (str(each["name"]) for each in page.inputs)
    due = f"{company.clock.now() + timedelta(days=9):%Y-%m-%d}"
    ordered = number_of(page, "已下单")
    status, wrong = company.press(address, page, ordered, **{quantity: "many", day: due})
    assert (status, wrong["done"], company.tickets) == (200, False, [])
    assert company.press(address, page, ordered, **{quantity: "50", day: due})[0] == 200
    assert company.tickets == [(50, due)]


def test_a_question_on_the_page_is_answered_by_a_card(company: Company) -> None:
    address = company.tell()["urlPath"]
    page = opened(address)
    status, reply = company.press(address, page, number_of(page, "看趋势"))
    company.deliver()
    assert (status, reply["done"]) == (200, True)
    assert [card.to for card in company.welink.app.cards] == [LI, LI]


def test_a_preview_of_the_address_changes_nothing(company: Company) -> None:
    card = company.tell()
    before = company.episode
    for address in (card["urlPath"], *(button["btnUrl"] for button in card["btnList"])):
        opened(address)
    assert company.episode == before
    with company.store.begin() as tx:
        assert len(tx.audits.newest(9)) == 0


def test_a_colleague_without_the_right_is_refused_and_takes_it_from_nobody(company: Company) -> None:
    address = company.tell()["urlPath"]
    page = opened(address)
    ack = number_of(page, "认领")
    status, reply = company.press(address, page, ack, who=HAN)
    assert (status, reply["done"], "只有运维" in reply["said"]) == (200, False, True)
    assert company.episode.claim is None
    assert company.press(address, page, ack)[1]["done"]


def test_nothing_but_the_page_itself_may_act(company: Company) -> None:
    address = company.tell()["urlPath"]
    page = opened(address)
    assert company.press(address, page, 0, origin="https://evil.example.com")[0] == 403
    forged = address[:-9] + ("B" if address[-9] == "A" else "A") + address[-8:]
    assert fetch(forged)[0] == 404
    assert company.press(forged, page, 0)[0] == 404
    assert company.episode.claim is None


def test_a_day_later_the_card_says_that_it_is_past_its_time(company: Company) -> None:
    address = company.tell()["urlPath"]
    page = opened(address)
    company.clock.ahead = timedelta(hours=25)
    status, text = fetch(address)
    assert (status, "已经过期" in read(text).words) == (410, True)
    assert company.press(address, page, 0)[0] == 410
    assert company.episode.claim is None
