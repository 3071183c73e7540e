"""What was said: every message with its present state, and the log of what the app sent and changed."""

from dataclasses import dataclass, field
from datetime import datetime

from suanli.sandbox.feishu.people import Chat, Human, Json
from suanli.sandbox.feishu.reading import words_of


@dataclass(slots=True, eq=False)
class Message:
    """A message as it stands now; `author` is None when the app wrote it."""

    message_id: str
    chat: Chat
    author: Human | None
    msg_type: str
    content: Json
    created_at: datetime
    updated_at: datetime
    root_id: str = ""
    parent_id: str = ""
    thread_id: str = ""
    edits: int = 0
    recalled: bool = False

    @property
    def text(self) -> str:
        """Every word a person reads on it now."""
        return words_of(self.msg_type, self.content)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the app as it was sent.

    `receiver` is the id that the app named, `reply_to` the message it hung this one under; each may be empty.
    """

    message_id: str
    chat_id: str
    receiver: str
    msg_type: str
    content: Json
    at: datetime
    uuid: str = ""
    reply_to: str = ""

    @property
    def text(self) -> str:
        """Every word a person reads on it, a line for each piece."""
        return words_of(self.msg_type, self.content)


@dataclass(frozen=True, slots=True)
class Change:
    """A message of the app that got new content: edited, its card updated, or replaced in answer to a click."""

    message_id: str
    msg_type: str
    content: Json
    at: datetime

    @property
    def text(self) -> str:
        """Every word a person reads on it now."""
        return words_of(self.msg_type, self.content)


@dataclass(frozen=True, slots=True)
class Called:
    """A request of the app and what came of it: the platform's `code`, or None when the answer carried none."""

    method: str
    path: str
    status: int
    code: int | None


@dataclass(slots=True, eq=False)
class CardToken:
    """The right to update a clicked card, twice within 30 minutes, once the click was answered (feishu.md §4.6)."""

    message: Message
    issued_at: datetime
    answered: bool = False
    uses: int = 0


@dataclass(slots=True, eq=False)
class Hook:
    """A custom bot of a group: who has its URL, and signs with its secret if it has one, speaks there."""

    hook_id: str
    chat: Chat
    secret: str = ""
    keywords: tuple[str, ...] = ()
    messages: list[Sent] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Where to post to, below the platform's host."""
        return f"/open-apis/bot/v2/hook/{self.hook_id}"
