"""A real Prometheus on loopback whose data are the metrics that a test provides."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from suanli.clock import SystemClock
from tests.services import missing

_READY_WITHIN = 20.0
_LOOK_EVERY = 0.02
_REPLICAS = ("replica-a", "replica-b")


@contextmanager
def prometheus_with(metrics: str, folder: Path) -> Iterator[str]:
    """The URL of a Prometheus that has just scraped `metrics` (its text format, gauges) from two replicas.

    There are two because a careful cluster runs its exporter twice: a query that adds them up is wrong. The samples
    are laid down as blocks, which takes a fraction of a second where a first scrape takes five; they do not go stale
    within two hours. Everything is kept in `folder`.
    """
    program, promtool = _program("prometheus"), _program("promtool")
    page = folder / "metrics.om"
    page.write_text(_open_metrics(metrics, SystemClock().now() - timedelta(seconds=1)))
    blocks = (promtool, "tsdb", "create-blocks-from", "openmetrics", str(page), str(folder / "data"))
    subprocess.run(blocks, check=True, capture_output=True)  # noqa: S603 found on the PATH
    config = folder / "prometheus.yml"
    config.write_text("{}")
    address = f"127.0.0.1:{_free_port()}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--query.lookback-delta=2h",
    )
    log = folder / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen((program, *arguments), stdout=output, stderr=output)  # noqa: S603 found on the PATH
    try:
        _wait_until_ready(address, process, log)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def _program(name: str) -> str:
    return shutil.which(name) or missing(name, "apt-get install prometheus")


def _open_metrics(metrics: str, at: datetime) -> str:
    """The metrics with a moment and the replica on every sample."""
    lines: list[str] = []
    for line in metrics.splitlines():
        name, brace, rest = line.partition("{")
        sampled = [f'{name}{{job="{replica}",{rest} {int(at.timestamp())}' for replica in _REPLICAS]
        lines += sampled if brace else [line]
    return "\n".join([*lines, "# EOF\n"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + _READY_WITHIN
    while not _is_ready(address):
        if process.poll() is not None or clock.elapsed() > deadline:
            raise AssertionError(f"prometheus did not come up:\n{log.read_text()[-2000:]}")
        clock.wait(never, _LOOK_EVERY)


def _is_ready(address: str) -> bool:
    connection = HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
