"""Sets of accounts that holds are against together: each is made once, by the first hold against it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from storage.bulk import one_of
from storage.prepared import Prepared
from storage.tables import AccountSetRow, MemberRow
from storage.upserts import insert_new

_KNOWN = Prepared(select(AccountSetRow.members, AccountSetRow.id).where(one_of(AccountSetRow.members, "members")))
_NEW = insert_new(AccountSetRow).returning(AccountSetRow.id)
_NEW_MEMBER = insert_new(MemberRow)


def members_of(accounts: Iterable[int]) -> str:
    """The set of these accounts, as it is called."""
    return " ".join(map(str, sorted(accounts)))


def sets_of(connection: Connection, members: Iterable[str]) -> tuple[Mapping[str, int], Collection[str]]:
    """The ids of these sets, made where there are none; and which of them were made."""
    wanted = sorted({*members})
    found = _known(connection, wanted)
    made = {}
    for each in wanted:  # in their order: transactions may wait for each other in it
        new = None if each in found else connection.execute(_NEW, {"members": each}).scalar()
        if new is not None:
            made[each] = new
    rows = [{"account_set": new, "account": int(one)} for each, new in made.items() for one in each.split()]
    if rows:
        connection.execute(_NEW_MEMBER, rows)
    found.update(made)
    if len(found) < len(wanted):  # others made them, at this moment
        found.update(_known(connection, [each for each in wanted if each not in found]))
    return found, made.keys()


def _known(connection: Connection, members: Sequence[str]) -> dict[str, int]:
    return dict(_KNOWN.run(connection, {"members": members}))
