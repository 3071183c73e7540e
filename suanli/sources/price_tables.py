"""Tables of prices that people write: CSV with a header, one model a line, each with its currency.

    provider,name,currency,unit,unit_size,input_price,output_price,cached_price
    deepseek,deepseek-chat,CNY,token,1000,0.002,0.003,0.0002

A price is for `unit_size` units (1000 unless said otherwise). Empty means that there is none of its own.
"""

import csv
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from suanli.domain.cost.money import MoneyError, Nano, currency, nano
from suanli.domain.cost.offers import LeftOut, Listing, ModelKey, Offer, Terms, Why, concerns_of
from suanli.domain.cost.prices import CostType, PriceError, Rates, Unit
from suanli.domain.cost.rates import rate
from suanli.domain.errors import RemoteError

_NEEDED = ("provider", "name", "currency", "input_price")
_NO_OUTPUT = frozenset({"embedding", "rerank", "moderation"})


class PriceRow(BaseModel):
    """A line of the table. `base_price` is for a call, whatever it does; the others for `unit_size` units."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    provider: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    currency: str
    unit: Unit = Unit.TOKEN
    unit_size: int = Field(1000, ge=1, le=10**9)
    input_price: Decimal
    output_price: Decimal | None = None
    base_price: Decimal = Decimal(0)
    cached_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    reasoning_price: Decimal | None = None
    batch_input_price: Decimal | None = None
    batch_output_price: Decimal | None = None
    batch_cached_price: Decimal | None = None
    batch_cache_write_price: Decimal | None = None
    model_type: str = Field("chat", max_length=40)
    cost_type: CostType = CostType.AI_API
    aliases: str = ""
    source: str = Field("", max_length=500)

    @property
    def gives_output(self) -> bool:
        """Whether its calls give something back that is counted, and so needs a price."""
        return self.unit is Unit.TOKEN and self.model_type not in _NO_OUTPUT

    def to_domain(self) -> Offer:
        """What it offers. Raises PriceError or MoneyError for a price that is finer than is kept, or none."""
        terms = Terms(self.unit, currency(self.currency), self._rates())
        return Offer(
            ModelKey(self.provider, self.name),
            terms,
            self.model_type,
            self.cost_type,
            self.unit_size,
            aliases=tuple(self.aliases.split()),
            source=self.source,
            concerns=concerns_of(terms, gives_output=self.gives_output),
        )

    def _rates(self) -> Rates:
        return Rates(
            rate(self.input_price, self.unit_size),
            rate(self.output_price or Decimal(0), self.unit_size),
            nano(self.base_price),
            self._rate(self.cached_price),
            self._rate(self.cache_write_price),
            self._rate(self.reasoning_price),
            self._rate(self.batch_input_price),
            self._rate(self.batch_output_price),
            self._rate(self.batch_cached_price),
            self._rate(self.batch_cache_write_price),
        )

    def _rate(self, price: Decimal | None) -> Nano | None:
        return None if price is None else rate(price, self.unit_size)


def read_table(data: bytes) -> Listing:
    """Everything that a table offers, in its order.

    Raises RemoteError when it is no such table; what is wrong with one line is in the listing, by its number.
    """
    try:
        lines = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [(name or "").strip() for name in lines.fieldnames or ()]
        _check(header)
        lines.fieldnames = header
        rows = [(lines.line_num, row) for row in lines]
    except (UnicodeDecodeError, csv.Error):
        raise RemoteError("the file is no CSV in UTF-8", permanent=True) from None
    return _listing(rows)


def _check(header: list[str]) -> None:
    """Refuse a header that leaves open what the columns are."""
    missing = [name for name in _NEEDED if name not in header]
    unknown = [name for name in header if name not in PriceRow.model_fields]
    if missing or unknown or len(set(header)) != len(header):
        wrong = ", ".join(missing or unknown or header)
        raise RemoteError(f"the table's columns are not as they should be: {wrong:.200}", permanent=True)


def _listing(rows: list[tuple[int, dict[str | Any, str | Any]]]) -> Listing:
    offers: dict[ModelKey, Offer] = {}
    left_out = []
    for number, row in rows:
        found = _offer(f"line {number}", row)
        if isinstance(found, Offer) and offers.setdefault(found.key, found) is not found:
            found = LeftOut(f"line {number}", Why.TWICE)
        if isinstance(found, LeftOut):
            left_out.append(found)
    return Listing(tuple(offers.values()), tuple(left_out))


def _offer(line: str, row: Mapping[str | Any, object]) -> Offer | LeftOut:
    if None in row:  # where the reader puts what has no column
        return LeftOut(line, Why.UNREADABLE)
    said = {name: value for name, value in row.items() if value}
    if "input_price" not in said:
        return LeftOut(line, Why.INCOMPLETE, "input_price")
    try:
        read = PriceRow.model_validate(said)
        if read.output_price is None and read.gives_output:
            return LeftOut(line, Why.INCOMPLETE, "output_price")
        return read.to_domain()
    except ValidationError as error:
        place = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        return LeftOut(line, Why.UNREADABLE, ".".join(str(step) for step in place)[:80])
    except (PriceError, MoneyError) as error:
        return LeftOut(line, Why.UNREADABLE, str(error)[:80])
