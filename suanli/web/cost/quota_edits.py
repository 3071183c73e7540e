"""What may be said of a quota: a new one, what is to be another of one that there is, and why it is reset."""

from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema

from suanli.domain.cost.money import Currency
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.site import Site
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, Name
from suanli.web.api.mistakes import MistakeError
from suanli.web.cost.quota_bodies import KindWord, QuotaAnswer

Threshold = Annotated[float, Field(ge=0.0001, le=1)]
"""A part of a limit, in ten-thousandths of it."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Code = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

_NAMES = {
    "name": "name",
    "total_quota": "total",
    "period_type": "period",
    "timezone": "zone",
    "soft": "soft",
    "warning_threshold": "warning",
    "critical_threshold": "critical",
    "active": "active",
}
"""Fields that cannot be nothing, by what they are called inside."""
_LIMITS = ("daily_limit", "hourly_limit")


def _zone(said: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(said))
    # For what is no key, or is a folder of them, it raises whatever the system says of such a file.
    except (ValueError, KeyError, OSError):
        raise MistakeError("time_zone") from None


Zone = Annotated[ZoneInfo, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai"]})]


def scope_of(kind: str, name: str) -> Scope:
    """A scope by the word for its kind."""
    return Scope(ScopeKind[kind.upper()], name)


def said_fields(said: Body, names: dict[str, str]) -> dict[str, Any]:
    """What was said of these fields, by their names inside; null is as good as not said."""
    return {inside: value for name, inside in names.items() if (value := getattr(said, name)) is not None}


class NewQuota(Body):
    """A quota. Its days begin in `timezone`, the site's unless another is said; it counts in the site's currency."""

    name: Name
    quota_type: KindWord
    scope_id: Name
    total_quota: GivenAmount
    period_type: Period
    daily_limit: GivenAmount | None = None
    hourly_limit: GivenAmount | None = None
    warning_threshold: Threshold = 0.80
    critical_threshold: Threshold = 0.95
    timezone: Zone | None = None
    currency: Code | None = None
    soft: bool = False
    active: bool = True

    def to_domain(self, site: Site) -> Quota:
        """The quota, which has no number yet. Raises ValueError for thresholds that mean nothing."""
        return Quota(
            QuotaId(0),
            self.name,
            scope_of(self.quota_type, self.scope_id),
            self.total_quota,
            self.period_type,
            self.timezone or site.zone,
            Currency(self.currency or site.money.currency),
            self.daily_limit,
            self.hourly_limit,
            self.soft,
            self.warning_threshold,
            self.critical_threshold,
            self.active,
        )


class QuotaChange(Body):
    """What is to be another: of what is not said, nothing changes. A daily or hourly limit of null is none.

    KindWord it is and its currency may be said, as they are.
    """

    name: Name | None = None
    quota_type: KindWord | None = None
    scope_id: Name | None = None
    total_quota: GivenAmount | None = None
    period_type: Period | None = None
    daily_limit: GivenAmount | None = None
    hourly_limit: GivenAmount | None = None
    warning_threshold: Threshold | None = None
    critical_threshold: Threshold | None = None
    timezone: Zone | None = None
    currency: Code | None = None
    soft: bool | None = None
    active: bool | None = None

    def moves(self, quota: Quota) -> bool:
        """Whether it says another scope or currency."""
        said = (self.quota_type, self.scope_id, self.currency)
        known = (quota.scope.kind.word, quota.scope.id, quota.currency)
        return any(each not in {None, stays} for each, stays in zip(said, known, strict=True))

    def changed(self, quota: Quota) -> Quota:
        """The quota as it is to be. Raises ValueError for thresholds that mean nothing."""
        limits = {name: getattr(self, name) for name in _LIMITS if name in self.model_fields_set}
        return replace(quota, **said_fields(self, _NAMES), **limits)


class Reset(Body):
    """Why nothing is to be used any more in the windows of now."""

    reason: Reason


class Taken(Answer):
    """What was taken from what was used of a limit: an adjustment, which is less than nothing."""

    window: str
    amount: Amount


class ResetAnswer(Answer):
    """The quota as it stands after it was reset, and what was taken from what was used."""

    quota: QuotaAnswer
    taken: list[Taken]
