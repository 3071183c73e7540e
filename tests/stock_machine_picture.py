"""What the store says of the stock at one moment, and what a message says of shortages."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.plain import as_text
from storage.store import SqlStore
from suanli.domain.answer import Answer
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Episode, Standing, State, Told
from suanli.domain.stock.purchases import Stage, Ticket
from suanli.domain.stock.rules import Rule, in_force
from tests.fakes import NOON
from tests.stock_machine_scene import DAY, RULES, SITE

SHOWN = re.compile(r"^[🔴🟡✅] (.+) \([^()\n]+\).*\n   - 当前空闲：(.+) 张$", re.MULTILINE)

LONG_AGO = NOON - 1000 * DAY


@dataclass(frozen=True)
class Picture:
    """Everything that is remembered at one moment; `episodes` are those that ever fired."""

    standings: Mapping[Scope, Standing]
    episodes: Mapping[int, Episode]
    told: Mapping[tuple[int, str, int], Told]
    tickets: Sequence[Ticket]
    rules: Mapping[Scope, Rule]

    @classmethod
    def take(cls, store: SqlStore) -> "Picture":
        with store.begin() as tx:
            standings, fired = tx.episodes.standings(), tx.episodes.newest(1000)
            keys = tx.episodes.messages_of([episode.number for episode in fired], LONG_AGO)
            notices = [notice for notices in tx.episodes.on_cards(keys).values() for notice in notices]
            rules = {rule.scope: rule for rule in in_force(RULES, tx.overrides.all())}
            tickets = tuple(tx.tickets.all())
        told = {(notice.episode, notice.recipient, notice.count): notice for notice in notices}
        assert len(told) == len(notices)
        return cls(standings, {episode.number: episode for episode in fired}, told, tickets, rules)

    def of(self, scope: Scope) -> Standing:
        return self.standings.get(scope) or Standing(scope)

    def episode(self, scope: Scope) -> Episode | None:
        return self.of(scope).episode

    @property
    def open_episodes(self) -> Iterator[Episode]:
        return (standing.episode for standing in self.standings.values() if standing.episode)

    def after(self, before: Episode) -> Episode | None:
        """What an episode has become; None of one that never fired and is dropped."""
        known = self.episode(before.scope)
        return known if known and known.number == before.number else self.episodes.get(before.number)

    def ordered(self, scope: Scope) -> set[tuple[int, int, date]]:
        """What is under way: the number, the quantity and the day of each order."""
        found = (each for each in self.tickets if each.scope == scope and each.stage is Stage.ORDERED)
        return {(each.number, each.quantity, each.eta) for each in found if each.eta}

    def awaits(self, scope: Scope, now: datetime) -> bool:
        """Whether cards are on order that may still come until the end of the day after."""
        today = now.astimezone(SITE.zone).date()
        return any(today <= eta + DAY for _, _, eta in self.ordered(scope))

    def cards(self, number: int, since: datetime) -> set[str]:
        """The messages that told of an episode after that."""
        return {told.message_key for told in self.told.values() if told.episode == number and told.told_at > since}

    def on_card(self, key: str) -> set[int]:
        """The episodes that a message tells of."""
        return {told.episode for told in self.told.values() if told.message_key == key}

    def is_whole(self) -> None:
        """One open episode a scope at most, and what fired is found by its number."""
        fired = [episode for episode in self.episodes.values() if episode.state is not State.CLOSED]
        assert len({episode.scope for episode in fired}) == len(fired)
        assert fired == sorted(
            (each for each in self.open_episodes if each.state is not State.PENDING), key=lambda each: -each.number
        )
        told = defaultdict[str, set[str]](set)
        for notice in self.told.values():
            told[notice.message_key].add(notice.recipient)
        assert all(len(people) == 1 for people in told.values())


def figures(answer: Answer, now: datetime) -> set[tuple[str, str]]:
    """The free cards that a message names, each with the name of its rule."""
    return set(SHOWN.findall(as_text(answer, now, SITE.zone)))
