"""Pages of WeLink cards: a card to press on, its address, the page through Flask's test client, and what it posts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.router import Router
from bot.welink.pages.links import PATH, Links
from bot.welink.pages.visitors import TENANT
from bot.welink.pages.web import pages_blueprint
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Button, Buttons, Form, Input, line, run_button
from suanli.domain.chat import OpenId, Person
from suanli.domain.commands import Command, Param, Registry, Risk, Turn
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from suanli.i18n import Lang
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.welink import LI_LEI, PERSON, parcel_to

HOME, ORIGIN = "https://bot.example.com/suanli", "https://bot.example.com"
SCRIPT = "https://static.example.com/hwh5.js"
SECRET = "k" * 32
LINKS = Links(HOME, SECRET)
HAN = "han.mei@0123456789"
OUTSIDER = "li.lei@elsewhere"

CARD = Answer(
    Lang.ZH,
    (
        line("97 张空闲"),
        Buttons((run_button("写下", "/write 甲"), run_button("看看", "/look"), run_button("改规则", "/rule"))),
        Form(
            "f",
            (Input("q_1", "数量", "number", required=True), Input("d_1", "日期", "date")),
            (Button("已下单", {"run": "/write 乙", "fields": "q_1 d_1"}),),
        ),
    ),
    "GPU 库存",
)


class Word:
    """An argument that is any word."""

    def read(self, word: str, _: Turn) -> str:
        return word

    def choices(self, _: Turn) -> tuple[str, ...]:
        return ()


@dataclass
class Written:
    """What the command `/write` wrote, and who."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def write(self, turn: Turn, words: tuple[str, ...]) -> Answer:
        self.lines.append((turn.message.sender.open_id, *words))
        return Answer(turn.texts.lang, (line("写下了 ", "、".join(words)),))

    def registry(self) -> Registry:
        def write(turn: Turn, words: tuple[str, ...]) -> Answer:
            return self.write(turn, words)

        def look(turn: Turn) -> Answer:
            return Answer(turn.texts.lang, (line("看到了"),), "看")

        words = (Param("words", Word(), many=True, rest=True),)
        return Registry(
            (
                Command("write", write, Role.VIEWER, Risk.CHANGE, "/write", params=words, clickable=True),
                Command("look", look, Role.VIEWER, Risk.READ, "/look"),
                Command("rule", look, Role.VIEWER, Risk.CHANGE, "/rule"),
            )
        )


class FakeVisitors:
    """Codes by whose they are; each is good for one time."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        self.left = dict(codes)
        self.asked = 0

    def who(self, code: str, realm: str) -> Person:
        self.asked += 1
        if code not in self.left:
            raise RemoteError("no such code")
        open_id = self.left.pop(code)
        return Person(OpenId(open_id), tenant=TENANT if open_id.endswith(f"@{realm}") else None)


@dataclass
class Reader(HTMLParser):
    """What a page holds: its buttons by number with their labels, its inputs, its data, and all its words."""

    buttons: dict[int, dict[str, str | None]] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    inputs: list[dict[str, str | None]] = field(default_factory=list)
    data: dict[str, str | None] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    nonces: set[str | None] = field(default_factory=set)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "button":
            self.buttons[int(given["data-action"] or "")] = given
        if tag == "input":
            self.inputs.append(given)
        if tag == "body":
            self.data = given
        if tag in {"script", "style"}:
            self.nonces.add(given.get("nonce"))

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.tags and self.tags[-1] == "button":
            self.labels[len(self.buttons) - 1] = data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def link_of(answer: Answer = CARD, *, key: str = "k", links: Links = LINKS) -> str:
    """The signed part of a card's address."""
    page = links.page_of(parcel_to(PERSON, answer, key=key))
    assert page is not None
    return parse_qs(urlsplit(page.address).query)["c"][0]


class Desk:
    """The pages on a store of their own; `li` and the like are codes of people."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.written = Written()
        self.visitors = FakeVisitors(
            {f"{who}{n}": person for n in range(9) for who, person in (("li", LI_LEI), ("han", HAN), ("out", OUTSIDER))}
        )
        site = replace(SITE, registry=self.written.registry(), admins=frozenset({HAN}))
        router = Router(store, site, clock, lambda: None)
        blueprint = pages_blueprint(LINKS, self.visitors, router, clock, origin=ORIGIN, script=SCRIPT)
        self.client: FlaskClient = build_app(store, clock, [blueprint]).test_client()

    def get(self, link: str, **more: str) -> TestResponse:
        return self.client.get(PATH, query_string={"c": link, **more})

    def post(
        self,
        body: Mapping[str, Any],
        *,
        link: str | None = None,
        headers: Mapping[str, str | None] = {},
    ) -> TestResponse:
        """Post as the page does; a change to None leaves a field or a header out."""
        link = link_of() if link is None else link
        whole = {"code": "li0", "action": 0, "form": {}, "token": LINKS.token(link, self.clock.now()), **body}
        sent = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(
            PATH,
            query_string={"c": link},
            json={name: value for name, value in whole.items() if value is not None},
            headers={name: value for name, value in sent.items() if value is not None},
        )

    def said(self, body: Mapping[str, Any], **more: Any) -> str:
        """What the page says after it has posted."""
        return str(self.post(body, **more).get_json()["said"])

    def state(self) -> tuple[int, int, int]:
        """How much was written, audited and is to be sent."""
        with self.store.begin() as tx:
            return len(self.written.lines), len(tx.audits.newest(100)), tx.outbox.depth().waiting
