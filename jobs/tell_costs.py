"""Tell of money: limits that were reached, calls without a price, and alerts whose snooze is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from handlers.cost import alerts
from suanli.clock import Clock
from suanli.domain.cost.alerts import AlertType, CostAlert, Severity
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.quotas import Crossing, Level
from suanli.domain.cost.sums import Dimension, Grain, Question
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site

AT_ONCE = 100
"""Alerts of one transaction."""

LATE = timedelta(days=1)
"""How long after its end a window still is told of: bills come late, but a year that is taken over is no news."""

_LONG_AGO, _A_DAY = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=1)

_SEVERITIES = {
    Level.WARNING: Severity.WARNING,
    Level.CRITICAL: Severity.CRITICAL,
    Level.EXCEEDED: Severity.EXCEEDED,
}
_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class TellCosts:
    """Writes an alert with its cards for each thing that nobody was told of, in the transaction that notes it."""

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Tell everything that is due; how much that was."""
        told = 0
        for step in (self._crossings, self._woken):
            while count := step():
                told += count
        told += self._unpriced()
        return f"{told} told" if told else ""

    def _crossings(self) -> int:
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            found = tx.quotas.untold(now, AT_ONCE)
            for crossings in _by_account(found):
                # One call can pass several levels at once: the highest says it all.
                highest = max(crossings, key=lambda each: _LEVELS.index(each.level))
                is_news = highest.reached_at < highest.account.window.end + LATE
                key = alerts.tell(tx, self.site, self._of(tx, highest), now) if is_news else None
                tx.quotas.told(crossings, key or f"cost-alert:{_key(highest)}")
            return len(found)

    def _of(self, tx: Transaction, crossing: Crossing) -> CostAlert:
        account = crossing.account
        quota = tx.quotas.find(account.quota)
        is_budget = quota is not None and quota.budget is not None
        is_over = crossing.level is Level.EXCEEDED
        types = (
            (AlertType.BUDGET_WARNING, AlertType.BUDGET_EXCEEDED)
            if is_budget
            else (AlertType.QUOTA_WARNING, AlertType.QUOTA_EXCEEDED)
        )
        zone = quota.zone if quota is not None else self.site.zone
        about = {
            "name": account.name,
            "quota": str(account.quota),
            "span": account.span.word,
            "used": str(crossing.used),
            "limit": str(crossing.limit),
            "left": str(max(0, crossing.limit - crossing.used)),
            "resets_at": account.window.end.isoformat(),
            "zone": zone.key,
        }
        return CostAlert(
            alerts.UNSTORED,
            _key(crossing),
            types[is_over],
            _SEVERITIES[crossing.level],
            crossing.reached_at,
            account.scope,
            about,
        )

    def _woken(self) -> int:
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            found = tx.cost_alerts.woken(now, AT_ONCE)
            for alert in found:
                alerts.again(tx, self.site, alert, now)
            return len(found)

    def _unpriced(self) -> int:
        """Tell of models that have calls without a price, each once a day as long as it has."""
        with self.store.begin() as tx:
            now = self.clock.now()
            found = _unpriced_models(tx, now)
            if not found:
                return 0
            tx.lock(alerts.LOCK)
            book = tx.prices.book(self.site.money.currency)
            day = now.astimezone(self.site.zone).date().isoformat()
            told = 0
            for (provider, model), count in found.items():
                why = book.names.find(model, provider)
                name = f"{provider}/{model}" if provider else model
                about = {
                    "name": name,
                    "count": str(count),
                    "why": why.value if isinstance(why, Missing) else Missing.PRICE.value,
                }
                alert = CostAlert(
                    alerts.UNSTORED,
                    f"unpriced:{day}:{name}",
                    AlertType.UNPRICED,
                    Severity.CRITICAL,
                    now,
                    about=about,
                )
                told += alerts.tell(tx, self.site, alert, now) is not None
            return told


def _unpriced_models(tx: Transaction, now: datetime) -> Mapping[tuple[str, str], int]:
    """How many calls have no price, by provider and model: by the sums, for records would be counted one by one."""
    ever = (_LONG_AGO, now + _A_DAY)
    providers = tx.sums.of(Question(*ever, Grain.ALL, Dimension.PROVIDER))
    found = {}
    for provider in (line.value for line in providers if line.sum.unpriced):
        models = tx.sums.of(Question(*ever, Grain.ALL, Dimension.MODEL, where={Dimension.PROVIDER: provider}))
        found.update({(provider, line.value): line.sum.unpriced for line in models if line.sum.unpriced})
    return found


def _by_account(crossings: Sequence[Crossing]) -> Sequence[Sequence[Crossing]]:
    def account(crossing: Crossing) -> tuple[int, int, datetime, datetime]:
        found = crossing.account
        return found.quota, found.span, found.window.start, found.window.end

    return [tuple(group) for _, group in groupby(sorted(crossings, key=account), key=account)]


def _key(crossing: Crossing) -> str:
    # By the end too: a quota of another period may have a window that begins as one of the old period did.
    account, window = crossing.account, crossing.account.window
    moments = f"{window.start.isoformat()}:{window.end.isoformat()}"
    return f"limit:{account.quota}:{account.span.word}:{moments}:{crossing.level}"
