"""The watching of stock with a scripted source, and what it makes people read."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from jobs.watch_stock import ASKED, REGULAR, Look, WatchStock
from storage.store import SqlStore
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError
from suanli.domain.stock import Model, Row, Scope
from suanli.domain.stock.episodes import Episode
from suanli.domain.stock.rules import Recipient, Rule, Watch
from tests.dialogue import SITE, Dialogue
from tests.fakes import FakeClock, FakeSource

RULES = (
    Rule(Scope(Model("4090")), 100, "RTX 4090", samples=1),
    Rule(Scope(Model("H20")), 20, "H20", samples=1),
)
"""The original's example, as its JSON file gives it."""

PEOPLE = (Recipient("ou_a"), Recipient("ou_b"))


def row(product: str, free: int, total: int = 500, place: str = "bj-a") -> Row:
    """What a source says of a product."""
    return Row(product, place, total, free, total - free, 0)


LOW = [row("NVIDIA GeForce RTX 4090", 85), row("NVIDIA H20", 12)]


class Desk:
    """The job of watching, and a bot with the same rules."""

    def __init__(
        self,
        store: SqlStore,
        clock: FakeClock,
        *script: Sequence[Row] | Exception,
        rules: tuple[Rule, ...] = RULES,
        recipients: tuple[Recipient, ...] = PEOPLE,
    ) -> None:
        site = replace(SITE, watch=Watch(rules, recipients), operators=("ou_boss",))
        self.store, self.clock = store, clock
        self.bot = Dialogue(store, clock, site)
        self.source = FakeSource(*script, name=SITE.stock_source)
        self.job = WatchStock(store, self.source, site, clock)

    def look(self, *, after: timedelta = timedelta(0), kind: Look = REGULAR) -> list[Parcel]:
        """Look once, a while later; the new messages it makes, drawings of old cards left out."""
        self.clock.advance(after)
        # What the source could not say is on record, which is what tests look at.
        with suppress(RemoteError):
            self.job.look(kind)
        return [parcel for parcel in self.bot.parcels() if parcel.redraws is None]

    def ask(self) -> list[Parcel]:
        """Look because somebody asked."""
        return self.look(kind=ASKED)

    def read(self, parcel: Parcel) -> str:
        """A message as text."""
        return self.bot.words(parcel.answer)

    def episode(self, model: str) -> Episode:
        """The open episode of a model."""
        with self.store.begin() as tx:
            episode = tx.episodes.standing(Scope(Model(model))).episode
        assert episode is not None
        return episode
