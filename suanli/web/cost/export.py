"""GET /api/v1/cost/records/export: records as a file, however many, in constant memory.

They are read in parts, each in a transaction of its own, so that nobody who writes waits for who downloads. What is
told of meanwhile is in the file or is not.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal

from handlers.cost.ingest import AHEAD
from suanli.domain.cost.money import Currency
from suanli.domain.cost.records import RecordFilter, Sort
from suanli.domain.ports import Store
from suanli.domain.tokens import Permission
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.cost.columns import PROFILES, Cell, Columns
from suanli.web.cost.record_bodies import RecordsExported, only_visible
from suanli.web.cost.records import PATH
from suanli.web.cost.spreadsheet import MEDIA_TYPE, workbook

_PART = 2_000
"""So many records are in memory at a time."""

_MEDIA_CSV = "text/csv"
_BOM = "\ufeff"
"""By this, Excel knows that the text is UTF-8."""
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[-=+@＝＋－＠]")
"""What a spreadsheet, in some language, takes for the beginning of a formula; some drop what is blank or not seen."""


def _export(visit: Visit) -> Reply:
    asked: RecordsExported = visit.query
    which = _bounded(only_visible(visit, asked), visit.now)
    columns = PROFILES[asked.profile]
    rows = rows_of(visit.store, which, columns, visit.site.money.currency, visit.site.zone)
    name = f"cost-records-{visit.now.astimezone(visit.site.zone):%Y%m%d-%H%M%S}.{asked.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    if asked.format == "xlsx":
        return Reply(headers=headers, stream=workbook(columns.names, rows, "records"), media=MEDIA_TYPE)
    return Reply(headers=headers, stream=csv_of(columns.names, rows), media=_MEDIA_CSV)


def _bounded(which: RecordFilter, now: datetime) -> RecordFilter:
    """The same up to now: an export that ran after what is told of would have no end."""
    last = now + AHEAD
    return replace(which, until=last if which.until is None else min(which.until, last))


def rows_of(
    store: Store, which: RecordFilter, columns: Columns, currency: Currency, zone: tzinfo
) -> Iterator[Sequence[Cell]]:
    """The cells of these records, the oldest first."""
    after, is_more = None, True
    while is_more:
        with store.read() as tx:
            page = tx.records.page(which, Sort.HAPPENED_AT, ascending=True, after=after, limit=_PART)
            book = tx.prices.book(currency)
        for record in page.records:
            yield columns.read(record, book, zone)
        after, is_more = page.next, page.next is not None


def csv_of(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A table as text, in parts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write(_BOM)
    writer.writerow(names)
    for number, row in enumerate(rows, 1):
        writer.writerow([_text(cell) for cell in row])
        if number % _PART == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode(errors="replace")
    text.seek(0)
    text.truncate()
    return found


def _text(cell: Cell) -> str:
    """A cell as text; what would be taken for a formula has an apostrophe before it, which Excel shows as text."""
    if isinstance(cell, str):
        return f"'{cell}" if _FORMULA.match(cell) else cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


ENDPOINTS = (
    Endpoint(
        "GET", f"{PATH}/export", "export_records", Permission.READ, _export,
        query=RecordsExported, alone=True, media=(_MEDIA_CSV, MEDIA_TYPE),
    ),
)  # fmt: skip
