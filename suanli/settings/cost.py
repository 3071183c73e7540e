"""`[cost]`: what the site counts its money in, and whom it tells of what."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from suanli.domain.cost.anomalies import Rule
from suanli.domain.cost.money import Currency, MoneyError, currency
from suanli.domain.cost.rules import MoneyRules
from suanli.domain.stock.rules import target_of
from suanli.settings.kinds import Chats, Duration, Switch

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _code(value: str) -> Currency:
    try:
        return currency(value)
    except MoneyError:
        raise ValueError("要写货币代码，三个大写字母，如 CNY / must be a currency code such as CNY") from None


def _part(value: object) -> Decimal:
    """A number as it is written: a float of TOML is the shortest text that stands for it."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("要写 0 到 1 之间的数，如 0.1 / must be a number between 0 and 1, such as 0.1")  # noqa: TRY004 pydantic's way to refuse
    return Decimal(str(value))


class Cost(BaseModel):
    """`[cost]`: the one currency of quotas, budgets and reports; prices in others are converted into it.

    `tell` get the cards of alerts, besides who owns the money; with none, the admins do. `anomalies` is the rule by
    which spending is unusual. One call that costs more than `one_call` of a day's limit is told of; 0: never.
    """

    model_config = _STRICT

    currency: Annotated[Currency, AfterValidator(_code)] = Currency("CNY")
    tell: Annotated[Chats, Field(validate_default=True)] = ()
    anomalies: Literal["robust", "two_sigma", "three_sigma", "off"] = "robust"
    one_call: Annotated[Decimal, BeforeValidator(_part), Field(ge=0, le=1)] = Decimal("0.1")
    allow_unpriced: Switch = False
    hold_for: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(hours=24))] = timedelta(minutes=10)

    def to_domain(self) -> MoneyRules:
        """The rules of money."""
        return MoneyRules(
            currency=self.currency,
            tell=tuple(target_of(chat) for chat in self.tell),
            outliers=None if self.anomalies == "off" else Rule(self.anomalies),
            one_call=self.one_call,
            unpriced=self.allow_unpriced,
            hold_for=self.hold_for,
        )
