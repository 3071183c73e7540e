"""The cards that hang in chats, the people they concern, and who may do something about a shortage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.stock import card
from handlers.stock.ledger import Ledger, read_ledger
from suanli.domain.access import Role
from suanli.domain.chat import Platform, Target
from suanli.domain.commands import Turn
from suanli.domain.delivery import Draft
from suanli.domain.errors import Forbidden
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Episode, Standing, Told
from suanli.domain.stock.rules import Rule, target_of
from suanli.i18n import Texts, texts_in

CARDS_LIVE = timedelta(days=14)
"""How long the platform lets a card be drawn anew (feishu.md §4.2)."""

LOCK = "stock"
"""Held by everything that reads where scopes stand in order to change it."""


def operators_of(tx: Transaction, site: Site) -> tuple[str, ...]:
    """Who hears of trouble: the admins of the settings, and who was made operator or admin in chat."""
    granted = (g.open_id for g in tx.grants.all(Platform.FEISHU) if g.role >= Role.OPERATOR)
    return tuple(dict.fromkeys((*site.operators, *granted)))


def texts_for(tx: Transaction, site: Site, target: Target) -> Texts:
    """The texts in the language of a chat or a person."""
    return texts_in(tx.chats.lang_of(target.platform, target.id) or site.lang)


def require_say(turn: Turn, rule: Rule) -> None:
    """Let pass operators, and those who are told of a rule's shortages. Raises Forbidden for anybody else."""
    if turn.role >= Role.OPERATOR:
        return
    sender, chat = turn.message.sender, turn.message.origin.chat_id
    told = turn.site.watch.listeners(rule, ())
    if not any(each.is_person(sender) or each.id == chat for each in told):
        raise Forbidden(turn.texts("act.not_yours", name=rule.title))


def redraw(
    tx: Transaction,
    site: Site,
    episodes: Iterable[Episode],
    now: datetime,
    *,
    standings: Mapping[Scope, Standing] | None = None,
) -> int:
    """Have every card that shows one of `episodes` drawn as things stand now; how many cards.

    Earlier cards of an episode too: what hangs in a chat is true wherever one looks. A shortage has its buttons on the
    newest card that a recipient has of it.
    """
    changed = {episode.number: episode for episode in episodes}
    keys = tx.episodes.messages_of(tuple(changed), now - CARDS_LIVE) if changed else ()
    if not keys:
        return 0
    drawing = _Drawing(tx, site, read_ledger(tx, site), standings or tx.episodes.standings(), changed, now)
    cards = tx.episodes.on_cards(keys)
    last = tx.episodes.last_told(tuple({told.episode for notices in cards.values() for told in notices}))
    drafts = [drawing.draft(key, notices, last) for key, notices in cards.items()]
    tx.outbox.redraw([draft for draft in drafts if draft], now)
    return len(keys)


class _Drawing:
    """One moment's view of all episodes, to draw cards by."""

    def __init__(
        self,
        tx: Transaction,
        site: Site,
        ledger: Ledger,
        standings: Mapping[Scope, Standing],
        known: dict[int, Episode],
        now: datetime,
    ) -> None:
        self._tx, self._site, self._ledger = tx, site, ledger
        self._texts: dict[Target, Texts] = {}
        self._cards = card.Cards(now.astimezone(site.zone))
        self._mutes = {scope: standing.mute for scope, standing in standings.items()}
        self._known = {s.episode.number: s.episode for s in standings.values() if s.episode} | known

    def draft(self, key: str, notices: Sequence[Told], last: Mapping[tuple[int, str], Told]) -> Draft | None:
        """The card of a message drawn anew; None where that cannot be done: what was said there stays said."""
        found = ((told, self._find(told.episode)) for told in notices)
        items = [
            replace(
                self._ledger.item(episode, told.kind, None, self._mutes.get(episode.scope)),
                is_newest=last[told.episode, told.recipient].count == told.count,
            )
            for told, episode in found
            if episode is not None
        ]
        target = target_of(notices[0].recipient)
        if not items or target.platform is not Platform.FEISHU:
            return None
        return Draft(f"redraw:{key}", target, self._cards.alert(self._texts_for(target), items), redraws=key)

    def _texts_for(self, target: Target) -> Texts:
        texts = self._texts.get(target)
        if texts is None:
            texts = self._texts[target] = texts_for(self._tx, self._site, target)
        return texts

    def _find(self, number: int) -> Episode | None:
        if number not in self._known:
            episode = self._tx.episodes.find(number)
            if episode is None:
                return None
            self._known[number] = episode
        return self._known[number]
