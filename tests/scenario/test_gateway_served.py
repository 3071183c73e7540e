"""The gateway by the servers that serve it: in `suanli up` beside the webhook, and alone as `suanli gateway`."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from storage.store import SqlStore
from suanli.cli.gateway import Beside
from suanli.clock import SystemClock
from suanli.domain.cost.records import Ending
from suanli.sandbox.model_provider import KEY, Behaviour, ModelProvider
from suanli.settings import Settings, load
from suanli.web.gateway.sse import events
from tests.contract.record_kit import records_of
from tests.fakes import eventually
from tests.gateway_kit import EACH, SECRET, YUAN, furnish

PACED = Behaviour(pieces=("piece ",) * 8, waits=0.1)

TOML = """
[gateway]
listen = "127.0.0.1:{port}"
[gateway.providers.first]
base_url = "{url}"
key_env = "FIRST_KEY"
priced_as = "vendor"
[[gateway.models]]
name = "chat"
routes = [{{ provider = "first", model = "small-1" }}]
max_output = 1000
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def provider() -> Iterator[ModelProvider]:
    with ModelProvider(PACED) as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path, sqlite_store: SqlStore, sqlite_url: str, provider: ModelProvider) -> Settings:
    furnish(sqlite_store, 1000 * YUAN)
    (tmp_path / "suanli.toml").write_text(TOML.format(port=free_port(), url=provider.url))
    return load({"FIRST_KEY": KEY, "SUANLI_DATABASE_URL": sqlite_url}, tmp_path)


@contextmanager
def beside(settings: Settings, store: SqlStore) -> Iterator[str]:
    server = Beside(settings, store, SystemClock())
    server.start()
    yield server.address
    server.stop()


@contextmanager
def alone(settings: Settings, folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`suanli gateway` in a process of its own."""
    environ = {"FIRST_KEY": KEY, "SUANLI_DATABASE_URL": settings.database_url.get_secret_value(), "PATH": "/usr/bin"}
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", "import sys; from suanli.cli import main; sys.exit(main(['gateway']))"]
    with (folder / "gateway.log").open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 our own
            command, cwd=folder, env={**environ, "PYTHONPATH": root}, stdout=out, stderr=out
        )
    try:
        address = str(settings.gateway.listen)
        assert eventually(lambda: is_up(address)), (folder / "gateway.log").read_text()
        yield address, process
    finally:
        process.terminate()
        assert process.wait(40) == 0


def is_up(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/healthz", timeout=1).status_code == 200
    except requests.RequestException:
        return False


def opened(address: str) -> requests.Response:
    body = {"model": "chat", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Authorization": f"Bearer {SECRET}"}
    url = f"http://{address}/v1/chat/completions"
    return requests.post(url, json=body, headers=headers, stream=True, timeout=20)


def in_steps(address: str, provider: ModelProvider) -> int:
    """Let the provider send a piece only when the one before has arrived; how many there were."""
    provider.follow(Behaviour(pieces=("piece ",) * 5, in_steps=True))
    arrived = 0
    provider.steps.release(2)  # the role goes on with the first piece
    with opened(address) as answer:
        for event in events(answer.iter_content(None)):
            arrived += b"piece" in event
            if b"piece" in event:
                provider.steps.release()
            elif b'"finish_reason": "stop"' in event:  # that of the usage does not arrive, only the end
                provider.steps.release(3)
    return arrived


def test_beside_the_webhook_pieces_arrive_as_they_are_sent(
    settings: Settings, sqlite_store: SqlStore, provider: ModelProvider
) -> None:
    with beside(settings, sqlite_store) as address:
        assert in_steps(address, provider) == 5
    assert charged(sqlite_store) == [12 * EACH]


def test_alone_pieces_arrive_as_they_are_sent_and_it_ends_when_told(
    settings: Settings, sqlite_store: SqlStore, tmp_path: Path, provider: ModelProvider
) -> None:
    with alone(settings, tmp_path) as (address, _):
        assert in_steps(address, provider) == 5
    assert charged(sqlite_store) == [12 * EACH]


def charged(store: SqlStore) -> list[int]:
    with store.begin() as tx:
        return [record.charged for record in records_of(tx)]


def test_beside_the_webhook_a_caller_who_goes_away_is_noticed(
    settings: Settings, sqlite_store: SqlStore, provider: ModelProvider
) -> None:
    provider.follow(Behaviour(pieces=("piece ",) * 200, waits=0.02))
    with beside(settings, sqlite_store) as address:
        with opened(address) as answer:
            next(answer.iter_content(None))
        assert eventually(lambda: provider.gone == 1)
        assert eventually(lambda: len(charged(sqlite_store)) == 1)


def test_a_stream_under_way_is_finished_when_the_process_is_told_to_end(
    settings: Settings, sqlite_store: SqlStore, tmp_path: Path
) -> None:
    with alone(settings, tmp_path) as (address, process), opened(address) as answer:
        pieces = answer.iter_content(None)
        next(pieces)
        process.send_signal(signal.SIGTERM)
        assert b"[DONE]" in b"".join(pieces)
    with sqlite_store.begin() as tx:
        (record,) = records_of(tx)
    assert record.call.ending is Ending.OK
    assert timedelta(milliseconds=record.call.took or 0) > timedelta(seconds=0.5)


def test_beside_the_webhook_the_end_waits_for_streams(settings: Settings, sqlite_store: SqlStore) -> None:
    server = Beside(settings, sqlite_store, SystemClock())
    server.start()
    with opened(server.address) as answer:
        pieces = answer.iter_content(None)
        next(pieces)
        server.stop()
        assert b"[DONE]" in b"".join(pieces)
    assert charged(sqlite_store) == [12 * EACH]
