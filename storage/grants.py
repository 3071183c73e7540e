"""Roles given in chat."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, select

from storage.prepared import Prepared
from storage.tables import GrantRow
from storage.upserts import insert_or_set
from suanli.domain.access import Grant, Role
from suanli.domain.chat import OpenId, Platform

_THIS = (GrantRow.platform == bindparam("platform"), GrantRow.open_id == bindparam("open_id"))
_ROLE_OF = Prepared(select(GrantRow.role).where(*_THIS))
_ALL = select(GrantRow.platform, GrantRow.open_id, GrantRow.role, GrantRow.granted_by, GrantRow.granted_at).where(
    GrantRow.platform == bindparam("platform")
)
_PUT = insert_or_set(GrantRow, "role", "granted_by", "granted_at")
_DROP = delete(GrantRow).where(*_THIS).returning(GrantRow.open_id)


class SqlGrants:
    """The `Grants` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def role_of(self, platform: Platform, open_id: OpenId) -> Role | None:
        """The role granted to a person, or None."""
        rows = _ROLE_OF.run(self._connection, {"platform": platform, "open_id": open_id})
        return rows[0][0] if rows else None

    def all(self, platform: Platform) -> Sequence[Grant]:
        """Every grant, highest role first, within a role the longest held first."""
        grants = (Grant(*row) for row in self._connection.execute(_ALL, {"platform": platform}))
        return tuple(sorted(grants, key=lambda grant: (-grant.role, grant.granted_at, grant.open_id)))

    def put(self, grant: Grant) -> None:
        """Give a role, in place of an earlier one."""
        self._connection.execute(_PUT, asdict(grant))

    def drop(self, platform: Platform, open_id: OpenId) -> bool:
        """Take a role away; False when there was none."""
        return self._connection.execute(_DROP, {"platform": platform, "open_id": open_id}).first() is not None
