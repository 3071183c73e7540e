"""What comes in from a chat, the same for every platform: a message, a click, or an arrival."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

OpenId = NewType("OpenId", str)
ChatId = NewType("ChatId", str)
MessageId = NewType("MessageId", str)


class Platform(StrEnum):
    """A chat platform."""

    FEISHU = "feishu"
    WELINK = "welink"
    FEISHU_HOOK = "feishu-hook"
    """A custom bot's webhook: out only, one group, no people and no clicks (feishu.md §8)."""
    MAIL = "mail"
    """E-mail: out only."""


class ChatKind(StrEnum):
    """Where people talk: with the bot alone, or in a group."""

    PRIVATE = "private"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the platform names them to this app.

    `user_id` is absent when the app lacks the scope for it; `tenant` is the company they belong to. The open_id is
    empty when the platform does not say who it is.
    """

    open_id: OpenId
    user_id: str | None = None
    union_id: str | None = None
    name: str | None = None
    tenant: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether this is somebody: what an unknown person does is never more than to read."""
        return bool(self.open_id)


@dataclass(frozen=True, slots=True)
class Mention:
    """A person named in a message: `key` is the placeholder that stands for them in its text."""

    key: str
    person: Person


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from: enough to answer there and to tell two deliveries of it apart.

    `key` is the same for every delivery of one thing (Feishu: app and message id) and is what dedupe looks at.
    `tenant` is the company that installed the app, not that of the person. `answers_to` is where answers go when the
    chat itself cannot be written to by its id.
    """

    platform: Platform
    key: str
    event_id: str
    tenant: str
    chat_id: ChatId | None
    chat_kind: ChatKind
    sent_at: datetime
    answers_to: "Target | None" = None


@dataclass(frozen=True, slots=True)
class Message:
    """Words that a person wrote, with the bot's own mention taken out.

    `addressed` says that the person speaks to the bot: in private, or by mentioning it in a group.
    """

    origin: Origin
    message_id: MessageId
    sender: Person
    text: str
    mentions: tuple[Mention, ...] = ()
    addressed: bool = True


@dataclass(frozen=True, slots=True)
class Click:
    """A button pressed on one of our cards: who pressed decides what is allowed, not who the card was for.

    `form` is what was filled in, by the name of the input; a date is written as 2026-12-31.
    """

    origin: Origin
    sender: Person
    card_message_id: MessageId | None
    value: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The bot came into a group, or a person opened their private chat with it."""

    origin: Origin
    sender: Person


Incoming = Message | Click | Arrival


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes: `kind` says what `id` is, and for `reply`, which message it hangs under."""

    platform: Platform
    kind: "TargetKind"
    id: str

    @property
    def lane(self) -> str:
        """The name under which sends to this place are kept in order and within its rate."""
        return f"{self.platform}:{self.kind}:{self.id}"


class TargetKind(StrEnum):
    """What a target's id is."""

    OPEN_ID = "open_id"
    USER_ID = "user_id"
    UNION_ID = "union_id"
    EMAIL = "email"
    CHAT = "chat_id"
    HOOK = "hook"
    ROBOT = "robot"
    """A WeLink group's robot, by its name in the settings (welink.md §1)."""
