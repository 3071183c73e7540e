"""/cost alerts, and /cost alert read, snooze and resolve: what the buttons of an alert's card run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers.cost import alerts
from handlers.cost.alert_card import title_of, words_of
from handlers.cost.sight import sight
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Strong, Tone, line, note
from suanli.domain.changes import Actor, Way
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.alerts import AlertFilter, AlertState, CostAlert, CostAlertId
from suanli.domain.errors import Forbidden, UserError

SHOWN = 20
LONGEST_SNOOZE = timedelta(days=30)

_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})", re.ASCII)
_SPAN = re.compile(r"([1-9][0-9]{0,3})(分钟|小时|天|m|h|d)", re.IGNORECASE | re.ASCII)
_UNITS = {"m": "minutes", "分钟": "minutes", "h": "hours", "小时": "hours", "d": "days", "天": "days"}


@dataclass(frozen=True, slots=True)
class AlertNumber:
    """The number of an alert, whether there is one or not."""

    id: CostAlertId


class AlertArgument:
    """The number of an alert: #12."""

    def read(self, word: str, turn: Turn) -> AlertNumber | None:  # noqa: ARG002 the port's shape
        """The number."""
        found = _NUMBER.fullmatch(word)
        return AlertNumber(CostAlertId(int(found[1]))) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: buttons fill it in."""
        return ()


class SnoozeArgument:
    """How long it is to be quiet: 4h."""

    def read(self, word: str, turn: Turn) -> timedelta | None:  # noqa: ARG002 the port's shape
        """The time, up to a month."""
        found = _SPAN.fullmatch(word)
        span = timedelta(**{_UNITS[found[2].casefold()]: int(found[1])}) if found else timedelta(0)
        return span if timedelta(0) < span <= LONGEST_SNOOZE else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """Those of the buttons."""
        return ("1h", "4h", "1d")


class NoteArgument:
    """Free words."""

    def read(self, word: str, turn: Turn) -> str | None:  # noqa: ARG002 the port's shape
        """The word."""
        return word

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: any words will do."""
        return ()


def show(turn: Turn) -> Answer:
    """The alerts that nobody has resolved, of what the person may see, the newest first."""
    texts = turn.texts
    scopes = sight(turn).scopes
    found = turn.tx.cost_alerts.page(AlertFilter(resolved=False, subjects=scopes), before=None, limit=SHOWN + 1)
    if not found:
        return Answer(texts.lang, (line(texts("cost_alert.none")),), texts("cost_alert.list"), Tone.GOOD)
    more = (note(texts("cost_alert.more", n=SHOWN)),) if len(found) > SHOWN else ()
    return Answer(
        texts.lang, (*(_line(turn, each) for each in found[:SHOWN]), *more), texts("cost_alert.list"), Tone.WARNING
    )


def _line(turn: Turn, alert: CostAlert) -> Block:
    texts, state = turn.texts, alert.state(turn.now)
    words = words_of(texts, alert, turn.site.zone, turn.site.money.currency)
    after = "" if state is AlertState.OPEN else " · " + texts(f"cost_alert.state.{state}")
    return line(Strong(f"#{alert.id} {title_of(texts, alert)}"), f" · {words} · ", Ago(alert.created_at), after)


def read(turn: Turn, alert: AlertNumber) -> Answer:
    """Note that it was read."""
    found = _standing(turn, alert)
    alerts.mark_read(turn.tx, turn.site, found, _actor(turn), turn.now)
    return _said(turn, "cost_alert.done.read", found)


def snooze(turn: Turn, alert: AlertNumber, span: timedelta) -> Answer:
    """Let it be quiet for a while."""
    found = _standing(turn, alert)
    until = turn.now + span
    alerts.snooze(turn.tx, turn.site, found, until, _actor(turn), turn.now)
    return _said(turn, "cost_alert.done.snooze", found, until=f"{until.astimezone(turn.site.zone):%m-%d %H:%M}")


def resolve(turn: Turn, alert: AlertNumber, words: tuple[str, ...]) -> Answer:
    """It is seen to."""
    found = _standing(turn, alert)
    alerts.resolve(turn.tx, turn.site, found, " ".join(words), _actor(turn), turn.now)
    return _said(turn, "cost_alert.done.resolve", found)


def _standing(turn: Turn, alert: AlertNumber) -> CostAlert:
    """An alert that somebody may still do something about."""
    found = _mine(turn, alert)
    state = found.state(turn.now)
    if state is AlertState.RESOLVED:
        raise UserError(turn.texts("cost_alert.is_resolved", n=found.id))
    if state is AlertState.OVER:
        raise UserError(turn.texts("cost_alert.is_over", n=found.id))
    return found


def _mine(turn: Turn, alert: AlertNumber) -> CostAlert:
    turn.tx.lock(alerts.LOCK)
    found = turn.tx.cost_alerts.find(alert.id)
    if found is None:
        raise UserError(turn.texts("cost_alert.unknown", n=alert.id))
    if not alerts.may_act(sight(turn), found):
        raise Forbidden(turn.texts("cost_alert.not_yours", n=alert.id))
    return found


def _actor(turn: Turn) -> Actor:
    return Actor(turn.message.sender.open_id, Way.CHAT)


def _said(turn: Turn, key: str, alert: CostAlert, **words: str) -> Answer:
    return Answer(turn.texts.lang, (line(turn.texts(key, n=alert.id, **words)),))


COMMANDS = (
    Command(
        name="cost alerts",
        run=show,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/cost alerts",
        aliases=("成本 提醒",),
    ),
    Command(
        name="cost alert read",
        run=read,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/cost alert read #12",
        params=(Param("alert", AlertArgument()),),
        clickable=True,
    ),
    Command(
        name="cost alert snooze",
        run=snooze,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/cost alert snooze #12 4h",
        params=(Param("alert", AlertArgument()), Param("span", SnoozeArgument())),
        clickable=True,
    ),
    Command(
        name="cost alert resolve",
        run=resolve,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/cost alert resolve #12",
        params=(
            Param("alert", AlertArgument()),
            Param("words", NoteArgument(), optional=True, many=True, rest=True),
        ),
        clickable=True,
    ),
)
