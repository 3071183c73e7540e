"""Who only reads takes no turn of writing: on SQLite there is one, and everybody who spends waits for it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from storage.store import SqlStore
from suanli.domain.cost.quotas import Ask, Decision
from suanli.domain.ports import Transaction
from suanli.web.cost import endpoints
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock
from tests.reservation_desk import COST, ESTIMATE, RESERVATIONS, UNITS, people

MINUTE = timedelta(minutes=1)


class Counted:
    """A store that counts how often somebody begins to write."""

    def __init__(self, store: SqlStore) -> None:
        self._store, self.turns = store, 0

    def begin(self) -> AbstractContextManager[Transaction]:
        self.turns += 1
        return self._store.begin()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def turns_of(store: SqlStore, clock: FakeClock, deed: Callable[[CostDesk, str], object]) -> int:
    """How many turns of writing the API takes for something, beside those that money is put aside in."""

    def put(ask: Ask, lasts: timedelta) -> Decision:
        with store.begin() as tx:
            return tx.holds.hold(ask, clock.now(), clock.now() + lasts)

    counted: Any = Counted(store)
    with CostDesk(counted, clock, endpoints(put)) as desk:
        people(desk)
        token = desk.token()
        counted.turns = 0
        deed(desk, token)
        found: int = counted.turns
        return found


def test_what_is_read_around_a_reservation_takes_no_turn(store: SqlStore, clock: FakeClock) -> None:
    def reserve(desk: CostDesk, token: str) -> None:
        for body, status in (({"request_id": "a", **UNITS}, 201), ({"request_id": "a", **UNITS}, 200)):
            assert desk.call("POST", RESERVATIONS, body, token).status == status
        assert desk.call("POST", RESERVATIONS, {"request_id": "a", "amount": "9"}, token).status == 409
        desk.get(f"{RESERVATIONS}/a", token)
        assert desk.call("POST", ESTIMATE, UNITS, token).status == 200

    assert turns_of(store, clock, reserve) == 0


def test_a_batch_is_written_in_one_turn(store: SqlStore, clock: FakeClock) -> None:
    def tell(desk: CostDesk, token: str) -> None:
        lines = [{"request_id": f"r{number}", "model_name": "qwen", "input_units": 1} for number in range(3)]
        body = "\n".join(map(json.dumps, lines)).encode()
        told = desk.call("POST", f"{COST}/records/batch", body, token, {"Content-Type": "application/x-ndjson"})
        assert told.json["new"] == 3

    assert turns_of(store, clock, tell) == 1
