"""What Feishu's refusals mean: one table from its codes to what happens next, the rows of feishu.md §3.6."""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from bot.feishu.courier.detail import detail_of
from suanli.domain.delivery import CardRejected, LaneBusy, PlatformBusy
from suanli.domain.errors import RemoteError


class Reaction(Enum):
    """What a refusal asks of us."""

    AGAIN = auto()
    LANE_RESTS = auto()
    PLATFORM_RESTS = auto()
    AS_TEXT = auto()
    GIVE_UP = auto()


BEING_SENT = 230049
"""Another request with this uuid is on its way: the message counts as sent."""

TOKEN_REFUSED = frozenset({99991663, 99991664, 99991665, 99991668, 99991671})
"""The token is not good (any more): worth one try with a fresh one."""

PARENT_GONE = frozenset({230011, 230019, 230071, 230110})
"""Nothing can be hung under that message: recalled, its topic gone, no threads there, deleted."""

LANE_PAUSE = timedelta(seconds=2)
PLATFORM_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
"""The platform's windows are a minute at most; a header that asks for more is not believed to the end."""

_CREDENTIALS = "check the app's credentials, FEISHU_APP_ID and FEISHU_APP_SECRET"
_BUG = "a bug of this program; please report it"

_AGAIN = {
    1500: "the platform failed",
    2200: "the platform failed",
    5000: "the platform failed",
    10012: f"no token could be made; if this lasts, {_CREDENTIALS}",
}
_LANE_RESTS = {230020: "too many messages to this chat or person, or updates of this card"}
_PLATFORM_RESTS = {
    11232: "the platform is busy",
    11233: "the platform is busy",
    99991400: "too many calls of this API",
}
_AS_TEXT = {
    230025: "the message is too long",
    230054: "this type of message is not supported here",
    230099: "the card was refused",
}
_GIVE_UP = {
    10003: f"the request for a token is malformed; {_CREDENTIALS}",
    10014: f"there is no such app; {_CREDENTIALS}",
    10015: f"the app's secret is wrong; {_CREDENTIALS}",
    11247: "today's batch messages are used up",
    99991401: "this machine's address is not in the app's IP allow-list",
    99991403: "the company's API calls of this month are used up; buy more or wait for the next month",
    99991661: f"the call carried no token: {_BUG}",
    99991662: "the app is disabled; ask the administrator of the company to enable it",
    99991672: "the app lacks a scope; grant it in the developer console and publish a version",
    99991673: "the app is not installed in this company",
    99991677: f"a user's token has expired: {_BUG}",
    99991679: "the user has not granted this scope to the app",
    99992351: "there is no such open_id",
    99992361: "the open_id belongs to another app; look it up again with /userid",
    99992402: f"a field is not valid: {_BUG}",
    230001: f"a parameter is not valid: {_BUG}",
    230002: "the bot is not in this group; add it",
    230006: "the app's bot is switched off; enable the bot capability and publish a version",
    230011: "the message was recalled",
    230012: "the message is not the bot's own",
    230013: "the person is outside the app's availability range, or has left",
    230015: f"a private chat cannot be shared: {_BUG}",
    230017: f"the resource is not the bot's own: {_BUG}",
    230018: "the group's settings forbid it",
    230019: "the topic is gone",
    230022: "the words are held to be sensitive",
    230027: "the bot may not do this here, as in a group with outsiders",
    230028: "the company's data rules hold it back; leave out phone numbers and addresses",
    230029: "the person has left the company",
    230031: "the card is older than 14 days",
    230034: "the id is not of the kind it is said to be",
    230035: "the bot is muted or blocked here",
    230038: "the person belongs to another company",
    BEING_SENT: "the message is on its way already",
    230050: "the message is not visible to the bot",
    230053: "the person has stopped the bot",
    230071: "no threads here, or the message is not the bot's own",
    230072: "the message was edited as often as is allowed",
    230075: "the message may no longer be edited",
    230110: "the message was deleted",
    232009: "the group is dissolved",
    **dict.fromkeys(TOKEN_REFUSED, f"the token is refused; {_CREDENTIALS}"),
}

TABLE: Mapping[int, tuple[Reaction, str]] = {
    code: (reaction, meaning)
    for reaction, meanings in (
        (Reaction.AGAIN, _AGAIN),
        (Reaction.LANE_RESTS, _LANE_RESTS),
        (Reaction.PLATFORM_RESTS, _PLATFORM_RESTS),
        (Reaction.AS_TEXT, _AS_TEXT),
        (Reaction.GIVE_UP, _GIVE_UP),
    )
    for code, meaning in meanings.items()
}
"""Every code that is known: what to do, and what it means to an operator."""


def classify(code: int | None, http_status: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> RemoteError:
    """The error that an answer stands for; `code` is None when the body carried none.

    The code decides, not the HTTP status: the platform refuses with 200 as well (feishu.md §3.6). What is not in the
    table is tried again: the uuid makes that harmless and the outbox ends it within the hour, some twenty requests
    later, while giving up on a passing failure would lose a message.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    reaction, meaning = TABLE.get(code or 0) or _by_status(http_status)
    name = f"HTTP {http_status}" if code is None else str(code)
    message = f"Feishu {name}: {meaning}{detail_of(body, lower.get('x-tt-logid', ''))}"
    match reaction:
        case Reaction.LANE_RESTS:
            return LaneBusy(message, retry_after=LANE_PAUSE, code=code)
        case Reaction.PLATFORM_RESTS:
            return PlatformBusy(message, retry_after=_pause(lower), code=code)
        case Reaction.AS_TEXT:
            return CardRejected(message, permanent=True, code=code)
        case _:
            return RemoteError(message, permanent=reaction is Reaction.GIVE_UP, code=code)


def _by_status(http_status: int) -> tuple[Reaction, str]:
    if http_status == 429:  # noqa: PLR2004 Too Many Requests
        return Reaction.PLATFORM_RESTS, "too many calls"
    return Reaction.AGAIN, "an answer that is not in the table; it is tried again"


def _pause(headers: Mapping[str, str]) -> timedelta:
    """What `x-ogw-ratelimit-reset` asks for, in seconds (feishu.md §3.5)."""
    asked = headers.get("x-ogw-ratelimit-reset", "")
    if not re.fullmatch("[0-9]{1,6}", asked):
        return PLATFORM_PAUSE
    return min(max(timedelta(seconds=int(asked)), timedelta(seconds=1)), LONGEST_PAUSE)
