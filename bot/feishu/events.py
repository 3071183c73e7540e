"""Feishu's events as values of the domain; what we do not know or need becomes None (feishu.md §1.1, §2, §4.4)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ValidationError

from suanli.domain.chat import (
    Arrival,
    ChatId,
    ChatKind,
    Click,
    Incoming,
    Mention,
    Message,
    MessageId,
    OpenId,
    Origin,
    Person,
    Platform,
)

log = structlog.get_logger()

_PLACEHOLDER = re.compile(r"@_user_\d+|@_all")
_PICKED_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}) [+-]\d{4}", re.ASCII)

MOST_FIELDS = 100
LONGEST_FIELD_NAME = 100
LONGEST_FIELD = 1000
"""Characters that a field of a card takes at most (feishu.md §4.3 has none longer); what is longer is not from one."""


class BotUnknownError(Exception):
    """We do not know our own open_id yet, so we cannot tell whether a group message is for us."""


class _Ids(BaseModel):
    open_id: str
    user_id: str | None = None
    union_id: str | None = None


class _Sender(BaseModel):
    sender_id: _Ids
    sender_type: str = "user"
    tenant_key: str | None = None


class _Mention(BaseModel):
    key: str
    id: _Ids
    name: str = ""
    tenant_key: str | None = None


class _Message(BaseModel):
    message_id: str
    create_time: str
    chat_id: str
    chat_type: Literal["p2p", "group", "topic_group"]
    message_type: str
    content: str = ""
    mentions: list[_Mention] | None = None


class _Received(BaseModel):
    sender: _Sender
    message: _Message


class _Header(BaseModel):
    event_id: str
    event_type: str
    create_time: str
    tenant_key: str = ""
    app_id: str


class _Operator(_Ids):
    tenant_key: str | None = None


class _Action(BaseModel):
    value: Any = None
    form_value: Any = None


class _CardContext(BaseModel):
    open_message_id: str | None = None
    open_chat_id: str | None = None


class _CardAction(BaseModel):
    operator: _Operator
    action: _Action
    context: _CardContext = _CardContext()


class _Joined(BaseModel):
    chat_id: str
    operator_id: _Ids
    operator_tenant_key: str | None = None


class _FirstContact(BaseModel):
    """The v1 event `p2p_chat_create`."""

    app_id: str
    open_chat_id: str
    tenant_key: str = ""
    user: _Ids


def read(event: Mapping[str, Any], bot_open_id: str | None) -> Incoming | None:
    """What an admitted event says, or None when there is nothing for us to do.

    None stands for unknown types, messages of bots (ourselves too), and kinds of message without words; all are
    answered with 200, since anything else would be redelivered for seven hours. Raises BotUnknownError for a group
    message with mentions while `bot_open_id` is unknown.
    """
    try:
        return _read_v2(event, bot_open_id) if "header" in event else _read_v1(event)
    except ValidationError as error:
        # The fields' names and what is wrong with them, never their content.
        log.warning("event_unreadable", problems=[(e["loc"], e["type"]) for e in error.errors()][:5])
        return None


def _read_v2(event: Mapping[str, Any], bot_open_id: str | None) -> Incoming | None:
    header = _Header.model_validate(event["header"])
    inner = event.get("event")
    match header.event_type:
        case "im.message.receive_v1":
            return _message(header, _Received.model_validate(inner), bot_open_id)
        case "card.action.trigger":
            return _click(header, _CardAction.model_validate(inner))
        case "im.chat.member.bot.added_v1":
            return _arrival(header, _Joined.model_validate(inner), ChatKind.GROUP)
        case "im.chat.access_event.bot_p2p_chat_entered_v1":
            return _arrival(header, _Joined.model_validate(inner), ChatKind.PRIVATE)
        case other:
            log.info("event_ignored", event_type=other, event_id=header.event_id)
            return None


def _read_v1(event: Mapping[str, Any]) -> Incoming | None:
    inner = event.get("event")
    if not isinstance(inner, dict) or inner.get("type") != "p2p_chat_create":
        log.info("event_ignored", event_type=str(inner.get("type") if isinstance(inner, dict) else None))
        return None
    contact = _FirstContact.model_validate(inner)
    uuid = str(event.get("uuid", ""))
    origin = Origin(
        Platform.FEISHU,
        f"{contact.app_id}:{uuid}",
        uuid,
        contact.tenant_key,
        ChatId(contact.open_chat_id),
        ChatKind.PRIVATE,
        _moment(str(event.get("ts", "0")).partition(".")[0]),
    )
    return Arrival(origin, _person(contact.user, contact.tenant_key))


def _message(header: _Header, received: _Received, bot_open_id: str | None) -> Message | None:
    message = received.message
    if received.sender.sender_type != "user":
        return None
    private = message.chat_type == "p2p"
    mentions = message.mentions or []
    if mentions and not private and bot_open_id is None:
        raise BotUnknownError
    text = _words(message.message_type, message.content)
    if text is None:
        return None
    ours = {m.key for m in mentions if m.id.open_id == bot_open_id}
    origin = Origin(
        Platform.FEISHU,
        f"{header.app_id}:{message.message_id}",
        header.event_id,
        header.tenant_key,
        ChatId(message.chat_id),
        ChatKind.PRIVATE if private else ChatKind.GROUP,
        _moment(message.create_time),
    )
    return Message(
        origin,
        MessageId(message.message_id),
        _person(received.sender.sender_id, received.sender.tenant_key),
        # Room around each placeholder: people write "@bot/stock" and "grant@Li admin" without spaces.
        _PLACEHOLDER.sub(lambda found: " " if found[0] in ours else f" {found[0]} ", _whole(text)),
        tuple(Mention(m.key, _person(m.id, m.tenant_key, m.name)) for m in mentions if m.key not in ours),
        addressed=private or bool(ours),
    )


def _click(header: _Header, action: _CardAction) -> Click:
    origin = _origin(header, action.context.open_chat_id, ChatKind.GROUP)
    value = action.action.value
    # The protocol allows a string here; ours are objects of strings, so nothing else can mean anything.
    pairs = {str(k): _whole(v) for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
    card = action.context.open_message_id
    person = _person(action.operator, action.operator.tenant_key)
    return Click(origin, person, MessageId(card) if card else None, pairs, _filled_in(action.action.form_value))


def _filled_in(form: Any) -> dict[str, str]:
    """What a person filled in, by the name of the field; what they left empty, and what no field says, is not."""
    if not isinstance(form, dict):
        return {}
    named = ((str(name), _field(value)) for name, value in islice(form.items(), MOST_FIELDS))
    return {_whole(name): text for name, text in named if text and len(name) <= LONGEST_FIELD_NAME}


def _field(value: Any) -> str:
    """The text of a field, the day of a date picker's day and time zone; empty for anything else."""
    alone = value[0] if isinstance(value, list) and len(value) == 1 else value
    text = _whole(alone).strip() if isinstance(alone, str) and len(alone) <= LONGEST_FIELD else ""
    picked = _PICKED_DATE.fullmatch(text)
    return picked[1] if picked else text


def _arrival(header: _Header, joined: _Joined, kind: ChatKind) -> Arrival:
    sender = _person(joined.operator_id, joined.operator_tenant_key or header.tenant_key)
    return Arrival(_origin(header, joined.chat_id, kind), sender)


def _origin(header: _Header, chat_id: str | None, kind: ChatKind) -> Origin:
    return Origin(
        Platform.FEISHU,
        f"{header.app_id}:{header.event_id}",
        header.event_id,
        header.tenant_key,
        ChatId(chat_id) if chat_id else None,
        kind,
        _moment(header.create_time),
    )


def _person(ids: _Ids, tenant: str | None, name: str = "") -> Person:
    return Person(
        OpenId(_whole(ids.open_id)), ids.user_id or None, ids.union_id or None, _whole(name) or None, tenant or None
    )


def _whole(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON can carry and nothing else can: they become `?`."""
    return text.encode(errors="replace").decode()


def _moment(stamp: str) -> datetime:
    """A time that Feishu writes in seconds, milliseconds or microseconds: its length tells which (§1.1)."""
    digits = stamp if stamp.isascii() and stamp.isdigit() else "0"
    unit = 10 ** max(0, min(len(digits), 16) - 10)
    return datetime.fromtimestamp(int(digits[:16]) / unit, UTC)


def _words(kind: str, content: str) -> str | None:
    """The text of a text or post message; None for pictures, files and messages recalled meanwhile."""
    try:
        parsed = json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    if kind == "text":
        text = parsed.get("text")
        return text if isinstance(text, str) else None
    return _flatten(parsed) if kind == "post" else None


def _flatten(post: dict[str, Any]) -> str:
    """A post as text: its title, then its lines; a mention keeps its placeholder."""
    rows = (row for row in post.get("content") or [] if isinstance(row, list))
    lines = ("".join(_node_text(node) for node in row if isinstance(node, dict)) for row in rows)
    return "\n".join(line for line in (str(post.get("title") or ""), *lines) if line)


def _node_text(node: dict[str, Any]) -> str:
    field = {"at": "user_id", "text": "text", "a": "text", "code_block": "text"}.get(str(node.get("tag")), "")
    value = node.get(field)
    return value if isinstance(value, str) else ""
