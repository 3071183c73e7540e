"""Who may spend how much, and the money put aside for calls that are under way.

A transaction in which an account changes (a hold is made, raised or ended, a quota changed, a grant given, a reset)
does so once, and the second time is a RuntimeError: this is what keeps transactions from waiting for each other
in a circle. Amounts are nano-units.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import (
    Account,
    Adjustment,
    Ask,
    Conflict,
    Crossing,
    Decision,
    Drift,
    Hold,
    Level,
    Quota,
    QuotaGrant,
    QuotaId,
    Scope,
    Span,
)


class Quotas(Protocol):
    """Limits, and how much of them is used."""

    def add(self, quota: Quota) -> Quota:
        """Store a quota; it gets its number. It counts what is held from now on. Several may be added at once."""

    def change(self, quota: Quota, now: datetime) -> bool:
        """Write a quota back, and its limits into the windows that are open; False when there is none.

        A new period or zone begins new windows. Windows that it has no more, all of them when it is not active, go on
        counting what was held in them, and refuse nothing and tell nothing. Another scope or currency raises
        ValueError: that is another quota.
        """

    def find(self, quota: QuotaId) -> Quota | None:
        """A quota."""

    def all(self) -> Sequence[Quota]:
        """Every quota, active or not, by number."""

    def of(self, scopes: Sequence[Scope]) -> Sequence[Quota]:
        """The active quotas of these scopes, by number."""

    def accounts(self, quota: QuotaId, now: datetime) -> Sequence[Account]:
        """The windows of now of a quota's limits, by span; one that nothing was held in yet is empty."""

    def all_accounts(self, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Sequence[Account]]:
        """What `accounts` says of each of these, asked for together."""

    def levels(self, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Level]:
        """The highest level that any limit of each has come to in its window of now; nothing where that is none."""

    def past(self, quota: QuotaId, span: Span, now: datetime, limit: int) -> Sequence[Account]:
        """The last windows of a limit that are over by now, newest first; one that nothing was held in is not there."""

    def past_used(
        self, quotas: Sequence[QuotaId], span: Span, now: datetime, limit: int
    ) -> Mapping[QuotaId, Sequence[Nano]]:
        """What was used in the last windows of each of these that are over by now, newest first."""

    def grant(self, grant: QuotaGrant) -> QuotaGrant:
        """Raise a limit for a while, at once; the grant gets its number. An unknown quota raises LookupError."""

    def grants(self, quota: QuotaId) -> Sequence[QuotaGrant]:
        """All that was granted to a quota, by number."""

    def end_expired(self, now: datetime) -> QuotaGrant | None:
        """Write down that a grant has ended, one whose time is over; None when there is none."""

    def reset(self, quota: QuotaId, *, made_by: str, why: str, now: datetime) -> Sequence[Adjustment]:
        """Let nothing be used in the windows of now, by adjustments; those that it took. What is held stays held.

        What was used does not come back when a call is priced lower afterwards.
        """

    def untold(self, now: datetime, accounts: int) -> Sequence[Crossing]:
        """Levels that were reached and nobody was told of, oldest first: all those of so many accounts.

        Each is reached once in a window; and once more after an edit or a reset that took the account below it.
        """

    def told(self, crossings: Sequence[Crossing], message_key: str) -> None:
        """Note the message that tells of these."""


class Holds(Protocol):
    """Money put aside before it is spent."""

    def hold(self, ask: Ask, now: datetime, expires_at: datetime) -> Decision:
        """Put money aside in all windows of now of all quotas of these scopes, or in none.

        The same key again is answered as before, whatever is left by now; a refusal is not remembered. What has
        expired weighs no more, swept up or not.
        """

    def hold_all(self, asks: Sequence[tuple[Ask, datetime]], now: datetime) -> Sequence[Decision | MoneyError]:
        """What `hold` would answer to each of these, one after the other; each comes with the moment it expires at.

        Where `hold` would raise MoneyError, that is the answer, and the others are decided all the same. A few
        hundred at once, at the most.
        """

    def raise_hold(self, key: str, amount: Nano, now: datetime, expires_at: datetime) -> Decision | None:
        """Let a hold be of so much in all, and last so long, or leave it as it is; None when there is none.

        It stays with the windows it was made in, and becomes neither less nor shorter. One that has come to an end
        is a Conflict.
        """

    def refund(self, key: str, now: datetime) -> Hold | Conflict | None:
        """Give back what was held, for a call that was none; of an expired hold, nothing is left to be given back.

        The same again changes nothing; after it was settled, it is a Conflict. None when there is no hold.
        """

    def expire(self, now: datetime) -> Hold | None:
        """Give back what is held by one hold whose time is over; None when there is none that nobody is busy with."""

    def find(self, key: str) -> Hold | None:
        """A hold."""

    def accounts(self, key: str, now: datetime) -> Sequence[Account]:
        """The windows that a hold is against, from the user's to the organisation's."""

    def drift(self, now: datetime) -> Sequence[Drift]:
        """Every account that is not the sum of its holds and adjustments. Nothing is corrected."""
