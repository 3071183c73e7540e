"""Which setting each environment variable is, read from the marks on the settings themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

Way = tuple[str, ...]
"""How a setting is reached: ("feishu", "app_id")."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")


def is_variable(text: str) -> bool:
    """Whether it can be the name of an environment variable, and hardly a secret put into its place."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Variable:
    """Marks a setting that the environment may give under `name`; `zh` and `en` tell where its value is found."""

    name: str
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """What a variable sets."""

    variable: Variable
    way: Way
    secret: bool


def variables(model: type[BaseModel]) -> Mapping[str, Spot]:
    """Every variable of `model` and of its sections by name."""
    return {spot.variable.name: spot for spot in _spots(model, ())}


def _spots(model: type[BaseModel], above: Way) -> Iterator[Spot]:
    for name, field in model.model_fields.items():
        way = (*above, name)
        for mark in field.metadata:
            if isinstance(mark, Variable):
                yield Spot(mark, way, secret=field.annotation is SecretStr)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _spots(field.annotation, way)


def keys_at(model: type[BaseModel], way: Sequence[int | str]) -> tuple[str, ...]:
    """The keys that the table at `way` may have. Positions in lists and free names, as models are, lead no deeper."""
    for step in way:
        field = model.model_fields.get(str(step))
        model = _table_in(field.annotation) or model if field else model
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _table_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_table_in(part) for part in get_args(annotation))
    return next((table for table in found if table), None)
