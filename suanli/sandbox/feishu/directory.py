"""Who is there: `contact/v3/users` (feishu.md §7.2) and the bot's groups, `im/v1/chats` (§3.3)."""

from typing import Annotated

from pydantic import Field

from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, ok
from suanli.sandbox.feishu.people import Chat, Human, Json
from suanli.sandbox.feishu.refusal import Refusal, bad_field
from suanli.sandbox.feishu.tenant import USER_ID_SCOPE

USER_ID_TYPES = ("open_id", "union_id", "user_id")
MOST_CHATS = 100

_STATUS = {"is_frozen": False, "is_resigned": False, "is_activated": True, "is_exited": False, "is_unjoin": False}

Fifty = Annotated[list[str], Field(max_length=50)]


class BatchGetIdBody(Body):
    """Addresses and numbers to look up."""

    emails: Fifty = Field(default_factory=list)
    mobiles: Fifty = Field(default_factory=list)
    include_resigned: bool = False


def batch_get_id(call: Call) -> Json:
    """The ids behind addresses and numbers; an entry without `user_id` for those not found or out of range."""
    id_type = call.choice("user_id_type", USER_ID_TYPES, "open_id")
    body = call.body(BatchGetIdBody)
    asked = [("email", value) for value in body.emails] + [("mobile", value) for value in body.mobiles]
    return ok({"user_list": [_found(call, id_type, kind, value) for kind, value in asked]})


def user(call: Call, user_id: str) -> Json:
    """One person; somebody out of range is as unknown as somebody who is not there."""
    human = call.tenant.find(call.choice("user_id_type", USER_ID_TYPES, "open_id"), user_id)
    if human is None or human.open_id in call.tenant.unreachable:
        raise Refusal(99992351)
    data = call.tenant.ids_of(human) | {"name": human.name, "status": _STATUS}
    if human.email:
        data["email"] = human.email
    return ok({"user": data})


def chats(call: Call) -> Json:
    """The groups that the bot is in, a page at a time; no private chats."""
    size, start = _number(call, "page_size", 20), _number(call, "page_token", 0)
    if not 1 <= size <= MOST_CHATS:
        raise bad_field("page_size", size, f"must be from 1 to {MOST_CHATS}")
    groups = [chat for chat in call.tenant.chats.values() if _is_joined_group(chat)]
    more = start + size < len(groups)
    return ok(
        {
            "items": [_listed(call, chat) for chat in groups[start : start + size]],
            "has_more": more,
            "page_token": str(start + size) if more else "",
        }
    )


def _found(call: Call, id_type: str, kind: str, value: str) -> Json:
    human = call.tenant.find(kind, value)
    if human is None or human.open_id in call.tenant.unreachable:
        return {kind: value}
    return {"user_id": _id(human, id_type), kind: value, "status": _STATUS}


def _id(human: Human, id_type: str) -> str:
    return {"open_id": human.open_id, "union_id": human.union_id, "user_id": human.user_id}[id_type]


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isascii() or not text.isdecimal():
        raise bad_field(name, text, "must be a number")
    return int(text)


def _is_joined_group(chat: Chat) -> bool:
    return chat.partner is None and chat.bot_inside and not chat.dissolved


def _listed(call: Call, chat: Chat) -> Json:
    return {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "description": "",
        "avatar": "",
        "external": False,
        "tenant_key": call.tenant.tenant_key,
        "chat_status": "normal",
    }


ENDPOINTS = (
    Endpoint("POST", "/contact/v3/users/batch_get_id", batch_get_id, ("contact:user.id:readonly",)),
    Endpoint("GET", "/contact/v3/users/<user_id>", user, ("contact:contact.base:readonly", USER_ID_SCOPE)),
    Endpoint("GET", "/im/v1/chats", chats, ("im:chat", "im:chat:readonly")),
)
