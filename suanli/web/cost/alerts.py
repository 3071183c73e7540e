"""GET /api/v1/cost/alerts, and POST to /read, /snooze and /resolve of one: the same that people do on its card."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from handlers.cost import alerts
from handlers.cost.alert_card import title_of, words_of
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.alerts import AlertFilter, AlertState, AlertType, CostAlert, CostAlertId, Severity
from suanli.domain.cost.quotas import Scope
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Answer, Body, Words
from suanli.web.api.cursors import cursor_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.cost.figures import Query
from suanli.web.cost.pages import begins_after

_LONGEST = timedelta(days=30)


class Asked(Query):
    """Which alerts: those that neither somebody nor time has ended, unless `resolved` says otherwise; newest first."""

    type: AlertType | None = None
    severity: Severity | None = None
    resolved: Literal["true", "false", "all"] = "false"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str = ""

    @property
    def question(self) -> object:
        """What is asked, whatever the page."""
        return ("alerts", self.type, self.severity, self.resolved)

    def to_domain(self, subjects: tuple[Scope, ...] | None) -> AlertFilter:
        """The filter, for who may see those about these scopes; None: about everybody."""
        resolved = None if self.resolved == "all" else self.resolved == "true"
        return AlertFilter(self.type, self.severity, resolved, subjects)


class Alert(Answer):
    """An alert: `title` and `message` in the language that was asked for, `details` its figures as they were."""

    id: int
    type: AlertType
    severity: Severity
    status: AlertState
    title: str
    message: str
    details: dict[str, str]
    created_at: datetime
    read_at: datetime | None
    read_by: str
    snoozed_until: datetime | None
    resolved_at: datetime | None
    resolved_by: str
    resolution: str


class Alerts(Answer):
    """A page of them."""

    items: list[Alert]
    next_cursor: str | None
    has_more: bool


class Snooze(Body):
    """How long it is to be quiet, in minutes: a month at the most."""

    minutes: Annotated[int, Field(strict=True, ge=1, le=_LONGEST // timedelta(minutes=1))]


class Resolution(Body):
    """How it was resolved."""

    note: Words = ""


def show(visit: Visit) -> Reply:
    """A page of alerts."""
    asked: Asked = visit.query
    which = asked.to_domain(None if visit.sees_all else (visit.own,))
    last = begins_after(visit, asked.cursor, asked.question)
    before = CostAlertId(last) if last else None
    found = visit.tx.cost_alerts.page(which, before=before, limit=asked.limit + 1)
    items = [_shown(visit, each) for each in found[: asked.limit]]
    has_more = len(found) > asked.limit
    cursor = cursor_of((items[-1].id,), asked.question) if has_more else None
    return Reply(Alerts(items=items, next_cursor=cursor, has_more=has_more))


def read(visit: Visit) -> Reply:
    """Note that it was read."""
    return _done(visit, alerts.mark_read(visit.tx, visit.site, _mine(visit), _actor(visit), visit.now))


def snooze(visit: Visit) -> Reply:
    """Let it be quiet for a while; what is resolved stays so."""
    until = visit.now + timedelta(minutes=visit.body.minutes)
    return _done(visit, alerts.snooze(visit.tx, visit.site, _mine(visit), until, _actor(visit), visit.now))


def resolve(visit: Visit) -> Reply:
    """It is seen to; the second time changes nothing."""
    found = _mine(visit)
    return _done(visit, alerts.resolve(visit.tx, visit.site, found, visit.body.note, _actor(visit), visit.now))


def _mine(visit: Visit) -> CostAlert:
    visit.tx.lock(alerts.LOCK)
    number = visit.path["id"]
    found = visit.tx.cost_alerts.find(CostAlertId(number))
    if found is None or not (visit.sees_all or found.subject == visit.own):
        raise visit.missing(visit.texts("api.what.alert", n=number))
    return found


def _actor(visit: Visit) -> Actor:
    return Actor(visit.who, Way.API)


def _done(visit: Visit, alert: CostAlert) -> Reply:
    return Reply(_shown(visit, alert))


def _shown(visit: Visit, alert: CostAlert) -> Alert:
    return Alert(
        id=alert.id,
        type=alert.type,
        severity=alert.severity,
        status=alert.state(visit.now),
        title=title_of(visit.texts, alert),
        message=words_of(visit.texts, alert, visit.site.zone, visit.site.money.currency),
        details=dict(alert.about),
        created_at=alert.created_at,
        read_at=alert.read_at,
        read_by=alert.read_by,
        snoozed_until=alert.snoozed_until,
        resolved_at=alert.resolved_at,
        resolved_by=alert.resolved_by,
        resolution=alert.resolution,
    )


_ONE = "/api/v1/cost/alerts/<int:id>"

ENDPOINTS = (
    Endpoint("GET", "/api/v1/cost/alerts", "list_alerts", Permission.READ, show, query=Asked, reply=Alerts),
    Endpoint(
        "POST", f"{_ONE}/read", "read_alert", Permission.READ, read, reply=Alert, problems=("not-found",)
    ),
    Endpoint(
        "POST", f"{_ONE}/snooze", "snooze_alert", Permission.MANAGE, snooze, body=Snooze, reply=Alert,
        problems=("not-found",),
    ),
    Endpoint(
        "POST", f"{_ONE}/resolve", "resolve_alert", Permission.MANAGE, resolve, body=Resolution, reply=Alert,
        problems=("not-found",),
    ),
)  # fmt: skip
