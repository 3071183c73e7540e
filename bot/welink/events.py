"""What a WeLink connection lets in, as messages of the domain; what is none, or cannot be answered, becomes None."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.welink.connection import Connection, FieldMap
from bot.welink.signature import Admitted, moment
from suanli.domain.chat import (
    ChatId,
    ChatKind,
    Message,
    MessageId,
    OpenId,
    Origin,
    Person,
    Platform,
    Target,
    TargetKind,
)
from suanli.domain.lines import SLASHES

log = structlog.get_logger()

_KINDS = {
    "group": ChatKind.GROUP,
    "private": ChatKind.PRIVATE,
    "direct": ChatKind.PRIVATE,
    "single": ChatKind.PRIVATE,
    "p2p": ChatKind.PRIVATE,
}
_ID = re.compile(r"[!-~]{1,200}")
# name@tenant, as WeLink writes its people (welink.md §1.1). Ids of other platforms have no @: nobody can be taken for
# an admin, or for one who is told of a shortage, by bearing the id of their Feishu account.
PERSON = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9._-]{1,100}")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_BLANKS = re.compile(rf"[\s{_INVISIBLE}]*")
_COMMAND_FOR_SOMEBODY = re.compile(rf"@\S+\s+(?=[{SLASHES}])")

LONGEST_NAME = 100
"""Characters of a person's name that are kept."""


class _UnreadableError(Exception):
    """The body does not say what its field map looks for; the message is the field's name."""


def read(connection: Connection, admitted: Admitted, now: datetime) -> Message | None:
    """What an admitted request says, or None when there is nothing for us to do.

    None stands for events that are no message, bodies that the connection's field map does not fit, and messages
    that there is no way to answer.
    """
    fields = connection.fields
    if fields is None or not _is_message(fields, admitted.body):
        log.info("welink_ignored", connection=connection.name, event_type=_word(admitted.body.get("eventType"))[:80])
        return None
    try:
        return _Reading(connection, fields, admitted, now).message()
    except _UnreadableError as error:
        # The field's name, never its content.
        log.warning("welink_unreadable", connection=connection.name, field=str(error))
    except RecursionError:
        log.warning("welink_unreadable", connection=connection.name, field="nested too deep")
    return None


def _is_message(fields: FieldMap, body: dict[str, Any]) -> bool:
    return all(_word(_at(body, pointer)) in allowed for pointer, allowed in fields.only.items())


@dataclass(frozen=True, slots=True)
class _Reading:
    connection: Connection
    fields: FieldMap
    admitted: Admitted
    now: datetime

    def message(self) -> Message | None:
        body, fields = self.admitted.body, self.fields
        text = _at(body, fields.text)
        if not isinstance(text, str):
            raise _UnreadableError("text")
        kind, sender, chat = self._kind(), self._sender(), _word(_at(body, fields.chat_id))
        answers_to = self._answers_to(kind, sender, chat)
        if answers_to is None:
            log.warning("welink_unanswerable", connection=self.connection.name, chat_kind=kind, chat=chat)
            return None
        said, spoken_to = _without_mention(_whole(text), self.connection.names)
        addressed = kind is ChatKind.PRIVATE or spoken_to or said.startswith(tuple(SLASHES))
        key = self._key()
        origin = Origin(
            Platform.WELINK,
            f"{Platform.WELINK}:{self.connection.name}:{key}",
            self._message_id() or key,
            self.connection.name,
            ChatId(f"{self.connection.name}:{chat or sender.open_id}"),
            kind,
            self._sent_at(),
            answers_to,
        )
        return Message(origin, MessageId(self._message_id() or key), sender, said, addressed=addressed)

    def _kind(self) -> ChatKind:
        if not self.fields.chat_kind:
            return ChatKind.GROUP
        kind = _KINDS.get(_word(_at(self.admitted.body, self.fields.chat_kind)).casefold())
        if kind is None:
            raise _UnreadableError("chat_kind")
        return kind

    def _sender(self) -> Person:
        """Who wrote it: nobody known, unless the id is a person's, of those that this connection may speak for."""
        body, tenant = self.admitted.body, self.connection.name if self.connection.colleagues else None
        named = _word(_at(body, self.fields.sender_id))
        known = named if PERSON.fullmatch(named) and self.connection.believes(named) else ""
        name = _at(body, self.fields.sender_name)
        shown = _whole(name)[:LONGEST_NAME].strip() if isinstance(name, str) else ""
        return Person(OpenId(known), name=shown or None, tenant=tenant)

    def _answers_to(self, kind: ChatKind, sender: Person, chat: str) -> Target | None:
        """Where the answer goes, by our settings alone: an address in the body could lead anywhere (§5.2)."""
        if kind is ChatKind.GROUP:
            return self.connection.robot_of(chat)
        return Target(Platform.WELINK, TargetKind.USER_ID, sender.open_id) if sender.is_known else None

    def _message_id(self) -> str:
        return _word(_at(self.admitted.body, self.fields.message_id))

    def _sent_at(self) -> datetime:
        """When it was written, as far as anybody says; never later than now."""
        return min(self._own_time() or self.admitted.at or self.now, self.now)

    def _own_time(self) -> datetime | None:
        return moment(_at(self.admitted.body, self.fields.sent_at))

    def _key(self) -> str:
        """The same for every delivery of one message (§5.3): by its id, else by its time and all that it says.

        Never by the envelope, whose IV is another each time. Where nothing tells the time, the minute of arrival does:
        the same words later are another message.
        """
        named = self._message_id()
        parts = ("id", named) if named else ("body", *self._content())
        return hashlib.sha256(json.dumps((self.connection.name, *parts)).encode()).hexdigest()

    def _content(self) -> Iterator[str]:
        yield json.dumps(self.admitted.body, sort_keys=True, separators=(",", ":"))
        if not self._own_time():
            yield (self.admitted.at or self.now.replace(second=0, microsecond=0)).isoformat()


def _at(body: Any, pointer: str) -> Any:
    """What stands in a body where a JSON pointer leads; None when there is nothing, or the pointer is empty."""
    if not pointer:
        return None
    found = body
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isascii() and name.isdecimal():
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def _word(value: Any) -> str:
    """An id or a kind, a text or a number; empty for anything that is none."""
    word = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return word if _ID.fullmatch(word) else ""


def _whole(text: str) -> str:
    """Text that a database can hold: halves of surrogate pairs become `?`, and NUL goes."""
    return text.encode(errors="replace").decode().replace("\0", "")


def _without_mention(text: str, names: tuple[str, ...]) -> tuple[str, bool]:
    """Words without the bot's own mention in front of them, and whether it was there.

    It is one by its name, or by the command behind it: nobody types a slash for another person.
    """
    said = _BLANKS.sub("", text, count=1)
    for name in names:
        own = re.match(rf"@{re.escape(name)}(?=[\s{_INVISIBLE}{SLASHES}]|$)", said, re.IGNORECASE)
        if own:
            return _BLANKS.sub("", said[own.end() :], count=1), True
    other = _COMMAND_FOR_SOMEBODY.match(said)
    return (said[other.end() :], True) if other else (said, False)
