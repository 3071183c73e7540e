"""Bodies of requests and answers: JSON with exact numbers, and amounts of money at the edge."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    StringConstraints,
    WithJsonSchema,
)

from suanli.domain.cost.money import MoneyError, Nano, nano, shown
from suanli.web.api.mistakes import MistakeError

_MOST_EXACT = 999_999_999 * 10**9
"""Nano-units up to which a number of JavaScript has all six digits of an amount."""
_MOST_DIGITS = 16
"""Characters of a price, with its point, that a number of JavaScript has all digits of."""
LARGEST_ID = 2**31 - 1
"""More than any number of a thing is: a larger one is none, and a database cannot look for it."""
_FIRST, _LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Moments between these are ones in every zone."""
_SPACE = re.compile(r" (\d\d:?\d\d)$")


class Body(BaseModel):
    """What a caller sends: every field is known, or it is refused, so that a mistyped one is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class NoWords(Body):
    """What is asked in an address that takes no words behind it: nothing, or it is refused."""


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def parse(raw: bytes) -> Any:
    """JSON with its numbers as they are written: pydantic's own reader would take them through a float.

    Raises ValueError.
    """
    try:
        return _DECODER.decode(raw.decode())
    except RecursionError:
        raise ValueError("too deep") from None
    except ArithmeticError:
        raise ValueError("a number of which the exponent has no end") from None


def _read(value: object) -> Nano:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MistakeError("amount")
    try:
        return nano(Decimal(value))
    except ArithmeticError:
        raise MistakeError("amount") from None
    except MoneyError:
        raise MistakeError("kept_amount") from None


def _write(amount: int | None, info: SerializationInfo) -> str | float | None:
    """Six digits, as text; as a number for who asked for it, as long as one has all digits."""
    if amount is None:
        return None
    as_number = bool(info.context and info.context.get("money") == "number")
    return float(Decimal(shown(amount))) if as_number and abs(amount) <= _MOST_EXACT else shown(amount)


def _not_negative(amount: Nano) -> Nano:
    if amount < 0:
        raise MistakeError("negative")
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


def _exact(value: Decimal | None, info: SerializationInfo) -> str | float | None:
    if value is None:
        return None
    text = f"{value.normalize():f}" if value else "0"
    as_number = bool(info.context and info.context.get("money") == "number")
    return float(text) if as_number and len(text) <= _MOST_DIGITS else text


def _price(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MistakeError("price")
    try:
        return Decimal(value)
    except ArithmeticError:
        raise MistakeError("price") from None


Price = Annotated[
    Decimal | None,
    PlainSerializer(_exact),
    WithJsonSchema({"type": ["string", "number", "null"], "description": "a price with all its digits"}),
]
"""A price in an answer: some are for less than the sixth digit of an amount; None: there is none of its own."""

GivenPrice = Annotated[
    Decimal,
    PlainValidator(_price),
    WithJsonSchema({"type": ["string", "number"], "description": "a price, no less than nothing"}),
]
"""A price in a request; what is below nothing, or finer than is kept, is found out where it is reckoned."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name or an id."""

Words = Annotated[str, StringConstraints(max_length=500)]
"""What somebody says."""

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""The number of a thing."""


def _in_every_zone(value: datetime) -> datetime:
    if not _FIRST < value < _LAST:
        raise MistakeError("years")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_in_every_zone)]
"""A moment with its zone, in ISO 8601."""


def _plus(value: object) -> object:
    return _SPACE.sub(r"+\1", value) if isinstance(value, str) else value


def _within(value: datetime) -> datetime:
    return min(max(value, _FIRST), _LAST)


AskedMoment = Annotated[AwareDatetime, BeforeValidator(_plus), AfterValidator(_within)]
"""The same in an address, where a plus sign that nobody has escaped arrives as a space.

What stands for the beginning or the end of all time means that.
"""


def dump(answer: BaseModel, *, money: str) -> bytes:
    """An answer as JSON; `money` is `string` or `number`."""
    return answer.model_dump_json(context={"money": money}).encode()
