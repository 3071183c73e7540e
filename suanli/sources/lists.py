"""What reading a list page by page has in common for the hubs of models."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from suanli.domain.errors import RemoteError
from suanli.domain.releases.failures import Drift
from suanli.domain.releases.resources import OVERLAP, Validator
from suanli.sources.border import read
from suanli.sources.conditional import Page

Form = TypeVar("Form", bound=BaseModel)

_MOST_LABELS = 60
_LONGEST_LABEL = 200


class Client(Protocol):
    """What of a `Conditional` is used here."""

    def address_of(self, path: str) -> str:
        """The whole address of a path on the hub."""
        ...

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        """GET a page, or learn that it is as it was."""
        ...

    def put_json(self, url_or_path: str, body: Mapping[str, Any]) -> Page:
        """Ask by a PUT with a body."""
        ...


def understood(form: type[Form], reply: Any, what: str) -> Form:
    """`reply` as a `form`. Raises Drift naming the place in it that is not as it should be."""
    try:
        return read(form, reply, what)
    except RemoteError as error:
        raise Drift(str(error)) from None


def kept(page: Page) -> tuple[Validator, ...]:
    """What the page can be asked with the next time, if anything."""
    return (page.validator,) if page.validator.etag or page.validator.last_modified else ()


def are_newest_first(moments: Sequence[datetime]) -> bool:
    """Whether a page is in the order that was asked for; what lags behind by less than the overlap is no matter.

    Only then does an old entry mean that older ones follow.
    """
    oldest_so_far = accumulate(moments, min)
    return all(moment - oldest <= OVERLAP for moment, oldest in zip(moments, oldest_so_far, strict=True))


def labels_of(words: Iterable[str]) -> tuple[str, ...]:
    """Words as labels: each once, none very long, and not too many."""
    once = dict.fromkeys(word.strip()[:_LONGEST_LABEL] for word in words)
    return tuple(word for word in once if word)[:_MOST_LABELS]
