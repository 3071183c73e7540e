"""GET /api/v1/cost/records/export, over real HTTP: the files are read again as spreadsheets read them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.records import Labels
from suanli.domain.tokens import Permission
from suanli.web.cost.columns import FOCUS, RECORDS, Cell
from suanli.web.cost.export import ENDPOINTS, csv_of
from suanli.web.cost.record_bodies import RecordAnswer
from suanli.web.cost.spreadsheet import workbook
from tests.cost_desk import CostDesk, Replied
from tests.fakes import NOON, FakeClock

PATH = "/api/v1/cost/records/export"
_NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token()


def export(desk: CostDesk, token: str, asked: str = "") -> Replied:
    replied = desk.call("GET", f"{PATH}?{asked}", token=token)
    assert replied.status == 200, replied.json
    return replied


def table(replied: Replied) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(replied.content.decode("utf-8-sig"), newline="")))


def sheets(content: bytes) -> list[list[list[Any]]]:
    """The cells of every sheet: text as str, numbers as float, an empty cell as None."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = sorted(
            (each for each in book.namelist() if each.startswith("xl/worksheets/")),
            key=lambda each: int(re.sub(r"\D", "", each)),
        )
        return [[_cells(row) for row in ET.fromstring(book.read(name)).iterfind(".//s:row", _NS)] for name in names]  # noqa: S314 ours


def _cells(row: ET.Element) -> list[Any]:
    found: dict[int, Any] = {}
    for cell in row.iterfind("s:c", _NS):
        column = 0
        for letter in re.sub(r"\d", "", cell.attrib["r"]):
            column = column * 26 + ord(letter) - 64
        assert cell.find("s:f", _NS) is None, "a formula"
        text, value = cell.find("s:is/s:t", _NS), cell.find("s:v", _NS)
        found[column] = text.text if text is not None else float(value.text or "") if value is not None else None
    return [found.get(each) for each in range(1, max(found, default=0) + 1)]


def test_nothing_is_a_head_alone(desk: CostDesk, token: str) -> None:
    replied = export(desk, token)
    assert replied.content == ("\ufeff" + ",".join(RECORDS.names) + "\r\n").encode()
    assert replied.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="cost-records-20261120-120000\.csv"', replied.headers["Content-Disposition"]
    )
    assert sheets(export(desk, token, "format=xlsx").content) == [[list(RECORDS.names)]]


def test_every_field_of_a_record_is_a_column() -> None:
    assert set(RECORDS.names) == set(RecordAnswer.model_fields)
    assert len(set(RECORDS.names)) == len(RECORDS.names)


def test_records_are_written_with_all_digits_in_the_sites_zone_and_the_oldest_first(desk: CostDesk, token: str) -> None:
    desk.model("千问", "qwen", input="0.000000123")
    desk.use("li", "千问", provider_name="qwen", usage=Usage(7), labels=Labels(session_id="会话，一"))
    desk.use("han", "unheard-of", NOON - timedelta(hours=1))
    older, newer = table(export(desk, token))
    assert (older["user_id"], older["priced"], older["total_cost"], older["missing"]) == ("han", "false", "", "model")
    assert (newer["model_name"], newer["session_id"], newer["input_units"]) == ("千问", "会话，一", "7")
    assert (newer["total_cost"], newer["happened_at"]) == ("0.000000001", "2026-11-20T12:00:00+08:00")
    head, second, first = sheets(export(desk, token, "format=xlsx").content)[0]
    cells = dict(zip(head, first, strict=False))
    assert (cells["model_name"], cells["total_cost"], cells["input_units"]) == ("千问", 1e-9, 7.0)
    assert cells["happened_at"] == pytest.approx(46346.5)  # noon of the day, as Excel counts days
    assert dict(zip(head, second, strict=False))["total_cost"] is None


def test_the_columns_of_focus(desk: CostDesk, token: str) -> None:
    desk.party("li", project="p", department="研发", organization="acme")
    desk.model("m", "qwen", input="2")
    desk.use("li", "m", provider_name="qwen", took=1500, usage=Usage(1000))
    (row,) = table(export(desk, token, "profile=focus"))
    assert list(row) == list(FOCUS.names)
    expected = {
        "BilledCost": "2.000000000", "EffectiveCost": "2.000000000", "BillingCurrency": "CNY",
        "ChargePeriodStart": "2026-11-20T12:00:00+08:00", "ChargePeriodEnd": "2026-11-20T12:00:01.500000+08:00",
        "ConsumedQuantity": "1000", "ConsumedUnit": "tokens", "PricingUnit": "1000 tokens", "SubAccountId": "研发",
        "BillingAccountId": "acme", "ProviderName": "qwen", "ServiceName": "m", "SkuPriceId": "1",
        "Tags": '{"user":"li","project":"p","status":"ok"}', "ServiceCategory": "AI and Machine Learning",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝＠", " =", "\u3000\u00a0+", "\u200b=", "\ufeff\u2060 @", "\x01-"])
def test_text_that_would_be_a_formula_is_text(desk: CostDesk, token: str, start: str) -> None:
    evil = f'{start}HYPERLINK("http://x";"y"),\'z'
    desk.spend("li", evil, "1")
    assert table(export(desk, token))[0]["model_name"] == f"'{evil}"
    (found,) = [row for row in sheets(export(desk, token, "format=xlsx").content)[0] if row[0] == 1]
    assert found[RECORDS.names.index("model_name")].replace("_x000D_", "\r").replace("_x0001_", "\x01") == evil


def test_an_export_has_what_a_filter_says_and_nothing_of_the_future(desk: CostDesk, token: str) -> None:
    desk.spend("li", "m", "1")
    desk.spend("han", "m", "1", NOON - timedelta(days=2))
    desk.spend("li", "m", "1", NOON + timedelta(days=1))
    assert [each["id"] for each in table(export(desk, token))] == ["2", "1"]
    assert [each["id"] for each in table(export(desk, token, "since=2026-11-20T00:00:00Z"))] == ["1"]
    assert [each["id"] for each in table(export(desk, token, "user_id=han&until=2026-11-20T00:00:00Z"))] == ["2"]


def test_who_may_not_see_others_exports_only_their_own(desk: CostDesk) -> None:
    desk.spend("li", "m", "1")
    desk.spend("han", "m", "1")
    own = desk.token(Role.MEMBER, [Permission.READ], "li")
    assert [each["user_id"] for each in table(export(desk, own))] == ["li"]
    assert desk.call("GET", f"{PATH}?user_id=han", token=own).status == 403
    assert desk.call("GET", f"{PATH}?format=xls", token=own).status == 422


def test_many_parts_are_one_file_without_a_gap(desk: CostDesk, token: str) -> None:
    calls = [desk.costs("li", "m", "0.001", NOON - timedelta(seconds=number // 3)) for number in range(4_001)]
    desk.spend_all(*calls)
    found = table(export(desk, token))
    assert len({each["id"] for each in found}) == len(found) == 4_001
    assert [each["happened_at"] for each in found] == sorted(each["happened_at"] for each in found)


def test_an_export_holds_no_transaction_while_it_is_read(desk: CostDesk, token: str) -> None:
    """SQLite has one connection: a download that kept it would stop everybody."""
    desk.spend_all(*(desk.costs("li", "m", "1") for _ in range(2_001)))
    (endpoint,) = ENDPOINTS
    stream = iter(_streamed(desk, token))
    next(stream)
    desk.spend("li", "m", "1")
    assert sum(part.count(b"\r\n") for part in stream) >= 1
    assert endpoint.alone


def _streamed(desk: CostDesk, token: str) -> Iterator[bytes]:
    with requests.get(
        desk.url + PATH, headers={"Authorization": f"Bearer {token}"}, stream=True, timeout=10
    ) as answer:  # fmt: skip
        yield from answer.iter_content(4096)


def rows(count: int) -> Iterator[Sequence[Cell]]:
    return ((number, "text", None) for number in range(count))


def test_what_does_not_fit_on_a_sheet_goes_on_in_the_next() -> None:
    found = sheets(b"".join(workbook(("n", "t", "e"), rows(7), "records", most=3)))
    assert [len(each) for each in found] == [4, 4, 2]
    assert [each[0] for each in found] == [["n", "t", "e"]] * 3
    assert [row[0] for each in found for row in each[1:]] == list(range(7))


def test_a_part_of_a_table_is_sent_before_the_next_is_read() -> None:
    read: list[int] = []

    def counted() -> Iterator[Sequence[Cell]]:
        for row in rows(5_000):
            read.append(1)
            yield row

    next(csv_of(("n", "t", "e"), counted()))
    assert len(read) == 2_000
