"""What is wrong with what somebody sent, field by field, in the words of who asked."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from suanli.i18n import Texts

MOST_FIELDS = 50
"""No body has more; what has is not looked through, for each field would be a mistake to tell of."""

_MOST = 20
"""So many mistakes of a body are told: who made more of them sent something else than was asked for."""
_LONGEST_FIELD = 100

_WORDS = {
    "extra_forbidden": "extra",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "pattern",
    "int_type": "int", "int_parsing": "int", "int_parsing_size": "int", "int_from_float": "int",
    "float_type": "number", "float_parsing": "number", "finite_number": "number",
    "decimal_type": "number", "decimal_parsing": "number",
    "bool_type": "bool", "bool_parsing": "bool",
    "string_type": "string", "string_unicode": "string",
    "enum": "expected", "literal_error": "expected",
    "datetime_type": "moment", "datetime_parsing": "moment", "datetime_from_date_parsing": "moment",
    "datetime_object_invalid": "moment",
    "timezone_aware": "zoned",
    "date_type": "date", "date_parsing": "date", "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
    "dict_type": "object", "model_type": "object", "model_attributes_type": "object", "mapping_type": "object",
    "list_type": "list", "tuple_type": "list",
    "greater_than": "greater_than", "greater_than_equal": "at_least",
    "less_than": "less_than", "less_than_equal": "at_most",
    "too_long": "too_many",
}  # fmt: skip
"""Pydantic's kinds of mistakes by our words for them: others are told in its own."""


class MistakeError(ValueError):
    """What is wrong with a value: `api.mistake.<word>` says it, with these values."""

    def __init__(self, word: str, **values: object) -> None:
        super().__init__(word)
        self.word, self.values = word, values


def errors_of(error: ValidationError, texts: Texts) -> list[dict[str, str]]:
    """The first mistakes by where they stand: what was sent is not repeated, for it may be secret."""
    return [
        {"field": _field(each["loc"]), "message": _message(each, texts)}
        for each in error.errors(include_url=False, include_input=False)[:_MOST]
    ]


def too_many_fields(texts: Texts) -> dict[str, str]:
    """The mistake of an object with more fields than any has."""
    return {"field": "", "message": texts("api.too_many_fields", most=MOST_FIELDS)}


def _message(found: Mapping[str, Any], texts: Texts) -> str:
    about = found.get("ctx", {})
    ours = about.get("error")
    if isinstance(ours, MistakeError):
        return texts(f"api.mistake.{ours.word}", **ours.values)
    word = _WORDS.get(found["type"], found["type"])
    if not texts.has(f"api.mistake.{word}"):
        return str(found["msg"]).removeprefix("Value error, ")
    return texts(f"api.mistake.{word}", **{name: _plain(value) for name, value in about.items()})


def _plain(value: object) -> object:
    """What is expected, without pydantic's English between the words."""
    return value.replace("' or '", "', '").replace("'", "") if isinstance(value, str) else value


def _field(where: tuple[int | str, ...]) -> str:
    """The name of a field, which may be the sender's own: short, and of letters that can be sent back."""
    return ".".join(map(str, where))[:_LONGEST_FIELD].encode(errors="replace").decode()
