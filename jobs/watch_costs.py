"""Watch what is spent: hours that are unusual, and books that do not agree."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from handlers.cost import alerts
from suanli.clock import Clock
from suanli.domain.cost.alerts import AlertState, AlertType, CostAlert, Severity
from suanli.domain.cost.anomalies import Anomaly, Rule, Run, is_over, judge_hour, run_of
from suanli.domain.cost.findings import Findings
from suanli.domain.cost.quotas import Scope, ScopeKind
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

RUNS = "cost.runs"
"""The runs of hours that were told of and may go on, by what was looked at, as JSON."""

RECENT = timedelta(days=3)
"""How far back books are compared every hour; older ones when somebody asks."""


class _Found(NamedTuple):
    """An hour of something that was an anomaly, and the alert that tells of it, which has no key yet."""

    what: str
    anomaly: Anomaly
    alert: CostAlert


@dataclass(frozen=True, slots=True)
class WatchHours:
    """Looks at this hour so far and the one before: the whole, and who spent most. A run of wild hours is told once.

    What an hour has cost so far it will have cost at the least: so a wild one is told before it is over. It reads and
    judges where nobody waits for it, and writes only what it has found.
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
        found = [each for at in (hour - _HOUR, hour) for by in _JUDGED for each in self._look(rule, at, by)]
        told = self._tell(found) if found else 0
        return f"{told} told" if told else ""

    def _look(self, rule: Rule, hour: datetime, by: Dimension | None) -> Iterator[_Found]:
        with self.store.read() as tx:
            spent = tx.sums.of(Question(hour, hour + _HOUR, Grain.HOUR, by))
        highest = sorted(spent, key=lambda line: -line.sum.total_cost)[:MOST_EACH]
        for line in highest:
            found = self._judge(rule, hour, by, line) if line.sum.total_cost > 0 else None
            if found is not None:
                yield found

    def _judge(self, rule: Rule, hour: datetime, by: Dimension | None, line: Line) -> _Found | None:
        where = {} if by is None else {by: line.value}
        with self.store.read() as tx:
            history = tx.sums.of(Question(hour - _LOOKED_AT, hour + _HOUR, Grain.HOUR, where=where))
            hours = [Hour(each.hour, each.sum.cost) for each in history if each.hour is not None]
            found = judge_hour(hours, hour, self.site.zone, rule)
            if not isinstance(found, Anomaly):
                return None
            return _Found(f"{by or 'all'}:{line.value}", found, self._alert(tx, found, by, line.value))

    def _tell(self, looked: Sequence[_Found]) -> int:
        """Tell of the runs that nobody was told of, and note how far each goes by now; how many were told."""
        now, told = self.clock.now(), 0
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            known = _runs(tx)
            runs = {what: run for what, run in known.items() if not is_over(run, now - _HOUR)}
            for what, found, alert in looked:
                run, last = run_of(found, runs.get(what)), runs.get(what)
                runs[what] = run
                if last is None or run.since != last.since:
                    key = f"anomaly:hour:{what}:{run.since.isoformat()}"
                    told += alerts.tell(tx, self.site, replace(alert, key=key), now) is not None
            if runs != known:
                tx.facts.put(RUNS, _text_of(runs), now)
        return told

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
        return CostAlert(alerts.UNSTORED, "", AlertType.ANOMALY, Severity.CRITICAL, found.at, subject, about)

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


def _runs(tx: Transaction) -> Mapping[str, Run]:
    known = tx.facts.get(RUNS)
    kept: Mapping[str, tuple[str, str]] = {} if known is None else json.loads(known[0])
    return {what: Run(*map(datetime.fromisoformat, moments)) for what, moments in kept.items()}


def _text_of(runs: Mapping[str, Run]) -> str:
    return json.dumps({what: (run.since.isoformat(), run.until.isoformat()) for what, run in runs.items()})


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
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            self._tell(tx, found, now)
        counts = _counts(found)
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)

    def _tell(self, tx: Transaction, found: Findings, now: datetime) -> None:
        """Tell once a day: by the alert that stands, unless it is snoozed and something else than it says is wrong."""
        about = {name: str(count) for name, count in _counts(found).items()}
        about |= {"seen": str(found.accounts_seen), "what": " ".join(sorted(found.what))}
        standing = tx.cost_alerts.standing(AlertType.DRIFT)
        last = standing[-1] if standing else None
        if last is not None and last.is_due(now, self.site.zone):
            alerts.again(tx, self.site, last, about, now)
            return
        known = {what for each in standing for what in each.about.get("what", "").split()}
        if last is None or (last.state(now) is AlertState.SNOOZED and not found.what <= known):
            day = now.astimezone(self.site.zone).date().isoformat()
            alert = CostAlert(alerts.UNSTORED, f"drift:{day}", AlertType.DRIFT, Severity.CRITICAL, now, about=about)
            alerts.tell(tx, self.site, alert, now)


def _counts(found: Findings) -> Mapping[str, int]:
    return {"accounts": len(found.accounts), "records": len(found.records), "sums": len(found.sums)}
