"""What is an answer behind a good status, and how long a stream is kept back until that is known."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from suanli.domain.gateway import Kind
from suanli.web.gateway.answers import NoAnswerError, error_of, is_answer
from suanli.web.gateway.beginnings import MOST_BYTES, MOST_EVENTS, begun
from suanli.web.gateway.sse import are_events, opening

COMMENT = b": keep-alive\n\n"
EMPTY = b'data: {"choices": [{"delta": {"content": ""}}]}\n\n'
TEXT = b'data: {"choices": [{"delta": {"content": "hi"}}]}\n\n'
ERROR = b'data: {"error": {"code": "busy"}}\n\n'


def never() -> bool:
    return False


class Source:
    """Events; `taken` is how many were asked for."""

    def __init__(self, *events: bytes) -> None:
        self.events = events
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for event in self.events:
            self.taken += 1
            yield event


def taken(*events: bytes) -> int:
    """How many events are taken before the first goes on; all of them go on in the end."""
    source = Source(*events)
    found = begun(iter(source), never)
    count = source.taken
    assert tuple(found) == events
    return count


def test_the_first_content_decides_and_nothing_behind_it_is_waited_for() -> None:
    assert taken(TEXT, TEXT, ERROR) == 1
    assert taken(COMMENT, EMPTY, TEXT, TEXT) == 3


def test_what_says_nothing_is_kept_back_within_bounds_of_number_and_bytes() -> None:
    assert taken(*[COMMENT] * (MOST_EVENTS + 10)) == MOST_EVENTS
    large = b": " + b"x" * (MOST_BYTES // 4) + b"\n\n"
    assert taken(*[large] * 10) == 4


def test_who_has_waited_long_enough_gets_what_there_is() -> None:
    waits = iter([False, False, True])
    assert tuple(begun(iter([COMMENT, EMPTY, COMMENT, ERROR]), lambda: next(waits))) == (COMMENT, EMPTY, COMMENT, ERROR)
    assert next(waits, None) is None


@pytest.mark.parametrize("events", [(), (COMMENT,), (EMPTY,), (COMMENT, EMPTY, ERROR), (b"data: [DONE]\n\n",)])
def test_without_an_answer_there_is_none(events: tuple[bytes, ...]) -> None:
    with pytest.raises(NoAnswerError):
        begun(iter(events), never)


CHOICE = {"message": {"content": "hi"}}
USAGE = {"prompt_tokens": 9, "completion_tokens": 3}


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        (Kind.CHAT, {"choices": [CHOICE]}, True),
        (Kind.CHAT, {"choices": [CHOICE], "code": 7, "error": {"code": 1}}, True),  # it is told, whatever else is
        (Kind.CHAT, {"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}, True),
        (Kind.CHAT, {"choices": [{"message": {"content": ""}}], "base_resp": {"status_code": 1027}}, False),
        (Kind.CHAT, {"choices": [{"message": {"content": ""}}], "base_resp": {"status_code": 0}}, True),
        (Kind.CHAT, {"choices": [None]}, False),
        (Kind.CHAT, {"choices": {}, "usage": USAGE}, False),
        (Kind.CHAT, {"data": [1]}, False),
        (Kind.CHAT, {}, False),
        (Kind.EMBEDDING, {"data": [{"embedding": [0.5]}]}, True),
        (Kind.EMBEDDING, {"data": [], "code": 0}, False),
        (Kind.EMBEDDING, {"data": None, "code": 20012}, False),
        (Kind.EMBEDDING, {"choices": [CHOICE]}, False),
    ],
)
def test_an_answer_has_choices_or_vectors(kind: Kind, said: Mapping[str, Any], *, expected: bool) -> None:
    assert is_answer(kind, said) is expected


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"error": {"code": "busy"}}, "busy"),
        ({"error": {"code": 429, "type": "x"}}, "429"),
        ({"error": {"type": "x" * 500}}, "x" * 100),
        ({"error": {"code": {"quoted": "a prompt"}}}, ""),
        ({"error": "words that may quote a prompt"}, ""),
        ({"code": 50505, "message": "m", "data": None}, "50505"),
        ({"code": "InvalidApiKey"}, "InvalidApiKey"),
        ({"base_resp": {"status_code": 1008}, "choices": None}, "1008"),
        ({"choices": [{"finish_reason": "error"}]}, "error"),
        *(({"code": well}, None) for well in (0, "0", 200, "", None)),
        ({"code": 7, "choices": [CHOICE]}, None),
        ({"error": None, "base_resp": {"status_code": 0}, "choices": []}, None),
        ({"choices": [{"finish_reason": "stop"}, 7], "base_resp": 7}, None),
    ],
)
def test_what_an_error_is_called(said: Mapping[str, Any], name: str | None) -> None:
    assert error_of(said) == name
    assert error_of(json.loads(json.dumps(said))) == name


@pytest.mark.parametrize(
    ("label", "body", "expected"),
    [
        *(("text/plain", start, True) for start in (b"data:x", b"data: x", b"event: a", b": a", b"id:1", b"retry: 3")),
        ("", b"\r\n \n: hello\n", True),
        ("application/json", b"\xef\xbb\xbfdata: x", True),
        *(("text/plain", start, False) for start in (b'{"data": 1}', b"<html>", b"hello: x", b"datax", b"dat", b"")),
        ("text/event-stream", b"other: x\n\n", True),
        ("text/event-stream", b"", True),
        ("text/event-stream", b' {"error": 1}', False),
        ("text/event-stream", b"<html>", False),
    ],
)
def test_what_it_begins_with_says_whether_it_is_a_stream(label: str, body: bytes, *, expected: bool) -> None:
    for pieces in ([body], [body[i : i + 1] for i in range(len(body))]):
        source = iter(pieces)
        assert are_events(label, opening(source)) is expected


def test_of_a_body_without_end_only_the_beginning_is_read_to_know_it() -> None:
    source = iter([b"\n" * 1000] * 100)
    assert len(opening(source)) < 10_000
    assert len(opening(iter([b"data: x\n\n", b"data: y\n\n"]))) == len(b"data: x\n\n")
