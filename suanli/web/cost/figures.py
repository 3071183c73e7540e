"""What answers with figures are made of, and whose figures somebody gets."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import PlainSerializer, SerializationInfo, WithJsonSchema

from handlers.cost.analysis import Figures, Whose
from suanli.domain.cost.reports import Share, Shares
from suanli.domain.cost.sums import Dimension
from suanli.web.api.bodies import Amount, Answer, Body
from suanli.web.api.endpoints import Visit


def _write_average(value: Decimal | None, info: SerializationInfo) -> str | float | None:
    if value is None:
        return None
    as_number = bool(info.context and info.context.get("money") == "number")
    return float(value) if as_number else f"{value:f}"


def _write_percent(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


Average = Annotated[
    Decimal | None,
    PlainSerializer(_write_average),
    WithJsonSchema({"type": ["string", "number", "null"], "description": "money for one, nine digits; null: of none"}),
]
"""What one costs on average."""

Percent = Annotated[
    Decimal | None,
    PlainSerializer(_write_percent),
    WithJsonSchema({"type": ["number", "null"], "description": "percent, one digit; null: of nothing"}),
]


class Query(Body):
    """What is asked for in the address: every word of it is known, or it is refused."""


class Stand(Answer):
    """Which moment figures are of. They are exact then: `newest_call_at` says whether calls are still told of."""

    as_of: datetime
    newest_call_at: datetime | None
    currency: str
    timezone: str


def stand(figures: Figures, newest: datetime | None) -> Mapping[str, object]:
    """The fields of `Stand`."""
    site = figures.site
    zone = site.zone
    return {
        "as_of": figures.now.astimezone(zone),
        "newest_call_at": newest and newest.astimezone(zone),
        "currency": site.money.currency,
        "timezone": zone.key,
    }


class Part(Answer):
    """What somebody, or something, has of the whole. An amount with `unpriced_requests` beside it is a least one."""

    name: str
    id: str
    cost: Amount
    requests: int
    unpriced_requests: int
    percentage: Percent

    @classmethod
    def of(cls, share: Share, names: Mapping[str, str]) -> Self:
        """A share with the name that people know."""
        return cls(
            name=names.get(share.value, share.value),
            id=share.value,
            cost=share.sum.cost,
            requests=share.sum.requests,
            unpriced_requests=share.sum.unpriced,
            percentage=share.percent,
        )


class Others(Answer):
    """All those together that are not named."""

    count: int
    cost: Amount
    requests: int

    @classmethod
    def of(cls, shares: Shares) -> Self:
        """Those that did not make it into the list."""
        return cls(count=shares.fewer, cost=shares.others.cost, requests=shares.others.requests)


def parts(shares: Shares, names: Mapping[str, str]) -> list[Part]:
    """The list."""
    return [Part.of(share, names) for share in shares.most]


def figures_of(visit: Visit, asked: Whose | None = None) -> Figures:
    """The figures that somebody may see, of those asked for. Raises Problem for another one's."""
    wanted = dict(asked or {})
    if not visit.sees_all:
        own = visit.own.id
        if wanted.setdefault(Dimension.USER, own) != own:
            raise visit.refused(visit.texts("cost.only_own"))
    return Figures(visit.tx, visit.site, wanted, visit.now)
