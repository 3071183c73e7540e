"""Events that the platform tells an app of: what is in them, and the envelopes around them (feishu.md §1.1, §2, §6)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from suanli.sandbox.feishu.endpoint import compact, milliseconds
from suanli.sandbox.feishu.people import App, Chat, Human, Json, new_id
from suanli.sandbox.feishu.record import Message
from suanli.sandbox.feishu.tenant import Tenant
from suanli.sandbox.feishu.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell the app. The methods make a copy with something unusual about it.

    `old` ones travel in the v1 envelope, the others in v2; `microseconds` is the unit of the header's create_time.
    """

    type: str
    body: Json
    at: datetime
    event_id: str
    old: bool = False
    microseconds: bool = False

    def renewed(self) -> Self:
        """The same under another event_id, as some redeliveries of a message are (feishu.md §1.6)."""
        return replace(self, event_id=new_id(""))

    def without(self, *keys: str) -> Self:
        """The same with these keys left out wherever they stand: user_id, mentions, and others."""
        return replace(self, body=_without(self.body, keys))

    def in_microseconds(self) -> Self:
        """The same with a create_time of 16 digits."""
        return replace(self, microseconds=True)

    def from_bot(self) -> Self:
        """The same message, written by another bot."""
        return replace(self, body=self.body | {"sender": self.body["sender"] | {"sender_type": "bot"}})

    def recalled(self) -> Self:
        """The same message, taken back before it arrives: nothing is left of its content."""
        return replace(self, body=self.body | {"message": self.body["message"] | {"content": ""}})

    def envelope(self, app: App, tenant_key: str) -> Json:
        """What goes over the wire, before it is encrypted."""
        return self._v1(app) if self.old else self._v2(app, tenant_key)

    def _v1(self, app: App) -> Json:
        return {
            "ts": f"{self.at.timestamp():.7f}",
            "uuid": self.event_id,
            "token": app.verification_token,
            "type": "event_callback",
            "event": {"type": self.type, "app_id": app.app_id, **self.body},
        }

    def _v2(self, app: App, tenant_key: str) -> Json:
        return {
            "schema": "2.0",
            "header": {
                "event_id": self.event_id,
                "event_type": self.type,
                "create_time": milliseconds(self.at) + ("000" if self.microseconds else ""),
                "token": app.verification_token,
                "app_id": app.app_id,
                "tenant_key": tenant_key,
            },
            "event": self.body,
        }


def event(event_type: str, body: Json, at: datetime, *, old: bool = False) -> Event:
    """An event of any type, known or not."""
    return Event(event_type, body, at, new_id(""), old=old)


def message_received(tenant: Tenant, message: Message, author: Human, said: Utterance) -> Event:
    """`im.message.receive_v1`. Keys that would say nothing are left out, as the platform does."""
    links = {"root_id": message.root_id, "parent_id": message.parent_id, "thread_id": message.thread_id}
    told: Json = {
        "message_id": message.message_id,
        **{name: value for name, value in links.items() if value},
        "create_time": milliseconds(message.created_at),
        "update_time": milliseconds(message.updated_at),
        "chat_id": message.chat.chat_id,
        "chat_type": "p2p" if message.chat.partner else "group",
        "message_type": message.msg_type,
        "content": compact(message.content),
    }
    if said.keys:
        told["mentions"] = said.mentions(tenant)
    sender = {"sender_id": tenant.ids_of(author), "sender_type": "user", "tenant_key": author.tenant_key}
    return event("im.message.receive_v1", {"sender": sender, "message": told}, message.created_at)


def card_action(tenant: Tenant, message: Message, human: Human, token: str, action: Json, at: datetime) -> Event:
    """`card.action.trigger` (feishu.md §4.4)."""
    body = {
        "operator": tenant.ids_of(human) | {"tenant_key": human.tenant_key},
        "token": token,
        "action": action,
        "host": "im_message",
        "context": {"open_message_id": message.message_id, "open_chat_id": message.chat.chat_id},
    }
    return event("card.action.trigger", body, at).in_microseconds()


def bot_membership(tenant: Tenant, chat: Chat, operator: Human, at: datetime) -> Event:
    """`im.chat.member.bot.added_v1` or `…deleted_v1`, by whether the bot is in the chat now."""
    body = {
        "chat_id": chat.chat_id,
        "operator_id": tenant.ids_of(operator),
        "external": False,
        "operator_tenant_key": operator.tenant_key,
        "name": chat.name,
        "i18n_names": {"zh_cn": chat.name, "en_us": chat.name, "ja_jp": chat.name},
    }
    return event(f"im.chat.member.bot.{'added' if chat.bot_inside else 'deleted'}_v1", body, at)


def private_chat_entered(tenant: Tenant, human: Human, at: datetime) -> Event:
    """`im.chat.access_event.bot_p2p_chat_entered_v1`, at each opening of the private chat."""
    chat = tenant.private_chat(human)
    body: Json = {"chat_id": chat.chat_id, "operator_id": tenant.ids_of(human)}
    last = tenant.last_message(chat)
    if last:
        body |= {"last_message_id": last.message_id, "last_message_create_time": milliseconds(last.created_at)}
    return event("im.chat.access_event.bot_p2p_chat_entered_v1", body, at)


def private_chat_created(tenant: Tenant, human: Human, at: datetime) -> Event:
    """`p2p_chat_create`, the first contact, in the old envelope."""
    user = {"open_id": human.open_id, "user_id": human.user_id, "name": human.name}
    body = {"open_chat_id": tenant.private_chat(human).chat_id, "user": user, "tenant_key": tenant.tenant_key}
    return event("p2p_chat_create", body, at, old=True)


def _without(node: Any, keys: Collection[str]) -> Any:
    if isinstance(node, dict):
        return {key: _without(value, keys) for key, value in node.items() if key not in keys}
    return [_without(item, keys) for item in node] if isinstance(node, list) else node
