"""Watch what is spent: an hour that is unusual, a call that is, and books that do not agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import takewhile

from handlers.cost import alerts
from suanli.clock import Clock
from suanli.domain.cost.alerts import AlertType, CostAlert, Severity
from suanli.domain.cost.anomalies import Anomaly, Rule, judge_hour
from suanli.domain.cost.outliers import Baseline, Cap, Sort, TooFew, baseline, judge_request
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import Record, RecordFilter, RecordId
from suanli.domain.cost.records import Sort as Order
from suanli.domain.cost.reports import percent_of
from suanli.domain.cost.spending import Hour
from suanli.domain.cost.sums import Dimension, Grain, Line, Question
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site

_HOUR, _LOOKED_AT = timedelta(hours=1), timedelta(weeks=8)
_JUDGED = (None, Dimension.USER, Dimension.MODEL)
"""What an hour is looked at as: all of it, and each of those who spent most in it."""

MOST_EACH = 10
"""Users, and models, whose hour is looked at: those that spent most in it."""

AT_ONCE = 1_000
MOST_CALLS = 50_000
"""Calls that one run looks at; of more, the rest is looked at by the next."""

COMPARED = 200
"""Calls that a call is compared with: the newest of its kind."""

CURSOR = "cost.watched"
_WRITTEN = timedelta(seconds=10)
"""What was written down so long ago has nothing before it that is still being written."""
_OLD = timedelta(days=1)
RECENT = timedelta(days=3)
"""How far back books are compared every hour; older ones when somebody asks."""


@dataclass(frozen=True, slots=True)
class WatchHours:
    """Looks at this hour so far and the one before: the whole, and who spent most. A run of wild hours is told once.

    What an hour has cost so far it will have cost at the least: so a wild one is told before it is over.
    """

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Look at both hours; of how many things was told."""
        rule = self.site.money.outliers
        if rule is None:
            return ""
        hour = self.clock.now().replace(minute=0, second=0, microsecond=0)
        told = sum(self._look(rule, each, by) for each in (hour - _HOUR, hour) for by in _JUDGED)
        return f"{told} told" if told else ""

    def _look(self, rule: Rule, hour: datetime, by: Dimension | None) -> int:
        with self.store.begin() as tx:
            spent = tx.sums.of(Question(hour, hour + _HOUR, Grain.HOUR, by))
        highest = sorted(spent, key=lambda line: -line.sum.total_cost)[:MOST_EACH]
        return sum(self._judge(rule, hour, by, line) for line in highest if line.sum.total_cost > 0)

    def _judge(self, rule: Rule, hour: datetime, by: Dimension | None, line: Line) -> bool:
        where = {} if by is None else {by: line.value}
        with self.store.begin() as tx:
            history = tx.sums.of(Question(hour - _LOOKED_AT, hour + _HOUR, Grain.HOUR, where=where))
        hours = [Hour(each.hour, each.sum.cost) for each in history if each.hour is not None]
        found = judge_hour(hours, hour, self.site.zone, rule)
        if not isinstance(found, Anomaly):
            return False
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            return alerts.tell(tx, self.site, self._alert(tx, found, by, line.value), self.clock.now()) is not None

    def _alert(self, tx: Transaction, found: Anomaly, by: Dimension | None, value: str) -> CostAlert:
        subject = Scope(ScopeKind.USER, value) if by is Dimension.USER else None
        name = "" if by is None else value
        if subject is not None:
            name = tx.parties.names([subject]).get(subject, value)
        about = {
            "form": "hour" if found.rule is Rule.ROBUST else "hour_mean",
            "name": name,
            "since": found.at.isoformat(),
            "amount": str(found.amount),
            "usual": str(found.expected or 0),
            "times": str(found.times) if found.times is not None else "∞",
            **({} if by else self._most(tx, found.at)),
        }
        key = f"anomaly:hour:{by or 'all'}:{value}:{found.since.isoformat()}"
        return CostAlert(alerts.UNSTORED, key, AlertType.ANOMALY, Severity.CRITICAL, found.at, subject, about)

    def _most(self, tx: Transaction, hour: datetime) -> Mapping[str, str]:
        """Who made most of an hour, and how much of it: that is what people ask first."""
        lines = tx.sums.of(Question(hour, hour + _HOUR, Grain.HOUR, Dimension.USER))
        if not lines:
            return {}
        most = max(lines, key=lambda line: line.sum.total_cost)
        scope = Scope(ScopeKind.USER, most.value)
        whole = sum(line.sum.total_cost for line in lines)
        percent = percent_of(most.sum.total_cost, whole)
        return {"who": tx.parties.names([scope]).get(scope, most.value), "percent": str(percent or 0)}


@dataclass(frozen=True, slots=True)
class WatchCalls:
    """Looks at each call that came: beside others of its kind, and beside the day's limits of who pays.

    Calls are looked at in the order in which they were written down: a long one is told of after shorter ones that
    began later. Those of long ago, which somebody takes over from elsewhere, nobody is told of.
    """

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Look at what came since the last run; of how many calls was told."""
        told = seen = 0
        usual: dict[Sort, Baseline | TooFew] = {}
        limits: dict[Payer, Cap | None] = {}
        while seen < MOST_CALLS:
            with self.store.begin() as tx:
                tx.lock(alerts.LOCK)
                records = self._next(tx)
                told += sum(self._judge(tx, record, usual, limits) for record in records)
                if records:
                    tx.facts.put(CURSOR, str(records[-1].id), self.clock.now())
            seen += len(records)
            if len(records) < AT_ONCE:
                break
        return f"{told} of {seen} told" if told else ""

    def _next(self, tx: Transaction) -> Sequence[Record]:
        """What comes behind the last one that was looked at; at first, what happened in the last hour."""
        now, known = self.clock.now(), tx.facts.get(CURSOR)
        if known is not None:
            after = int(known[0])
        else:
            recent = tx.records.page(
                RecordFilter(since=now - _HOUR), Order.HAPPENED_AT, ascending=True, after=None, limit=1
            )
            after = recent.records[0].id - 1 if recent.records else 0
        found = tx.records.behind(RecordId(after), AT_ONCE)
        # What is of the future was written before the clock was set back.
        return tuple(takewhile(lambda record: not now - _WRITTEN < record.recorded_at <= now, found))

    def _judge(
        self,
        tx: Transaction,
        record: Record,
        usual: dict[Sort, Baseline | TooFew],
        limits: dict[Payer, Cap | None],
    ) -> bool:
        if record.cost is None or record.call.happened_at < self.clock.now() - _OLD:
            return False
        payer, rule = record.call.payer, self.site.money.outliers
        if payer not in limits:
            limits[payer] = self._cap(tx, payer)
        sort = Sort(record.call.model_name, record.call.request_type)
        if rule is not None and sort not in usual:
            usual[sort] = baseline(tx.records.newest_costs(sort.model, sort.request_type, COMPARED), rule)
        known = usual.get(sort, TooFew(0, 0))
        found = judge_request(record.cost.total, record.call.happened_at, known, limits[payer])
        return found is not None and alerts.tell(tx, self.site, _of(record, found), self.clock.now()) is not None

    def _cap(self, tx: Transaction, payer: Payer) -> Cap | None:
        part = self.site.money.one_call
        daily = [quota.daily_limit for quota in tx.quotas.of(payer.scopes) if quota.daily_limit]
        return Cap(min(daily), Fraction(part)) if daily and part else None


def _of(record: Record, found: Anomaly) -> CostAlert:
    about = {
        "form": "threshold" if found.rule is None else "request",
        "name": record.call.model_name,
        "request": record.call.request_id,
        "at": found.at.isoformat(),
        "amount": str(found.amount),
        "usual": str(found.expected or 0),
        "times": str(found.times) if found.times is not None else "∞",
        "limit": str(found.limit or 0),
    }
    return CostAlert(
        alerts.UNSTORED,
        f"call:{record.id}",
        AlertType.THRESHOLD if found.rule is None else AlertType.ANOMALY,
        Severity.WARNING,
        found.at,
        Scope(ScopeKind.USER, record.call.payer.user),
        about,
    )


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Proves every hour that the books agree, and tells when they do not. Nothing is corrected."""

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Compare; what does not agree."""
        now = self.clock.now()
        with self.store.read() as tx:
            found = tx.books.reconcile(now, now - RECENT)
        if found.is_clean:
            return ""
        counts = {"accounts": len(found.accounts), "records": len(found.records), "sums": len(found.sums)}
        about = {name: str(count) for name, count in counts.items()} | {"seen": str(found.accounts_seen)}
        day = now.astimezone(self.site.zone).date().isoformat()
        alert = CostAlert(alerts.UNSTORED, f"drift:{day}", AlertType.DRIFT, Severity.CRITICAL, now, about=about)
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            alerts.tell(tx, self.site, alert, now)
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
