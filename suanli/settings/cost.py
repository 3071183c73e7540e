"""`[cost]`: what the site counts its money in."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from suanli.domain.cost.money import Currency, MoneyError, currency

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _code(value: str) -> Currency:
    try:
        return currency(value)
    except MoneyError:
        raise ValueError("要写货币代码，三个大写字母，如 CNY / must be a currency code such as CNY") from None


class Cost(BaseModel):
    """`[cost]`: the one currency of quotas, budgets and reports; prices in others are converted into it."""

    model_config = _STRICT

    currency: Annotated[Currency, AfterValidator(_code)] = Currency("CNY")
