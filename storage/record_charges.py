"""What quotas count for records: holds that are settled by them, and accounts that are moved by all of them at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.accounts import SqlAccounts, Standing
from storage.bulk import Bulk, given_rows, one_of
from storage.columns import as_kept
from storage.hold_rows import COLUMNS, StoredHold
from storage.prepared import Prepared
from storage.record_rows import Draft
from storage.resets import kept_away
from storage.tables import HoldRow
from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.quotas import HoldState

_LOCK = Prepared(select(*COLUMNS).where(one_of(HoldRow.key, "keys")).order_by(HoldRow.key).with_for_update())
OPEN = frozenset({HoldState.HELD, HoldState.EXPIRED})
"""Of a hold that a record may settle."""

Moves = Mapping[int, tuple[int, int]]
"""What is added to the held and to the used part of accounts, by their ids."""

_TYPES = HoldRow.__table__.c
_GIVEN = given_rows(
    of_key=_TYPES.key.type, new_state=_TYPES.state.type, new_actual=_TYPES.actual.type, at=_TYPES.finished_at.type
)
_SETTLE = Bulk(
    Prepared(
        update(HoldRow)
        .where(HoldRow.key == bindparam("of_key"))
        .values(state=bindparam("new_state"), actual=bindparam("new_actual"), finished_at=bindparam("at"))
    ),
    update(HoldRow)
    .where(HoldRow.key == _GIVEN.c.of_key)
    .values(state=_GIVEN.c.new_state, actual=_GIVEN.c.new_actual, finished_at=_GIVEN.c.at),
)
_CORRECT = Prepared(update(HoldRow).where(HoldRow.key == bindparam("of_key")).values(actual=bindparam("new_actual")))


def lock_holds(connection: Connection, keys: Iterable[str | None]) -> dict[str, StoredHold]:
    """Those of these holds that are there, by key, ours to the end."""
    wanted = sorted({as_kept(key) for key in keys if key is not None})
    rows = _LOCK.run(connection, {"keys": wanted}) if wanted else ()
    return {found.hold.key: found for found in map(StoredHold.of, rows)}


def charge_holds(drafts: Mapping[str, Draft], holds: Mapping[str, StoredHold], currency: Currency) -> set[str]:
    """Let calls of which a hold is known be charged to that; the ids of those whose hold came to another end.

    A hold in another currency than the site's is as good as none: it counts in other accounts.
    """
    taken = set()
    ended = set()
    for request_id, draft in drafts.items():
        key = draft.call.hold
        hold = None if key is None else holds.get(as_kept(key))
        if hold is None or hold.hold.currency != currency:
            continue
        if hold.hold.key in taken or hold.hold.state not in OPEN:
            ended.add(request_id)
            continue
        taken.add(hold.hold.key)
        draft.hold, draft.charged = hold, hold.hold.amount if draft.cost is None else draft.cost.total
    return ended


class Charges:
    """What is added to the accounts of sets: put together first, and then done in all of them at once."""

    __slots__ = ("_accounts", "_connection", "_held", "_lowered", "_now", "_used")

    def __init__(self, connection: Connection, accounts: SqlAccounts, now: datetime) -> None:
        self._connection = connection
        self._accounts = accounts
        self._now = now
        self._used: Counter[int] = Counter()
        self._held: Counter[int] = Counter()
        self._lowered: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)

    def settle(self, drafts: Iterable[Draft]) -> None:
        """Charge what these came to, and settle their holds, which are locked. Nothing but accounts is waited for."""
        ends = []
        for draft in drafts:
            if draft.account_set is not None:
                self._used[draft.account_set] += draft.charged
            elif draft.hold is not None:
                self._used[draft.hold.account_set] += draft.charged
                self._held[draft.hold.account_set] -= draft.hold.weighs
                ends.append((draft.hold.hold.key, draft.charged))
        rows = [
            {"of_key": key, "new_state": HoldState.SETTLED, "new_actual": charged, "at": self._now}
            for key, charged in ends
        ]
        _SETTLE.run(self._connection, rows)

    def correct(self, account_set: int, record: int, more: int) -> None:
        """Charge so much more, or with a minus less, for a record than before."""
        self._used[account_set] += more
        if more < 0:
            self._lowered[account_set].append((record, -more))

    def correct_holds(self, actual: Sequence[tuple[str, Nano]]) -> None:
        """Write down what calls of settled holds, which are locked, came to after all."""
        if actual:
            rows = [{"of_key": key, "new_actual": amount} for key, amount in actual]
            _CORRECT.run_for_each(self._connection, rows)

    def write(self) -> None:
        """Move all accounts, and write down the levels that they came to.

        Raises MoneyError when so much cannot be counted in one of them; nothing of the transaction may stand then.
        """
        moves = self._by_account()
        if not moves:
            return
        standings = self._accounts.lock_these(moves)
        if self._lowered:
            moves = self._balanced(standings, moves)
        if any(each.used + moves[each.id][1] > LARGEST for each in standings):
            raise MoneyError("so much in one window cannot be counted any more")
        self._accounts.move_all([(account, *move) for account, move in moves.items()])
        self._accounts.tell_all([(each, moves[each.id][1]) for each in standings], self._now)

    def _balanced(self, standings: Sequence[Standing], moves: Moves) -> Moves:
        """The same without what would come back to accounts from which it was reset away."""
        members = self._accounts.members(self._lowered)
        lowered: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for account_set, accounts in members.items():
            for account in accounts:
                lowered[account] += self._lowered[account_set]
        used_more = {account: used for account, (_, used) in moves.items()}
        kept = kept_away(self._connection, standings, used_more, lowered, self._now)
        return {account: (held, used + kept.get(account, 0)) for account, (held, used) in moves.items()}

    def _by_account(self) -> Moves:
        """What is added to the held and to the used part of each account; of those of `correct` nothing, perhaps."""
        sets = {each for each in self._used.keys() | self._held.keys() if self._used[each] or self._held[each]}
        sets |= self._lowered.keys()
        members = self._accounts.members(sets) if sets else {}
        moves: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for account_set, accounts in members.items():
            for account in accounts:
                held, used = moves[account]
                moves[account] = (held + self._held[account_set], used + self._used[account_set])
        return {account: move for account, move in moves.items() if any(move) or self._lowered}
