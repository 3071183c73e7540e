"""What must be right about money: many callers at a limit, a database that is away, a process that dies."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import HoldState
from suanli.sandbox.model_provider import Behaviour
from suanli.web.gateway.purse import WAITS
from tests.fakes import FakeClock, FaultyStore, eventually
from tests.gateway_kit import EACH, FAST, World, gateway

CALLERS = 50
PATIENT = replace(FAST, whole=timedelta(hours=1))


def worst(world: World) -> int:
    """What is held for the call that they all make."""
    return int(world.hold(world.chat(max_tokens=100).headers["x-request-id"]).amount)


def test_of_fifty_callers_at_the_limit_as_many_pass_as_there_is_room_for(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store) as world:
        one = worst(world)
        used, _ = world.books()
        with world.store.begin() as tx:
            (quota,) = tx.quotas.all()
            assert tx.quotas.change(replace(quota, total=Nano(used + 10 * one)), world.clock.now())
        world.first.gate.clear()
        with ThreadPoolExecutor(CALLERS) as pool:
            calls = [pool.submit(world.chat, max_tokens=100) for _ in range(CALLERS)]
            assert eventually(lambda: sum(call.done() for call in calls) == CALLERS - 10)
            assert world.books() == (used, 10 * one)
            world.first.gate.set()
            answers = [call.result() for call in calls]
        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 40
        assert world.books() == (used + 10 * 12 * EACH, 0)
        assert len(world.records()) == 11
        with world.store.begin() as tx:
            assert tx.holds.drift(world.clock.now()) == ()


class Healing(FakeClock):
    """A database that is away is back as soon as somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.store: FaultyStore | None = None

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if self.store and seconds >= WAITS[0]:
            self.store.broken = False
        return super().wait(event, seconds)


def test_a_database_that_is_away_for_a_moment_loses_nothing(sqlite_store: SqlStore) -> None:
    faulty, clock = FaultyStore(sqlite_store), Healing()
    with gateway(sqlite_store, behind=faulty, clock=clock) as world:
        world.first.gate.clear()
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(world.chat)
            assert eventually(lambda: bool(world.first.asked))
            faulty.broken, clock.store = True, faulty
            world.first.gate.set()
            assert call.result().headers["x-suanli-cost"] == "0.000024"
        assert world.books() == (12 * EACH, 0)
        assert len(world.records()) == 1


def test_a_stream_goes_on_while_the_database_is_away(sqlite_store: SqlStore) -> None:
    faulty, clock = FaultyStore(sqlite_store), Healing()
    with gateway(sqlite_store, behind=faulty, clock=clock, deadlines=PATIENT) as world, capture_logs() as logs:
        world.first.follow(Behaviour(pieces=("piece ",) * 20, waits=0.01))
        with world.stream() as answer:
            pieces = answer.iter_content(None)
            next(pieces)
            faulty.broken, clock.store = True, faulty
            clock.advance(timedelta(minutes=9, seconds=50))
            assert b"[DONE]" in b"".join(pieces)
        assert eventually(lambda: world.books() == (12 * EACH, 0))
        assert sum(line["event"] == "gateway_hold_not_raised" for line in logs) == 1


def test_a_hold_that_expired_under_way_is_settled_late(sqlite_store: SqlStore) -> None:
    clock = FakeClock()
    with gateway(sqlite_store, clock=clock, deadlines=PATIENT) as world:
        world.first.follow(Behaviour(pieces=("piece ",) * 20, waits=0.02))
        with world.stream() as answer:
            pieces = answer.iter_content(None)
            next(pieces)
            clock.advance(timedelta(minutes=30))
            with world.store.begin() as tx:
                tx.holds.expire(clock.now())
            assert world.books() == (0, 0)
            assert b"[DONE]" in b"".join(pieces)
        assert eventually(lambda: world.books() == (12 * EACH, 0))


def test_what_cannot_be_written_down_stands_in_the_log_to_be_told_later(sqlite_store: SqlStore) -> None:
    faulty = FaultyStore(sqlite_store)
    with gateway(sqlite_store, behind=faulty) as world, capture_logs() as logs:
        world.first.gate.clear()
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(world.chat)
            assert eventually(lambda: bool(world.first.asked))
            faulty.broken = True
            world.first.gate.set()
            answer = call.result()
        assert answer.status_code == 200
        assert "x-suanli-cost" not in answer.headers
        (told,) = [line for line in logs if line["event"] == "gateway_call_unsettled"]
        assert told["user"] == "zhang"
        assert (told["model"], told["provider"], told["input_units"], told["output_units"]) == (
            "small-1",
            "vendor",
            9,
            3,
        )
        assert told["request"] == told["hold"] == answer.headers["x-request-id"]
        assert sum(line["event"] == "gateway_settling_failed" for line in logs) == len(WAITS) + 1


def test_the_hold_of_a_process_that_died_expires_by_itself(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store) as world:
        world.first.follow(Behaviour(hangs="head"))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(world.chat)
            assert eventually(lambda: bool(world.first.asked))
            assert world.books()[1] > 0
            # Seen from another process, which knows only the store: nobody prolongs the hold any more.
            clock = world.clock
            assert isinstance(clock, FakeClock)
            later = clock.now() + timedelta(minutes=11)
            with world.store.begin() as tx:
                swept = tx.holds.expire(later)
            assert swept is not None
            assert swept.state is HoldState.EXPIRED
            assert world.books() == (0, 0)
            world.first.__exit__()
