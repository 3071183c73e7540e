"""Who may call, and at which prices: remembered from call to call, and never believed without asking.

A caller's next call nearly always finds the same token and the same prices. So what the last one found goes into the
transaction of the hold, which asks again before it holds anything: what was revoked or priced anew meanwhile counts
from the next call on, as if nothing were remembered, and a transaction of its own to ask in is spared.
"""

from dataclasses import dataclass

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency
from suanli.domain.ports import Store, Transaction
from suanli.domain.tokens import ApiToken, digest_of

_MOST = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """Whom a token lets in, and the prices of that moment."""

    token: ApiToken
    book: PriceBook

    def still_holds(self, tx: Transaction) -> bool:
        """Whether all of this is as it was."""
        is_same = tx.tokens.by_digest(self.token.digest) == self.token
        return is_same and tx.prices.book(self.book.currency) is self.book


class Accesses:
    """Looks tokens up, and remembers them by their digests. Safe to share between threads."""

    def __init__(self, store: Store, currency: Currency) -> None:
        self._store = store
        self._currency = currency
        self._known: dict[str, Access] = {}

    def remembered(self, secret: str) -> Access | None:
        """What this token let in when it was looked up; None when it was not."""
        return self._known.get(digest_of(secret))

    def look_up(self, secret: str) -> Access | None:
        """What this token lets in now; None when there is none."""
        digest = digest_of(secret)
        with self._store.read() as tx:
            token, book = tx.tokens.by_digest(digest), tx.prices.book(self._currency)
        if token is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = found = Access(token, book)
        return found
