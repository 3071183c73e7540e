"""What is decided of many holds, in memory and one after the other; nothing is read or written here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.account_windows import Plan
from storage.accounts import Standing, have_room
from storage.balances import Balances
from storage.columns import as_kept
from storage.hold_rows import row_of
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import Ask, Conflict, Granted, Hold


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call that asks for a hold; `key` is its own as the store has it."""

    ask: Ask
    key: str
    plan: Plan
    hold: Hold

    @property
    def row(self) -> Mapping[str, object]:
        """The row of its hold."""
        return row_of(self.hold, self.plan.account_set)


@dataclass(frozen=True, slots=True)
class Full:
    """There is not enough left for what was asked: how the accounts stood then."""

    standings: Sequence[Standing]
    asked: Nano


Answer = Granted | Conflict | MoneyError | Full


def weigh(balances: Balances, call: Call, now: datetime) -> Full | MoneyError | None:
    """Why there is no room for a call; None when there is."""
    standings = balances.of(call.plan.accounts)
    try:
        return None if have_room(standings, call.ask.amount, now) else Full(standings, call.ask.amount)
    except MoneyError as error:
        return error


class Verdicts:
    """Decides call after call: `early` is why some are refused whatever the others get, `made` the keys of new holds.

    `known` are holds that were there before. `granted` are the calls that got their hold, by key.
    """

    def __init__(
        self,
        balances: Balances,
        early: Mapping[Call, Full | MoneyError],
        made: Collection[str],
        known: Mapping[str, Hold],
        now: datetime,
    ) -> None:
        self._balances = balances
        self._early = early
        self._made = made
        self._known = known
        self._now = now
        self.granted: dict[str, Call] = {}

    def answer(self, call: Call) -> Answer:
        """What is decided of the next call."""
        known = self._standing(call.key)
        if known is not None:
            is_same = known.fingerprint == call.ask.fingerprint
            return Granted(known, replayed=True) if is_same else Conflict(call.ask.key)
        # What has been freed since the look without locks comes too late for those who were refused by it.
        no = weigh(self._balances, call, self._now) or self._early.get(call)
        if no is not None:
            return no
        if call.key not in self._made:
            return Conflict(call.ask.key)
        self._balances.add(call.plan.accounts, held=call.ask.amount)
        self.granted[call.key] = call
        return Granted(call.hold)

    def _standing(self, key: str) -> Hold | None:
        """The hold of this key, as it would be read from the store."""
        call = self.granted.get(key)
        if call is None:
            return self._known.get(key)
        return replace(call.hold, key=key, fingerprint=as_kept(call.hold.fingerprint))
