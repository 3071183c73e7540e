"""What providers say that a call used: each token once, and nonsense is never nothing."""

from typing import Any

import pytest

from suanli.domain.cost.prices import Usage
from suanli.domain.cost.reported_usage import usage_of


def said(prompt: Any, completion: Any, total: Any = None, **more: Any) -> dict[str, Any]:
    found = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    return {name: value for name, value in found.items() if value is not None} | more


def details(**numbers: Any) -> dict[str, Any]:
    return {"prompt_tokens_details": numbers}


REASONED = {"completion_tokens_details": {"reasoning_tokens": 8}}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (said(10, 3), Usage(10, 3)),
        (said(10, 0), Usage(10, 0)),
        (said(10, 3, 13, **details(cached_tokens=4)), Usage(6, 3, cached=4)),
        (said(10, 3, 13, **details(cached_tokens=10)), Usage(0, 3, cached=10)),
        (said(10, 3, 13, prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=6), Usage(6, 3, cached=4)),
        (said(10, 3, 13, cached_tokens=4), Usage(6, 3, cached=4)),
        (said(10, 3, 13, **details(cached_tokens=None)), Usage(10, 3)),
        (said(10, 3, 13, **details(cached_tokens=4, cache_creation_tokens=5)), Usage(1, 3, cached=4, cache_write=5)),
        (said(10, 3, 13, cache_read_input_tokens=4, cache_creation_input_tokens=5), Usage(1, 3, 4, 5)),
        (said(10, 9, 19, **REASONED), Usage(10, 1, reasoning=8)),
        (said(10, 3, 21, **REASONED), Usage(10, 3, reasoning=8)),  # counted beside the answer
        (said(10, 3, 20), Usage(10, 3, reasoning=7)),  # only the total knows
        (said(10, 9, 5), Usage(10, 9)),  # a total that is too small takes nothing away
        (said(10, 9, 19, prompt_tokens_details=None, completion_tokens_details=[]), Usage(10, 9)),
    ],
)
def test_each_token_is_counted_once(usage: Any, expected: Usage) -> None:
    assert usage_of(usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "12",
        [],
        {},
        said(0, 0),
        said(0, 5),
        said(10, None),
        said(None, 5),
        said(-1, 5),
        said(10, -5),
        said(10.0, 5),
        said("10", 5),
        said(10**12, 5),
        said(10, 5, 10**12),
        {"prompt_tokens": True, "completion_tokens": 5},
        said(10, 5, -1),
        said(10, 5, **details(cached_tokens=11)),
        said(10, 5, **details(cached_tokens=-1)),
        said(10, 5, **details(cached_tokens=6, cache_creation_tokens=6)),
        said(10, 5, **REASONED),
    ],
)
def test_nonsense_is_unknown_rather_than_nothing(usage: Any) -> None:
    assert usage_of(usage) is None


def test_embeddings_have_no_output() -> None:
    assert usage_of(said(10, None, 10), has_output=False) == Usage(10)
    assert usage_of(said(0, None), has_output=False) is None
