"""Alerts of other systems, as Alertmanager and Grafana send them (gpu.md §2): told once, reminded, resolved."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

Fingerprint = NewType("Fingerprint", str)

REPEAT = timedelta(hours=24)
"""How long an alert that goes on is not told of again, however often it is sent."""


class AlertNews(StrEnum):
    """What a notice says of an alert."""

    FIRING = "firing"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of another system. `count` is how often people were told of it since it began, `told_at` when last."""

    fingerprint: Fingerprint
    starts_at: datetime
    firing: bool
    heard_at: datetime
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    link: str = ""
    count: int = 0
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert as it came, never told, and when it ended by the word of its sender."""

    alert: Alert
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """What to tell of an alert. `lasted` is known of one that is over."""

    alert: Alert
    news: AlertNews
    lasted: timedelta | None = None

    @property
    def name(self) -> str:
        """What nothing else is called: another notice of the same alert, or of its next life, has another name."""
        alert = self.alert
        return f"{alert.fingerprint} {alert.starts_at.timestamp()} {self.news} {alert.count}"


def name_of(notices: Iterable[AlertNotice]) -> str:
    """A short name of these notices together, in whatever order."""
    names = "\n".join(sorted(notice.name for notice in notices))
    return hashlib.sha256(names.encode(errors="replace")).hexdigest()[:32]


def hear_all(
    known: Mapping[Fingerprint, Alert], heard: Sequence[Heard]
) -> tuple[tuple[Alert, ...], tuple[AlertNotice, ...]]:
    """What to remember after these were heard, and what to tell; of one alert's lives, the older is heard first."""
    after, notices = dict(known), list[AlertNotice]()
    for each in sorted(heard, key=lambda each: each.alert.starts_at):
        alert, news = hear(after.get(each.alert.fingerprint), each.alert, each.ended_at)
        after[alert.fingerprint] = alert
        if news:
            notices.append(AlertNotice(alert, news, _lasted(alert, each.ended_at)))
    changed = (alert for fingerprint, alert in after.items() if alert != known.get(fingerprint))
    return tuple(changed), tuple(notices)


def hear(known: Alert | None, heard: Alert, ended_at: datetime | None = None) -> tuple[Alert, AlertNews | None]:
    """What to remember after an alert was heard (`heard` as it came, never told), and what to tell of it now.

    The same alert again, from a second Alertmanager or a retry, is no news; nor is the end of what was never told.
    What is remembered as firing has been told.
    """
    if known is None:
        return _tell(heard, AlertNews.FIRING) if heard.firing else (heard, None)
    known = _as_of(known, heard)
    return _fires(known, heard) if heard.firing else _ends(known, heard, ended_at)


def _fires(known: Alert, heard: Alert) -> tuple[Alert, AlertNews | None]:
    if heard.starts_at > known.starts_at:
        return _tell(heard, AlertNews.FIRING)
    overdue = heard.heard_at - (known.told_at or known.heard_at) >= REPEAT
    if known.firing:
        # One of a pair may date the same alert earlier: it goes on all the same.
        same = replace(known, heard_at=heard.heard_at, annotations=heard.annotations, link=heard.link)
        return _tell(same, AlertNews.REMINDER) if overdue else (same, None)
    # A retry that came late; but none is as late as that, so an end that was only believed is taken back.
    return _tell(replace(heard, count=known.count), AlertNews.FIRING) if overdue else (known, None)


def _ends(known: Alert, heard: Alert, ended_at: datetime | None) -> tuple[Alert, AlertNews | None]:
    # An end dated before what is known began belongs to an earlier life; one of a pair may only date its start so.
    earlier = heard.starts_at < known.starts_at and (ended_at is None or ended_at <= known.starts_at)
    if earlier or (heard.starts_at <= known.starts_at and not known.firing):
        return known, None
    starts_at = max(known.starts_at, heard.starts_at)
    over = replace(
        heard,
        starts_at=starts_at,
        annotations=heard.annotations or known.annotations,  # senders may leave them out at the end
        link=heard.link or known.link,
        count=known.count,
        told_at=known.told_at,
    )
    # The end of a later life, whose beginning was lost, is also the end of the one that people think goes on.
    return _tell(over, AlertNews.RESOLVED) if known.firing else (heard, None)


def _tell(alert: Alert, news: AlertNews) -> tuple[Alert, AlertNews]:
    return replace(alert, count=alert.count + 1, told_at=alert.heard_at), news


def _as_of(known: Alert, heard: Alert) -> Alert:
    """What is known, without moments that are still to come: a clock was set back, ours or the sender's."""
    starts_at = heard.starts_at if known.starts_at > heard.heard_at else known.starts_at
    told_at = known.told_at and min(known.told_at, heard.heard_at)
    return replace(known, starts_at=starts_at, told_at=told_at, heard_at=min(known.heard_at, heard.heard_at))


def _lasted(alert: Alert, ended_at: datetime | None) -> timedelta | None:
    if alert.firing:
        return None
    return max(timedelta(0), (ended_at or alert.heard_at) - alert.starts_at)
