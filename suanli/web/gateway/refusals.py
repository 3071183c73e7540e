"""What the gateway answers in place of a model: errors in OpenAI's shape, in words for who made the call."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from suanli.domain.cost.money import shown
from suanli.domain.cost.quotas import Quota, Refused
from suanli.domain.cost.worst_case import UnboundedError, Why
from suanli.i18n import Texts

REQUEST, QUOTA, SERVER = "invalid_request_error", "insufficient_quota", "server_error"
"""The types of errors."""


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 an answer rather than a failure of ours
    """An answer that is an error. `param` is what of the request it is about."""

    status: int
    code: str
    message: str
    type: str = REQUEST
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The body in OpenAI's shape."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return json.dumps({"error": error}, ensure_ascii=False).encode(errors="replace")


def malformed(texts: Texts, param: str) -> Refusal:
    """A request that says something which cannot be."""
    return Refusal(400, "invalid_value", texts("gateway.malformed", param=param), param=param)


def unbounded(error: UnboundedError, texts: Texts) -> Refusal:
    """A request of which nobody can say what it costs at the most."""
    if error.why is Why.MALFORMED:
        return malformed(texts, error.param)
    if error.why is Why.UNMETERED:
        return Refusal(400, "unsupported_parameter", texts("gateway.unmetered", param=error.param), param=error.param)
    return Refusal(422, "model_not_priced", texts("gateway.unit"), param=error.param)


def unknown_model(name: str, texts: Texts) -> Refusal:
    """A model that is not offered."""
    return Refusal(404, "model_not_found", texts("gateway.no_model", model=name), param="model")


def unpriced(name: str, texts: Texts) -> Refusal:
    """A model of which nobody has said what it costs."""
    return Refusal(422, "model_not_priced", texts("gateway.unpriced", model=name), param="model")


def over_quota(refused: Refused, quota: Quota, texts: Texts, now: datetime) -> Refusal:
    """A call that some limit of `quota` has no room for: what is left, when it starts anew, how to ask for more.

    Clients are told not to try again by themselves: their patience is of seconds, and a limit's of hours.
    """
    account, currency = refused.account, quota.currency
    wait = max(1, ceil((account.window.end - now) / timedelta(seconds=1)))
    message = texts(
        "gateway.over_quota",
        name=account.name,
        span=texts(f"gateway.span.{account.span.word}"),
        left=f"{shown(max(0, account.left))} {currency}",
        limit=f"{shown(account.limit)} {currency}",
        asked=f"{shown(refused.asked)} {currency}",
        at=f"{account.window.end.astimezone(quota.zone):%Y-%m-%d %H:%M}",
        zone=quota.zone.key,
    )
    headers = {"Retry-After": str(wait), "x-should-retry": "false"}
    return Refusal(429, QUOTA, message, QUOTA, headers=headers)
