"""`im/v1/messages`: send, reply, edit, update a card, recall (feishu.md §3.2, §3.3)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from suanli.sandbox.feishu.card.linter import downgrade_of
from suanli.sandbox.feishu.contents import checked_content
from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, compact, milliseconds, ok
from suanli.sandbox.feishu.limits import PER_CHAT, PER_MESSAGE
from suanli.sandbox.feishu.people import Chat, Json, new_id
from suanli.sandbox.feishu.reach import RECEIVE_ID_TYPES, check_open, own_message, receiver, standing_message
from suanli.sandbox.feishu.record import Message
from suanli.sandbox.feishu.refusal import Refusal, card_rejected

UUID_MEMORY = timedelta(hours=1)
CARD_LIFE = timedelta(days=14)
MOST_EDITS = 20

_SEND = ("im:message", "im:message:send_as_bot", "im:message:send")
_UPDATE = ("im:message", "im:message:send_as_bot", "im:message:update")
_RECALL = ("im:message", "im:message:send_as_bot", "im:message:recall")

Uuid = Annotated[str, Field(max_length=50)]


class CreateBody(Body):
    """A message to somebody."""

    receive_id: str = Field(min_length=1)
    msg_type: str
    content: str
    uuid: Uuid = ""


class ReplyBody(Body):
    """A message under another."""

    msg_type: str
    content: str
    reply_in_thread: bool = False
    uuid: Uuid = ""


class EditBody(Body):
    """New words for a text or a post."""

    msg_type: str
    content: str


class CardBody(Body):
    """A new card in place of the old."""

    content: str


def create(call: Call) -> Json:
    """Send a message to a person or a chat."""
    id_type = call.choice("receive_id_type", RECEIVE_ID_TYPES)
    body = call.body(CreateBody)
    content = checked_content(body.msg_type, body.content, len(call.raw))
    chat = receiver(call, id_type, body.receive_id)
    return _send(call, _draft(call, chat, body.msg_type, content), body.receive_id, body.uuid)


def reply(call: Call, message_id: str) -> Json:
    """Hang a message under another, of whomever."""
    body = call.body(ReplyBody)
    content = checked_content(body.msg_type, body.content, len(call.raw))
    parent = standing_message(call.tenant, message_id)
    check_open(call.tenant, parent.chat)
    draft = _draft(call, parent.chat, body.msg_type, content)
    draft.parent_id, draft.root_id = parent.message_id, parent.root_id or parent.message_id
    if body.reply_in_thread or parent.thread_id:
        draft.thread_id = parent.thread_id or new_id("omt_")
    return _send(call, draft, "", body.uuid)


def edit(call: Call, message_id: str) -> Json:
    """Give a text or post of the app new words, at most 20 times."""
    body = call.body(EditBody)
    message = own_message(call.tenant, message_id, not_sender=230071)
    if body.msg_type not in ("text", "post") or body.msg_type != message.msg_type:
        raise Refusal(230054)
    content = checked_content(body.msg_type, body.content, len(call.raw))
    if message.edits >= MOST_EDITS:
        raise Refusal(230072)
    message.edits += 1
    call.tenant.rewrite(message, content, call.now)
    return ok(_as_data(call, message))


def update_card(call: Call, message_id: str) -> Json:
    """Put a new card in place of one the app sent in the last 14 days; five times a second at most."""
    body = call.body(CardBody)
    message = own_message(call.tenant, message_id, not_sender=230012)
    if message.msg_type != "interactive":
        raise Refusal(230054)
    card = checked_content("interactive", body.content, len(call.raw))
    if call.now - message.created_at > CARD_LIFE:
        raise Refusal(230031)
    flaw = downgrade_of(message.content, card)
    if flaw:
        raise card_rejected(flaw)
    call.spend(f"message {message_id}", PER_MESSAGE)
    call.tenant.rewrite(message, card, call.now)
    return ok()


def recall(call: Call, message_id: str) -> Json:
    """Take a message of the app back."""
    own_message(call.tenant, message_id, not_sender=230012).recalled = True
    return ok()


def _draft(call: Call, chat: Chat, msg_type: str, content: Json) -> Message:
    return Message(
        message_id=new_id("om_"),
        chat=chat,
        author=None,
        msg_type=msg_type,
        content=content,
        created_at=call.now,
        updated_at=call.now,
    )


def _send(call: Call, draft: Message, receiver_id: str, uuid: str) -> Json:
    earlier = call.tenant.sent_as(uuid, call.now - UUID_MEMORY) if uuid else None
    if earlier:
        return ok(_as_data(call, earlier))
    call.spend(f"chat {draft.chat.chat_id}", PER_CHAT)
    call.tenant.send(draft, receiver=receiver_id, uuid=uuid)
    return ok(_as_data(call, draft))


def _as_data(call: Call, message: Message) -> Json:
    data = {
        "message_id": message.message_id,
        "msg_type": message.msg_type,
        "create_time": milliseconds(message.created_at),
        "update_time": milliseconds(message.updated_at),
        "deleted": message.recalled,
        "updated": message.updated_at != message.created_at,
        "chat_id": message.chat.chat_id,
        "sender": {
            "id": call.tenant.app.app_id,
            "id_type": "app_id",
            "sender_type": "app",
            "tenant_key": call.tenant.tenant_key,
        },
        "body": {"content": compact(message.content)},
    }
    links = {"root_id": message.root_id, "parent_id": message.parent_id, "thread_id": message.thread_id}
    return data | {name: value for name, value in links.items() if value}


_PATH = "/im/v1/messages"
ENDPOINTS = (
    Endpoint("POST", _PATH, create, _SEND),
    Endpoint("POST", f"{_PATH}/<message_id>/reply", reply, _SEND),
    Endpoint("PUT", f"{_PATH}/<message_id>", edit, _UPDATE),
    Endpoint("PATCH", f"{_PATH}/<message_id>", update_card, _UPDATE),
    Endpoint("DELETE", f"{_PATH}/<message_id>", recall, _RECALL),
)
