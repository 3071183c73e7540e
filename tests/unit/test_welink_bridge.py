"""The relay of deploy/ signs so that the gate admits it, and tries again as long as that can help."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask, request

from bot.welink.signature import Signed
from suanli.clock import SystemClock
from suanli.sandbox.server import LoopbackServer
from tests.unit.test_welink_gate import BRIDGE_BODY, BRIDGE_SIGNATURE
from tests.welink_caller import SECRET, said

SCRIPT = Path(__file__).parents[2] / "deploy" / "welink_bridge.py"
PATH = "/webhooks/welink/corp"


@pytest.fixture(scope="module")
def bridge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("welink_bridge", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(url: str, body: bytes, secret: str = SECRET) -> subprocess.CompletedProcess[bytes]:
    environment = {"SUANLI_BRIDGE_SECRET": secret}
    return subprocess.run(  # noqa: S603 our own script
        [sys.executable, "-S", str(SCRIPT), url],
        input=body,
        capture_output=True,
        timeout=20,
        check=False,
        env=environment,
    )


def answering(*statuses: int, heard: list[tuple[dict[str, str], bytes]]) -> Flask:
    """A server that answers with one status after the other, and the last for ever."""
    app = Flask(__name__)

    @app.post(PATH)
    def receive() -> tuple[str, int]:
        heard.append((dict(request.headers), request.get_data()))
        return "{}", statuses[min(len(heard), len(statuses)) - 1]

    return app


def test_the_relays_signature_is_that_of_the_vector(bridge: ModuleType) -> None:
    assert bridge.sign("bridge-secret", "1717400000", "n-0001", BRIDGE_BODY) == BRIDGE_SIGNATURE


def test_what_the_relay_sends_is_admitted_and_each_try_has_its_own_nonce(bridge: ModuleType) -> None:
    body = json.dumps(said()).encode()
    admitted = [Signed((SECRET,)).admit(bridge.headers(SECRET, body), body, SystemClock().now()) for _ in range(3)]
    assert len({each.nonce for each in admitted}) == 3
    assert admitted[0].body == said()


@pytest.mark.parametrize(
    ("statuses", "last", "tries"),
    [((200,), 200, 1), ((503, 500, 200), 200, 3), ((503,), 503, 4), ((401, 200), 401, 1), ((404, 200), 404, 1)],
)
def test_a_failure_is_tried_again_and_a_refusal_is_not(
    bridge: ModuleType, statuses: tuple[int, ...], last: int, tries: int
) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []
    with LoopbackServer(answering(*statuses, heard=heard)) as server:
        assert bridge.deliver(f"{server.url}{PATH}", SECRET, b'{"text": "/stock"}', pause=0) == last
    gate, now = Signed((SECRET,)), SystemClock().now()
    nonces = {gate.admit(headers, body, now).nonce for headers, body in heard}
    assert (len(heard), len(nonces)) == (tries, tries)


def test_a_server_that_is_not_there_is_no_status(bridge: ModuleType) -> None:
    with LoopbackServer(answering(200, heard=[])) as server:
        gone = server.url
    assert bridge.deliver(gone, SECRET, b"{}", pause=0) == 0


def test_the_script_delivers_what_it_reads() -> None:
    heard: list[tuple[dict[str, str], bytes]] = []
    with LoopbackServer(answering(200, heard=heard)) as server:
        ended = run(f"{server.url}{PATH}", b'{"text": "/stock"}')
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert [body for _, body in heard] == [b'{"text": "/stock"}']


def test_the_script_says_that_it_was_refused() -> None:
    heard: list[tuple[dict[str, str], bytes]] = []
    with LoopbackServer(answering(401, heard=heard)) as server:
        ended = run(f"{server.url}{PATH}", b"{}")
    assert (ended.returncode, ended.stderr, len(heard)) == (1, b"not delivered: HTTP 401\n", 1)


@pytest.mark.parametrize(("url", "secret"), [("http://127.0.0.1:1/", ""), ("file:///etc/passwd", SECRET), ("", SECRET)])
def test_without_an_address_or_a_secret_it_says_how_it_is_used(url: str, secret: str) -> None:
    ended = run(url, b"{}", secret)
    assert ended.returncode == 2
    assert b"SUANLI_BRIDGE_SECRET" in ended.stderr
