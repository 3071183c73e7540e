"""Who may be told of what, and who must be: the state machine's own account of every message."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.plain import as_text
from handlers.stock.board import CARDS_LIVE
from jobs.stock_notices import LATE
from jobs.watch_stock import Look
from suanli.domain.delivery import Draft
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Episode, News, State, Told
from suanli.domain.stock.rules import Rule, Severity
from tests.dialogue import BOSS
from tests.stock_machine_picture import Picture, figures
from tests.stock_machine_scene import DAY, PEOPLE, SITE, Reply, listens, wants
from tests.stock_machine_shortages import Shortages

BLIND_NAMES = re.compile(r"^型号：(.*)$", re.MULTILINE)
SEEN_NAMES = re.compile(r"又能取到库存数据：(.*)。")


@dataclass
class Heard:
    """A notice: when by the clock, as far as it was not set back since, and by one that never steps."""

    told: Told
    severity: Severity
    at: datetime
    elapsed: timedelta


@dataclass
class Trouble:
    """How well a scope can be seen: failures in a row, and when operators heard of it, by both clocks."""

    failures: int = 0
    told_at: datetime | None = None
    told_elapsed: timedelta = timedelta(0)


@dataclass
class Notices:
    """Everything that people were told."""

    shortages: Shortages
    heard: dict[tuple[int, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    keys: set[str] = field(default_factory=set)
    trouble: dict[Scope, Trouble] = field(default_factory=lambda: defaultdict(Trouble))

    @property
    def now(self) -> datetime:
        return self.shortages.now

    @property
    def elapsed(self) -> timedelta:
        return self.shortages.elapsed

    @property
    def local(self) -> datetime:
        return self.now.astimezone(SITE.zone)

    def acted(self, before: Picture, after: Picture, posted: Sequence[Draft]) -> None:
        """People who click and type make nobody be told; cards are drawn anew."""
        assert after.told == before.told
        assert not any(draft.key.startswith("stock") for draft in posted)
        for scope, standing in after.standings.items():
            if standing.episode and standing != before.of(scope):
                self._is_redrawn(standing.episode.number, before, posted)
        self._is_true(after, posted)

    def looked(self, before: Picture, after: Picture, reply: Reply, look: Look, posted: Sequence[Draft]) -> None:
        """A look tells what there is to tell, of what it counted, and of nothing else."""
        self._operators_hear(reply, after, look, posted)
        self._told(before, after, reply, look, posted)
        for scope, rule in after.rules.items():
            if scope in reply.counts and not self.shortages.is_muted(scope):
                self._nobody_waits(rule, after)
        for was in before.open_episodes:
            now = after.after(was)
            if now and (was.state, was.severity, was.claim) != (now.state, now.severity, now.claim):
                self._is_redrawn(now.number, before, posted)
        self._is_true(after, posted)

    # The messages.

    def _is_redrawn(self, number: int, before: Picture, posted: Iterable[Draft]) -> None:
        """What changed is seen on every card that the platform lets be changed."""
        assert before.cards(number, self.now - CARDS_LIVE) <= {draft.redraws for draft in posted}

    def _is_true(self, after: Picture, posted: Sequence[Draft]) -> None:
        """Names are new, drawings are of known messages, and every figure is one that was counted."""
        new = [draft.key for draft in posted if draft.redraws is None]
        assert len({*new}) == len(new)
        assert not self.keys.intersection(new)
        self.keys.update(new)
        for draft in posted:
            if draft.redraws or draft.key.startswith("stock:"):
                card = draft.redraws or draft.key
                assert card in self.keys
                episodes = [after.episodes[number] for number in after.on_card(card)]
                assert episodes
                assert figures(draft.answer, self.now) == {
                    (_title(each, after), str(self.shortages.free[each.number]))
                    for each in episodes
                    if each.scope in after.rules or each.state is not State.CLOSED
                }

    def _told(self, before: Picture, after: Picture, reply: Reply, look: Look, posted: Sequence[Draft]) -> None:
        """Notices go with messages and messages with notices, one message to each recipient."""
        old = {key: replace(told, told_at=after.told[key].told_at) for key, told in before.told.items()}
        assert old.items() <= after.told.items()
        assert all(after.told[key].told_at in {told.told_at, self.now} for key, told in before.told.items())
        new = [told for key, told in sorted(after.told.items()) if key not in old]
        letters = {draft.key: draft.target.id for draft in posted if draft.key.startswith("stock:")}
        assert letters == {told.message_key: told.recipient for told in new}
        assert len({*letters.values()}) == len(letters)
        for told in new:
            episode = after.episodes[told.episode]
            assert episode.scope in reply.counts
            assert (told.free, told.told_at) == (self.shortages.free[told.episode], self.now)
            self._may_be_told(episode, after, told, look)
            self.heard[told.episode, told.recipient].append(Heard(told, episode.severity, self.now, self.elapsed))
        for (number, _), some in self.heard.items():
            for each in some if after.episodes[number].scope in reply.counts else ():
                each.at = min(each.at, self.now)

    def _may_be_told(self, episode: Episode, after: Picture, told: Told, look: Look) -> None:
        """This notice is in its place among those that this recipient got of this episode."""
        earlier, rule = self.heard[told.episode, told.recipient], after.rules[episode.scope]
        assert not self.shortages.is_muted(rule.scope)
        assert listens(told.recipient, self.local)
        assert (told.count, told.news) == (len(earlier) + 1, episode.news)
        assert (told.kind is News.FIRST) is (not earlier)
        assert all(each.told.kind is not News.RECOVERED for each in earlier)
        assert episode.state is (State.CLOSED if told.kind is News.RECOVERED else State.FIRING)
        assert told.kind is News.RECOVERED or wants(told.recipient, episode.severity)
        match told.kind:
            case News.RECOVERED:
                assert not episode.quiet
            case News.ESCALATED:
                assert episode.severity > max(each.severity for each in earlier)
            case News.REOPENED:
                assert self.shortages.claimed_seen[told.episode] >= earlier[-1].elapsed
            case News.REMINDER:
                waited = self.elapsed - earlier[-1].elapsed >= rule.repeat - look.early
                assert not after.awaits(rule.scope, self.now)
                assert waited or self.shortages.muted_seen.get(rule.scope, -DAY) >= earlier[-1].elapsed

    def _nobody_waits(self, rule: Rule, after: Picture) -> None:
        """Whoever listens knows what there is to know of a scope that was counted, and heard of it lately."""
        episode = after.episode(rule.scope)
        for recipient in (each.id for each in PEOPLE if listens(each.id, self.local)):
            if episode and episode.state is State.FIRING and wants(recipient, episode.severity):
                last = self.heard[episode.number, recipient][-1]
                assert last.told.news == episode.news
                unmuted = self.shortages.muted_until.get(rule.scope, last.at)
                fresh = self.now - last.at < rule.repeat and last.at >= unmuted
                assert fresh or after.awaits(rule.scope, self.now)
            if episode is None or episode.state is State.PENDING:
                self._knows_the_end(rule, recipient, after)

    def _knows_the_end(self, rule: Rule, recipient: str, after: Picture) -> None:
        """Who was told of a shortage that ended lately was told that it ended."""
        for episode in after.episodes.values():
            known = self.heard[episode.number, recipient]
            lately = episode.closed_at is not None and self.now - episode.closed_at <= LATE
            if episode.scope == rule.scope and known and lately and not episode.quiet:
                assert known[-1].told.kind is News.RECOVERED

    # The operators.

    def _operators_hear(self, reply: Reply, after: Picture, look: Look, posted: Sequence[Draft]) -> None:
        """Operators hear of what cannot be counted for long, once a day, and of its end if they heard of it."""
        letters = [draft for draft in posted if draft.key.startswith("stock-")]
        assert {draft.target.id for draft in letters} <= {BOSS.open_id}
        words = [as_text(draft.answer, self.now, SITE.zone) for draft in letters]
        blind, seen = _named(BLIND_NAMES, words), _named(SEEN_NAMES, words)
        for scope in {*self.trouble, *after.rules}:
            name, known = " ".join(scope.words), self.trouble[scope]
            if scope in reply.counts or scope not in after.rules:
                was_told = known.told_at is not None and scope in after.rules
                assert (seen.count(name), blind.count(name)) == (was_told, 0)
                self.trouble[scope] = Trouble()
                continue
            known.failures = max(known.failures + 1, 3 if look.is_blind_at_once else 0)
            assert seen.count(name) == 0
            self._heard_of_trouble(known, blind.count(name))
        assert {*blind, *seen} <= {" ".join(scope.words) for scope in after.rules}

    def _heard_of_trouble(self, known: Trouble, times: int) -> None:
        known.told_at = known.told_at and min(known.told_at, self.now)
        if known.failures < 3:
            assert times == 0
        elif known.told_at is None or self.now - known.told_at >= DAY:
            assert times == 1
        assert times == 0 or known.told_at is None or self.elapsed - known.told_elapsed >= DAY
        if times:
            known.told_at, known.told_elapsed = self.now, self.elapsed


def _named(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [name for text in texts for names in pattern.findall(text) for name in names.split(", ")]


def _title(episode: Episode, picture: Picture) -> str:
    rule = picture.rules.get(episode.scope)
    return rule.title if rule else " ".join(episode.scope.words)
