"""What was received, what is to be sent, and who may do what."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from suanli.domain.access import Grant, Role
from suanli.domain.audit import AuditEntry
from suanli.domain.chat import ChatId, MessageId, OpenId, Origin, Platform
from suanli.domain.delivery import DeadLetter, Draft, OutboxDepth, Parcel, Rates, Receipt
from suanli.i18n import Lang


class Inbox(Protocol):
    """What was received, so that nothing is done twice."""

    def admit(self, origin: Origin, kind: str, now: datetime) -> bool:
        """Write it down; False when it was written down before. Atomic across processes."""

    def forget_before(self, moment: datetime) -> int:
        """Drop what was received earlier than `moment`; how many."""


class Outbox(Protocol):
    """What is to be sent."""

    def post(self, draft: Draft, now: datetime) -> bool:
        """Write a message; False when its key is there already.

        A draft that redraws a message replaces what was last drawn there, sent or not, and is always written.
        """

    def post_all(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Write messages, none of which redraws one; those whose key is there already are left alone."""

    def redraw(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Write drafts that all redraw a message."""

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, rates: Mapping[Platform, Rates]
    ) -> Sequence[Parcel]:
        """Take due rows of the platforms that `rates` names, at most one a lane, within each lane's and platform's."""

    def sent(self, parcel: Parcel, message_id: MessageId | None, now: datetime) -> bool:
        """Settle as sent; False when the lease was lost to another owner in the meantime."""

    def again(
        self,
        parcel: Parcel,
        *,
        due_at: datetime,
        error: str,
        as_text: bool,
        counts: bool,
        progress: int | None = None,
    ) -> bool:
        """Settle as to be retried; `counts` False when the platform only asked for patience.

        `progress`: so many parts of the message have arrived.
        """

    def dead(self, parcel: Parcel, error: str, now: datetime) -> bool:
        """Settle as set aside."""

    def pause(self, platform: Platform, lane: str | None, until: datetime) -> None:
        """Let a lane, or with None the whole platform, rest until then."""

    def receipts(self, keys: Sequence[str]) -> Mapping[str, Receipt]:
        """What became of these messages, and of what was sent in their place."""

    def dead_letters(self, prefix: str, limit: int) -> Sequence[DeadLetter]:
        """Messages that were set aside and whose key begins so, the newest first; drawings left out."""

    def revive(self, number: int, now: datetime) -> bool:
        """Let a message that was set aside be sent after all, as if it was never tried; False when it is none."""

    def depth(self) -> OutboxDepth:
        """How much waits, since when, and how much is set aside."""

    def forget_before(self, moment: datetime) -> int:
        """Drop settled rows older than `moment`; how many."""


class Grants(Protocol):
    """Roles given in chat."""

    def role_of(self, platform: Platform, open_id: OpenId) -> Role | None:
        """The role granted to a person, or None."""

    def all(self, platform: Platform) -> Sequence[Grant]:
        """Every grant, highest role first."""

    def put(self, grant: Grant) -> None:
        """Give a role, in place of an earlier one."""

    def drop(self, platform: Platform, open_id: OpenId) -> bool:
        """Take a role away; False when there was none."""


class Chats(Protocol):
    """Chats we have been in: their language, and whether they were welcomed."""

    def lang_of(self, platform: Platform, chat_id: str) -> Lang | None:
        """The language chosen for a chat (or, by open_id, for a person), or None."""

    def choose_lang(self, platform: Platform, chat_id: str, lang: Lang) -> None:
        """Remember a language."""

    def welcome(self, platform: Platform, chat_id: ChatId, now: datetime) -> bool:
        """Note that a chat is welcomed; False when it was before."""


class Audits(Protocol):
    """Every command that ran or was refused."""

    def add(self, entry: AuditEntry) -> None:
        """Write it down."""

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        """The last entries, newest first."""

    def forget_before(self, moment: datetime) -> int:
        """Drop entries older than `moment`; how many."""
