"""Server-sent events as they come in, cut where one ends and the next begins, and not a byte of them changed."""

import re
from collections.abc import Iterable, Iterator

from suanli.domain.errors import RemoteError

STREAM = "text/event-stream"
LONGEST = 8 * 1024 * 1024
"""Bytes of one event; whoever sends more sends no events."""

_END = re.compile(rb"(?>\r\n|\n|\r)(?:\r\n|\n|\r)")
_LINE = re.compile(rb"\r\n|\n|\r")
_LONGEST_END = 4
_BOM = b"\xef\xbb\xbf"
_FIELD = re.compile(rb"(?:data|event|id|retry)?:")
_LONGEST_FIELD = len(b"event:")
_BLANK = 4096
"""More bytes of nothing are not waited for to know what a body is."""


def opening(pieces: Iterator[bytes]) -> bytes:
    """As much of a body as shows what it is."""
    head = b""
    for piece in pieces:
        head += piece
        if len(_start(head)) >= _LONGEST_FIELD or len(head) > _BLANK:
            break
    return head


def are_events(label: str, head: bytes) -> bool:
    """Whether a body that was asked for as a stream is one: by how it begins, and else by its label.

    Some call a stream plain text, and others an error or a page a stream.
    """
    start = _start(head)
    return bool(_FIELD.match(start)) or (label == STREAM and not start.startswith((b"{", b"<")))


def events(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole events, each as it came, with the empty line behind it; together they are all that came.

    Pieces may end anywhere, within a character or within the end of a line. What comes behind the last whole event is
    given as it is. Raises RemoteError for one that does not end.
    """
    buffer, looked = bytearray(), 0
    for piece in pieces:
        buffer += piece
        start = 0
        while found := _END.search(buffer, max(start, looked)):
            yield bytes(buffer[start : found.end()])
            start = looked = found.end()
        del buffer[:start]
        looked = max(0, len(buffer) - _LONGEST_END)
        if len(buffer) > LONGEST:
            raise RemoteError("an event without an end")
    if buffer:
        yield bytes(buffer)


def data_of(event: bytes) -> bytes | None:
    """The data of an event, its lines put together; None when it has none, as a comment."""
    lines = [_value(line) for line in _LINE.split(event.removeprefix(_BOM)) if line.partition(b":")[0] == b"data"]
    return b"\n".join(lines) if lines else None


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].removeprefix(b" ")


def _start(head: bytes) -> bytes:
    return head.removeprefix(_BOM).lstrip()
