"""What pydantic found wrong, in words for people: where, what, what to do, in two languages, without the value."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from suanli.settings.problems import problem, unknown
from suanli.settings.variables import keys_at

Loc = tuple[int | str, ...]
"""The way to a value, as pydantic tells it: ("stock", "models", 0, "name")."""

Mistake = tuple[Loc, str]
"""Something wrong below a value that is being validated: where, in two languages what."""

_TEXTS = {
    "missing": "缺少这一项 / is required",
    "int_type": "要写整数 / must be a whole number",
    "bool_type": "要写 true 或 false / must be true or false",
    "string_type": '要写成带引号的文字 "…" / must be text in quotes',
    "string_too_short": "不能是空的 / must not be empty",
    "tuple_type": "要写成列表 […] / must be a list […]",
    "frozen_set_type": "要写成列表 […] / must be a list […]",
    "path_type": '要写成带引号的路径 "…" / must be a path in quotes',
    "dict_type": "要写成一节 {{…}} / must be a table {{…}}",
    "model_type": "要写成一节 {{…}} / must be a table {{…}}",
    "model_attributes_type": "要写成一节 {{…}} / must be a table {{…}}",
    "greater_than_equal": "不能小于 {ge} / must be {ge} or more",
    "less_than_equal": "不能大于 {le} / must be {le} or less",
    "literal_error": "可选的值 / must be: {expected}",
    "enum": "可选的值 / must be: {expected}",
    "value_error": "{error}",
}


def refuse(mistakes: Iterable[Mistake]) -> None:
    """For validators that see more than one value: raise all mistakes, each at its own place; with none, nothing."""
    details = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": text}), loc=loc, input=None)
        for loc, text in mistakes
    ]
    if details:
        raise ValidationError.from_exception_data("settings", details)


def dotted(loc: Loc) -> str:
    """A way as people write it: `stock.models[0].name`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return "".join(steps).removeprefix(".") or "(root)"


def complaints(
    error: ValidationError, model: type[BaseModel], place_of: Callable[[Loc], str] = dotted
) -> Iterator[str]:
    """A line for each thing that is wrong. `place_of` says where a value came from."""
    for detail in error.errors(include_url=False, include_input=False):
        yield _complaint(detail, model, place_of)


def _complaint(detail: ErrorDetails, model: type[BaseModel], place_of: Callable[[Loc], str]) -> str:
    loc = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return unknown(place_of(loc), str(loc[-1]), keys_at(model, loc[:-1]))
    context: dict[str, Any] = detail.get("ctx", {})
    text = _TEXTS.get(detail["type"], "值不对 / not a valid value ({type})")
    return problem(place_of(loc), text.format(type=detail["type"], **context))
