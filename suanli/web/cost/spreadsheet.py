"""Workbooks of Excel, row by row in constant memory: the one door to xlsxwriter."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from suanli.web.cost.columns import Cell

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""Rows of a sheet below its head; what is more goes on in the next sheet."""

_CHUNK = 64 * 1024
_MOST_TEXT = 32_767
"""Characters of a cell."""
_EXACT = 10**6
"""Amounts below have all their nine digits in the numbers that Excel reckons with."""
_SIXTH = Decimal("0.000001")


class Sent:
    """A file that is sent in parts. It has no name, and is gone once it is closed, all of it sent or not."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.seek(0)

    def __iter__(self) -> Iterator[bytes]:
        """Itself, once."""
        return self

    def __next__(self) -> bytes:
        """The next part."""
        part = b"" if self._file.closed else self._file.read(_CHUNK)
        if not part:
            self.close()
            raise StopIteration
        return part

    def close(self) -> None:
        """Called by the server at the end, and when the client goes away before."""
        self._file.close()


def workbook(names: Sequence[str], rows: Iterable[Sequence[Cell]], title: str, most: int = MOST_ROWS) -> Sent:
    """A workbook of these rows under a head, on as many sheets as it takes. It is written before it is sent."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 it lives as long as it is sent
    try:
        with tempfile.TemporaryDirectory() as folder:
            options = {"constant_memory": True, "tmpdir": folder, "remove_timezone": True, "strings_to_urls": False}
            book = Workbook(file, options)
            try:
                _Sheets(book, names, title, most).write(rows)
            finally:  # it closes the files of its own that it keeps rows in
                book.close()
        return Sent(file)
    except BaseException:
        file.close()
        raise


class _Sheets:
    """The sheets of one workbook."""

    def __init__(self, book: Workbook, names: Sequence[str], title: str, most: int) -> None:
        self._book, self._names, self._title, self._most = book, names, title, most
        self._bold = book.add_format({"bold": True})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._amount = book.add_format({"num_format": "0.000000###"})
        self._count = 0

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """All rows, one sheet after the other."""
        sheet, at = self._begin(), 0
        for row in rows:
            if at == self._most:
                sheet, at = self._begin(), 0
            at += 1
            for column, cell in enumerate(row):
                self._write(sheet, at, column, cell)

    def _begin(self) -> Worksheet:
        self._count += 1
        sheet = self._book.add_worksheet(self._title if self._count == 1 else f"{self._title} {self._count}")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._names):
            sheet.write_string(0, column, name, self._bold)
        return sheet

    def _write(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        """Each kind by its own method: what is guessed from text may be a formula."""
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, str):
            sheet.write_string(row, column, cell[:_MOST_TEXT])
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell, self._moment)
        elif isinstance(cell, Decimal):
            _write_amount(sheet, row, column, cell, self._amount)
        else:
            sheet.write_number(row, column, cell)


def _write_amount(sheet: Worksheet, row: int, column: int, amount: Decimal, shape: Format) -> None:
    exact = amount if abs(amount) < _EXACT else amount.quantize(_SIXTH)
    if len(exact.as_tuple().digits) <= 15:  # noqa: PLR2004 digits of a number of Excel
        sheet.write_number(row, column, float(exact), shape)
    else:
        sheet.write_string(row, column, f"{exact:f}")
