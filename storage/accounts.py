"""Accounts while they are looked at, locked and moved: what a decision needs of them, and the order of locks.

A transaction waits for rows in one order, and does so once: holds that are there, by key; the book of quotas; accounts
that are being made, and after all of them sets; what is new by a key of its own, holds by theirs or records by their
`request_id`; records that get their price, by number; then accounts, all that it needs in one statement, by rank and
id, the hottest last (cost.md §7.4). It changes holds that were there only when nothing but accounts is left to wait for
(storage/hold_expiry.py). So nobody waits in a circle. The tail of the sums comes last: nobody waits for it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    bindparam,
    delete,
    literal_column,
    select,
    text,
    type_coerce,
    update,
)

from storage.bulk import Bulk, given_rows, one_of
from storage.prepared import Prepared
from storage.tables import AccountRow, AccountSetRow, HoldRow, MemberRow, QuotaAlertRow, QuotaBookRow, QuotaRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Account, Level, QuotaId, Scope, reached, refuses
from suanli.domain.cost.windows import Window

AnyRow = Row[*tuple[Any, ...]]

BOOK = 1

OF_SET = AccountRow.id.in_(select(MemberRow.account).where(MemberRow.account_set == bindparam("of_set")))
# As the driver gives it: twelve rows a hold are not worth a conversion of every cell.
STANDING = (
    AccountRow.id, AccountRow.limit, AccountRow.granted, AccountRow.used, AccountRow.held,
    type_coerce(AccountRow.soft, Integer), AccountRow.warning, AccountRow.critical,
)  # fmt: skip
_EDITION = select(QuotaBookRow.edition).scalar_subquery()
# As text, not as a parameter: only then do databases see that the index of what is held has all of these.
DUE = (HoldRow.expires_at <= bindparam("now"), text("holds.state = 'held'"))
# The first of them, not whether there are any: PostgreSQL would look through all holds for that when many are held.
# 0 rows are left out in words, or SQLAlchemy makes a parameter of it for SQLite.
_ANY_DUE = (
    select(literal_column("1", Integer))
    .where(*DUE)
    .order_by(HoldRow.expires_at)
    .limit(literal_column("1"))
    .offset(literal_column("0"))
    .scalar_subquery()
)

_BOOK = Prepared(select(_EDITION, _ANY_DUE))
_LOOK = Prepared(select(_EDITION, _ANY_DUE, *STANDING).where(OF_SET))
_READ = Prepared(select(*STANDING).where(OF_SET))
IN_ORDER = (AccountRow.rank, AccountRow.id)
_LOCK = Prepared(select(*STANDING).where(OF_SET).order_by(*IN_ORDER).with_for_update(of=AccountRow))
_THESE = one_of(AccountRow.id, "ids")
_LOOK_AT_THESE = Prepared(select(_EDITION, _ANY_DUE, *STANDING).where(_THESE))
_READ_THESE = Prepared(select(*STANDING).where(_THESE))
_LOCK_THESE = Prepared(select(*STANDING).where(_THESE).order_by(*IN_ORDER).with_for_update(of=AccountRow))
_MEMBERS = Prepared(select(AccountSetRow.id, AccountSetRow.members).where(one_of(AccountSetRow.id, "sets")))
_MORE = {"held": AccountRow.held + bindparam("held_more"), "used": AccountRow.used + bindparam("used_more")}
_MOVE = Prepared(update(AccountRow).where(OF_SET).values(_MORE))
_MOVES = given_rows(of_account=BigInteger(), held_more=BigInteger(), used_more=BigInteger())
_MOVE_MANY = Bulk(
    Prepared(update(AccountRow).where(AccountRow.id == bindparam("of_account")).values(_MORE)),
    update(AccountRow)
    .where(AccountRow.id == _MOVES.c.of_account)
    .values(held=AccountRow.held + _MOVES.c.held_more, used=AccountRow.used + _MOVES.c.used_more),
)
WHOLE_ROWS = select(
    AccountRow.__table__, QuotaRow.name, QuotaRow.scope_kind, QuotaRow.scope_id
).join(QuotaRow, QuotaRow.id == AccountRow.quota)  # fmt: skip
_WHOLE_THESE = WHOLE_ROWS.where(_THESE)
_WHOLE_OF_SET = WHOLE_ROWS.where(OF_SET).order_by(*IN_ORDER)
_NEW_EDITION = insert_or_set(QuotaBookRow, "edition")
_FORGET = Prepared(
    delete(QuotaAlertRow).where(
        QuotaAlertRow.account == bindparam("of_account"), QuotaAlertRow.level == bindparam("of_level")
    )
)
_TELL = Prepared(insert_new(QuotaAlertRow), inserts=("account", "level", "reached_at", "used", "limit", "message_key"))


class Standing(NamedTuple):
    """What a decision needs of an account."""

    id: int
    limit: int
    granted: str
    used: int
    held: int
    soft: int
    warning: int
    critical: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a hold begins with: the edition of the quotas, whether holds are due to expire, and how accounts stand."""

    edition: str | None
    due: bool
    standings: Sequence[Standing]


class SqlAccounts:
    """The accounts of one transaction."""

    __slots__ = ("_connection", "_edited", "_moved")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._edited = False
        self._moved = False

    def take_turn(self, *, edits: bool = False) -> None:
        """Be the only one in this transaction that changes accounts, or `edits` quotas and with them accounts.

        Raises RuntimeError for the second.
        """
        if self._moved or self._edited:
            raise RuntimeError("accounts change once a transaction, or transactions might wait in a circle")
        self._moved = True
        if edits:
            self._hold_book()

    def edit(self) -> None:
        """Add quotas, in a transaction in which no accounts change. Raises RuntimeError if they did."""
        if self._moved:
            raise RuntimeError("quotas are added in a transaction of their own")
        self._edited = True
        self._hold_book()

    def _hold_book(self) -> None:
        """Hold the book of quotas to the end, and let every process know that it is a new edition."""
        self._connection.execute(_NEW_EDITION, {"id": BOOK, "edition": uuid4().hex})

    def look(self, account_set: int | None, now: datetime) -> Look:
        """How things stand, nothing locked; without accounts when there are none in the set."""
        rows = () if account_set is None else _LOOK.run(self._connection, {"of_set": account_set, "now": now})
        if not rows:
            ((edition, due),) = _BOOK.run(self._connection, {"now": now})
            return Look(edition, bool(due), ())
        return Look(rows[0][0], bool(rows[0][1]), [Standing(*row[2:]) for row in rows])

    def read(self, account_set: int) -> Sequence[Standing]:
        """The accounts of a set, not locked."""
        return [Standing(*row) for row in _READ.run(self._connection, {"of_set": account_set})]

    def lock(self, account_set: int, seen: Sequence[Standing] | None = None) -> Sequence[Standing]:
        """The accounts of a set, ours to the end; `seen` is how they stood in this transaction."""
        if seen is not None and self._connection.dialect.name == "sqlite":
            return seen  # one transaction writes at a time: what was seen still is
        return [Standing(*row) for row in _LOCK.run(self._connection, {"of_set": account_set})]

    def look_at(self, ids: Iterable[int], now: datetime) -> Look:
        """As `look`, of accounts by their ids."""
        rows = _LOOK_AT_THESE.run(self._connection, {"ids": list(ids), "now": now})
        if not rows:
            return self.look(None, now)
        return Look(rows[0][0], bool(rows[0][1]), [Standing(*row[2:]) for row in rows])

    def read_these(self, ids: Iterable[int]) -> Sequence[Standing]:
        """Accounts by their ids, not locked."""
        return [Standing(*row) for row in _READ_THESE.run(self._connection, {"ids": list(ids)})]

    def lock_these(self, ids: Iterable[int]) -> Sequence[Standing]:
        """Lock accounts by their ids, in the one order."""
        return [Standing(*row) for row in _LOCK_THESE.run(self._connection, {"ids": list(ids)})]

    def members(self, account_sets: Iterable[int]) -> Mapping[int, Sequence[int]]:
        """The ids of the accounts in each of these sets."""
        rows = _MEMBERS.run(self._connection, {"sets": list(account_sets)})
        return {account_set: [int(each) for each in members.split()] for account_set, members in rows}

    def move(self, account_set: int, *, held: int = 0, used: int = 0) -> None:
        """Add to what is held, and to what is used, in every account of a set. They are locked."""
        _MOVE.run(self._connection, {"of_set": account_set, "held_more": held, "used_more": used})

    def move_all(self, moves: Iterable[tuple[int, int, int]]) -> None:
        """Add to what is held, and to what is used, in accounts by their ids. They are locked."""
        names = ("of_account", "held_more", "used_more")
        _MOVE_MANY.run(self._connection, [dict(zip(names, move, strict=True)) for move in moves])

    def shown(self, ids: Iterable[int], now: datetime) -> Mapping[int, Account]:
        """Accounts by their ids, as people are told of them."""
        return {row.id: account_of(row, now) for row in self._connection.execute(_WHOLE_THESE, {"ids": list(ids)})}

    def of(self, account_set: int, now: datetime) -> Sequence[Account]:
        """The accounts of a set, as people are told of them, in the order of locks."""
        return tuple(account_of(row, now) for row in self._connection.execute(_WHOLE_OF_SET, {"of_set": account_set}))

    def tell(self, standings: Iterable[Standing], now: datetime, *, more: int | None = None) -> None:
        """Write down the levels that accounts have come to, with so much `more` used: those that are new by it.

        Without `more`, all that they have come to. A level that was reached before in this window is left alone.
        """
        self.tell_all([(each, more) for each in standings], now)

    def tell_anew(self, standings: Sequence[Standing], now: datetime) -> None:
        """Write down the levels that accounts have come to by an edit, and forget those that they are below again.

        These are told once more when an account comes to them again: of another limit, or after a reset.
        """
        reached_by = {
            each.id: reached(limit_at(each.limit, each.granted, now), each.used, each.warning, each.critical)
            for each in standings
        }
        below = [
            {"of_account": account, "of_level": level}
            for account, levels in reached_by.items()
            for level in Level
            if level not in levels
        ]
        if below:
            _FORGET.run_for_each(self._connection, below)
        self.tell(standings, now)

    def tell_all(self, changes: Iterable[tuple[Standing, int | None]], now: datetime) -> None:
        """Write down the levels that accounts have come to, change by change; each comes with its `more` of `tell`."""
        rows = [
            {"account": each.id, "level": level, "reached_at": now, "used": used, "limit": limit, "message_key": None}
            for each, more in changes
            for limit, used in [(limit_at(each.limit, each.granted, now), each.used + (more or 0))]
            for level in reached(limit, used, each.warning, each.critical)
            if more is None or level not in reached(limit, each.used, each.warning, each.critical)
        ]
        if rows:
            _TELL.run_for_each(self._connection, rows)


def have_room(standings: Iterable[Standing], amount: int, now: datetime) -> bool:
    """Whether so much more may be held in all of these. Raises MoneyError when it cannot be counted any more."""
    beyond = False
    for each in standings:
        taken = each.used + each.held
        if refuses(limit_at(each.limit, each.granted, now) - taken, amount, soft=bool(each.soft)):
            return False
        beyond = beyond or taken + amount > LARGEST
    if beyond:
        raise MoneyError("so much in one window cannot be counted any more")
    return True


def limit_at(limit: int, granted: str, now: datetime) -> int:
    """A limit with what is granted on top of it at this moment."""
    if not granted:
        return limit
    grants: list[tuple[int, str]] = json.loads(granted)
    return min(LARGEST, limit + sum(amount for amount, until in grants if now < datetime.fromisoformat(until)))


def written_grants(grants: Iterable[tuple[int, datetime]]) -> str:
    """Amounts on top of a limit, each with the moment it ends, as an account has them."""
    found = [(amount, until.isoformat()) for amount, until in grants]
    return json.dumps(found) if found else ""


def account_of(row: AnyRow, now: datetime) -> Account:
    """A row of `WHOLE_ROWS` as it stands at this moment."""
    return Account(
        quota=QuotaId(row.quota),
        name=row.name,
        scope=Scope(row.scope_kind, row.scope_id),
        span=row.span,
        window=Window(row.starts_at, row.ends_at),
        limit=Nano(limit_at(row.limit, row.granted, now)),
        used=Nano(row.used),
        held=Nano(row.held),
        soft=row.soft,
    )
