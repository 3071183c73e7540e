"""What a web service answered, whatever it was: for callers to whom the status and the headers say something."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers by their names in small letters, and the JSON of its body.

    `body` is None where none was expected (redirects, 304) and where that of an error status is not JSON. `next_link`
    is the address of the next page as the Link header has it, relative perhaps; empty without one.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = None
    next_link: str = ""
