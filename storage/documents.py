"""Items as JSON text, the form in which they and their changes are kept.

Text comes back to the letter, even what a database refuses as such (NUL, half a surrogate pair): an item that was
stored and the same that was read again are compared, and must not differ by the storing.
"""

import json

from pydantic import TypeAdapter, ValidationError

from suanli.domain.releases import Item

_ITEM = TypeAdapter(Item)
_NO_PART = {"weights_changed"}


def dump(item: Item) -> str:
    """The JSON of an item, without what is no part of it or as it is by default.

    A moment without a zone raises ValueError.
    """
    for moment in (item.created_at, item.updated_at, item.ended_at, item.published_at):
        if moment is not None and moment.utcoffset() is None:
            raise ValueError(f"{moment} has no zone and cannot be stored")
    try:
        return _ITEM.dump_json(item, exclude=_NO_PART, exclude_defaults=True).decode()
    except ValueError:  # half a surrogate pair, which UTF-8 has no bytes for and JSON an escape
        return json.dumps(_ITEM.dump_python(item, mode="json", exclude=_NO_PART, exclude_defaults=True))


def load(text: str) -> Item:
    """The item that `dump` made `text` of. Raises ValueError for any other text."""
    try:
        return _ITEM.validate_json(text)
    except ValidationError:
        if "\\ud" not in text:
            raise
    return _ITEM.validate_python(json.loads(text))
