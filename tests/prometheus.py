"""A real Prometheus on loopback whose data are the metrics that a test provides, laid down or scraped."""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from suanli.clock import SystemClock
from suanli.sandbox.server import LoopbackServer
from tests.exporter import EDITION, Exporter
from tests.fakes import eventually
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
    promtool = _program("promtool")
    page = folder / "metrics.om"
    page.write_text(_open_metrics(metrics, SystemClock().now() - timedelta(seconds=1)))
    blocks = (promtool, "tsdb", "create-blocks-from", "openmetrics", str(page), str(folder / "data"))
    subprocess.run(blocks, check=True, capture_output=True)  # noqa: S603 found on the PATH
    with _running(folder, {}, "--query.lookback-delta=2h") as address:
        yield f"http://{address}"


class ScrapingPrometheus:
    """A Prometheus, listening at `address`, that asks `exporter` every second."""

    def __init__(self, address: str, exporter: Exporter) -> None:
        self.url = f"http://{address}"
        self._address = address
        self._exporter = exporter

    def has_seen_it(self) -> bool:
        """Whether it comes to know what the exporter says now, or that it says nothing, within ten seconds.

        All samples of a scrape appear together, and those of one that failed are gone at once, without any lookback.
        """
        if self._exporter.is_silent:
            return eventually(lambda: self._value("up") == 0 and self._value(EDITION) is None)
        return eventually(lambda: self._value(EDITION) == self._exporter.edition)

    def _value(self, name: str) -> float | None:
        connection = HTTPConnection(self._address, timeout=5)
        try:
            connection.request("GET", f"/api/v1/query?{urlencode({'query': name})}")
            series = json.load(connection.getresponse())["data"]["result"]
        finally:
            connection.close()
        return float(series[0]["value"][1]) if series else None


@contextmanager
def prometheus_scraping(exporter: Exporter, folder: Path) -> Iterator[ScrapingPrometheus]:
    """A Prometheus that scrapes `exporter` every second; everything is kept in `folder`. It has seen the first page."""
    with LoopbackServer(exporter) as server:
        target = server.url.removeprefix("http://")
        job = {"job_name": "kube-state-metrics", "static_configs": [{"targets": [target]}]}
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}
        with _running(folder, config) as address:
            prometheus = ScrapingPrometheus(address, exporter)
            assert prometheus.has_seen_it(), "prometheus did not scrape the exporter"
            yield prometheus


@contextmanager
def _running(folder: Path, config: Mapping[str, object], *flags: str) -> Iterator[str]:
    """Where a Prometheus listens, once it does."""
    written, log = folder / "prometheus.yml", folder / "prometheus.log"
    written.write_text(json.dumps(config))  # JSON is YAML
    address = f"127.0.0.1:{_free_port()}"
    arguments = (
        _program("prometheus"),
        f"--config.file={written}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        *flags,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output)  # noqa: S603 found on the PATH
    try:
        _wait_until_ready(address, process, log)
        yield address
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
