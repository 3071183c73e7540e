"""Judges calls: beside others of their kind, and beside the day's limits of who pays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from handlers.cost import alerts
from suanli.domain.cost.alerts import AlertType, CostAlert, Severity
from suanli.domain.cost.anomalies import Anomaly
from suanli.domain.cost.money import Nano
from suanli.domain.cost.outliers import (
    Baseline,
    Cap,
    Sort,
    TooFew,
    baseline,
    by_type,
    cap_of,
    judge_request,
    may_stand_out,
)
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Quota, Scope, ScopeKind
from suanli.domain.cost.records import Record
from suanli.domain.ports import Transaction
from suanli.domain.site import Site

MOST_TOLD = 50
"""Alerts of one transaction."""

MOST_MODELS = 1_000
MOST_COSTS = 500_000
"""Models, and costs of calls to them, that are read for one judge: callers call models whatever they like."""

_OLD = timedelta(days=1)
_UNKNOWN = TooFew(0, 0)


@dataclass(slots=True)
class CallJudge:
    """Judges calls by what it reads as it goes on, and remembers: it reads so much at the most, and then it is done.

    Nobody is told of calls of long ago, which somebody takes over from elsewhere.
    """

    site: Site
    now: datetime
    most_models: int = MOST_MODELS
    most_costs: int = MOST_COSTS
    _costs: dict[str, Mapping[str, Sequence[Nano]]] = field(default_factory=dict)
    _usual: dict[Sort, Baseline | TooFew] = field(default_factory=dict)
    _read: int = 0

    def judge(self, tx: Transaction, records: Sequence[Record]) -> tuple[int, Sequence[CostAlert]]:
        """How many of these, the first ones, are judged, and what is to be told of them.

        Not all, when they are enough to be told of in one transaction, or when it is done; at its first it never is.
        """
        caps = self._caps(tx, {record.call.payer for record in records if self._is_news(record)})
        found: list[CostAlert] = []
        for count, record in enumerate(records):
            cap = caps.get(record.call.payer)
            if not self._is_news(record) or record.cost is None or not may_stand_out(record.cost.total, cap):
                continue
            if len(found) == MOST_TOLD or not self._learns(tx, record.call.model_name):
                return count, found
            usual = self._usual_of(record)
            anomaly = judge_request(record.cost.total, record.call.happened_at, usual, cap)
            found += [] if anomaly is None else [_alert(record, anomaly)]
        return len(records), found

    def _is_news(self, record: Record) -> bool:
        is_ours = record.currency == self.site.money.currency
        return is_ours and record.cost is not None and record.call.happened_at >= self.now - _OLD

    def _caps(self, tx: Transaction, payers: set[Payer]) -> Mapping[Payer, Cap | None]:
        part, currency = Fraction(self.site.money.one_call), self.site.money.currency
        if not part or not payers:
            return {}
        scopes = {payer: payer.scopes for payer in payers}
        quotas: dict[Scope, list[Quota]] = {scope: [] for each in scopes.values() for scope in each}
        for quota in tx.quotas.of(sorted(quotas)):
            quotas[quota.scope].append(quota)
        return {
            payer: cap_of((quota for scope in each for quota in quotas[scope]), currency, part)
            for payer, each in scopes.items()
        }

    def _learns(self, tx: Transaction, model: str) -> bool:
        """Read what calls to a model cost, if that is not known yet; False when it would be too much."""
        if self.site.money.outliers is None or model in self._costs:
            return True
        if len(self._costs) >= self.most_models or self._read >= self.most_costs:
            return False
        newest = tx.records.newest_costs(model)
        self._costs[model] = by_type(newest)
        self._read += len(newest)
        return True

    def _usual_of(self, record: Record) -> Baseline | TooFew:
        rule, sort = self.site.money.outliers, Sort(record.call.model_name, record.call.request_type)
        if rule is None:
            return _UNKNOWN
        if sort not in self._usual:
            self._usual[sort] = baseline(self._costs[sort.model].get(sort.request_type, ()), rule)
        return self._usual[sort]


def _alert(record: Record, found: Anomaly) -> CostAlert:
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
