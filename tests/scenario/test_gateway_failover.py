"""Fail-over: the next route is tried before the caller has seen anything, and what failed costs nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.cost.prices import Usage
from suanli.sandbox.model_provider import KEY, Behaviour
from tests.fakes import FakeClock, eventually
from tests.gateway_kit import EACH, FAST, World, gateway

QUICK = replace(FAST, first_byte=timedelta(seconds=0.3), between=timedelta(seconds=0.3), whole=timedelta(seconds=1))
GOOD = Behaviour()
ERROR_EVENT = (b'data: {"error": {"message": "overloaded", "code": "busy"}}\n\n',)


class Ticking(FakeClock):
    """Noon, and from then on real time passes."""

    def __init__(self) -> None:
        super().__init__()
        self._real = SystemClock()
        self._start = self._real.elapsed()

    def elapsed(self) -> float:
        return self._real.elapsed() - self._start


@contextmanager
def scripted(store: SqlStore, scripts: Mapping[str, Sequence[Behaviour]]) -> Iterator[World]:
    with gateway(store, scripts=scripts, deadlines=QUICK, clock=Ticking()) as world:
        yield world
        for provider in (world.first, world.second):
            provider.__exit__()


def code_of(answer: requests.Response) -> str:
    return str(answer.json()["error"]["code"])


FAULTS = {
    "429": Behaviour(status=429),
    "500": Behaviour(status=500),
    "503": Behaviour(status=503),
    "529": Behaviour(status=529),
    "our key": Behaviour(status=401),
    "our account": Behaviour(status=402),
    "no such model": Behaviour(status=404),
    "a redirect": Behaviour(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "a reset": Behaviour(breaks_after=0),
}

SILENCE = Behaviour(hangs="head")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_what_is_not_the_callers_fault_goes_to_the_next_route(
    sqlite_store: SqlStore, fault: str, *, is_stream: bool
) -> None:
    with scripted(sqlite_store, {"first": (FAULTS[fault],)}) as world:
        answer = world.stream("both") if is_stream else world.chat("both")
        assert answer.status_code == 200
        assert "你好" in answer.content.decode()
        assert answer.headers["x-suanli-provider"] == "second"
        assert world.second.asked[0].body["model"] == "big-1"
        assert eventually(lambda: len(world.records()) == 1)
        (record,) = world.records()
        assert (record.call.provider_name, record.call.model_name) == ("other", "big-1")
        assert record.charged == (9 * 2 + 3 * 3) * EACH
        assert world.books() == (record.charged, 0)


def test_a_stream_that_does_not_begin_in_time_goes_to_the_next_route(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (SILENCE,)}) as world:
        assert world.stream("both").headers["x-suanli-provider"] == "second"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_the_callers_fault_is_told_by_the_first_route(sqlite_store: SqlStore, status: int) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(status=status),)}) as world:
        assert world.chat("both").status_code == status
        assert world.stream("both").status_code == status
        assert world.second.asked == []
        assert world.books() == (0, 0)


def test_a_stream_that_begins_with_an_error_goes_to_the_next_route(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(raw=ERROR_EVENT),)}) as world:
        assert world.stream("both").headers["x-suanli-provider"] == "second"


def test_an_error_behind_a_good_status_goes_to_the_next_route(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(raw=(b'{"error": {"code": "busy"}}',)),)}) as world:
        assert world.chat("both").headers["x-suanli-provider"] == "second"


def test_a_whole_answer_that_breaks_off_goes_to_the_next_route(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(pieces=("x" * 100_000,), breaks_after=1),)}) as world:
        assert world.chat("both").headers["x-suanli-provider"] == "second"
        assert len(world.records()) == 1


def test_once_something_was_passed_on_no_other_route_is_tried(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(breaks_after=2),)}) as world:
        assert b"provider_error" in world.stream("both").content
        assert world.second.asked == []


def test_a_stream_that_falls_silent_is_ended_and_charged(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(in_steps=True),)}) as world:
        world.first.steps.release(2)
        assert b"provider_error" in world.stream().content
        assert eventually(lambda: len(world.records()) == 1)
        assert world.records()[0].call.usage.output == len("你好".encode())
        assert world.records()[0].charged > 256 * EACH
        world.first.steps.release(10)


def test_a_stream_that_falls_silent_before_its_first_word_goes_to_the_next_route(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(hangs="body"),)}) as world:
        assert world.stream("both").headers["x-suanli-provider"] == "second"
        assert world.stream("chat").status_code == 504
        assert len(world.records()) == 1


def test_a_stream_that_never_ends_is_ended_when_its_time_is_over(sqlite_store: SqlStore) -> None:
    with scripted(sqlite_store, {"first": (Behaviour(pieces=("x",) * 500, waits=0.02),)}) as world:
        assert b"provider_error" in world.stream().content
        assert world.first.produced < 200


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        (("500", "503"), 502, "provider_error"),
        (("429", "500"), 502, "provider_error"),
        (("500", ""), 504, "provider_timeout"),
        (("429", "429"), 429, "rate_limit_exceeded"),
        (("our key", "our key"), 502, "provider_error"),
    ],
)
def test_when_no_route_answers_nothing_is_charged(
    sqlite_store: SqlStore, faults: tuple[str, str], status: int, code: str
) -> None:
    scripts = {name: (FAULTS.get(fault, SILENCE),) for name, fault in zip(("first", "second"), faults, strict=True)}
    with scripted(sqlite_store, scripts) as world:
        answer = world.chat("both")
        assert (answer.status_code, code_of(answer)) == (status, code)
        assert KEY not in answer.text
        assert world.records() == ()
        assert world.books() == (0, 0)


def test_when_all_are_busy_the_shortest_of_their_waits_is_passed_on(sqlite_store: SqlStore) -> None:
    scripts = {
        name: (Behaviour(status=429, headers={"Retry-After": wait}),)
        for name, wait in (("first", "30"), ("second", "7"))
    }
    with scripted(sqlite_store, scripts) as world:
        assert world.chat("both").headers["Retry-After"] == "7"


def test_a_provider_that_is_not_there_is_passed_over(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store) as world:
        world.first.__exit__()
        assert world.chat("both").headers["x-suanli-provider"] == "second"
        assert world.chat("chat").status_code == 502
        assert world.records()[0].call.usage == Usage(input=9, output=3)


def test_the_dearest_route_decides_what_is_held(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store) as world:
        answers = [world.chat(model, max_tokens=1000) for model in ("chat", "both")]
        cheap, dear = (world.hold(answer.headers["x-request-id"]).amount for answer in answers)
    assert dear - cheap > 2 * 1000 * EACH
