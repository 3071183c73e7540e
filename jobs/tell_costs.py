"""Tell of money: limits that were reached, calls without a price, alerts whose snooze is over, requests that lapsed.

And end the alerts that are over by themselves, so that what stands is what somebody can still do something about.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from handlers.cost import alerts, requests
from suanli.clock import Clock
from suanli.domain.cost.alerts import AlertType, CostAlert, Over, Severity
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.quotas import Crossing, Level
from suanli.domain.cost.sums import Dimension, Grain, Question
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site

AT_ONCE = 100
"""Alerts of one transaction."""

MOST = 20
"""Transactions of a kind in one run, so that a run ends."""

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
        """End what is over, and tell everything that is due; how much that was."""
        ended = _repeated(self._over)  # first: what is over is not told again
        told = _repeated(self._crossings)
        of_unpriced, priced = self._unpriced()
        told += of_unpriced + _repeated(self._woken)
        done = {"told": told, "ended": ended + priced, "lapsed": _repeated(self._lapsed)}
        return ", ".join(f"{count} {what}" for what, count in done.items() if count)

    def _over(self) -> int:
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            found = tx.cost_alerts.over(now, AT_ONCE)
            alerts.end(tx, self.site, found, Over.WINDOW, now)
            return len(found)

    def _crossings(self) -> int:
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            found = tx.quotas.untold(now, AT_ONCE)
            groups = _by_account(found)
            for crossings in groups:
                # One call can pass several levels at once: the highest says it all.
                highest = max(crossings, key=lambda each: _LEVELS.index(each.level))
                is_news = highest.reached_at < highest.account.window.end + LATE
                key = alerts.tell(tx, self.site, self._of(tx, highest, now), now) if is_news else None
                tx.quotas.told(crossings, key or f"cost-alert:{_key(highest)}")
            return len(groups)

    def _of(self, tx: Transaction, crossing: Crossing, now: datetime) -> CostAlert:
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
        alert = CostAlert(
            alerts.UNSTORED,
            _key(crossing),
            types[is_over],
            _SEVERITIES[crossing.level],
            crossing.reached_at,
            account.scope,
            about,
            ends_at=account.window.end,
        )
        # A bill that comes late is told of, but there is nothing to be done about it any more.
        return alert.ended(Over.WINDOW, now) if alert.is_done(now) else alert

    def _woken(self) -> int:
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            found = tx.cost_alerts.woken(now, AT_ONCE)
            for alert in found:
                alerts.again(tx, self.site, alert, alert.about, now)
            return len(found)

    def _lapsed(self) -> int:
        with self.store.begin() as tx:
            tx.lock(requests.LOCK)
            now = self.clock.now()
            found = [each for each in tx.quota_requests.pending() if each.until <= now][:AT_ONCE]
            for each in found:
                requests.lapse(tx, self.site, each, now)
            return len(found)

    def _unpriced(self) -> tuple[int, int]:
        """Tell of models that have calls without a price, each once a day as long as it has; and end what has none.

        How many were told of, and how many ended; what is more than `AT_ONCE` of each is for the next run.
        """
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            now = self.clock.now()
            unpriced = _unpriced_models(tx, now)
            standing = tx.cost_alerts.standing(AlertType.UNPRICED)
            priced = [each for each in standing if each.about["name"] not in unpriced][:AT_ONCE]
            alerts.end(tx, self.site, priced, Over.PRICED, now)
            known = {each.about["name"]: each for each in standing}
            book = tx.prices.book(self.site.money.currency) if unpriced else None
            told = 0
            for name, (provider, model, count) in unpriced.items():
                if book is None or told == AT_ONCE:
                    break
                why = book.names.find(model, provider)
                reason = why if isinstance(why, Missing) else Missing.PRICE
                about = {"name": name, "count": str(count), "why": reason.value}
                told += self._tell(tx, known.get(name), about, now)
            return told, len(priced)

    def _tell(self, tx: Transaction, known: CostAlert | None, about: Mapping[str, str], now: datetime) -> bool:
        """Tell of a model's calls: by the alert that stands, if there is one and it is due, or else by a new one."""
        if known is None:
            day = now.astimezone(self.site.zone).date().isoformat()
            key = f"unpriced:{day}:{about['name']}"
            alert = CostAlert(alerts.UNSTORED, key, AlertType.UNPRICED, Severity.CRITICAL, now, about=about)
            return alerts.tell(tx, self.site, alert, now) is not None
        if known.is_due(now, self.site.zone):
            alerts.again(tx, self.site, known, about, now)
            return True
        return False


def _repeated(step: Callable[[], int]) -> int:
    """Do a step as long as there is more to do than it does at once; the next run goes on where this one leaves off."""
    total = 0
    for _ in range(MOST):
        count = step()
        total += count
        if count < AT_ONCE:
            break
    return total


def _unpriced_models(tx: Transaction, now: datetime) -> Mapping[str, tuple[str, str, int]]:
    """What has calls without a price, by its name: the provider, the model, and how many calls.

    By the sums, for records would be counted one by one.
    """
    ever = (_LONG_AGO, now + _A_DAY)
    providers = tx.sums.of(Question(*ever, Grain.ALL, Dimension.PROVIDER))
    found: dict[str, tuple[str, str, int]] = {}
    for provider in (line.value for line in providers if line.sum.unpriced):
        models = tx.sums.of(Question(*ever, Grain.ALL, Dimension.MODEL, where={Dimension.PROVIDER: provider}))
        for model, count in ((line.value, line.sum.unpriced) for line in models if line.sum.unpriced):
            name = f"{provider}/{model}" if provider else model
            found[name] = (provider, model, count + (found[name][2] if name in found else 0))
    return found


def _by_account(crossings: Sequence[Crossing]) -> Sequence[Sequence[Crossing]]:
    def account(crossing: Crossing) -> tuple[int, int, datetime, datetime]:
        found = crossing.account
        return found.quota, found.span, found.window.start, found.window.end

    return [tuple(group) for _, group in groupby(sorted(crossings, key=account), key=account)]


def _key(crossing: Crossing) -> str:
    # By the end too: a quota of another period may have a window that begins as one of the old period did. And by the
    # moment: when an edit has taken an account below a level, it may come there once more.
    account, window = crossing.account, crossing.account.window
    moments = ":".join(each.isoformat() for each in (window.start, window.end, crossing.reached_at))
    return f"limit:{account.quota}:{account.span.word}:{moments}:{crossing.level}"
