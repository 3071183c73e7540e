"""The card of an alert about money: what happened in figures, what follows from it, and what can be done."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.cost.figures import amount, bar, moment, percent, person
from suanli.domain.answer import (
    Ago,
    Answer,
    Block,
    Button,
    Buttons,
    Form,
    Input,
    Strong,
    Tone,
    line,
    note,
    run_button,
)
from suanli.domain.cost.alerts import AlertState, AlertType, CostAlert, Over, Severity
from suanli.domain.lines import write
from suanli.i18n import Texts

SNOOZES = ("1h", "4h", "1d")
"""What the buttons offer."""

_MARKS = {Severity.WARNING: "🟠", Severity.CRITICAL: "🔴", Severity.EXCEEDED: "⛔"}
_TONES = {Severity.WARNING: Tone.WARNING, Severity.CRITICAL: Tone.BAD, Severity.EXCEEDED: Tone.BAD}
_DONE_MARKS = {AlertState.RESOLVED: "✅", AlertState.OVER: "⌛"}
_DONE_TONES = {AlertState.RESOLVED: Tone.GOOD, AlertState.OVER: Tone.MUTED}
_LIMITS = frozenset(
    {AlertType.QUOTA_WARNING, AlertType.QUOTA_EXCEEDED, AlertType.BUDGET_WARNING, AlertType.BUDGET_EXCEEDED}
)


def title_of(texts: Texts, alert: CostAlert) -> str:
    """One line that says what it is."""
    key = f"cost_alert.title.{alert.type}"
    if alert.type in _LIMITS and alert.severity is Severity.CRITICAL:
        key = f"cost_alert.title.{alert.type.replace('_warning', '_critical')}"
    return texts(key, name=alert.about.get("name") or texts("cost_alert.part.all"))


def words_of(texts: Texts, alert: CostAlert, zone: ZoneInfo, currency: str) -> str:
    """What happened, in a sentence or two."""
    about = {**alert.about, "currency": currency}
    for name in ("used", "limit", "left", "amount", "usual"):
        if name in about:
            about[name] = amount(int(about[name]))
    for name in ("since", "resets_at", "at"):
        if name in about:
            about[name] = moment(datetime.fromisoformat(about[name]), _zone(alert, zone), zone)
    if "span" in about:
        about["span"] = texts(f"cost_alert.span.{about['span']}")
    if "why" in about:
        about["why"] = texts(f"cost_alert.why.{about['why']}")
    about["most"] = texts("cost_alert.part.most" if "who" in about else "cost_alert.part.none", **alert.about)
    return texts(f"cost_alert.words.{alert.about.get('form', alert.type)}", **about)


def card(texts: Texts, alert: CostAlert, zone: ZoneInfo, currency: str, now: datetime) -> Answer:
    """The whole card, as things stand now; what is resolved or over has no buttons any more."""
    state = alert.state(now)
    mark = _DONE_MARKS.get(state, _MARKS[alert.severity])
    tone = _DONE_TONES.get(state, _TONES[alert.severity])
    blocks: list[Block] = [line(words_of(texts, alert, zone, currency), " · ", Ago(alert.created_at))]
    used, limit = alert.about.get("used"), alert.about.get("limit")
    if alert.type in _LIMITS and used and limit:
        blocks.append(line(Strong(bar(int(used), int(limit))), f" {percent(int(used), int(limit))}"))
    if state is not AlertState.OVER:
        blocks += _advice(texts, alert)
    blocks += _fate(texts, alert, state, zone)
    if not alert.is_done(now):
        blocks += _controls(texts, alert)
    return Answer(texts.lang, tuple(blocks), f"{mark} {title_of(texts, alert)}", tone)


def _zone(alert: CostAlert, home: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(alert.about["zone"]) if "zone" in alert.about else home


def _advice(texts: Texts, alert: CostAlert) -> Iterator[Block]:
    key = f"cost_alert.advice.{alert.type}"
    if texts.has(key):
        yield note(texts(key, **alert.about))


def _fate(texts: Texts, alert: CostAlert, state: AlertState, zone: ZoneInfo) -> Iterator[Block]:
    if state is AlertState.RESOLVED and alert.resolved_at is not None:
        how = texts("cost_alert.how", how=alert.resolution) if alert.resolution else ""
        yield line(texts("cost_alert.resolved"), " ", person(alert.resolved_by), " ", Ago(alert.resolved_at), how)
    elif state is AlertState.OVER:
        yield line(texts(f"cost_alert.over.{alert.over or Over.WINDOW}"))
    elif state is AlertState.SNOOZED and alert.snoozed_until is not None:
        until = moment(alert.snoozed_until, zone, zone)
        yield line(texts("cost_alert.snoozed", until=until), " ", person(alert.snoozed_by))
    elif alert.read_at is not None:
        yield line(texts("cost_alert.read"), " ", person(alert.read_by), " ", Ago(alert.read_at))


def _controls(texts: Texts, alert: CostAlert) -> Iterator[Block]:
    number = f"#{alert.id}"
    buttons = (
        [] if alert.read_at else [run_button(texts("cost_alert.do.read"), write(("cost", "alert", "read", number)))]
    )
    buttons += [
        run_button(texts("cost_alert.do.snooze", span=texts(f"cost_alert.for.{span}")), _line("snooze", number, span))
        for span in SNOOZES
    ]
    if alert.type in {AlertType.QUOTA_WARNING, AlertType.QUOTA_EXCEEDED} and "quota" in alert.about:
        show = write(("quota", f"#{alert.about['quota']}"))
        buttons.append(run_button(texts("cost_alert.do.quota"), show))
    yield Buttons(tuple(buttons))
    resolve = Button(
        texts("cost_alert.do.resolve"), {"run": _line("resolve", number), "fields": "note"}, style="primary"
    )
    yield Form(f"alert_{alert.id}", (Input("note", texts("cost_alert.do.note")),), (resolve,))


def _line(*words: str) -> str:
    return write(("cost", "alert", *words))
