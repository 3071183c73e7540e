"""Emoji under messages: `im/v1/messages/:id/reactions` (feishu.md §3.3; its codes 231xxx are not on the sheet)."""

from pydantic import Field

from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, milliseconds, ok
from suanli.sandbox.feishu.people import Json, new_id
from suanli.sandbox.feishu.refusal import Refusal

_SCOPES = ("im:message", "im:message.reactions:write_only")


class Emoji(Body):
    """The name of an emoji."""

    emoji_type: str = Field(min_length=1)


class ReactionBody(Body):
    """An emoji to put under a message."""

    reaction_type: Emoji


def react(call: Call, message_id: str) -> Json:
    """Put an emoji under a message."""
    body = call.body(ReactionBody)
    _reactable(call, message_id)
    reaction_id = new_id("rea_")
    call.tenant.reactions[reaction_id] = (message_id, body.reaction_type.emoji_type)
    return ok(_reaction(call, reaction_id))


def unreact(call: Call, message_id: str, reaction_id: str) -> Json:
    """Take an emoji away."""
    _reactable(call, message_id)
    if call.tenant.reactions.get(reaction_id, ("", ""))[0] != message_id:
        raise Refusal(231010)
    data = _reaction(call, reaction_id)
    del call.tenant.reactions[reaction_id]
    return ok(data)


def _reactable(call: Call, message_id: str) -> None:
    message = call.tenant.messages.get(message_id)
    if message is None or message.recalled:
        raise Refusal(231003)


def _reaction(call: Call, reaction_id: str) -> Json:
    _, emoji = call.tenant.reactions[reaction_id]
    return {
        "reaction_id": reaction_id,
        "operator": {"operator_id": call.tenant.app.app_id, "operator_type": "app"},
        "action_time": milliseconds(call.now),
        "reaction_type": {"emoji_type": emoji},
    }


_PATH = "/im/v1/messages/<message_id>/reactions"
ENDPOINTS = (
    Endpoint("POST", _PATH, react, _SCOPES),
    Endpoint("DELETE", f"{_PATH}/<reaction_id>", unreact, _SCOPES),
)
