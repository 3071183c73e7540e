"""Alerts about money: written down and told in one transaction, and what people do about them on every card."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.cost.alert_card import card
from handlers.cost.sight import Sight
from handlers.stock.board import CARDS_LIVE, operators_of, texts_for
from suanli.domain.answer import Answer
from suanli.domain.changes import Actor, Change, Way
from suanli.domain.chat import Platform, Target
from suanli.domain.cost.alerts import SYSTEM, CostAlert, CostAlertId, Over
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.delivery import Draft, Receipt
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock.rules import target_of

UNSTORED = CostAlertId(0)
LOCK = "cost-alerts"
"""Held by everything that reads an alert in order to change it."""

_DRAWN = 100
"""Times that an alert was told, the last ones, whose cards are drawn anew: who snoozes more often has older cards."""


def tell(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> str | None:
    """Write an alert down and send its cards: to who owns the money, and to who runs this.

    The key of the first of its messages, or None when it was told before, in which case nothing is done.
    """
    told = tuple(dict.fromkeys((*owners(tx, alert.subject), *listeners(tx, site))))
    made = tx.cost_alerts.add(replace(alert, told=told, created_at=now, told_at=now))
    if made is None:
        return None
    drafts = _drafts(tx, site, made, now)
    tx.outbox.post_all(drafts, now)
    return drafts[0].key if drafts else f"cost-alert:{made.id}"


def again(tx: Transaction, site: Site, alert: CostAlert, about: Mapping[str, str], now: datetime) -> CostAlert:
    """Tell an alert anew, with its figures of now: its snooze is over, or what it is about goes on."""
    fresh = alert.again(now, about)
    tx.cost_alerts.change(fresh)
    tx.outbox.post_all(_drafts(tx, site, fresh, now), now)
    return fresh


def end(tx: Transaction, site: Site, alerts: Sequence[CostAlert], why: Over, now: datetime) -> None:
    """Write down that alerts have ended by themselves: nobody is told, but their cards lose their buttons."""
    ended = [each.ended(why, now) for each in alerts]
    for each in ended:
        tx.cost_alerts.change(each)
        tx.changes.note(Change(now, SYSTEM, Way.SYSTEM, "alert.end", f"alert {each.id}", {}, {"why": why.value}))
    _redraw(tx, site, ended, now)


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
    if alert.read_at is not None or alert.is_done(now):
        return alert
    return _write(tx, site, replace(alert, read_at=now, read_by=actor.who), actor, "alert.read", now)


def snooze(tx: Transaction, site: Site, alert: CostAlert, until: datetime, actor: Actor, now: datetime) -> CostAlert:
    """Let it be quiet until then; what is resolved or over stays so."""
    if alert.is_done(now):
        return alert
    return _write(tx, site, replace(alert, snoozed_until=until, snoozed_by=actor.who), actor, "alert.snooze", now)


def resolve(tx: Transaction, site: Site, alert: CostAlert, words: str, actor: Actor, now: datetime) -> CostAlert:
    """It is seen to; who did it first stays, and so does what is over."""
    if alert.is_done(now):
        return alert
    resolved = replace(alert, resolved_at=now, resolved_by=actor.who, resolution=words)
    return _write(tx, site, resolved, actor, "alert.resolve", now)


def _write(tx: Transaction, site: Site, alert: CostAlert, actor: Actor, what: str, now: datetime) -> CostAlert:
    tx.cost_alerts.change(alert)
    after = {"note": alert.resolution} if alert.resolution else {}
    tx.changes.note(Change(now, actor.who, actor.way, what, f"alert {alert.id}", {}, after))
    _redraw(tx, site, [alert], now)
    return alert


def _drafts(tx: Transaction, site: Site, alert: CostAlert, now: datetime) -> list[Draft]:
    return [
        Draft(key_of(alert, target, alert.rounds), target, _card(tx, site, alert, target, now), alert=True)
        for target in alert.told
    ]


def _redraw(tx: Transaction, site: Site, alerts: Sequence[CostAlert], now: datetime) -> None:
    """Draw every card of these as things stand now, those of earlier rounds too, where cards can be drawn anew."""
    cards = [(each, target) for each in alerts for target in each.told if target.platform is Platform.FEISHU]
    keys = {(alert.id, target): _keys(alert, target) for alert, target in cards}
    receipts = tx.outbox.receipts([key for some in keys.values() for key in some])
    live = {key for key, receipt in receipts.items() if _is_live(receipt, now)}
    drafts = []
    for alert, target in cards:
        if drawn := live.intersection(keys[alert.id, target]):
            answer = _card(tx, site, alert, target, now)
            drafts += [Draft(f"redraw:{key}", target, answer, redraws=key) for key in sorted(drawn)]
    tx.outbox.redraw(drafts, now)


def _is_live(receipt: Receipt, now: datetime) -> bool:
    """Whether the platform still draws a card anew: by when this one was sent, not by when the first one was."""
    return receipt.dead_at is None and (receipt.sent_at is None or now - receipt.sent_at <= CARDS_LIVE)


def _keys(alert: CostAlert, target: Target) -> Sequence[str]:
    return [key_of(alert, target, told) for told in range(max(0, alert.rounds - _DRAWN), alert.rounds + 1)]


def key_of(alert: CostAlert, target: Target, told: int) -> str:
    """The key of the message that tells an alert to a place for the first time (0), or again."""
    return f"cost-alert:{alert.id}:{told}:{target.lane}"


def _card(tx: Transaction, site: Site, alert: CostAlert, target: Target, now: datetime) -> Answer:
    return card(texts_for(tx, site, target), alert, site.zone, site.money.currency, now)
