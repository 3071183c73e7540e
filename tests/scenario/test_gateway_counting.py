"""What a good answer has produced is counted, also where it is written as few others write it."""

import json

import pytest

from storage.store import SqlStore
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.records import Record
from suanli.sandbox.model_provider import Behaviour
from tests.fakes import eventually
from tests.gateway_kit import World, gateway

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 9, "completion_tokens": 500, "total_tokens": 509}


def the_record(world: World) -> Record:
    assert eventually(lambda: len(world.records()) == 1)
    (record,) = world.records()
    return record


def piece(text: str, number: float = 0.0) -> bytes:
    tokens = {"content": [{"token": "x", "logprob": number}]}
    choice = {"index": 0, "delta": {"content": text}, "logprobs": tokens}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@pytest.mark.parametrize("number", [float("-inf"), float("inf"), float("nan")])
def test_a_number_that_json_does_not_have_costs_nobody_the_usage(sqlite_store: SqlStore, number: float) -> None:
    choice = {"message": {"content": "x" * 700}, "logprobs": {"content": [{"logprob": number}]}}
    raw = json.dumps({"choices": [choice], "usage": USAGE}).encode()
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=(raw,)),)}) as world:
        assert world.chat().content == raw
        assert the_record(world).call.usage == Usage(9, 500)


def test_such_a_number_in_a_stream_costs_nobody_its_pieces(sqlite_store: SqlStore) -> None:
    raw = (*[piece("y" * 200, float("-inf"))] * 3, DONE)
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw),)}) as world:
        assert world.stream().content == b"".join(raw)
        record = the_record(world)
        assert (record.call.request_type, record.call.usage.output) == ("chat_bound", 600)


@pytest.mark.parametrize("media", ["text/plain", "application/octet-stream", "application/json", ""])
@pytest.mark.parametrize("start", [b"", b"\n\n", b"\xef\xbb\xbf", b": hello\n\n", b"event: message\n", b"id:7\n"])
def test_what_begins_as_a_stream_is_counted_as_one_whatever_its_label(
    sqlite_store: SqlStore, media: str, start: bytes
) -> None:
    told = b"data: " + json.dumps({"choices": [], "usage": USAGE}).encode() + b"\n\n"
    raw = (start[:1], start[1:] + piece("z" * 100), piece("z"), told, DONE)
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw, media=media),)}) as world:
        assert world.stream(stream_options={"include_usage": True}).content == b"".join(raw)
        record = the_record(world)
        assert (record.call.request_type, record.call.usage) == ("chat", Usage(9, 500))


SHORT = b'{"choices": [{"delta": {"content": "half'
DEEP = b'{"choices": ' + b"[" * 100_000


@pytest.mark.parametrize(("data", "output"), [(SHORT, 2 + len(SHORT)), (DEEP, 1000)], ids=["short", "deep"])
def test_what_cannot_be_read_counts_its_bytes_up_to_what_is_held(
    sqlite_store: SqlStore, data: bytes, output: int
) -> None:
    raw = (piece("ab"), b"data: " + data + b"\n\n", DONE)
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=raw),)}) as world:
        assert world.stream().content == b"".join(raw)
        assert the_record(world).call.usage.output == output


def test_a_character_that_was_cut_in_two_is_read_all_the_same(sqlite_store: SqlStore) -> None:
    half = b'data: {"choices": [{"delta": {"content": "abc\xe4\xbd"}}]}\n\n'
    with gateway(sqlite_store, scripts={"first": (Behaviour(raw=(half, DONE)),)}) as world:
        assert world.stream().content == half + DONE
        assert 3 < the_record(world).call.usage.output <= 3 + 6
