"""lark-oapi as it is installed here, loaded in part: each claim is tried in a process of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from suanli.sandbox.feishu import FeishuStandIn, Sent
from tests.fakes import FakeClock

ROOT = Path(__file__).parent.parent.parent

PRELUDE = """
import json, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from bot.feishu.courier import FeishuCourier
from suanli.clock import SystemClock
from suanli.domain.answer import Answer, line
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.i18n import Lang

url, app_id, secret, open_id = sys.argv[1:]

def parcel(key):
    target = Target(Platform.FEISHU, TargetKind.OPEN_ID, open_id)
    answer = Answer(Lang.ZH, (line("97 张空闲"),), "GPU 库存")
    return Parcel(1, key, key, target, answer, None, 0, False, datetime.now(UTC), None, "child")

def here(module):
    return module in sys.modules

def memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

courier = FeishuCourier(app_id=app_id, app_secret=secret, base_url=url, clock=SystemClock(), zone=UTC)
"""

NARROW = """
made = [here("lark_oapi"), here("requests")]
courier.warm()
sent = [courier.send(parcel(key)) for key in "abc"]
figures = {"made": made, "sent": sent, "modules": len(sys.modules), "memory": memory(),
           "left": [name for name in sys.modules if name.split(".")[0] == "lark_oapi"]}
print(json.dumps(figures))
"""

AFTERWARDS = """
courier.warm()

class Stop:
    # The package's own __init__ begins by importing this; to let it go on would take five seconds.
    def find_spec(self, name, path=None, target=None):
        if name == "lark_oapi.ws":
            raise ImportError("the real package is being imported")

sys.meta_path.insert(0, Stop())
try:
    import lark_oapi
except ImportError as error:
    print(json.dumps({"said": str(error), "sent": courier.send(parcel("a"))}))
"""

BROKEN = """
class Break:
    # A release in which the parts can no longer be imported without the whole.
    def find_spec(self, name, path=None, target=None):
        if name == "lark_oapi.core.http" and getattr(sys.modules["lark_oapi"], "__file__", None) is None:
            raise ImportError("not without the whole")

sys.meta_path.insert(0, Break())
courier.warm()
sent = courier.send(parcel("a"))
import lark_oapi
print(json.dumps({"sent": sent, "whole": lark_oapi.Client.builder().app_id("x").app_secret("y").build() is not None}))
"""


def run(script: str, url: str, app_id: str = "cli_1", secret: str = "s", open_id: str = "ou_1") -> tuple[str, Any]:
    """The lines that a process prints before its last one, and what the last one says in JSON."""
    command = [sys.executable, "-c", PRELUDE + script, url, app_id, secret, open_id]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)  # noqa: S603 ours
    assert done.returncode == 0, done.stderr
    *log, last = done.stdout.splitlines()
    return "\n".join(log), json.loads(last)


def run_at(feishu: FeishuStandIn, script: str) -> tuple[str, Any]:
    app = feishu.tenant.app
    return run(script, feishu.url, app.app_id, app.app_secret, feishu.tenant.add_human("Alice").open_id)


@pytest.fixture
def feishu() -> Iterator[FeishuStandIn]:
    with FeishuStandIn(FakeClock(), rate=None) as stand_in:
        yield stand_in


@contextmanager
def keeping_connections() -> Iterator[tuple[str, set[tuple[str, int]]]]:
    """A server that says yes to everything and leaves connections open; its URL and who connected."""
    seen: set[tuple[str, int]] = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            seen.add(self.client_address)
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = b'{"code":0,"tenant_access_token":"t-1","expire":7200,"data":{"message_id":"om_1"}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def in_part() -> tuple[str, Any, list[Sent]]:
    """What a process that sent three messages printed, what it said of itself, and what arrived."""
    with FeishuStandIn(FakeClock(), rate=None) as stand_in:
        return *run_at(stand_in, NARROW), list(stand_in.tenant.sent)


def test_a_part_of_the_installed_version_is_enough_to_send(in_part: tuple[str, Any, list[Sent]]) -> None:
    log, figures, arrived = in_part
    assert figures["sent"] == [sent.message_id for sent in arrived]
    assert [(sent.uuid, sent.text) for sent in arrived] == [(key, "GPU 库存\n97 张空闲") for key in "abc"]
    assert log == ""


def test_loading_waits_for_the_first_use_and_leaves_no_trace(in_part: tuple[str, Any, list[Sent]]) -> None:
    _, figures, _ = in_part
    assert (figures["made"], figures["left"]) == ([False, False], [])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the process's memory is read from Linux's /proc")
def test_a_part_takes_a_part_of_the_memory(in_part: tuple[str, Any, list[Sent]]) -> None:
    _, figures, _ = in_part
    assert figures["memory"] < 60  # the whole takes 171
    assert figures["modules"] < 2000  # the whole has 11,000


def test_sends_share_a_connection() -> None:
    with keeping_connections() as (url, seen):
        _, figures = run(NARROW, url)
    assert figures["sent"] == ["om_1"] * 3
    assert len(seen) == 1


def test_somebody_elses_import_afterwards_is_of_the_real_package(feishu: FeishuStandIn) -> None:
    _, figures = run_at(feishu, AFTERWARDS)
    assert figures["said"] == "the real package is being imported"
    assert figures["sent"] == feishu.tenant.sent[0].message_id


def test_when_a_part_cannot_be_loaded_the_whole_is_and_it_is_said(feishu: FeishuStandIn) -> None:
    log, figures = run_at(feishu, BROKEN)
    assert figures == {"sent": feishu.tenant.sent[0].message_id, "whole": True}
    assert "lark_oapi_imported_whole" in log
    assert "not without the whole" in log
