"""The record of what people asked for and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from suanli.domain.chat import ChatKind, Platform


class Outcome(StrEnum):
    """What came of a message to the bot."""

    OK = "ok"
    REFUSED = "refused"
    DENIED = "denied"
    UNKNOWN = "unknown"
    STALE = "stale"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who asked what, where, and how it went. `reference` is what a person is shown when something broke."""

    at: datetime
    platform: Platform
    tenant: str
    open_id: str
    chat_id: str
    chat_kind: ChatKind
    command: str
    words: str
    outcome: Outcome
    detail: str
    latency: timedelta
    reference: str
