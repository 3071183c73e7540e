"""What WeLink's answers mean: the code in the body decides, whatever the status was (welink.md §1.2, §2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.plain import clean
from suanli.domain.delivery import LaneBusy, PlatformBusy
from suanli.domain.errors import RemoteError

Body = Mapping[str, Any]
"""A decoded JSON body."""

TOO_MANY = 429
BAD_PARAMETER = 58601
RATE_EXCEEDED = 48503

TOKEN_REFUSED = frozenset({401, 501, 47101, 47103})
"""The token is not good (any more), or lacks a permission that was granted since: worth one try with a fresh one."""

LOGIN_FAILED = 41500

SILENCE = timedelta(minutes=1)
"""How long a robot is silent that was made to say too much (welink.md §1.3)."""

PAUSE = timedelta(seconds=20)
"""The longest window of the platform's limits that are shorter than a minute (welink.md §2.3)."""

_LONGEST_WORDS = 200
_CREDENTIALS = "check WELINK_CLIENT_ID and WELINK_CLIENT_SECRET"

_ROBOT = {
    58404: "no robot has this address (any more): set the robot's webhook address anew",
    BAD_PARAMETER: "it does not take the message: see that this machine's clock is right, and that its address ends "
    "in channel=standard",
    58602: "the robot is switched off: enable it in the settings of its group",
}
_APP = {
    10007: f"the client id or its secret is wrong; {_CREDENTIALS}",
    41403: f"too many failed logins, the client id is locked; {_CREDENTIALS}, and restart when they are right",
    41579: f"the client id is empty; {_CREDENTIALS}",
    41580: f"the client's secret is empty; {_CREDENTIALS}",
    51019: "the person does not follow the app's account, so nothing can be sent to them",
    401: f"the token is refused; {_CREDENTIALS}",
    501: "the app lacks the permission for this call: grant it in the developer console",
    47101: f"the token is refused; {_CREDENTIALS}",
    47103: f"the token is refused; {_CREDENTIALS}",
}
_OTHER = "an answer that is not in the table; it is tried again"


def code_of(body: Body) -> int | None:
    """`code`, which comes as a string or as a number; None when there is none that can be read."""
    code = body.get("code")
    if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10:  # noqa: PLR2004 digits enough
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def robot_refusal(body: Body) -> RemoteError | None:
    """What a robot's answer is as an error; None for success."""
    code = code_of(body)
    if code in (TOO_MANY, RATE_EXCEEDED):
        return LaneBusy(_told("robot", code, "too many messages", body), retry_after=SILENCE, code=code)
    return _refusal("robot", code, body, _ROBOT)


def app_refusal(body: Body) -> RemoteError | None:
    """What the answer to a call of the app is as an error; None for success."""
    code = code_of(body)
    if code in (TOO_MANY, RATE_EXCEEDED):
        return PlatformBusy(_told("app", code, "too many calls", body), retry_after=PAUSE, code=code)
    return _refusal("app", code, body, _APP)


def robot_trouble(error: RemoteError) -> RemoteError:
    """What no answer, or one without a code, is to a robot."""
    if error.code == TOO_MANY:
        return LaneBusy(str(error), retry_after=max(error.retry_after or SILENCE, SILENCE), code=error.code)
    return _passing(error)


def app_trouble(error: RemoteError) -> RemoteError:
    """What no answer, or one without a code, is to a call of the app."""
    if error.code == TOO_MANY:
        return PlatformBusy(str(error), retry_after=error.retry_after or PAUSE, code=error.code)
    return _passing(error)


def is_definite(error: RemoteError) -> bool:
    """Whether what was asked for has certainly not happened: a client error says so, and little else does."""
    return error.code is not None and 400 <= error.code < 500  # noqa: PLR2004 the class of client errors


def _passing(error: RemoteError) -> RemoteError:
    """The same; but a good status with a web page is some gateway's, and may pass."""
    if error.permanent and error.code is not None and error.code < 300:  # noqa: PLR2004 the class of successes
        return RemoteError(str(error), code=error.code)
    return error


def _refusal(who: str, code: int | None, body: Body, permanent: Mapping[int, str]) -> RemoteError | None:
    if code == 0:
        return None
    if code is None:
        return RemoteError(f"the WeLink {who} answered without a code; it is tried again")
    meaning = permanent.get(code, _OTHER)
    return RemoteError(_told(who, code, meaning, body), permanent=code in permanent, code=code)


def _told(who: str, code: int | None, meaning: str, body: Body) -> str:
    words = body.get("message")
    said = " ".join(clean(words).split())[:_LONGEST_WORDS] if isinstance(words, str) else ""
    return f"WeLink {who} {code}: {meaning}" + (f" ({said})" if said else "")
