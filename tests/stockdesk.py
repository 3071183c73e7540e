"""The watching of stock with a scripted source, what it makes people read, and people who press its buttons."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.router import Toast
from jobs.watch_stock import ASKED, REGULAR, Look, WatchStock
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Button, Buttons, Form
from suanli.domain.audit import Outcome
from suanli.domain.chat import OpenId, Person
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError
from suanli.domain.site import Site
from suanli.domain.stock import Model, Row, Scope
from suanli.domain.stock.episodes import Episode, Standing
from suanli.domain.stock.purchases import Ticket
from suanli.domain.stock.rules import Recipient, Rule, Watch
from tests.dialogue import BOSS, SITE, Dialogue
from tests.fakes import FakeClock, FakeSource

RULES = (
    Rule(Scope(Model("4090")), 100, "RTX 4090", samples=1),
    Rule(Scope(Model("H20")), 20, "H20", samples=1),
)
"""The original's example, as its JSON file gives it."""

PEOPLE = (Recipient("ou_a"), Recipient("ou_b"))

ANN = Person(OpenId("ou_a"), "user_a", "on_a", "Ann", "ten")
BEN = Person(OpenId("ou_b"), "user_b", "on_b", "Ben", "ten")
"""Those recipients in person."""

R4090, RH20, RH200 = "NVIDIA GeForce RTX 4090", "NVIDIA H20", "NVIDIA H200"
DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)


def row(product: str, free: int, total: int = 500, place: str = "bj-a") -> Row:
    """What a source says of a product."""
    return Row(product, place, total, free, total - free, 0)


LOW = [row(R4090, 85), row(RH20, 12)]
PLENTY = [row(R4090, 300), row(RH20, 30)]


@dataclass(frozen=True)
class Pressed:
    """What came of a press: the toast, and what is to be sent, cards drawn anew apart."""

    toast: Toast | None
    said: list[Parcel]
    drawn: list[Parcel]

    @property
    def words(self) -> str:
        """The toast's words; a press without one is a failure."""
        assert self.toast is not None
        return self.toast.text


@dataclass(frozen=True)
class Known:
    """Everything that a command of the stock may change."""

    standings: Mapping[Scope, Standing] = field(default_factory=dict)
    tickets: tuple[Ticket, ...] = ()
    overrides: int = 0


class Desk:
    """The job of watching, and a bot with the same rules."""

    def __init__(
        self,
        store: SqlStore,
        clock: FakeClock,
        *script: Sequence[Row] | Exception,
        rules: tuple[Rule, ...] = RULES,
        recipients: tuple[Recipient, ...] = PEOPLE,
        site: Site = SITE,
    ) -> None:
        site = replace(site, watch=Watch(rules, recipients), operators=("ou_boss",))
        self.store, self.clock = store, clock
        self.bot = Dialogue(store, clock, site)
        self.source = FakeSource(*script, name=SITE.stock_source)
        self.job = WatchStock(store, self.source, site, clock)
        self.drawn: list[Parcel] = []
        """The cards that the last look drew anew."""

    def look(self, *, after: timedelta = timedelta(0), kind: Look = REGULAR) -> list[Parcel]:
        """Look once, a while later; the new messages it makes, drawings of old cards left out."""
        self.clock.advance(after)
        # What the source could not say is on record, which is what tests look at.
        with suppress(RemoteError):
            self.job.look(kind)
        parcels = self.bot.parcels()
        self.drawn = [parcel for parcel in parcels if parcel.redraws]
        return [parcel for parcel in parcels if parcel.redraws is None]

    def ask(self) -> list[Parcel]:
        """Look because somebody asked."""
        return self.look(kind=ASKED)

    def press(self, button: Button | str, *, by: Person = ANN, chat: str = "oc_private", key: str = "",
              age: timedelta = timedelta(0), form: Mapping[str, str] | None = None) -> Pressed:  # fmt: skip
        """Press a button, or one that stands for this line."""
        value = button.value if isinstance(button, Button) else {"run": button}
        toast, parcels = self.bot.press(value, sender=by, chat=chat, key=key, age=age, form=form)
        return Pressed(toast, [p for p in parcels if not p.redraws], [p for p in parcels if p.redraws])

    def ask_bot(self, text: str, *, by: Person = ANN) -> str:
        """Type a command in private; the words of the answer, without the cards that it has drawn anew."""
        return self.read(self.type(text, by=by).said[0])

    def type(self, text: str, *, by: Person = ANN) -> Pressed:
        """Type a command in private; what comes of it."""
        parcels = self.bot.tell(text, sender=by)
        return Pressed(None, [p for p in parcels if not p.redraws], [p for p in parcels if p.redraws])

    def read(self, parcel: Parcel) -> str:
        """A message as text."""
        return self.bot.words(parcel.answer)

    def episode(self, model: str) -> Episode:
        """The open episode of a model."""
        episode = self.standing(model).episode
        assert episode is not None
        return episode

    def standing(self, model: str, region: str = "", clock: str = "") -> Standing:
        """Where a scope stands."""
        with self.store.begin() as tx:
            return tx.episodes.standing(Scope(Model(model), region, clock))

    def known(self) -> Known:
        """All that is known now: the same before and after means that nothing changed."""
        with self.store.begin() as tx:
            return Known(tx.episodes.standings(), tuple(tx.tickets.all()), len(tx.overrides.all()))

    def tickets(self) -> tuple[Ticket, ...]:
        """Every purchase."""
        return self.known().tickets

    def outcome(self) -> tuple[str, str, Outcome]:
        """Of the last command: who, which, and what came of it."""
        with self.store.begin() as tx:
            (entry,) = tx.audits.newest(1)
        return entry.open_id, entry.command, entry.outcome

    def grant(self, person: Person, role: Role) -> None:
        """Give somebody a role, as an admin does in chat."""
        self.bot.say(f"/role grant {person.open_id} {role.word}", sender=BOSS)


def pressable(answer: Answer) -> Iterator[Button]:
    """Every button of an answer, those of its forms too."""
    for block in answer.blocks:
        if isinstance(block, Buttons | Form):
            yield from block.buttons


def button(answer: Answer, start: str) -> Button:
    """The first button whose command begins like this."""
    return next(each for each in pressable(answer) if each.value["run"].startswith(start))


def buttons(answer: Answer) -> list[str]:
    """The command of every button."""
    return [each.value["run"] for each in pressable(answer)]
