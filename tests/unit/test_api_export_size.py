"""An export of any size takes the same memory, and leaves nothing behind."""

import socket
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, Usage
from suanli.domain.cost.records import Call, Page, Place, Record, RecordFilter, RecordId
from suanli.domain.tokens import Permission
from suanli.web.api.endpoints import Endpoint, Reply
from suanli.web.cost.columns import RECORDS
from suanli.web.cost.export import csv_of, rows_of
from suanli.web.cost.spreadsheet import MEDIA_TYPE, Sent, workbook
from tests.cost_desk import CostDesk
from tests.dialogue import SHANGHAI
from tests.fakes import NOON, FakeClock, eventually

CNY = Currency("CNY")
CALL = Call("r", Payer("李", "p", "d", "o"), "qwen-max", Usage(1000, 500, 100), NOON, "qwen", "chat")
RECORD = Record(RecordId(0), CALL, NOON, CNY, Nano(5), cost=Cost(Nano(1), Nano(2), Nano(2)))


@dataclass
class MadeUpStore:
    """A store of so many records, which are made up as they are read."""

    count: int
    begun: int = 0
    book: PriceBook = field(default_factory=lambda: PriceBook.of(CNY, (), ()))

    def begin(self) -> AbstractContextManager[Any]:
        self.begun += 1
        prices = SimpleNamespace(book=lambda _: self.book)
        return nullcontext(SimpleNamespace(records=SimpleNamespace(page=self._page), prices=prices))

    read = begin

    def _page(self, *_: object, after: Place | None, limit: int, ascending: bool) -> Page:
        assert ascending
        first = after.id if after else 0
        numbers = range(first + 1, min(first + limit, self.count) + 1)
        records = tuple(
            replace(RECORD, id=RecordId(number), call=replace(CALL, request_id=f"request-{number}"))
            for number in numbers
        )
        last = first + len(records)
        return Page(records, Place(last, RecordId(last)) if last < self.count else None)


def rows(count: int) -> Iterator[Any]:
    return rows_of(MadeUpStore(count), RecordFilter(), RECORDS, CNY, SHANGHAI)


def csv_size(count: int) -> int:
    return sum(map(len, csv_of(RECORDS.names, rows(count))))


def xlsx_size(count: int) -> int:
    """Some columns of each kind: how many there are changes nothing but the time it takes."""
    return sum(map(len, workbook(RECORDS.names[:4], (row[:4] for row in rows(count)), "records")))


@pytest.mark.parametrize(("write", "few", "many"), [(csv_size, 5_000, 20_000), (xlsx_size, 5_000, 20_000)])
def test_four_times_the_records_take_no_more_memory(write: Any, few: int, many: int) -> None:
    peaks, sizes = [], []
    for count in (few, many):
        tracemalloc.start()
        sizes.append(write(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] > sizes[0] * 3.5
    assert peaks[1] < peaks[0] * 1.2


def test_every_part_is_read_in_a_transaction_of_its_own() -> None:
    store = MadeUpStore(4_001)
    assert sum(1 for _ in rows_of(store, RecordFilter(), RECORDS, CNY, SHANGHAI)) == 4_001
    assert store.begun == 3


def test_a_file_is_gone_when_it_is_sent_and_when_the_client_goes_away(sqlite_store: SqlStore, clock: FakeClock) -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115 it is the endpoint's
    file.write(b"\0" * 50_000_000)
    endpoint = Endpoint(
        "GET", "/api/v1/cost/file", "file", Permission.READ, lambda _: Reply(stream=Sent(file), media=MEDIA_TYPE),
    )  # fmt: skip
    with CostDesk(sqlite_store, clock, [endpoint]) as desk:
        host, port = desk.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(f"GET {endpoint.path} HTTP/1.1\r\nAuthorization: Bearer {desk.token()}\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 200"
            assert not file.closed
        assert eventually(lambda: file.closed)


def test_a_file_is_gone_after_its_last_part() -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115 what is tested closes it
    file.write(b"ab")
    sent = Sent(file)
    assert b"".join(sent) == b"ab"
    assert file.closed
    assert list(sent) == []


def test_a_file_that_cannot_be_written_is_not_left_behind() -> None:
    def broken() -> Iterator[Any]:
        yield (1, "a")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        workbook(("n", "t"), broken(), "records")
