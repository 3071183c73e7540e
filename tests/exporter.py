"""An exporter whose page a test writes, to be scraped by a real Prometheus."""

from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

EDITION = "exporter_edition"
"""A gauge that says which page this is: with it, everything else on the page has arrived."""


class Exporter:
    """Serve it as a WSGI application. What it says stays until it is told otherwise; each page has a new edition."""

    def __init__(self, metrics: str) -> None:
        self.edition = 0
        self._page: bytes | None = None
        self.say(metrics)

    def say(self, metrics: str) -> None:
        """Put another page in place, in Prometheus' text format."""
        self.edition += 1
        self._page = f"{metrics}# TYPE {EDITION} gauge\n{EDITION} {self.edition}\n".encode()

    def fall_silent(self) -> None:
        """Answer with an error from now on, as an exporter that lost its cluster does."""
        self._page = None

    @property
    def is_silent(self) -> bool:
        """Whether it answers with an error."""
        return self._page is None

    def __call__(self, _environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        page = self._page
        status = HTTPStatus.SERVICE_UNAVAILABLE if page is None else HTTPStatus.OK
        start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
        return [page or b""]
