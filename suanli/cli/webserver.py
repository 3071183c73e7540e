"""Gunicorn as we run it: the one door to it."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask
from gunicorn.app.base import BaseApplication

TMP = Path("/dev/shm")  # noqa: S108 gunicorn's heartbeat files belong in memory: a busy disk must not look like a hang


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, build: Callable[[], Flask], options: dict[str, object]) -> None:
        self._build = build
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in each worker, after the fork."""
        return self._build()


def serve(
    build: Callable[[], Flask],
    address: str,
    *,
    threads: int,
    workers: int = 1,
    ends_within: int = 25,
    is_recycled: bool = True,
) -> None:
    """Serve the application that `build` makes in each worker, until told to stop; then it ends within some seconds.

    What is recycled begins anew after many requests, which ends those that last longer than that.
    """
    options: dict[str, object] = {
        "bind": address,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "graceful_timeout": ends_within,
        "keepalive": 5,
        "max_requests": 50_000 if is_recycled else 0,
        "max_requests_jitter": 5_000,
        "control_socket_disable": True,
    }
    if TMP.is_dir():
        options["worker_tmp_dir"] = str(TMP)
    _Application(build, options).run()
