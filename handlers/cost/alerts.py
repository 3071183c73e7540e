"""Alerts about money: written down and told in one transaction, and what people do about them on every card."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from handlers.cost.alert_card import card
from handlers.cost.sight import Sight
from handlers.stock.board import CARDS_LIVE, operators_of, texts_for
from suanli.domain.answer import Answer
from suanli.domain.changes import Actor, Change
from suanli.domain.chat import Platform, Target
from suanli.domain.cost.alerts import CostAlert, CostAlertId
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock.rules import target_of

UNSTORED = CostAlertId(0)
LOCK = "cost-alerts"
"""Held by everything that reads an alert in order to change it."""


def tell(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> str | None:
    """Write an alert down and send its cards: to who owns the money, and to who runs this.

    The key of the first of its messages, or None when it was told before, in which case nothing is done.
    """
    told = tuple(dict.fromkeys((*owners(tx, alert.subject), *listeners(tx, site))))
    made = tx.cost_alerts.add(replace(alert, told=told, created_at=now))
    if made is None:
        return None
    drafts = _drafts(tx, site, made, now)
    tx.outbox.post_all(drafts, now)
    return drafts[0].key if drafts else f"cost-alert:{made.id}"


def again(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> CostAlert:
    """Tell an alert anew whose snooze is over."""
    woken = replace(alert, snoozed_until=None, snoozed_by="", rounds=alert.rounds + 1)
    tx.cost_alerts.change(woken)
    tx.outbox.post_all(_drafts(tx, site, woken, now), now)
    return woken


def owners(tx: Transaction, subject: Scope | None) -> tuple[Target, ...]:
    """Who owns the money: the user, or who answers for it. Nobody, of what nobody has written down.

    A user who is not written down is one of the chat by that id, if the id is one of a chat.
    """
    if subject is None:
        return ()
    party = tx.parties.find(subject)
    if party is not None:
        return (party.contact,) if party.contact else ()
    return (target_of(subject.id),) if subject.kind is ScopeKind.USER and subject.id.startswith("ou_") else ()


def listeners(tx: Transaction, site: Site) -> tuple[Target, ...]:
    """Who hears of all alerts: the chats of the settings, else the operators."""
    return site.money.tell or tuple(target_of(each) for each in operators_of(tx, site))


def may_act(sight: Sight, alert: CostAlert) -> bool:
    """Whether an alert is somebody's business: of their own money, of what they answer for, or an operator's."""
    return sight.sees_all or (alert.subject is not None and sight.may_see(alert.subject))


def mark_read(tx: Transaction, site: Site, alert: CostAlert, actor: Actor, now: datetime) -> CostAlert:
    """Note that somebody has read it; the first one stays."""
    if alert.read_at is not None or alert.resolved_at is not None:
        return alert
    return _write(tx, site, replace(alert, read_at=now, read_by=actor.who), actor, "alert.read", now)


def snooze(tx: Transaction, site: Site, alert: CostAlert, until: datetime, actor: Actor, now: datetime) -> CostAlert:
    """Let it be quiet until then; what is resolved stays so."""
    if alert.resolved_at is not None:
        return alert
    return _write(tx, site, replace(alert, snoozed_until=until, snoozed_by=actor.who), actor, "alert.snooze", now)


def resolve(tx: Transaction, site: Site, alert: CostAlert, words: str, actor: Actor, now: datetime) -> CostAlert:
    """It is seen to; who did it first stays."""
    if alert.resolved_at is not None:
        return alert
    resolved = replace(alert, resolved_at=now, resolved_by=actor.who, resolution=words)
    return _write(tx, site, resolved, actor, "alert.resolve", now)


def _write(tx: Transaction, site: Site, alert: CostAlert, actor: Actor, what: str, now: datetime) -> CostAlert:
    tx.cost_alerts.change(alert)
    after = {"note": alert.resolution} if alert.resolution else {}
    tx.changes.note(Change(now, actor.who, actor.way, what, f"alert {alert.id}", {}, after))
    tx.outbox.redraw(list(_redrawn(tx, site, alert, now)), now)
    return alert


def _drafts(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> list[Draft]:
    return [
        Draft(key_of(alert, target, alert.rounds), target, _card(tx, site, alert, target, now), alert=True)
        for target in alert.told
    ]


def _redrawn(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> Iterable[Draft]:
    """Every card of it drawn as things stand now, those of earlier rounds too, where cards can be drawn anew."""
    for target in alert.told:
        if target.platform is Platform.FEISHU and now - alert.created_at <= CARDS_LIVE:
            answer = _card(tx, site, alert, target, now)
            for told in range(alert.rounds + 1):
                key = key_of(alert, target, told)
                yield Draft(f"redraw:{key}", target, answer, redraws=key)


def key_of(alert: CostAlert, target: Target, told: int) -> str:
    """The key of the message that tells an alert to a place for the first time (0), or after its snoozes."""
    return f"cost-alert:{alert.id}:{told}:{target.lane}"


def _card(tx: Transaction, site: Site, alert: CostAlert, target: Target, now: datetime) -> Answer:
    return card(texts_for(tx, site, target), alert, site.zone, site.money.currency, now)
