"""The messages that tell people of changes: one for each change, or one for many at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.releases import card
from handlers.releases.kin import Kin, kin_of
from handlers.stock.board import texts_for
from suanli.domain.answer import Answer
from suanli.domain.chat import Platform, Target
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.releases import Event, Fingerprint, Notice, WatchNumber
from suanli.domain.releases.watches import MOST_AT_ONCE, MOST_LINES
from suanli.domain.site import Site
from suanli.i18n import Texts

CARDS_LIVE = timedelta(days=14)
"""How long the platform lets a card be drawn anew (feishu.md §4.2)."""

PREFIX = "release:"
"""How the keys of all these messages begin; of what else is said of releases, `releases-`."""

News = Sequence[tuple[Event, Notice]]


class Letters:
    """Writes the messages of one transaction, in each target's own language."""

    def __init__(self, tx: Transaction, site: Site, now: datetime) -> None:
        self._tx, self._site, self._now = tx, site, now
        self._texts: dict[Target, Texts] = {}
        self._kin: dict[Fingerprint, tuple[Kin, ...]] = {}
        self._drafts: list[Draft] = []
        self._keys: dict[tuple[Target, Fingerprint], str] = {}

    def write(self, target: Target, news: News) -> list[Notice]:
        """Write what a target is to hear now; the notices, each with the message that tells of it.

        A change that several watches of a chat are about is told there once.
        """
        told = self._untold(target, news)
        if len(told) > MOST_AT_ONCE:
            return self.together(target, news)
        for event, notice in told:
            self._one(target, event, notice)
        return self._posted(target, news)

    def together(self, target: Target, news: News, title: str = "") -> list[Notice]:
        """Write one message for all of this that the target has not been told in this transaction; none for nothing."""
        told = self._untold(target, news)
        if len(told) == 1:
            self._one(target, *told[0])
        elif told:
            key = f"{PREFIX}{len(told)}:{_digest(told)}:{told[0][1].watch}"
            shown = [card.Told(event, notice, self._kin_of(event)) for event, notice in told[:MOST_LINES]]
            answer = card.many(self._texts_for(target), shown, len(told) - len(shown), title)
            self._post(key, target, answer, [event for event, _ in told])
        return self._posted(target, news)

    def _untold(self, target: Target, news: News) -> News:
        """What is to be told: each change by the first watch that is about it."""
        once = {event.fingerprint: (event, notice) for event, notice in reversed(news)}
        names = dict.fromkeys(event.fingerprint for event, _ in news)
        return [once[name] for name in names if (target, name) not in self._keys]

    def _posted(self, target: Target, news: News) -> list[Notice]:
        return [replace(notice, message_key=self._keys[target, event.fingerprint]) for event, notice in news]

    def post(self) -> int:
        """Put everything written into the outbox; how many messages."""
        count, drafts = len(self._drafts), self._drafts
        self._drafts = []
        self._tx.outbox.post_all(drafts, self._now)
        return count

    def redraw(self, event: Event) -> None:
        """Draw the cards that tell of an earlier change alone once more: there is more to be said of it now."""
        kin = self._kin_of(event)
        if not kin or self._now - event.observed_at > CARDS_LIVE:
            return
        for notice in self._tx.watches.told(event.fingerprint):
            watch = self._tx.watches.find(notice.watch)
            if (
                watch is None
                or watch.target.platform is not Platform.FEISHU
                or notice.message_key != _key(event, notice)
            ):
                continue
            answer = card.one(self._texts_for(watch.target), card.Told(event, notice, kin))
            draft = Draft(f"redraw:{notice.message_key}", watch.target, answer, redraws=notice.message_key)
            self._tx.outbox.redraw([draft], self._now)

    def _one(self, target: Target, event: Event, notice: Notice) -> None:
        answer = card.one(self._texts_for(target), card.Told(event, notice, self._kin_of(event)))
        self._post(_key(event, notice), target, answer, [event])

    def _post(self, key: str, target: Target, answer: Answer, told: Sequence[Event]) -> None:
        self._drafts.append(Draft(key, target, answer))
        self._keys |= {(target, event.fingerprint): key for event in told}

    def _texts_for(self, target: Target) -> Texts:
        texts = self._texts.get(target)
        if texts is None:
            texts = self._texts[target] = texts_for(self._tx, self._site, target)
        return texts

    def _kin_of(self, event: Event) -> tuple[Kin, ...]:
        kin = self._kin.get(event.fingerprint)
        if kin is None:
            kin = self._kin[event.fingerprint] = kin_of(self._tx, event)
        return kin


def _key(event: Event, notice: Notice) -> str:
    return f"{PREFIX}{event.fingerprint}:{notice.watch}"


def _digest(told: Sequence[tuple[Event, Notice]]) -> str:
    names = "+".join(sorted(event.fingerprint for event, _ in told))
    return hashlib.sha256(names.encode()).hexdigest()[:24]


def by_watch(
    notices: Sequence[Notice], events: Mapping[Fingerprint, Event]
) -> dict[WatchNumber, list[tuple[Event, Notice]]]:
    """Notices with their events, by watch; those whose event is forgotten are left out."""
    found: dict[WatchNumber, list[tuple[Event, Notice]]] = {}
    for notice in notices:
        event = events.get(notice.fingerprint)
        if event is not None:
            found.setdefault(notice.watch, []).append((event, notice))
    return found
