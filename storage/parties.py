"""Who pays."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_

from storage.batches import batches
from storage.tables import PartyRow
from storage.upserts import insert_or_set
from suanli.domain.chat import Target
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope

_ALL = select(PartyRow.__table__)
_THIS = (PartyRow.scope_kind == bindparam("of_kind"), PartyRow.scope_id == bindparam("of_id"))
_FIND = _ALL.where(*_THIS)
_DROP = delete(PartyRow).where(*_THIS).returning(PartyRow.scope_id)
_PUT = insert_or_set(
    PartyRow, "name", "contact_platform", "contact_kind", "contact_id", "project", "department", "organization"
)
_OF_CONTACT = _ALL.where(
    PartyRow.contact_id == bindparam("target_id"),
    PartyRow.contact_platform == bindparam("platform"),
    PartyRow.contact_kind == bindparam("target_kind"),
)
_NAMES = select(PartyRow.scope_kind, PartyRow.scope_id, PartyRow.name).where(
    PartyRow.name != "", tuple_(PartyRow.scope_kind, PartyRow.scope_id).in_(bindparam("scopes", expanding=True))
)


class SqlParties:
    """The `Parties` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, party: Party) -> None:
        """Write one down, in place of what was known of it."""
        self._connection.execute(_PUT, _columns_of(party))

    def drop(self, scope: Scope) -> bool:
        """Forget one; False when it was not known."""
        return self._connection.execute(_DROP, _asked(scope)).first() is not None

    def find(self, scope: Scope) -> Party | None:
        """What is known of one."""
        row = self._connection.execute(_FIND, _asked(scope)).first()
        return None if row is None else _party_of(row)

    def of_contact(self, contact: Target) -> Sequence[Party]:
        """Those whose private chat this is: the user first, then what this person answers for."""
        asked = {"target_id": contact.id, "platform": contact.platform, "target_kind": contact.kind}
        return _in_order(self._connection.execute(_OF_CONTACT, asked))

    def all(self) -> Sequence[Party]:
        """Everybody, by kind and id."""
        return _in_order(self._connection.execute(_ALL))

    def names(self, scopes: Sequence[Scope]) -> Mapping[Scope, str]:
        """The names of those that have one."""
        return {
            Scope(row.scope_kind, row.scope_id): row.name
            for some in batches(list({*scopes}))
            for row in self._connection.execute(_NAMES, {"scopes": [(each.kind, each.id) for each in some]})
        }


def _in_order(rows: Any) -> Sequence[Party]:
    # Kinds are stored as words, and every database has an order of its own for text.
    return tuple(sorted(map(_party_of, rows), key=lambda party: party.scope))


def _asked(scope: Scope) -> Mapping[str, Any]:
    return {"of_kind": scope.kind, "of_id": scope.id}


def _party_of(row: Row[*tuple[Any, ...]]) -> Party:
    contact = None
    if row.contact_id is not None:
        contact = Target(row.contact_platform, row.contact_kind, row.contact_id)
    return Party(Scope(row.scope_kind, row.scope_id), row.name, contact, row.project, row.department, row.organization)


def _columns_of(party: Party) -> Mapping[str, Any]:
    contact = party.contact
    return {
        "scope_kind": party.scope.kind,
        "scope_id": party.scope.id,
        "name": party.name,
        "contact_platform": None if contact is None else contact.platform,
        "contact_kind": None if contact is None else contact.kind,
        "contact_id": None if contact is None else contact.id,
        "project": party.project,
        "department": party.department,
        "organization": party.organization,
    }
