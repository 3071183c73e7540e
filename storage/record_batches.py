"""Calls that are written down together: their records, what quotas count for them, and the sums, in one go.

Locks are taken in the order of `storage.accounts`: holds that the calls name; what is opened for those that name none;
the new records, by `request_id`; accounts. Whatever another one has written meanwhile is found when it is waited for.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from storage.account_windows import SqlWindows
from storage.accounts import SqlAccounts
from storage.charge_plans import ChargePlans
from storage.columns import as_kept
from storage.record_alone import write_alone
from storage.record_charges import Charges, charge_holds, lock_holds
from storage.record_inserts import Added, Known, find_known, insert_drafts
from storage.record_rows import Draft, cost_of
from storage.writers import write_along
from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.records import Call, Fate, Judged, RecordId, Written


class RecordBatch:
    """Some calls, told of in one transaction at one moment; amounts are in the site's currency."""

    __slots__ = ("_accounts", "_calls", "_connection", "_currency", "_now", "_windows")

    def __init__(
        self,
        connection: Connection,
        accounts: SqlAccounts,
        windows: SqlWindows,
        calls: Sequence[Judged],
        currency: Currency,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows
        self._calls = calls
        self._currency = currency
        self._now = now

    def write(self) -> Sequence[Written]:
        """What became of each."""
        if len(self._calls) == 1:
            alone = write_alone(self._connection, self._accounts, self._calls[0], self._currency, self._now)
            if alone is not None:
                return (_new(alone),)
        write_along(self._connection)
        ids = [as_kept(judged.call.request_id) for judged in self._calls]
        firsts: dict[str, int] = {}
        for number, request_id in enumerate(ids):
            firsts.setdefault(request_id, number)
        drafts = {request_id: Draft.of(request_id, self._calls[number]) for request_id, number in firsts.items()}
        known, new = self._add(drafts)
        fates = []
        for number, (judged, request_id) in enumerate(zip(self._calls, ids, strict=True)):
            if request_id in new and firsts[request_id] == number:
                fates.append(_new(new[request_id]))
            else:
                standing = _standing(new[request_id]) if request_id in new else known.get(request_id)
                fates.append(_told(judged.call, standing))
        return fates

    def _add(self, drafts: dict[str, Draft]) -> tuple[dict[str, Known], dict[str, Draft]]:
        """Add those that are new; what stood before of the others, and those."""
        holds = lock_holds(self._connection, (draft.call.hold for draft in drafts.values()))
        known = find_known(self._connection, drafts)
        fresh = {request_id: draft for request_id, draft in drafts.items() if request_id not in known}
        for request_id in charge_holds(fresh, holds, self._currency):
            del fresh[request_id]
        if fresh:
            self._plan([draft for draft in fresh.values() if draft.hold is None])
            in_order = [fresh[request_id] for request_id in sorted(fresh)]
            added = insert_drafts(self._connection, in_order, self._currency, self._now)
            self._count(added)
            fresh = {draft.request_id: draft for draft in added.drafts}
        late = drafts.keys() - known.keys() - fresh.keys()  # others were quicker, or their holds came to another end
        known.update(find_known(self._connection, late) if late else {})
        return known, fresh

    def _plan(self, drafts: Sequence[Draft]) -> None:
        """Charge calls without a hold to the windows in which they happened."""
        plans = ChargePlans(self._connection, self._accounts, self._windows, self._currency, self._now)
        account_sets = plans.account_sets([(draft.call.payer, draft.call.happened_at) for draft in drafts])
        for draft, account_set in zip(drafts, account_sets, strict=True):
            draft.account_set = account_set
            draft.charged = 0 if draft.cost is None else draft.cost.total

    def _count(self, added: Added) -> None:
        """Charge new records, and add them to the sums."""
        charges = Charges(self._connection, self._accounts, self._now)
        charges.settle(added.drafts)
        charges.write()
        added.sums.append(self._connection)


def check(calls: Iterable[Judged]) -> None:
    """Refuse what could not be written, before anything is: MoneyError for more than can be counted together."""
    cost, units, took = 0, 0, 0
    for judged in calls:
        call, found = judged.call, cost_of(judged.judgement)
        if call.happened_at.utcoffset() is None:
            raise ValueError("a call happened at a moment with a zone")
        if (found is not None and min(found.input, found.output, found.base) < 0) or (call.took or 0) < 0:
            raise ValueError("a call costs, and takes, no less than nothing")
        cost += 0 if found is None else found.total
        units += call.usage.total
        took += call.took or 0
    if max(cost, units, took) > LARGEST:
        raise MoneyError("so much at once cannot be counted")


def _standing(draft: Draft) -> Known:
    return Known(draft.id, draft.call.fingerprint, draft.charged, draft.cost is not None)


def _new(draft: Draft) -> Written:
    is_priced = draft.cost is not None
    return Written(draft.call.request_id, Fate.NEW, RecordId(draft.id), Nano(draft.charged), is_priced)


def _told(call: Call, known: Known | None) -> Written:
    """What became of a call of which another one was told before."""
    if known is None:
        return Written(call.request_id, Fate.CONFLICT)
    fate = Fate.KNOWN if known.fingerprint == call.fingerprint else Fate.CONFLICT
    return Written(call.request_id, fate, RecordId(known.id), Nano(known.charged), known.is_priced)
