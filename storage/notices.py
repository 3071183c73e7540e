"""Who was told of which model being low, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from storage.tables import NoticeRow
from storage.upserts import insert_or_set
from suanli.domain.stock import Model

_LAST_TOLD = select(NoticeRow.recipient, NoticeRow.model, NoticeRow.told_at)
_TELL = insert_or_set(NoticeRow, "told_at")


class SqlNotices:
    """The `Notices` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_told(self) -> Mapping[tuple[str, Model], datetime]:
        """The last time each recipient was told of each model."""
        rows = self._connection.execute(_LAST_TOLD)
        return {(recipient, Model(model)): told_at for recipient, model, told_at in rows}

    def tell(self, recipient: str, models: Sequence[Model], now: datetime) -> None:
        """Note that a recipient is told of these models."""
        for model in models:
            self._connection.execute(_TELL, {"recipient": recipient, "model": model, "told_at": now})
