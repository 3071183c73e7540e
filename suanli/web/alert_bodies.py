"""The bodies that Alertmanager (version 4) and Grafana (version 1) post, as values of the domain.

Both have the same shape; Grafana adds fields. What is not named here is ignored.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from handlers.stock.alert_notices import VALUES
from suanli.domain.stock.external import Alert, Fingerprint, Heard

VERSIONS = ("4", "1")

MOST_ALERTS = 500
"""Alerts of one body that are heard, those that fire first; of the others people are told how many there are."""

LONGEST_VALUE = 2000
"""Characters of a label or an annotation that are kept."""

LARGEST_FIGURE = 1e300
"""JSON knows whole numbers that no float can hold."""

_FINGERPRINT = re.compile(r"[\w.:=+/-]{1,128}", re.ASCII)


class MalformedError(Exception):
    """The body is not one of these. The text says what is wrong and where, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a body says: what is heard of its alerts, and how many more there are of which it says nothing."""

    heard: tuple[Heard, ...]
    left_out: int


def _known(version: str) -> str:
    if version not in VERSIONS:
        raise PydanticCustomError("version", 'understood are "4" (Alertmanager) and "1" (Grafana)')
    return version


def _moment(at: datetime) -> datetime:
    # Years that no zone can move out of the calendar; the year 1 is Go's word for "none".
    if at.year == 1 or 1970 < at.year < 3000:  # noqa: PLR2004 years
        return at if at.year == 1 else at.astimezone(UTC)
    raise PydanticCustomError("moment", "is not a moment between 1971 and 2999")


def _begun(at: datetime) -> datetime:
    if at.year == 1:
        raise PydanticCustomError("moment", "an alert has a beginning")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_moment)]


class _Alert(BaseModel):
    model_config = ConfigDict(strict=True)

    status: Literal["firing", "resolved"]
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: Annotated[Moment, AfterValidator(_begun)] = Field(alias="startsAt")
    ends_at: Moment | None = Field(None, alias="endsAt")
    fingerprint: str | None = None
    generator_url: str | None = Field(None, alias="generatorURL")
    dashboard_url: str | None = Field(None, alias="dashboardURL")
    panel_url: str | None = Field(None, alias="panelURL")
    values: Any = None

    def to_domain(self, now: datetime) -> Heard:
        labels, annotations = self.labels or {}, self.annotations or {}
        figures = _figures(self.values)
        alert = Alert(
            fingerprint=_fingerprint(self.fingerprint, labels),
            starts_at=self.starts_at,
            firing=self.status == "firing",
            heard_at=now,
            labels=_clipped(labels),
            annotations=_clipped(annotations | ({VALUES: figures} if figures else {})),
            link=next(filter(_is_link, (self.panel_url, self.dashboard_url, self.generator_url)), None) or "",
        )
        ended = self.ends_at if self.ends_at and self.ends_at.year > 1 else None
        return Heard(alert, None if alert.firing else ended)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True)

    version: Annotated[str, AfterValidator(_known)]
    alerts: list[_Alert]
    truncated: int | None = Field(0, alias="truncatedAlerts", ge=0)

    def to_domain(self, now: datetime) -> Report:
        # "firing" stands before "resolved" in the alphabet too.
        chosen = sorted(self.alerts, key=lambda alert: alert.status)[:MOST_ALERTS]
        left_out = (self.truncated or 0) + len(self.alerts) - len(chosen)
        return Report(tuple(alert.to_domain(now) for alert in chosen), left_out)


def read(body: bytes, now: datetime) -> Report:
    """What `body` says. Raises MalformedError."""
    try:
        return _Body.model_validate_json(body).to_domain(now)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise MalformedError("the body is not JSON") from None
        raise MalformedError(f"{_place(first['loc'])}: {first['msg']}") from None


def _place(steps: tuple[int | str, ...]) -> str:
    """Where it is, in our own words: the name of a label would be the sender's."""
    ours = {field.alias or name for form in (_Body, _Alert) for name, field in form.model_fields.items()}
    return ".".join(str(step) if isinstance(step, int) or step in ours else "…" for step in steps) or "the body"


def _fingerprint(given: str | None, labels: Mapping[str, str]) -> Fingerprint:
    if given and _FINGERPRINT.fullmatch(given):
        return Fingerprint(given)
    return Fingerprint(hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()[:32])


def _figures(values: Any) -> str:
    """Grafana's figures by the name of their query: `B=14, C=1`."""
    if not isinstance(values, dict):
        return ""
    numbers = ((name, value) for name, value in sorted(values.items()) if isinstance(value, int | float))
    return ", ".join(f"{name}={value:.10g}" for name, value in numbers if abs(value) < LARGEST_FIGURE)


def _clipped(texts: Mapping[str, str]) -> dict[str, str]:
    return {name[:LONGEST_VALUE]: text[:LONGEST_VALUE] for name, text in texts.items()}


def _is_link(text: str | None) -> bool:
    """Whether this can be shown as a link: of the web, in one line, and without a password in it."""
    if not text or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
