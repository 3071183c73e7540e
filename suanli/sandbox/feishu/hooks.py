"""Custom group bots: a URL that posts into one group, `bot/v2/hook/:id` (feishu.md §8).

A refusal comes with status 200. Two of them are not on the sheet: 19001 for an unknown URL, and 230099 for a card
that the linter rejects.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from suanli.sandbox.feishu.card.linter import flaw_of
from suanli.sandbox.feishu.crypto import hook_signature
from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint
from suanli.sandbox.feishu.limits import PER_HOOK
from suanli.sandbox.feishu.people import Json
from suanli.sandbox.feishu.reading import words_of
from suanli.sandbox.feishu.record import Hook, Sent
from suanli.sandbox.feishu.refusal import card_rejected

BODY_LIMIT = 20 * 1024
SIGNED_WITHIN = 3600
"""Seconds that a signature's timestamp may be off."""

_NEEDS: Mapping[str, tuple[str, type]] = {
    "text": ("text", str),
    "post": ("post", dict),
    "image": ("image_key", str),
    "share_chat": ("share_chat_id", str),
}


class HookBody(Body):
    """A message for the group, signed when the bot's owner set a secret."""

    msg_type: str
    content: dict[str, Any] = Field(default_factory=dict)
    card: dict[str, Any] = Field(default_factory=dict)
    timestamp: str = ""
    sign: str = ""


def post(call: Call, hook_id: str) -> Json:
    """Say something in the group of this hook."""
    hook = call.tenant.hooks.get(hook_id)
    if hook is None:
        return _refused(19001, "param invalid: incoming webhook access token invalid")
    try:
        body = HookBody.model_validate_json(call.raw)
    except ValidationError:
        return _refused(9499, "Bad Request")
    refused = _checked(call, hook, body)
    if refused:
        return refused
    hook.messages.append(_message(call, hook, body))
    return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def _checked(call: Call, hook: Hook, body: HookBody) -> Json | None:
    if len(call.raw) > BODY_LIMIT or not _is_complete(body):
        return _refused(9499, "Bad Request")
    if hook.secret and not _is_signed(call, hook.secret, body):
        return _refused(19021, "sign match fail or timestamp is not within one hour from current time")
    if hook.keywords and not any(word in _words(body) for word in hook.keywords):
        return _refused(19024, "Key Words Not Found")
    flaw = flaw_of(body.card) if body.msg_type == "interactive" else None
    if flaw:
        return _refused(230099, card_rejected(flaw).msg)
    if call.limits.take(f"hook {hook.hook_id}", call.now, PER_HOOK):
        return _refused(11232, "too many request")
    return None


def _is_complete(body: HookBody) -> bool:
    if body.msg_type == "interactive":
        return bool(body.card)
    key, kind = _NEEDS.get(body.msg_type, ("", str))
    return isinstance(body.content.get(key), kind) and bool(body.content[key])


def _is_signed(call: Call, secret: str, body: HookBody) -> bool:
    if not body.timestamp.isascii() or not body.timestamp.isdecimal():
        return False
    timestamp = int(body.timestamp)
    right = hook_signature(timestamp, secret)
    return abs(call.now.timestamp() - timestamp) <= SIGNED_WITHIN and hmac.compare_digest(right, body.sign)


def _content(body: HookBody) -> Json:
    if body.msg_type == "interactive":
        return body.card
    return dict(body.content["post"]) if body.msg_type == "post" else body.content


def _words(body: HookBody) -> str:
    return words_of(body.msg_type, _content(body))


def _message(call: Call, hook: Hook, body: HookBody) -> Sent:
    return Sent(
        message_id="",
        chat_id=hook.chat.chat_id,
        receiver=hook.hook_id,
        msg_type=body.msg_type,
        content=_content(body),
        at=call.now,
    )


def _refused(code: int, msg: str) -> Json:
    return {"code": code, "msg": msg, "data": {}}


ENDPOINTS = (Endpoint("POST", "/bot/v2/hook/<hook_id>", post, public=True),)
