"""Tokens of the API."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from storage.prepared import Prepared
from storage.price_book import EDITION, SqlPriceBook
from storage.tables import TokenRow
from suanli.domain.cost.parties import Payer
from suanli.domain.tokens import ApiToken, Permission, TokenId

_COLUMNS = (
    TokenRow.id, TokenRow.name, TokenRow.digest, TokenRow.user, TokenRow.project, TokenRow.department,
    TokenRow.organization, TokenRow.permissions, TokenRow.role, TokenRow.created_by, TokenRow.created_at,
    TokenRow.expires_at, TokenRow.revoked_at,
)  # fmt: skip
# Who asks who calls, asks next what it costs.
_BY_DIGEST = Prepared(select(EDITION, *_COLUMNS).where(TokenRow.digest == bindparam("of_digest")))
_ALL = select(*_COLUMNS).order_by(TokenRow.id)
_NEW = insert(TokenRow).returning(TokenRow.id)
_REVOKE = (
    update(TokenRow)
    .where(
        TokenRow.id == bindparam("of_id"),
        TokenRow.revoked_at.is_(None),
        or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > bindparam("now")),
    )
    .values(revoked_at=bindparam("now"))
    .returning(TokenRow.id)
)


class SqlTokens:
    """The `Tokens` of one transaction."""

    __slots__ = ("_book", "_connection")

    def __init__(self, connection: Connection, book: SqlPriceBook) -> None:
        self._connection = connection
        self._book = book

    def add(self, token: ApiToken) -> ApiToken:
        """Store a token; it gets its number."""
        number = self._connection.execute(_NEW, _columns_of(token)).scalar_one()
        return replace(token, id=TokenId(number))

    def by_digest(self, digest: str) -> ApiToken | None:
        """The token of which this is the digest."""
        rows = _BY_DIGEST.run(self._connection, {"of_digest": digest})
        if not rows:
            return None
        ((edition, *cells),) = rows
        self._book.foresee(edition)
        return _token_of(*cells)

    def revoke(self, token: TokenId, now: datetime) -> bool:
        """End a token; False when there is none that is valid."""
        return self._connection.execute(_REVOKE, {"of_id": token, "now": now}).first() is not None

    def all(self) -> Sequence[ApiToken]:
        """Every token, by number."""
        return tuple(_token_of(*row) for row in self._connection.execute(_ALL))


def _token_of(*cells: Any) -> ApiToken:
    """The token of a row of `_COLUMNS`."""
    number, name, digest, user, project, department, organization, permissions, role, *rest = cells
    payer = Payer(user, project, department, organization)
    granted = frozenset(map(Permission, permissions.split()))
    return ApiToken(TokenId(number), name, digest, payer, granted, role, *rest)


def _columns_of(token: ApiToken) -> Mapping[str, Any]:
    return {
        "name": token.name,
        "digest": token.digest,
        "user": token.payer.user,
        "project": token.payer.project,
        "department": token.payer.department,
        "organization": token.payer.organization,
        "permissions": " ".join(sorted(token.permissions)),
        "role": token.role,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
