"""A WSGI application served on 127.0.0.1, at a free port, from a thread of this process."""

import contextlib
import socket
import struct
import threading
from typing import Any, Self
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


class LoopbackServer:
    """`with LoopbackServer(app) as server: server.url` – one thread a request; quiet except about the app's bugs.

    Each connection is closed after one answer; with `keeps` it is kept open for the next request, as real services do
    it, and the app must read every request to its end and name the length of its answers.

    It leaves nothing behind: when `stop` returns, every socket is closed and every request's thread has ended.
    An app that waits for something must be told to end before, for `stop` waits for it.
    """

    def __init__(self, app: WSGIApplication, *, keeps: bool = False) -> None:
        self._app = app
        self._handler = _KeepingHandler if keeps else _QuietHandler
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end; only while it is started."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Self:
        """Listen; requests are answered from now on."""
        if self._server is not None:
            raise RuntimeError("the server is started already")
        self._stopping.clear()
        self._server = _Server("127.0.0.1", 0, self._app, self._handler)
        self._thread = threading.Thread(target=self._serve, args=(self._server,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection and wait for the threads; nothing happens when it is not started."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        with contextlib.suppress(ConnectionError):  # it may have seen `_stopping` and gone
            socket.create_connection(("127.0.0.1", self._server.port)).close()  # wakes the thread that accepts
        self._thread.join()
        self._server = self._thread = None

    def _serve(self, server: "_Server") -> None:
        while not self._stopping.is_set():
            server.handle_request()
        server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def reset_connection(environ: WSGIEnvironment) -> None:
    """End the connection of a request with a TCP reset, as a platform that falls over does.

    Only for a request served by LoopbackServer; raises the ConnectionResetError that ends its handling.
    """
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())
    raise ConnectionResetError


class _QuietHandler(WSGIRequestHandler):
    timeout = 30  # seconds without a byte, after which a connection that was only opened is given up

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class _KeepingHandler(_QuietHandler):
    """Werkzeug's own way closes every connection, and reads from it whatever comes after a request."""

    def run_wsgi(self) -> None:
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head.append((status, headers))

        body = b"".join(self.server.app(self.make_environ(), start))
        [(status, headers)] = head
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        lines = (f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", "")
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)
        if length != len(body):  # the answer breaks off, which nobody would see on a connection that goes on
            self.close_connection = True


class _Server(ThreadedWSGIServer):
    daemon_threads = False  # so that server_close() joins them

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client may be gone already
                    connection.shutdown(socket.SHUT_RD)
        super().server_close()
