"""What this installation does about money, out of its settings."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from suanli.domain.chat import Target
from suanli.domain.cost.anomalies import Rule
from suanli.domain.cost.money import Currency

CNY = Currency("CNY")


@dataclass(frozen=True, slots=True)
class MoneyRules:
    """What everything is counted in, and who is told of what.

    `tell` are the chats that get the cards of alerts, besides who owns the money; with none, the operators. `outliers`
    is the rule by which spending is unusual; None: nobody is told of it. One call that costs more than `one_call` of a
    day's limit is told of. A call to a model without a price is refused by the gateway unless `unpriced` lets it pass.
    A hold lasts `hold_for` unless it is prolonged.
    """

    currency: Currency = CNY
    tell: tuple[Target, ...] = ()
    outliers: Rule | None = Rule.ROBUST
    one_call: Decimal = Decimal("0.1")
    unpriced: bool = False
    hold_for: timedelta = timedelta(minutes=10)
