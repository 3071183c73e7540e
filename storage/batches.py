"""Long lists of values in parts, because a statement takes only so many parameters (SQLite 32,766)."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Value = TypeVar("Value")

_MOST = 5_000


def batches(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in order, in parts that a statement can take; none for none."""
    for start in range(0, len(values), _MOST):
        yield values[start : start + _MOST]
