"""`suanli gateway` is killed with SIGKILL while it spends: what it held is all that is left, and calls can be told."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.cost.quotas import HoldState, Quota
from suanli.sandbox.model_provider import KEY, Behaviour, ModelProvider
from suanli.web.cost import ingest
from tests.contract.record_kit import records_of
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock, eventually
from tests.gateway_kit import EACH, SECRET, YUAN, furnish
from tests.scenario.test_gateway_served import TOML, free_port, is_up, opened

HANGS, IN_STEPS = Behaviour(hangs="head"), Behaviour(in_steps=True)
PIECES = 7
"""The events of such a stream: the role, three of text, the end, the usage and the mark."""


@contextmanager
def running(folder: Path, url: str, provider: ModelProvider) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The gateway as the only one of its process group, so that its master and its worker die at one moment."""
    port = free_port()
    (folder / "suanli.toml").write_text(TOML.format(port=port, url=provider.url))
    environment = {
        "PATH": "/usr/bin",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "FIRST_KEY": KEY,
        "SUANLI_DATABASE_URL": url,
    }
    command = [sys.executable, "-c", "import sys; from suanli.cli import main; sys.exit(main(['gateway']))"]
    log = folder / "gateway.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 our own
            command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        assert eventually(lambda: is_up(f"127.0.0.1:{port}")), log.read_text()
        yield f"127.0.0.1:{port}", process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


@contextmanager
def busy(url: str) -> Iterator[None]:
    """Nobody else can write for as long."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def asked(address: str) -> requests.Response:
    body = {"model": "chat", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Authorization": f"Bearer {SECRET}"}
    return requests.post(f"http://{address}/v1/chat/completions", json=body, headers=headers, timeout=20)


def books(store: SqlStore, quota: Quota) -> tuple[int, int]:
    """What is used and what is held, when everything agrees."""
    now = SystemClock().now()
    with store.begin() as tx:
        assert tx.books.reconcile(now, None).is_clean
        account = tx.quotas.accounts(quota.id, now)[0]
    return account.used, account.held


def read_to_the_end_of(answer: requests.Response, provider: ModelProvider) -> None:
    """Read a stream until the provider has said all of it, which nobody writes down meanwhile."""
    provider.steps.release(PIECES - 2)
    got = b""
    for piece in answer.iter_content(None):
        got += piece
        if b'"finish_reason": "stop"' in got:
            break
    assert eventually(lambda: provider.produced == PIECES)


def told(request_id: str) -> Mapping[str, Any]:
    """The call as who made it tells of it afterwards."""
    units = {"input_units": 9, "output_units": 3}
    model = {"model_name": "small-1", "provider_name": "vendor"}
    payer = {"user_id": "zhang", "project": "bot", "department": "sales", "organization": "company"}
    return {"request_id": request_id, "reservation": request_id, **units, **model, **payer}


@pytest.fixture
def provider() -> Iterator[ModelProvider]:
    with ModelProvider(HANGS, IN_STEPS) as found:
        yield found


def test_what_a_killed_gateway_held_expires_and_what_it_spent_can_be_told_once(
    sqlite_store: SqlStore, sqlite_url: str, tmp_path: Path, provider: ModelProvider
) -> None:
    quota = furnish(sqlite_store, 1000 * YUAN)
    with ThreadPoolExecutor(1) as pool, running(tmp_path, sqlite_url, provider) as (address, process):
        # One call is killed between its hold and the answer.
        unanswered: Future[requests.Response] = pool.submit(asked, address)
        assert eventually(lambda: len(provider.asked) == 1)
        one = books(sqlite_store, quota)[1]
        # The other one between the provider's answer, which its caller has read, and its record.
        provider.steps.release(2)  # the role goes on with the first piece
        with opened(address) as answer:
            assert answer.status_code == 200
            with busy(sqlite_url):
                read_to_the_end_of(answer, provider)
                kill(process)
        with pytest.raises(requests.ConnectionError):
            unanswered.result()

    used, held = books(sqlite_store, quota)
    assert (used, held > one) == (0, True)
    with sqlite_store.begin() as tx:
        assert records_of(tx) == []

    now = SystemClock().now()
    request_id = answer.headers["x-request-id"]
    with CostDesk(sqlite_store, FakeClock(now), ingest.ENDPOINTS) as desk:
        token = desk.token()
        answers = [desk.call("POST", "/api/v1/cost/records", told(request_id), token) for _ in range(3)]
    assert [each.status for each in answers] == [201, 200, 200]
    assert {each.json["id"] for each in answers} == {1}
    assert books(sqlite_store, quota) == (12 * EACH, one)
    assert swept(sqlite_store, now + timedelta(days=1)) == [HoldState.EXPIRED]
    assert books(sqlite_store, quota) == (12 * EACH, 0)
    with sqlite_store.begin() as tx:
        found = tx.holds.find(request_id)
    assert found is not None
    assert found.state is HoldState.SETTLED


def swept(store: SqlStore, now: datetime) -> list[HoldState]:
    """Give back what is over, as the job does; what became of each hold."""
    found_states: list[HoldState] = []
    while True:
        with store.begin() as tx:
            found = tx.holds.expire(now)
        if found is None:
            return found_states
        found_states.append(found.state)
