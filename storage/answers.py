"""Answers as JSON text, the form in which the outbox keeps them."""

from pydantic import TypeAdapter

from suanli.domain.answer import Answer

_ANSWER = TypeAdapter(Answer)


def dump(answer: Answer) -> str:
    """The JSON of an answer."""
    return _ANSWER.dump_json(answer).decode()


def load(text: str) -> Answer:
    """The answer that `dump` made `text` of. Raises pydantic's ValidationError (a ValueError) for any other text."""
    return _ANSWER.validate_json(text)
