"""The courier to a custom bot of one group: a webhook that needs no app, for when the app does not get through.

It can only speak (feishu.md §8): no ids come back, nothing can be redrawn, and nothing that is pressed there comes to
us. It has no idempotency key either. A post whose answer was lost is repeated by the delivery, so an alert may stand
in the group twice: that is better than not at all, which is what the channel is for.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NoReturn

from bot.feishu.cards import render
from bot.feishu.cards.shorten import shorten
from bot.feishu.courier.detail import detail_of
from bot.plain import without_controls
from suanli.clock import Clock
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId
from suanli.domain.delivery import CardRejected, Parcel, PlatformBusy
from suanli.domain.errors import RemoteError

Body = Mapping[str, Any]
"""A decoded JSON body."""

Post = Callable[[Body], Body]
"""Posts a body to the webhook and gives back the answer's, as UTF-8 both. Raises RemoteError, without the address."""

MOST_BYTES = 18_000
"""Of a body; the platform takes 20 KB (feishu.md §8)."""

PAUSE = timedelta(seconds=5)

_BUSY = 11232
_REJECTED = {
    9499: "it does not take the message as it is",
    230025: "the message is too long",
    230099: "the card was refused",
}
_GIVE_UP = {
    19001: "no custom bot has this address (any more): set the webhook's address anew",
    19021: "the signature is not right: set the secret that the bot's page shows, and see that this machine's clock is",
    19022: "this machine's address is not in the bot's IP list: add it there",
    19024: "the message has none of the bot's keywords: take them away there, and let it check signatures instead",
}


class HookCourier:
    """A `Courier` for `TargetKind.HOOK`. `secret` signs; it is empty for a bot that checks no signatures.

    It may be used by several threads at once, if `post` may. `zone` is the one in which clock times are written.
    """

    def __init__(self, post: Post, *, secret: str, clock: Clock, zone: tzinfo) -> None:
        self._post = post
        self._secret = secret
        self._clock = clock
        self._zone = zone

    def send(self, parcel: Parcel) -> MessageId | None:
        """Say it in the group; there is no id. Raises RemoteError."""
        now = self._clock.now()
        said = _said(parcel.answer, now, self._zone, plain=parcel.as_text)
        _judge(self._post({**signature(now, self._secret), **said}))
        return None

    def redraw(self, message_id: MessageId, answer: Answer) -> NoReturn:  # noqa: ARG002 the port names them
        """Refuse: what was said here stays."""
        raise RemoteError("a custom bot's messages cannot be changed", permanent=True)


def signature(now: datetime, secret: str) -> dict[str, str]:
    """`timestamp` and `sign` of a body, good for an hour; nothing without a secret.

    What is usually the key of an HMAC is its message here, and the message is empty.
    """
    if not secret:
        return {}
    timestamp = str(int(now.timestamp()))
    digest = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def _said(answer: Answer, now: datetime, zone: tzinfo, *, plain: bool) -> Body:
    """The part of a body that says what, short enough."""

    def body(answer: Answer) -> Body:
        msg_type, content = render(answer, now, zone, plain=plain)
        return {"msg_type": msg_type, "card" if msg_type == "interactive" else "content": json.loads(content)}

    def fits(answer: Answer) -> bool:
        return len(json.dumps(body(answer), ensure_ascii=False).encode()) <= MOST_BYTES

    return body(shorten(without_controls(answer), fits))


def _judge(body: Body) -> None:
    """Raise what a refusal means: the code in the body decides, whatever the status was."""
    code = _code_of(body)
    if code is None:
        raise RemoteError("the custom bot answered without a code; it is tried again")
    if code != 0:
        raise _refusal(code, detail_of(body, ""))


def _refusal(code: int, detail: str) -> RemoteError:
    if code == _BUSY:
        return PlatformBusy(f"custom bot {code}: it asks for patience{detail}", retry_after=PAUSE, code=code)
    if code in _REJECTED:
        return CardRejected(f"custom bot {code}: {_REJECTED[code]}{detail}", permanent=True, code=code)
    meaning = _GIVE_UP.get(code, "an answer that is not in the table; it is tried again")
    return RemoteError(f"custom bot {code}: {meaning}{detail}", permanent=code in _GIVE_UP, code=code)


def _code_of(body: Body) -> int | None:
    """`code`, or `StatusCode` as older answers have it; of both, the one that is not 0."""
    codes = [body[name] for name in ("code", "StatusCode") if isinstance(body.get(name), int)]
    return next((code for code in codes if code), 0) if codes else None
