"""Bodies of requests and answers: JSON with exact numbers, and amounts of money at the edge."""

import json
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SerializationInfo,
    StringConstraints,
    WithJsonSchema,
)

from suanli.domain.cost.money import MoneyError, Nano, nano, shown

_MOST_EXACT = 999_999_999 * 10**9
"""Nano-units up to which a number of JavaScript has all six digits of an amount."""


class Body(BaseModel):
    """What a caller sends: every field is known, or it is refused, so that a mistyped one is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True)


def parse(raw: bytes) -> Any:
    """JSON with its numbers as they are written: pydantic's own reader would take them through a float.

    Raises ValueError.
    """
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _read(value: object) -> Nano:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('an amount is a number, or a string such as "12.50"')  # noqa: TRY004 pydantic's way to refuse
    try:
        return nano(Decimal(value))
    except (ArithmeticError, MoneyError) as error:
        raise ValueError(f"no amount of money: {error}" if isinstance(error, MoneyError) else "no amount") from None


def _write(amount: int | None, info: SerializationInfo) -> str | float | None:
    """Six digits, as text; as a number for who asked for it, as long as one has all digits."""
    if amount is None:
        return None
    as_number = bool(info.context and info.context.get("money") == "number")
    return float(Decimal(shown(amount))) if as_number and abs(amount) <= _MOST_EXACT else shown(amount)


def _not_negative(amount: Nano) -> Nano:
    if amount < 0:
        raise ValueError("an amount is no less than nothing")
    return amount


_MONEY = WithJsonSchema(
    {"type": ["string", "number"], "description": "money, six digits after the point", "examples": ["12.500000"]}
)
_ASKED = WithJsonSchema({"type": ["string", "number"], "description": "money, at most nine digits after the point"})

Amount = Annotated[Nano, PlainSerializer(_write), _MONEY]
"""Money in an answer: nano-units inside, six digits outside."""

MaybeAmount = Annotated[
    Nano | None,
    PlainSerializer(_write),
    WithJsonSchema({"type": ["string", "number", "null"], "description": "money; null: nobody knows how much"}),
]
"""The same where it may be unknown, which is not nothing."""

GivenAmount = Annotated[Nano, BeforeValidator(_read), AfterValidator(_not_negative), _ASKED]
"""Money in a request: `"12.5"` or `12.5`, no finer than 10⁻⁹."""

SignedAmount = Annotated[Nano, BeforeValidator(_read), _ASKED]
"""The same, or less than nothing."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name or an id."""

Words = Annotated[str, StringConstraints(max_length=500)]
"""What somebody says."""

Moment = AwareDatetime
"""A moment with its zone, in ISO 8601."""


def dump(answer: BaseModel, *, money: str) -> bytes:
    """An answer as JSON; `money` is `string` or `number`."""
    return answer.model_dump_json(context={"money": money}).encode()
