"""A form as a person fills it in, and as the client then sends it (feishu.md §4.4)."""

from collections.abc import Mapping, Sequence
from datetime import date

from suanli.sandbox.feishu.people import Json
from suanli.sandbox.feishu.reading import CardField

ZONE = "+0800"
"""The time zone of everybody here, as the client puts it behind a day."""

MISSING = "有必填项未填写"
TOO_LONG = "超出最大字数限制"


def filled_in(fields: Sequence[CardField], answers: Mapping[str, str]) -> Json:
    """What the client sends when these answers, by label, are in these fields.

    What a field that was left empty sends is not on the sheet: here an input an empty text, anything else nothing.
    """
    known = {field.label for field in fields}
    if strange := sorted(set(answers) - known):
        raise ValueError(f"the form has no field {strange}; it has {sorted(known)}")
    given = {field: answers.get(field.label, "") for field in fields}
    return {field.name: _sent(field, said) for field, said in given.items() if said or field.tag == "input"}


def refusal_of(fields: Sequence[CardField], value: Json) -> str:
    """What the client tells a person instead of sending the form; empty when it sends it."""
    if any(field.required and not value.get(field.name) for field in fields):
        return MISSING
    if any(field.tag == "input" and len(value[field.name]) > field.longest for field in fields):
        return TOO_LONG
    return ""


def _sent(field: CardField, said: str) -> str:
    # Nobody can pick a day that does not exist: a ValueError of whoever wrote the answers.
    return f"{date.fromisoformat(said)} {ZONE}" if field.tag == "date_picker" else said
