"""Tokens of the API: what a program may do, whose money it spends, and whose figures it sees."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer

TokenId = NewType("TokenId", int)

PREFIX = "sk-suanli-"
"""What a token begins with: so that scanners of repositories know one, and clients of OpenAI take it for a key."""

_FEWEST, _MOST = 32, 200
"""Characters of a token, and of what may come to be one."""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """What was answered under an Idempotency-Key. `fingerprint` tells what was asked, `headers` are of its own."""

    fingerprint: str
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Permission(StrEnum):
    """What a token is good for."""

    READ = "cost:read"
    """Reports, records, quotas, alerts: of its own payer, unless its role is an operator's."""
    WRITE = "cost:write"
    """Tell of calls: for its own payer, unless its role is an operator's."""
    RESERVE = "cost:reserve"
    """Estimates, and holds with their ends: for its own payer, unless its role is an operator's."""
    MANAGE = "cost:manage"
    """Change models, prices, quotas, budgets and alerts; for that, its role is an operator's too."""
    GATEWAY = "gateway"
    """Call models through the gateway, at its payer's cost."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is kept: never itself, only its `digest`. `payer` pays for what it does; `role` is as in chat."""

    id: TokenId
    name: str
    digest: str
    payer: Payer
    permissions: frozenset[Permission]
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def digest_of(secret: str) -> str:
    """What is kept of a token. A token has 256 random bits, so a plain hash of it cannot be turned back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_in(authorization: str) -> str | None:
    """The token that a header `Authorization` carries; None when it can be none of ours, and need not be looked up."""
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    return given if scheme.casefold() == "bearer" and _FEWEST <= len(given) <= _MOST else None
