import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.load import arrivals, at_once, drive

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BAD = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
CUT = GOOD[:20]
STREAM = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\ndata:\r\n", b"3\r\n 1\n\r\n", b"0\r\n\r\n")


@contextmanager
def serving(*pieces: bytes, pause: float = 0.0) -> Iterator[int]:
    """A server of one connection at a time that answers each request in these pieces, with pauses; its port.

    After LAST and CUT it closes the connection.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def answer() -> None:
        while not stopping.is_set():
            connection, _ = listener.accept()
            with connection:
                while connection.recv(65536):
                    for piece in pieces:
                        stopping.wait(pause)
                        connection.sendall(piece)
                    if pieces[-1] in (LAST, CUT):
                        break

    thread = threading.Thread(target=answer)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield port
    finally:
        stopping.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
        listener.close()


def test_every_request_is_answered_once_and_statuses_are_told_apart() -> None:
    with serving(GOOD) as good, serving(BAD) as bad:
        assert drive(good, [REQUEST] * 20, at_once(20), connections=1, limit=5).statuses == (200,) * 20
        assert drive(bad, [REQUEST] * 3, at_once(3), connections=1, limit=5).statuses == (500,) * 3


def test_an_answer_in_pieces_is_one_answer() -> None:
    with serving(GOOD[:10], GOOD[10:40], GOOD[40:], pause=0.005) as port:
        assert drive(port, [REQUEST] * 3, at_once(3), connections=1, limit=5).statuses == (200,) * 3


def test_a_stream_has_begun_with_its_first_byte_and_is_whole_with_its_last_chunk() -> None:
    with serving(*STREAM, pause=0.02) as port:
        report = drive(port, [REQUEST] * 3, at_once(3), connections=1, limit=5)
    assert report.statuses == (200,) * 3
    for began, took in zip(report.began, report.took, strict=True):
        assert 0.02 <= began < took


def test_an_answer_takes_as_long_as_it_took_since_it_was_sent_whenever_it_was_due() -> None:
    with serving(GOOD, pause=0.03) as port:
        report = drive(port, [REQUEST] * 3, at_once(3), connections=1, limit=5)
    assert min(report.took) >= 0.03
    assert report.took[2] < report.waits[2]


def test_a_connection_that_the_server_announces_to_close_is_opened_again() -> None:
    with serving(LAST) as port:
        assert drive(port, [REQUEST] * 5, at_once(5), connections=1, limit=5).statuses == (200,) * 5


def test_a_request_behind_a_slow_one_has_waited_since_it_was_due() -> None:
    with serving(GOOD, pause=0.05) as port:
        report = drive(port, [REQUEST] * 3, at_once(3), connections=1, limit=5)
    assert report.waits[0] >= 0.05
    assert report.waits[2] >= 0.15


def test_no_request_is_sent_before_it_is_due() -> None:
    with serving(GOOD) as port:
        assert drive(port, [REQUEST] * 2, (0.0, 0.1), connections=1, limit=5).seconds >= 0.1


def test_a_server_that_is_silent_ends_the_load_at_its_limit() -> None:
    with serving(GOOD[:10]) as port, pytest.raises(TimeoutError, match="0 of 1"):
        drive(port, [REQUEST], at_once(1), connections=1, limit=0.1)


def test_a_connection_cut_without_notice_is_an_error() -> None:
    with serving(CUT) as port, pytest.raises(ConnectionError):
        drive(port, [REQUEST], at_once(1), connections=1, limit=5)


def test_arrivals_come_in_order_at_their_rate_and_are_the_same_again() -> None:
    due = arrivals(1000, 50, seed=1)
    assert list(due) == sorted(due)
    assert due[0] >= 0
    assert 19 < due[-1] <= 20
    assert due == arrivals(1000, 50, seed=1) != arrivals(1000, 50, seed=2)
