"""Talking to the bot without a platform: messages in, answers out, over the real router and store."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.plain import as_text
from bot.router import Router, Toast
from handlers import COMMANDS
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Buttons
from suanli.domain.chat import (
    Arrival,
    ChatId,
    ChatKind,
    Click,
    Incoming,
    Mention,
    Message,
    MessageId,
    OpenId,
    Origin,
    Person,
    Platform,
)
from suanli.domain.commands import Command, Registry
from suanli.domain.delivery import Parcel, Rate, Rates
from suanli.domain.site import Site
from suanli.domain.stock import Fleet, Group, Model, Product, Sample
from suanli.i18n import Lang
from tests.fakes import FakeClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
BOSS = Person(OpenId("ou_boss"), "boss", "on_boss", "Boss", "ten")
LI = Person(OpenId("ou_li"), "li", "on_li", "Li", "ten")
GUEST = Person(OpenId("ou_guest"), None, None, "Guest", "other")

SITE = Site(
    version="1.2.3",
    zone=SHANGHAI,
    lang=Lang.ZH,
    admins=frozenset({"ou_boss"}),
    default_role=Role.VIEWER,
    fleet=Fleet(
        products=(
            Product(Model("4090"), ("NVIDIA GeForce RTX 4090",)),
            Product(Model("H20"), ("NVIDIA H20",)),
            Product(Model("H200"), ("NVIDIA H200",)),
        ),
        regions=(Group(("国内", "domestic")), Group(("海外", "overseas"), ("dallas",))),
        clocks=(Group(("普通", "standard")), Group(("高主频",), ("bingte",))),
    ),
    stock_source="grafana-sql",
    stale_after=timedelta(minutes=15),
    registry=Registry(COMMANDS),
)


@dataclass
class Dialogue:
    """A bot and people who talk to it. Every message is new unless `key` makes it the same as another."""

    store: SqlStore
    clock: FakeClock
    site: Site = SITE
    slash_without_mention: bool = False
    woken: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def say(
        self,
        text: str,
        *,
        sender: Person = LI,
        kind: ChatKind = ChatKind.PRIVATE,
        mentions: Sequence[Mention] = (),
        age: timedelta = timedelta(0),
        key: str = "",
        addressed: bool = True,
    ) -> list[Answer]:
        """Say something; the answers to it."""
        parcels = self.tell(text, sender=sender, kind=kind, mentions=mentions, age=age, key=key, addressed=addressed)
        return [parcel.answer for parcel in parcels]

    def tell(
        self,
        text: str,
        *,
        sender: Person = LI,
        kind: ChatKind = ChatKind.PRIVATE,
        mentions: Sequence[Mention] = (),
        age: timedelta = timedelta(0),
        key: str = "",
        addressed: bool = True,
    ) -> list[Parcel]:
        """Say something; all that is to be sent for it."""
        origin = self.origin(kind, sender, age, key)
        message = Message(origin, MessageId(f"om_{origin.key}"), sender, text, tuple(mentions), addressed=addressed)
        self._router().handle(message)
        return self.parcels()

    def ask(self, text: str, *, sender: Person = LI, kind: ChatKind = ChatKind.PRIVATE,
            mentions: Sequence[Mention] = ()) -> str:  # fmt: skip
        """Say something that is answered once; the answer's words."""
        (answer,) = self.say(text, sender=sender, kind=kind, mentions=mentions)
        return self.words(answer)

    def click(self, value: dict[str, str], *, sender: Person = LI, age: timedelta = timedelta(0), key: str = "",
              form: Mapping[str, str] | None = None) -> tuple[str | None, list[Answer]]:  # fmt: skip
        """Press a button; the toast's words and the answers, cards drawn anew among them."""
        toast, parcels = self.press(value, sender=sender, age=age, key=key, form=form)
        return toast.text if toast else None, [parcel.answer for parcel in parcels]

    def press(self, value: Mapping[str, str], *, sender: Person = LI, chat: str = "oc_group",
              age: timedelta = timedelta(0), key: str = "",
              form: Mapping[str, str] | None = None) -> tuple[Toast | None, list[Parcel]]:  # fmt: skip
        """Press a button of a card that hangs in `chat`; the toast and what is to be sent."""
        origin = replace(self.origin(ChatKind.GROUP, sender, age, key), chat_id=ChatId(chat))
        toast = self._router().handle(Click(origin, sender, MessageId("om_card"), dict(value), dict(form or {})))
        return toast, self.parcels()

    def arrive(self, kind: ChatKind) -> list[Answer]:
        """The bot comes into a chat."""
        return self.send(Arrival(self.origin(kind, LI, timedelta(0), ""), LI))

    def send(self, incoming: Incoming) -> list[Answer]:
        """Let the router have it; what it wants to say."""
        self._router().handle(incoming)
        return [parcel.answer for parcel in self.parcels()]

    def origin(self, kind: ChatKind, sender: Person, age: timedelta, key: str) -> Origin:
        """Where something comes from: the group, or the sender's private chat."""
        chat = ChatId("oc_group" if kind is ChatKind.GROUP else f"oc_{sender.open_id}")
        name = key or f"cli_a:{next(self._numbers)}"
        return Origin(Platform.FEISHU, name, f"ev_{name}", "ten", chat, kind, self.clock.now() - age)

    def parcels(self) -> list[Parcel]:
        """What waits to be sent, taken as sent."""
        now, taken = self.clock.now(), list[Parcel]()
        fast = Rate(1000, timedelta(seconds=1), burst=900)
        rates = {platform: Rates(fast, (fast,)) for platform in Platform}
        while True:
            with self.store.begin() as tx:
                claimed = tx.outbox.claim(owner="test", now=now, lease=timedelta(minutes=1), limit=100, rates=rates)
                for parcel in claimed:
                    tx.outbox.sent(parcel, None, now)
            if not claimed:
                return taken
            taken += claimed

    def words(self, answer: Answer) -> str:
        """An answer as text."""
        return as_text(answer, self.clock.now(), self.site.zone)

    def stock(self, *samples: tuple[str, str, str, int, int], age: timedelta = timedelta(0)) -> datetime:
        """Store an answer of the source: (model, region, clock, total, free) each."""
        at = self.clock.now() - age
        rows = [
            Sample(at, self.site.stock_source, Model(m), region, clock, total, free, total - free, 0)
            for m, region, clock, total, free in samples
        ]
        with self.store.begin() as tx:
            tx.samples.add(rows, at)
        return at

    def with_commands(self, *commands: Command) -> "Dialogue":
        """The same with other commands."""
        return Dialogue(self.store, self.clock, replace(self.site, registry=Registry(commands)))

    def _router(self) -> Router:
        return Router(self.store, self.site, self.clock, self._wake, slash_without_mention=self.slash_without_mention)

    def _wake(self) -> None:
        self.woken += 1


def runs(answer: Answer) -> list[str]:
    """The command lines behind an answer's buttons."""
    return [b.value["run"] for block in answer.blocks if isinstance(block, Buttons) for b in block.buttons]
