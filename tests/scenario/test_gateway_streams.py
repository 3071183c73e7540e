"""Streams through the gateway: passed on as they come, settled however they end."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import HoldState
from suanli.domain.cost.records import Ending, Record
from suanli.sandbox.model_provider import Behaviour
from suanli.web.gateway.sse import data_of, events
from tests.fakes import FakeClock, eventually
from tests.gateway_kit import EACH, FAST, SECRET, World, gateway

LONG = tuple(f"piece {n} " for n in range(400))


@pytest.fixture
def world(sqlite_store: SqlStore) -> Iterator[World]:
    with gateway(sqlite_store) as found:
        yield found


def said(answer: requests.Response) -> list[dict[str, object]]:
    """The chunks of a stream; its last line is the end."""
    found = [data_of(event) for event in events(answer.iter_content(None))]
    return [json.loads(data) for data in found if data is not None and data != b"[DONE]"]


def text_of(chunks: list[dict[str, object]]) -> str:
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]  # type: ignore[attr-defined]
    return "".join(choice["delta"].get("content", "") for choice in choices)


def the_record(world: World) -> Record:
    """The one record, which may be written a moment after the caller has the answer, or went away."""
    assert eventually(lambda: bool(world.records()))
    (record,) = world.records()
    return record


def test_a_stream_passes_and_is_charged_by_the_usage_that_the_caller_did_not_ask_for(world: World) -> None:
    with world.stream() as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        chunks = said(answer)
    assert text_of(chunks) == "你好，world"
    assert not any(chunk.get("usage") for chunk in chunks)
    assert world.first.asked[0].body["stream_options"] == {"include_usage": True}
    record = the_record(world)
    assert (record.call.usage, record.call.ending) == (Usage(input=9, output=3), Ending.OK)
    assert (record.call.request_type, record.charged) == ("chat", 12 * EACH)
    assert world.books() == (12 * EACH, 0)


def test_who_asks_for_the_usage_gets_it_and_every_byte_is_as_the_provider_sent_it(world: World) -> None:
    body = {"model": "small-1", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    options: dict[str, Any] = {"stream_options": {"include_usage": True}}
    headers = {"Authorization": world.first._key and f"Bearer {world.first._key}"}  # noqa: SLF001 the stand-in's own
    direct = requests.post(f"{world.first.url}/chat/completions", json=body | options, headers=headers, timeout=5)
    with world.stream(**options) as answer:
        assert answer.content == direct.content
    assert b'"prompt_tokens": 9' in direct.content
    assert the_record(world).call.usage == Usage(input=9, output=3)


def test_other_options_of_the_stream_stay(world: World) -> None:
    with world.stream(stream_options={"include_usage": False, "include_obfuscation": False}) as answer:
        assert not any(chunk.get("usage") for chunk in said(answer))
    assert world.first.asked[0].body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_pieces_arrive_while_the_provider_still_writes(world: World) -> None:
    world.first.follow(Behaviour(pieces=LONG[:5], in_steps=True))
    world.first.steps.release(2)
    with world.stream() as answer:
        arrived = events(answer.iter_content(None))
        assert b'"role": "assistant"' in next(arrived)
        assert b"piece 0" in next(arrived)
        assert world.first.produced == 2
        assert world.records() == ()
        assert world.books()[1] > 0
        world.first.steps.release(10)


def test_a_caller_who_goes_away_pays_for_what_was_produced_and_the_provider_is_stopped(world: World) -> None:
    world.first.follow(Behaviour(pieces=LONG, waits=0.01))
    parts = urlsplit(world.url)
    assert parts.hostname is not None
    body = json.dumps({"model": "chat", "stream": True, "max_tokens": 900, "messages": [{"content": "hello"}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n"
    with socket.create_connection((parts.hostname, parts.port or 80)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        got = b""
        while got.count(b"piece") < 5:
            got += connection.recv(4096)
    record = the_record(world)
    assert record.call.ending is Ending.ABORTED
    assert 5 * len("piece 0 ") <= record.call.usage.output < 900
    assert record.call.usage.input > 256
    assert eventually(lambda: world.first.gone == 1)
    assert world.first.produced < len(LONG)
    assert world.books() == (record.charged, 0)


def test_a_stream_that_breaks_off_ends_with_an_error_and_is_charged_for_what_came(world: World) -> None:
    world.first.follow(Behaviour(breaks_after=3))
    with world.stream(max_tokens=100) as answer:
        chunks = said(answer)
    assert text_of(chunks) == "你好，"
    assert chunks[-1]["error"]["code"] == "provider_error"  # type: ignore[index]
    record = the_record(world)
    assert (record.call.ending, record.call.usage.output) == (Ending.FAILED, len("你好，".encode()))
    assert world.books() == (record.charged, 0)


def test_an_error_in_the_middle_is_passed_on_and_charged_for_what_came_before(world: World) -> None:
    world.first.follow(Behaviour(error_after=1))
    with world.stream() as answer:
        chunks = said(answer)
    assert chunks[-1]["error"]["code"] == "boom"  # type: ignore[index]
    record = the_record(world)
    assert (record.call.ending, record.call.usage.output) == (Ending.FAILED, len("你好".encode()))


def test_a_stream_without_a_usage_is_charged_by_its_bytes_and_never_more_than_was_held(world: World) -> None:
    world.first.follow(Behaviour(pieces=("x" * 5000,), usage=None))
    with world.stream(max_tokens=40) as answer:
        assert text_of(said(answer)) == "x" * 5000
    record = the_record(world)
    assert (record.call.request_type, record.call.usage.output) == ("chat_bound", 40)


def test_an_answer_that_is_no_stream_though_one_was_asked_for_is_charged_all_the_same(world: World) -> None:
    raw = b'{"choices": [{}], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}'
    world.first.follow(Behaviour(raw=(raw,), media="application/json"))
    with world.stream() as answer:
        assert answer.content == raw
    assert the_record(world).charged == 12 * EACH


def test_a_long_stream_prolongs_its_hold(sqlite_store: SqlStore) -> None:
    clock = FakeClock()
    with gateway(sqlite_store, clock=clock, deadlines=replace(FAST, whole=timedelta(hours=1))) as world:
        world.first.follow(Behaviour(pieces=LONG[:20], waits=0.02))
        with world.stream() as answer:
            found = events(answer.iter_content(None))
            next(found)
            hold = world.hold(answer.headers["x-request-id"])
            clock.advance(timedelta(minutes=9, seconds=50))
            next(found)
            next(found)
            assert eventually(lambda: world.hold(hold.key).expires_at > hold.expires_at)
            assert world.hold(hold.key).amount == hold.amount
            assert len(list(found)) > 10
        assert eventually(lambda: world.hold(hold.key).state is HoldState.SETTLED)


ENDLESS = Behaviour(pieces=LONG, usage={"prompt_tokens": 9, "completion_tokens": 400})
"""More pieces than the caller's limit allows, from a provider that does not keep to it."""


def test_a_stream_that_goes_beyond_its_limit_tops_up_its_hold(world: World) -> None:
    world.first.follow(ENDLESS)
    with world.stream(max_tokens=100) as answer:
        assert len(said(answer)) == len(LONG) + 2
    record = the_record(world)
    assert record.charged == 409 * EACH
    assert world.hold(record.call.request_id).amount > 400 * EACH


def test_a_stream_whose_hold_cannot_be_topped_up_is_stopped_and_charged_for_what_it_produced(
    sqlite_store: SqlStore,
) -> None:
    with gateway(sqlite_store, total=600 * EACH) as world:
        world.first.follow(ENDLESS)
        with world.stream(max_tokens=100) as answer:
            chunks = said(answer)
        assert chunks[-1]["error"]["type"] == "insufficient_quota"  # type: ignore[index]
        assert 100 <= len(chunks) < 200
        record = the_record(world)
        assert record.call.ending is Ending.ABORTED
        used, held = world.books()
        assert (used, held) == (record.charged, 0)
        assert used <= 600 * EACH


def test_when_the_process_is_to_end_streams_are_ended_and_settled_and_nobody_new_is_taken(world: World) -> None:
    world.first.follow(Behaviour(pieces=LONG, waits=0.01))
    with world.stream() as answer:
        found = events(answer.iter_content(None))
        next(found)
        world.drain.begin()
        assert isinstance(world.clock, FakeClock)
        world.clock.advance(timedelta(seconds=1))
        assert b"shutting_down" in list(found)[-1]
    assert the_record(world).call.ending is Ending.ABORTED
    assert world.chat().status_code == 503
