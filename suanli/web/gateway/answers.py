"""What a provider says behind a good status: a model's answer, or an error all the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from suanli.domain.gateway import Kind
from suanli.web.gateway.counting import sizes

_WELL = (None, "", 0, "0", 200, "200")
"""Codes of those who say with every answer that there was no error."""
_BROKEN = "error"
"""Why a choice ended that did not."""


class NoAnswerError(Exception):
    """No model answered, though the status is a good one."""


def is_answer(kind: Kind, said: Mapping[str, Any]) -> bool:
    """Whether a whole answer is a model's: with choices, or vectors. An error beside what was written is no matter."""
    if kind is Kind.EMBEDDING:
        data = said.get("data")
        return isinstance(data, list) and bool(data)
    return has_choices(said) and (any(sizes(said)) or error_of(said) is None)


def has_choices(said: Mapping[str, Any]) -> bool:
    """Whether a model has said something, be it nothing."""
    return next(_choices(said), None) is not None


def is_finished(said: Mapping[str, Any]) -> bool:
    """Whether a choice has come to its end."""
    return any(choice.get("finish_reason") for choice in _choices(said))


def error_of(said: Mapping[str, Any]) -> str | None:
    """What an error is called, "" when it has no name; None when it is none.

    Its words may quote the request, so they are not looked at: a name is for the log.
    """
    if error := said.get("error"):
        return _name(error.get("code") or error.get("type")) if isinstance(error, Mapping) else ""
    state = said.get("base_resp")
    if isinstance(state, Mapping) and state.get("status_code") not in _WELL:
        return _name(state["status_code"])
    if any(choice.get("finish_reason") == _BROKEN for choice in _choices(said)):
        return _BROKEN
    code = said.get("code")
    return None if has_choices(said) or code in _WELL else _name(code)


def _name(value: object) -> str:
    return f"{value!s:.100}" if isinstance(value, str | int) else ""


def _choices(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = said.get("choices")
    return (choice for choice in (found if isinstance(found, list) else ()) if isinstance(choice, Mapping))
