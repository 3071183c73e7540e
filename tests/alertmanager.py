"""A real Alertmanager on loopback that posts what it is told of to a webhook, without waiting long."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from suanli.clock import SystemClock
from tests.services import missing

_UP_WITHIN = 20.0
_LOOK_EVERY = 0.02
_LISTENING = re.compile(r'msg="Listening on" address=(127\.0\.0\.1:\d+)')

# JSON is YAML. An alert is posted at once, and again and again for as long as it goes on.
_ROUTE = {"receiver": "chat", "group_wait": "0s", "group_interval": "200ms", "repeat_interval": "200ms"}


class Alertmanager:
    """A running Alertmanager, listening at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def tell(self, *alerts: dict[str, Any]) -> None:
        """What a Prometheus would say: these fire or, with an `endsAt` that has passed, are over."""
        connection = HTTPConnection(self.address, timeout=5)
        try:
            connection.request("POST", "/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200
        finally:
            connection.close()


@contextmanager
def alertmanager_posting_to(url: str, token: str, folder: Path) -> Iterator[Alertmanager]:
    """An Alertmanager that posts to `url` with the bearer secret `token`. Everything is kept in `folder`."""
    program = shutil.which("prometheus-alertmanager") or missing(
        "prometheus-alertmanager", "apt-get install prometheus-alertmanager"
    )
    folder.mkdir()
    config, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    webhook = {"url": url, "http_config": {"authorization": {"credentials": token}}}
    config.write_text(json.dumps({"route": _ROUTE, "receivers": [{"name": "chat", "webhook_configs": [webhook]}]}))
    arguments = (
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    )
    with log.open("wb") as output:
        process = subprocess.Popen((program, *arguments), stdout=output, stderr=output)  # noqa: S603 found on the PATH
    try:
        yield Alertmanager(_address(process, log))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it listens, once it does: it chose the port itself."""
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + _UP_WITHIN
    while not (found := _LISTENING.search(log.read_text())):
        if process.poll() is not None or clock.elapsed() > deadline:
            raise AssertionError(f"alertmanager did not come up:\n{log.read_text()[-2000:]}")
        clock.wait(never, _LOOK_EVERY)
    return found[1]
