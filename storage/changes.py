"""Who changed what."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from storage.tables import ChangeRow
from storage.targets import dump_texts, load_texts
from suanli.domain.changes import Change

_NEW = insert(ChangeRow)
_NEWEST = select(ChangeRow.__table__).order_by(ChangeRow.id.desc()).limit(bindparam("most"))
_NEWEST_OF = _NEWEST.where(ChangeRow.subject == bindparam("of_subject"))


class SqlChanges:
    """The `Changes` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, change: Change) -> None:
        """Write it down."""
        self._connection.execute(_NEW, _columns_of(change))

    def newest(self, limit: int, subject: str = "") -> Sequence[Change]:
        """The last ones, newest first; of one subject, if it is said."""
        asked = {"most": limit, "of_subject": subject} if subject else {"most": limit}
        return tuple(map(_change_of, self._connection.execute(_NEWEST_OF if subject else _NEWEST, asked)))


def _change_of(row: Row[*tuple[Any, ...]]) -> Change:
    return Change(row.at, row.who, row.way, row.what, row.subject, load_texts(row.before), load_texts(row.after))


def _columns_of(change: Change) -> Mapping[str, Any]:
    return {
        "at": change.at,
        "who": change.who,
        "way": change.way,
        "what": change.what,
        "subject": change.subject,
        "before": dump_texts(change.before),
        "after": dump_texts(change.after),
    }
