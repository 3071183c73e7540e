"""Chats and people we have talked with: their language, and whether they were welcomed."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.prepared import Prepared
from storage.tables import ChatRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.chat import ChatId, Platform
from suanli.i18n import Lang

_LANG_OF = Prepared(
    select(ChatRow.lang).where(ChatRow.platform == bindparam("platform"), ChatRow.chat_id == bindparam("chat_id"))
)
_CHOOSE_LANG = insert_or_set(ChatRow, "lang")
_WELCOME_NEW = insert_new(ChatRow).returning(ChatRow.chat_id)
_WELCOME_KNOWN = (
    update(ChatRow)
    .where(
        ChatRow.platform == bindparam("of_platform"),
        ChatRow.chat_id == bindparam("of_chat"),
        ChatRow.welcomed_at.is_(None),
    )
    .returning(ChatRow.chat_id)
)


class SqlChats:
    """The `Chats` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lang_of(self, platform: Platform, chat_id: str) -> Lang | None:
        """The language chosen for a chat (or, by open_id, for a person), or None."""
        rows = _LANG_OF.run(self._connection, {"platform": platform, "chat_id": chat_id})
        return rows[0][0] if rows else None

    def choose_lang(self, platform: Platform, chat_id: str, lang: Lang) -> None:
        """Remember a language."""
        self._connection.execute(_CHOOSE_LANG, {"platform": platform, "chat_id": chat_id, "lang": lang})

    def welcome(self, platform: Platform, chat_id: ChatId, now: datetime) -> bool:
        """Note that a chat is welcomed; False when it was before."""
        new = {"platform": platform, "chat_id": chat_id, "welcomed_at": now}
        if self._connection.execute(_WELCOME_NEW, new).first() is not None:
            return True
        known = {"of_platform": platform, "of_chat": chat_id, "welcomed_at": now}
        return self._connection.execute(_WELCOME_KNOWN, known).first() is not None
