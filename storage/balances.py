"""Accounts that a batch decides over: how they stand with all that it has decided so far, and what it adds to them."""

from collections.abc import Iterable, Mapping, Sequence

from storage.accounts import SqlAccounts, Standing


class Balances:
    """Some accounts, and what is added to them one after the other; `write` adds it in the store, all at once."""

    __slots__ = ("_now", "_then")

    def __init__(self, standings: Iterable[Standing]) -> None:
        self._then: dict[int, Standing] = {each.id: each for each in standings}
        self._now = dict(self._then)

    def renew(self, standings: Iterable[Standing]) -> None:
        """Put these in the place of what was read before; nothing is added yet."""
        self._then.update((each.id, each) for each in standings)
        self._now = dict(self._then)

    def of(self, ids: Sequence[int]) -> Sequence[Standing]:
        """How these accounts stand by now, in this order."""
        return [self._now[each] for each in ids]

    def add(self, ids: Iterable[int], *, held: int) -> None:
        """Add to what is held in each of these accounts."""
        for each in ids:
            number, limit, granted, used, held_so_far, *tuning = self._now[each]
            self._now[each] = Standing(number, limit, granted, used, held_so_far + held, *tuning)

    def give_back(self, freed: Mapping[int, int], members: Mapping[int, Sequence[int]]) -> None:
        """Take what expired, by set, from what is held by the accounts in it."""
        for account_set, amount in freed.items():
            self.add(members.get(account_set, ()), held=-amount)

    def write(self, accounts: SqlAccounts) -> None:
        """Add all that was added. The accounts of which this is true are locked."""
        pairs = zip(self._then.values(), self._now.values(), strict=True)
        accounts.move_all((now.id, now.held - then.held, 0) for then, now in pairs if now.held != then.held)
