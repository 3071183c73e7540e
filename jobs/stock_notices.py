"""Who is told of what after a look at the stock: one message for each recipient, and trouble for the operators."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from handlers.stock import board, card
from handlers.stock.ledger import Item, read_ledger
from jobs import stock_answers
from suanli.domain.answer import Answer
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Episode, News, Standing, State, Told, to_tell
from suanli.domain.stock.rules import Recipient, Rule, target_of
from suanli.i18n import Texts

log = structlog.get_logger()

LATE = timedelta(days=3)
"""How long after its end people whose hours are not yet are still told that a shortage is over."""

LONGEST_KEY = 120


@dataclass(frozen=True, slots=True)
class _Notice:
    """One shortage for one recipient."""

    item: Item
    told: Told


class Telling:
    """Decides and writes the messages of one look, in its transaction."""

    def __init__(
        self, tx: Transaction, site: Site, rules: Mapping[Scope, Rule], now: datetime, *, early: timedelta
    ) -> None:
        self._tx, self._site, self._rules, self._now = tx, site, rules, now
        self._local = now.astimezone(site.zone)
        self._cards = card.Cards(self._local)
        self._operators = board.operators_of(tx, site)
        self._early = early

    def tell(self, standings: Mapping[Scope, Standing]) -> int:
        """Write one message for each recipient who has something to hear; how many."""
        open_now = [s.episode for s in standings.values() if s.episode and s.episode.state is not State.PENDING]
        over = [e for e in self._tx.episodes.closed_since(self._now - LATE) if not _is_open(standings, e.scope)]
        # Of what this look did not count nobody is told: nobody knows whether it is still so.
        counted = {scope for scope in self._rules if scope in standings and _sees(standings[scope])}
        episodes = {episode.number: episode for episode in (*open_now, *over) if episode.scope in counted}
        if not episodes:
            return 0
        told = self._last_told(tuple(episodes))
        planned = self._plan(tuple(episodes.values()), standings, told)
        written = [self._write(recipient, notices) for recipient, notices in planned.items()]
        self._tx.episodes.tell([told for notices in written for told in notices])
        return len(written)

    def _last_told(self, numbers: tuple[int, ...]) -> Mapping[tuple[int, str], Told]:
        told = self._tx.episodes.last_told(numbers)
        if all(each.told_at <= self._now for each in told.values()):
            return told
        log.warning("clock_set_back", notices=self._tx.episodes.set_back(self._now))
        return self._tx.episodes.last_told(numbers)

    def _plan(
        self, episodes: Sequence[Episode], standings: Mapping[Scope, Standing], told: Mapping[tuple[int, str], Told]
    ) -> Mapping[Recipient, list[_Notice]]:
        ledger, imported = read_ledger(self._tx, self._site), self._tx.notices.last_told()
        plan: dict[Recipient, list[_Notice]] = {}
        for episode in episodes:
            rule = self._rules[episode.scope]
            standing = standings.get(episode.scope) or Standing(episode.scope)
            for recipient in self._listeners(rule):
                last = told.get((episode.number, recipient.id))
                kind = to_tell(episode, rule, last, standing.mute, self._now, early=self._early)
                if kind is News.REMINDER and ledger.awaits(episode.scope, self._now, self._site.zone):
                    continue
                if kind and self._hears(recipient, rule, episode, kind, imported):
                    item = ledger.item(episode, kind, last.free if last else None, standing.mute)
                    plan.setdefault(recipient, []).append(_Notice(item, self._next(episode, recipient, last, kind)))
        return plan

    def _listeners(self, rule: Rule) -> Iterator[Recipient]:
        found = self._site.watch.listeners(rule, self._operators)
        return (recipient for recipient in found if recipient.listens(self._local))

    def _hears(
        self,
        recipient: Recipient,
        rule: Rule,
        episode: Episode,
        kind: News,
        imported: Mapping[tuple[str, Model], datetime],
    ) -> bool:
        if kind is News.RECOVERED:
            return True
        if not recipient.wants(rule, episode.severity):
            return False
        # Whom the original program told of a model within the interval is not told again for its successor's sake.
        before = imported.get((recipient.id, rule.scope.model)) if kind is News.FIRST else None
        return before is None or self._now - before >= rule.repeat

    def _next(self, episode: Episode, recipient: Recipient, last: Told | None, kind: News) -> Told:
        count = last.count + 1 if last else 1
        return Told(episode.number, recipient.id, count, kind, episode.news, episode.free, self._now, "")

    def _write(self, recipient: Recipient, notices: Sequence[_Notice]) -> list[Told]:
        key = _key(recipient, notices)
        texts = board.texts_for(self._tx, self._site, recipient.target)
        answer = self._cards.alert(texts, [notice.item for notice in notices])
        self._tx.outbox.post(Draft(key, recipient.target, answer, alert=True), self._now)
        return [replace(notice.told, message_key=key) for notice in notices]

    def tell_operators(
        self, before: Mapping[Scope, Standing], after: Mapping[Scope, Standing]
    ) -> Mapping[Scope, Standing]:
        """Tell operators of scopes that cannot be counted any more, or can be again; those, with that noted."""
        back = [s for s in before.values() if s.blindness.told_at and s.scope in after and _sees(after[s.scope])]
        if back:
            names = self._names(s.scope for s in back)
            self._post("sight", lambda texts: stock_answers.sight_back(texts, names))
        due = [s for s in after.values() if s.blindness.is_due(self._now)]
        for cause in dict.fromkeys(s.blindness.cause for s in due):
            names = self._names(s.scope for s in due if s.blindness.cause == cause)
            since = min(s.blindness.since or self._now for s in due if s.blindness.cause == cause)
            log.warning("stock_blind", scopes=names, cause=cause)
            digest = hashlib.sha256(f"{cause}:{names}".encode()).hexdigest()[:8]
            self._post(f"blind:{digest}", _blind(names, cause, since))
        return {s.scope: replace(s, blindness=replace(s.blindness, told_at=self._now)) for s in due}

    def _post(self, name: str, answer: Callable[[Texts], Answer]) -> None:
        for operator in self._operators:
            target = target_of(operator)
            said = answer(board.texts_for(self._tx, self._site, target))
            key = f"stock-{name}:{self._now:%Y%m%dT%H%M%S.%f}:{target.id}"
            self._tx.outbox.post(Draft(key, target, said, alert=True), self._now)

    def _names(self, scopes: Iterator[Scope]) -> str:
        return ", ".join(" ".join(scope.words) for scope in sorted(scopes))


def _blind(names: str, cause: str, since: datetime) -> Callable[[Texts], Answer]:
    return lambda texts: stock_answers.blind(texts, names, cause, since)


def _sees(standing: Standing) -> bool:
    return standing.blindness.failures == 0


def _is_open(standings: Mapping[Scope, Standing], scope: Scope) -> bool:
    standing = standings.get(scope)
    episode = standing.episode if standing else None
    return episode is not None and episode.state not in {State.PENDING, State.CLOSED}


def _key(recipient: Recipient, notices: Sequence[_Notice]) -> str:
    """The message's name: which notice of which episodes it is, so that the same can never be written twice."""
    parts = "+".join(f"{n.told.episode}.{n.told.kind}.{n.told.count}" for n in notices)
    if len(parts) > LONGEST_KEY:
        parts = f"{len(notices)}:{hashlib.sha256(parts.encode()).hexdigest()[:24]}"
    return f"stock:{parts}:{recipient.id}"
