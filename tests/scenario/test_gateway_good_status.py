"""Behind a good status stands an answer, or an error all the same, which costs nothing."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.cost.records import Ending
from suanli.sandbox.model_provider import Behaviour
from tests.fakes import FakeClock, eventually
from tests.gateway_kit import EACH, FAST, World, gateway

DONE = b"data: [DONE]\n\n"
COMMENT = b": OPENROUTER PROCESSING\n\n"


def event(said: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\n"


def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> bytes:
    return event({"id": "a", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


ROLE = chunk({"role": "assistant", "content": ""})
ERROR = event({"error": {"message": "overloaded", "code": "busy"}})
BY_CODE = {"code": 50505, "message": "Model service overloaded", "data": None}
BY_BASE = {"id": "", "choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}
BROKEN = [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "error"}]

WHOLE = {
    "an error": json.dumps({"error": {"message": "busy", "code": 429}}).encode(),
    "a code": json.dumps(BY_CODE).encode(),
    "a state of its own": json.dumps(BY_BASE).encode(),
    "an answer that broke": json.dumps({"choices": BROKEN, "error": {"code": 502}}).encode(),
    "no choice": b'{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}',
    "a page": b"<html><body>please log in</body></html>",
    "a list": b"[]",
    "nothing": b"",
    "half": b'{"choices": [{"message": {"content": "hel',
}

STREAMS: dict[str, tuple[bytes, ...]] = {
    "an error behind a comment": (COMMENT, COMMENT, ERROR),
    "an error behind the role": (ROLE, ERROR, DONE),
    "an error behind filters": (event({"choices": [], "prompt_filter_results": [{"a": "b"}]}), ROLE, ERROR),
    "comments alone": (COMMENT, COMMENT),
    "a code": (event(BY_CODE),),
    "a state of its own": (event({**BY_BASE, "usage": {"total_tokens": 0}}), DONE),
    "a choice that broke": (ROLE, chunk({"content": ""}, "error", error={"code": 502, "message": "gone"})),
    "the role alone": (ROLE,),
    "the end alone": (COMMENT, DONE),
    "an object that is no event": (json.dumps(BY_CODE).encode(),),
    "a page": (b"<html>\n\n<body>please log in</body></html>",),
    "what nobody can read": (b"data: upstream gone\n\n", DONE),
    "nothing": (b"",),
}


def the_ending(world: World) -> tuple[Ending, str, int]:
    assert eventually(lambda: len(world.records()) == 1)
    (record,) = world.records()
    return record.call.ending, record.call.request_type, record.call.usage.output


@pytest.mark.parametrize("fault", WHOLE)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_what_is_no_answer_goes_to_the_next_route_and_costs_nothing(
    sqlite_store: SqlStore, fault: str, *, is_stream: bool
) -> None:
    bad = Behaviour(raw=(WHOLE[fault],), media="application/json")
    with gateway(sqlite_store, scripts={"first": (bad,)}) as world:
        answer = world.stream("both") if is_stream else world.chat("both")
        assert (answer.status_code, answer.headers["x-suanli-provider"]) == (200, "second")
        assert "你好" in answer.content.decode()
        assert the_ending(world)[0] is Ending.OK
        assert world.books() == ((9 * 2 + 3 * 3) * EACH, 0)


@pytest.mark.parametrize("fault", STREAMS)
@pytest.mark.parametrize("media", ["", "text/plain"])
def test_a_stream_that_does_not_come_to_an_answer_goes_to_the_next_route(
    sqlite_store: SqlStore, fault: str, media: str
) -> None:
    bad = Behaviour(raw=STREAMS[fault], media=media)
    with gateway(sqlite_store, scripts={"first": (bad,)}) as world:
        answer = world.stream("both")
        assert (answer.status_code, answer.headers["x-suanli-provider"]) == (200, "second")
        assert b"OPENROUTER" not in answer.content
        assert the_ending(world)[0] is Ending.OK
        assert world.books() == ((9 * 2 + 3 * 3) * EACH, 0)


@pytest.mark.parametrize("raw", [(WHOLE["a code"],), STREAMS["an error behind a comment"], STREAMS["comments alone"]])
def test_when_no_route_is_left_it_is_an_error_and_nothing_is_charged(
    sqlite_store: SqlStore, raw: tuple[bytes, ...]
) -> None:
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw),)}) as world:
        answer = world.stream()
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "provider_error")
        assert world.records() == ()
        assert world.books() == (0, 0)


def test_the_number_of_an_error_may_be_one(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=(b'{"error": {"code": 502}}',)),)}) as world:
        assert world.chat("both").headers["x-suanli-provider"] == "second"


CALL = chunk({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]})

GOOD: dict[str, tuple[bytes, ...]] = {
    "text": (chunk({"role": "assistant", "content": "hi"}), DONE),
    "text behind comments and the role": (COMMENT, COMMENT, ROLE, chunk({"content": "hi"}), DONE),
    "a tool": (ROLE, CALL, chunk({}, "tool_calls"), DONE),
    "nothing but its end": (ROLE, chunk({}, "stop"), DONE),
    "nothing but the last event": (ROLE, DONE),
    "a code that says that all is well": (chunk({"content": ""}, code=0), chunk({"content": "hi"}, code=0), DONE),
    "a usage alone": (ROLE, event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 0}})),
}


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("media", ["", "text/plain", "application/octet-stream", "application/json"])
def test_what_was_kept_back_comes_with_the_answer_byte_by_byte(sqlite_store: SqlStore, kind: str, media: str) -> None:
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=GOOD[kind], media=media),)}) as world:
        answer = world.stream("both", stream_options={"include_usage": True})
        assert answer.headers["x-suanli-provider"] == "first"
        assert answer.content == b"".join(GOOD[kind])
        assert the_ending(world)[0] is Ending.OK
        assert world.second.asked == []


def test_an_ordinary_stream_begins_with_its_first_content(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store, scripts={"first": (Behaviour(in_steps=True),)}) as world:
        world.first.steps.release(2)  # the role, and the first piece
        with world.stream() as answer:
            arrived = b""
            for piece in answer.iter_content(None):
                arrived += piece
                if "你好".encode() in arrived:
                    break
            assert world.first.produced == 2
            world.first.steps.release(10)


def test_who_waits_as_long_as_for_a_first_byte_gets_what_there_is(sqlite_store: SqlStore) -> None:
    clock = FakeClock()
    slow = Behaviour(pieces=("",) * 3, in_steps=True)
    with gateway(sqlite_store, clock=clock, scripts={"first": (slow,)}) as world, ThreadPoolExecutor(1) as pool:
        call = pool.submit(world.stream)
        world.first.steps.release(2)
        assert eventually(lambda: world.first.produced == 2)
        assert not call.done()
        clock.advance(FAST.first_byte)
        world.first.steps.release(1)
        answer = call.result()
        assert b'"role": "assistant"' in next(iter(answer.iter_content(None)))
        assert world.first.produced == 3
        world.first.steps.release(10)
        answer.close()


def test_a_hold_is_prolonged_while_its_stream_is_kept_back(sqlite_store: SqlStore) -> None:
    clock, patient = FakeClock(), replace(FAST, first_byte=timedelta(minutes=30), whole=timedelta(hours=1))
    slow = Behaviour(pieces=("", "", "hi"), in_steps=True)
    with (
        gateway(sqlite_store, clock=clock, deadlines=patient, scripts={"first": (slow,)}) as world,
        ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(world.stream)
        world.first.steps.release(1)
        assert eventually(lambda: world.first.produced == 1)
        clock.advance(timedelta(minutes=29))
        world.first.steps.release(1)
        assert eventually(lambda: world.first.produced == 2)
        assert not call.done()
        clock.advance(timedelta(minutes=5))
        with world.store.begin() as tx:
            assert tx.holds.expire(clock.now()) is None
        world.first.steps.release(10)
        assert b"hi" in call.result().content


def test_after_an_error_the_last_event_makes_nothing_well(sqlite_store: SqlStore) -> None:
    raw = (chunk({"content": "hi there"}), ERROR, DONE)
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw),)}) as world:
        assert world.stream().content == b"".join(raw)
        assert the_ending(world) == (Ending.FAILED, "chat", len("hi there"))


@pytest.mark.parametrize("said", [BY_CODE, BY_BASE, {"choices": [{"delta": {}, "finish_reason": "error"}]}])
def test_an_error_in_the_middle_is_one_by_whatever_name(sqlite_store: SqlStore, said: Mapping[str, Any]) -> None:
    raw = (chunk({"content": "hi"}), event(said), DONE)
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw),)}) as world:
        assert world.stream().content == b"".join(raw)
        assert the_ending(world) == (Ending.FAILED, "chat", 2)
