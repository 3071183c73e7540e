"""JSON that people write by hand, read strictly."""

import json
from collections import Counter
from typing import Any

from suanli.settings.problems import SettingsError, problem


def parse_json(text: str) -> Any:
    """The value of strict JSON in which no name stands twice, for of two the first would be lost unseen.

    Raises SettingsError.
    """
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        where = f"{error.lineno}:{error.colno}"
        told = f"不是正确的 JSON：第 {error.lineno} 行第 {error.colno} 列 / not valid JSON: {error.msg}"
        raise SettingsError([problem(where, told)]) from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise SettingsError(problem(name, "写了两次，只留一个 / stands there twice; keep one") for name in twice)
    return dict(pairs)
