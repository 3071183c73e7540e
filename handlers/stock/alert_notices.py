"""What is told of other systems' alerts: one card with all that is new, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, tzinfo
from types import MappingProxyType

from suanli.domain.answer import Answer, Block, Code, Divider, Paragraph, Span, Strong, Tone, line, note
from suanli.domain.stock.external import Alert, AlertNews, AlertNotice
from suanli.i18n import Texts

VALUES = "__values__"
"""The annotation under which the figures that raised an alert are kept, as Grafana names it."""

MOST_DETAILED, MOST_NAMED = 20, 60
"""Alerts of a card that are described, and those below of which only the name is said."""

LONGEST_NAME, LONGEST_LINK, MOST_LINES = 80, 500, 8

LONGEST_TEXT, SHORTEST_TEXT, ROOM = 500, 120, 4000
"""Characters of each text of an alert: of one alone, of one among many, and of that text in all alerts together."""

_BAD = frozenset({"critical", "page", "error", "emergency", "fatal", "disaster", "high", "p0", "p1", "严重", "紧急"})
_MILD = frozenset({"info", "information", "informational", "notice", "none", "low", "提示"})
_MARKS: Mapping[Tone, str] = MappingProxyType({Tone.BAD: "🔴", Tone.WARNING: "🟠", Tone.INFO: "🔵", Tone.GOOD: "✅"})
_ORDER = tuple(_MARKS)
_KINDS = tuple(AlertNews)


def card(texts: Texts, zone: tzinfo, notices: Sequence[AlertNotice], left_out: int = 0) -> Answer:
    """The card of these notices, of which there is at least one. `left_out` more alerts did not come with them."""
    ordered = sorted(notices, key=lambda each: (_KINDS.index(each.news), _ORDER.index(_tone(each))))
    longest = min(LONGEST_TEXT, max(SHORTEST_TEXT, ROOM // len(ordered)))
    blocks: list[Block] = []
    for each in ordered[:MOST_DETAILED]:
        blocks += [*([Divider()] if blocks else []), _details(texts, zone, each, longest)]
    blocks += _rest(texts, ordered[MOST_DETAILED:])
    if left_out:
        blocks.append(note(texts("external.left_out", n=left_out)))
    tone = min((_tone(each) for each in notices), key=_ORDER.index)
    return Answer(texts.lang, tuple(blocks), _title(texts, ordered), tone)


def _tone(notice: AlertNotice) -> Tone:
    if notice.news is AlertNews.RESOLVED:
        return Tone.GOOD
    severity = notice.alert.labels.get("severity", "").strip().casefold()
    return Tone.BAD if severity in _BAD else Tone.INFO if severity in _MILD else Tone.WARNING


def _title(texts: Texts, notices: Sequence[AlertNotice]) -> str:
    if len(notices) == 1:
        return _head(texts, notices[0])
    found = [each.news for each in notices]
    counts = " · ".join(texts(f"external.count.{kind}", n=found.count(kind)) for kind in AlertNews if kind in found)
    return texts("external.titles", counts=counts)


def _head(texts: Texts, notice: AlertNotice) -> str:
    name = _flat(notice.alert.labels.get("alertname", ""), LONGEST_NAME) or texts("external.unnamed")
    return texts(f"external.title.{notice.news}", mark=_MARKS[_tone(notice)], name=name)


def _details(texts: Texts, zone: tzinfo, notice: AlertNotice, longest: int) -> Paragraph:
    alert = notice.alert
    severity = _flat(alert.labels.get("severity", ""), LONGEST_NAME)
    spans: list[Span] = [Strong(_head(texts, notice)), f" · {severity}" if severity else ""]
    for text in (*_words(alert, longest), _when(texts, zone, notice), _labels(alert, longest)):
        spans += ["\n", text] if text else []
    values, link = alert.annotations.get(VALUES, ""), alert.link
    spans += ["\n", texts("external.values", values=_flat(values, longest))] if values.strip() else []
    # A link that was cut leads nowhere.
    spans += ["\n", texts("external.link"), Code(link)] if 0 < len(link) <= LONGEST_LINK else []
    return Paragraph(tuple(spans))


def _words(alert: Alert, longest: int) -> Iterator[str]:
    said = alert.annotations
    yield _flat(said.get("summary", ""), longest)
    lines = [each.rstrip() for each in (said.get("description") or said.get("message", "")).splitlines()]
    filled = [each for each in lines if each]
    yield _clip("\n".join([*filled[:MOST_LINES], *(["…"] if len(filled) > MOST_LINES else [])]), longest)


def _when(texts: Texts, zone: tzinfo, notice: AlertNotice) -> str:
    started = texts("external.started", at=f"{notice.alert.starts_at.astimezone(zone):%Y-%m-%d %H:%M:%S}")
    if notice.lasted is not None:
        return texts("external.lasted", started=started, duration=_duration(texts, notice.lasted))
    if notice.news is AlertNews.REMINDER:
        return texts("external.again", started=started, n=notice.alert.count)
    return started


def _duration(texts: Texts, lasted: timedelta) -> str:
    minutes = int(lasted.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60
    if days:
        return texts("external.days", days=days, hours=hours % 24)
    if hours:
        return texts("external.hours", hours=hours, minutes=minutes % 60)
    return texts("external.minutes", minutes=minutes) if minutes else texts("external.moment")


def _labels(alert: Alert, longest: int) -> str:
    shown = (f"{name}={value}" for name, value in sorted(alert.labels.items()) if name not in {"alertname", "severity"})
    return _flat(", ".join(shown), longest)


def _rest(texts: Texts, notices: Sequence[AlertNotice]) -> Iterator[Block]:
    if not notices:
        return
    named = (f"{_head(texts, each)} {_labels(each.alert, LONGEST_NAME)}" for each in notices[:MOST_NAMED])
    yield Divider()
    yield line("\n".join(each.rstrip() for each in named))
    if len(notices) > MOST_NAMED:
        yield note(texts("external.more", n=len(notices) - MOST_NAMED))


def _flat(text: str, longest: int) -> str:
    """Text from outside in one line."""
    return _clip(" ".join(text.split()), longest)


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
