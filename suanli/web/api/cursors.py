"""Cursors: where a page of a list ended, in letters that callers give back as they are."""

import base64
import binascii
import hashlib

_MARK = 6
"""Bytes by which a cursor is known to be ours, whole, and of the same question."""
_LARGEST = 2**63


def cursor_of(place: tuple[int, ...], question: object) -> str:
    """The cursor of a place in the answer to a question, of which `repr` says all that makes it another one."""
    said = ",".join(map(str, place)).encode()
    return base64.urlsafe_b64encode(_mark(said, question) + said).rstrip(b"=").decode()


def place_of(cursor: str, question: object, parts: int) -> tuple[int, ...]:
    """The place of a cursor. Raises ValueError for one that is not whole, or of another question.

    Who makes up a cursor gets some page of what is theirs to see: it is a place, and gives no right.
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("no cursor") from None
    mark, said = raw[:_MARK], raw[_MARK:]
    if mark != _mark(said, question):
        raise ValueError("a cursor of another question")
    place = tuple(map(int, said.split(b",")))
    if len(place) != parts or not all(-_LARGEST <= each < _LARGEST for each in place):
        raise ValueError("no place")
    return place


def _mark(said: bytes, question: object) -> bytes:
    return hashlib.blake2b(said + repr(question).encode(), digest_size=_MARK).digest()
