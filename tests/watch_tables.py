"""`[stock.watch]` tables as values, read as the settings read them."""

from typing import Any

import pytest
from pydantic import ValidationError

from suanli.domain.stock.rules import Recipient, Rule, Watch
from suanli.settings import Stock
from suanli.settings.watch import WatchTable

FLEET = Stock().to_domain()
RULE = {"model": "4090", "min_free": 100}
"""The least that a rule needs."""


def table(**values: Any) -> Watch:
    """What a `[stock.watch]` with these values means to the default fleet."""
    given_or_default = {"recipients": ["ou_1"], "rules": [RULE]} | values
    return WatchTable.model_validate(given_or_default, context=FLEET).to_domain(FLEET)


def rule(**values: Any) -> Rule:
    (found,) = table(rules=[RULE | values]).rules
    return found


def recipient(**values: Any) -> Recipient:
    (found,) = table(recipients=[{"id": "ou_1"} | values]).recipients
    return found


def wrong(**values: Any) -> list[tuple[tuple[int | str, ...], str]]:
    """Where a table with these values is wrong, and what is said of it in two languages."""
    with pytest.raises(ValidationError) as caught:
        table(**values)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]
