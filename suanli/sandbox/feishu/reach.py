"""Whether the app may speak to somebody: the refusals about receivers (feishu.md §3.6)."""

from suanli.sandbox.feishu.endpoint import Call
from suanli.sandbox.feishu.people import Chat, Human
from suanli.sandbox.feishu.record import Message
from suanli.sandbox.feishu.refusal import Refusal
from suanli.sandbox.feishu.tenant import Tenant

RECEIVE_ID_TYPES = ("open_id", "user_id", "union_id", "email", "chat_id")


def receiver(call: Call, id_type: str, value: str) -> Chat:
    """The chat that an id of this type leads to, if the app may speak there."""
    if id_type == "chat_id":
        chat = call.tenant.chats.get(value)
        if chat is None:
            raise Refusal(230034)
    else:
        chat = call.tenant.private_chat(_person(call.tenant, id_type, value))
    check_open(call.tenant, chat)
    return chat


def check_open(tenant: Tenant, chat: Chat) -> None:
    """Refuse a chat that is dissolved, that the bot is not in, or whose person may not be spoken to."""
    if chat.dissolved:
        raise Refusal(232009)
    if not chat.bot_inside:
        raise Refusal(230002)
    if chat.partner:
        _check_person(tenant, chat.partner)


def own_message(tenant: Tenant, message_id: str, not_sender: int) -> Message:
    """A message of the app that is still there; `not_sender` is the code when somebody else wrote it."""
    message = standing_message(tenant, message_id)
    if message.author is not None:
        raise Refusal(not_sender)
    return message


def standing_message(tenant: Tenant, message_id: str) -> Message:
    """A message of anybody that is still there: 230001 when it never was (no code is named), 230011 when recalled."""
    message = tenant.messages.get(message_id)
    if message is None:
        raise Refusal(230001, "invalid message_id")
    if message.recalled:
        raise Refusal(230011)
    return message


def _person(tenant: Tenant, id_type: str, value: str) -> Human:
    if id_type == "open_id" and value in tenant.foreign_open_ids:
        raise Refusal(99992361)
    human = tenant.find(id_type, value)
    if human is None:
        raise Refusal(99992351 if id_type == "open_id" else 230034)
    return human


def _check_person(tenant: Tenant, human: Human) -> None:
    if human.tenant_key != tenant.tenant_key:
        raise Refusal(230038)
    if human.open_id in tenant.unreachable:
        raise Refusal(230013)
    if human.open_id in tenant.stopped:
        raise Refusal(230053)
