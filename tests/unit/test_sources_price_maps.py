"""Lists of prices out of files: LiteLLM's map, its wheel, the installed library, and tables that people write."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from suanli.domain.cost.money import Nano
from suanli.domain.cost.offers import Concern, LeftOut, ModelKey, Why
from suanli.domain.cost.prices import CostType, Rates, Unit
from suanli.domain.errors import RemoteError
from suanli.sources.price_maps import installed_prices, read_prices
from suanli.sources.price_tables import read_table
from tests.price_map import PRICE_MAP, TODAY, listing

MEMBER = "litellm/model_prices_and_context_window_backup.json"
HEADER = "provider,name,currency,unit,unit_size,input_price,output_price,cached_price,model_type,aliases\n"


def file(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def wheel(folder: Path, name: str = MEMBER, content: bytes = b"{}") -> Path:
    path = folder / "litellm-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
        made.writestr("litellm/__init__.py", "raise SystemExit")
    return path


def test_a_map_is_read_exactly_and_tells_its_version() -> None:
    found = read_prices(PRICE_MAP, TODAY)
    assert found.listing == listing()
    assert found.origin == "litellm.json"
    assert found.sha256 == hashlib.sha256(PRICE_MAP.read_bytes()).hexdigest()


def test_the_map_in_a_wheel_is_the_map(tmp_path: Path) -> None:
    found = read_prices(wheel(tmp_path, content=PRICE_MAP.read_bytes()), TODAY)
    assert found.listing == listing()
    assert found.origin == "litellm-9.9.9-py3-none-any.whl"
    assert found.sha256 == read_prices(PRICE_MAP, TODAY).sha256


def test_the_installed_library_is_read_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "litellm").mkdir()
    file(tmp_path, "litellm/__init__.py", "raise SystemExit")
    file(tmp_path, MEMBER, PRICE_MAP.read_bytes())
    (tmp_path / "litellm-9.9.9.dist-info").mkdir()
    file(tmp_path, "litellm-9.9.9.dist-info/METADATA", "Metadata-Version: 2.1\nName: litellm\nVersion: 9.9.9\n")
    found = installed_prices(TODAY, [str(tmp_path)])
    assert (found.listing, found.origin) == (listing(), "litellm 9.9.9")


def test_a_library_that_is_not_there_is_said_to_be_not_there(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="not installed"):
        installed_prices(TODAY, [str(tmp_path)])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", "", "no JSON"),
        ("a.json", "[" * 100_000, "no JSON"),
        ("a.json", '{"a": {"input_cost_per_token": NaN}}', "no JSON"),
        ("a.json", '{"a": {"input_cost_per_token": ' + "9" * 5000 + "}}", "no JSON"),
        ("a.json", b"\xff\xfe", "no JSON"),
        ("a.json", "[]", "no price map"),
        ("a.whl", "no archive", "no wheel"),
        ("a.whl", "", "no wheel"),
        ("a.csv", "", "columns"),
        ("a.csv", b"\xff", "no CSV"),
        ("a.xlsx", "", r"\.csv"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, name: str, content: str | bytes, problem: str) -> None:
    with pytest.raises(RemoteError, match=problem) as refused:
        read_prices(file(tmp_path, name, content), TODAY)
    assert refused.value.permanent


@pytest.mark.parametrize("name", ["gone.json", "gone.whl", "gone.csv", "."])
def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(RemoteError):
        read_prices(tmp_path / name, TODAY)


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="in the wheel"):
        read_prices(wheel(tmp_path, name="other/map.json"), TODAY)


def test_a_small_wheel_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="larger"):
        read_prices(wheel(tmp_path, content=b" " * (16 * 1024 * 1024 + 1)), TODAY)


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path, content=PRICE_MAP.read_bytes())
    damaged = bytearray(path.read_bytes())
    damaged[200:300] = b"\0" * 100
    path.write_bytes(damaged)
    with pytest.raises(RemoteError, match="broken"):
        read_prices(path, TODAY)


def test_one_bad_number_leaves_the_other_models_as_they_are(tmp_path: Path) -> None:
    text = PRICE_MAP.read_text("utf-8").replace("2.5e-06", "1e999999999", 1)
    found = read_prices(file(tmp_path, "a.json", text), TODAY).listing
    assert found.left_out[0] == LeftOut("gpt-4o", Why.UNREADABLE, "input_cost_per_token")
    assert len(found.offers) == len(listing().offers) - 1


def test_a_table_has_its_own_currency_units_and_sizes() -> None:
    table = HEADER + (
        "deepseek,deepseek-chat,CNY,,,0.002,0.003,0.0002,,ds-chat deepseek/chat\n"
        "aliyun,oss,CNY,gb,1,0.12,,,storage,\n"
        "bge,bge-m3,CNY,token,1000000,0.5,,,embedding,\n"
    )
    chat, storage, embedding = read_table(b"\xef\xbb\xbf" + table.encode()).offers
    assert chat.key == ModelKey("deepseek", "deepseek-chat")
    assert chat.terms.rates == Rates(Nano(2_000_000_000), Nano(3_000_000_000), cached=Nano(200_000_000))
    assert (chat.terms.currency, chat.unit_size, chat.aliases) == ("CNY", 1000, ("ds-chat", "deepseek/chat"))
    assert (storage.terms.unit, storage.terms.rates.input) == (Unit.GB, 120_000_000_000_000)
    assert storage.cost_type is CostType.AI_API
    assert (embedding.terms.rates.input, embedding.concerns) == (500_000_000, frozenset())


@pytest.mark.parametrize(
    ("line", "why", "detail"),
    [
        ("a,b,CNY,token,1000,,1,,,", Why.INCOMPLETE, "input_price"),
        ("a,b,CNY,token,1000,1,,,,", Why.INCOMPLETE, "output_price"),
        ("a,b,CNY,token,1000,NaN,1,,,", Why.UNREADABLE, "input_price"),
        ('a,b,CNY,token,1000,"1,5",1,,,', Why.UNREADABLE, "input_price"),
        ("a,b,CNY,token,1000,-1,1,,,", Why.UNREADABLE, "a price is a number, no less than nothing, for some units"),
        ("a,b,CNY,token,1000,0.0000000000001,1,,,", Why.UNREADABLE, "the price is finer than 10⁻¹⁵ a unit"),
        ("a,b,CNY,token,1000,1e999999,1,,,", Why.UNREADABLE, "the price is larger or finer than any"),
        ("a,b,CNY,token,0,1,1,,,", Why.UNREADABLE, "unit_size"),
        ("a,b,RMB¥,token,1000,1,1,,,", Why.UNREADABLE, "'RMB¥' is no currency code such as CNY"),
        ("a,b,CNY,word,1000,1,1,,,", Why.UNREADABLE, "unit"),
        (",b,CNY,token,1000,1,1,,,", Why.UNREADABLE, "provider"),
        ("a,b,CNY,token,1000,1,1,,,,surplus", Why.UNREADABLE, ""),
        ("good,one,CNY,token,1000,1,1,,,", Why.TWICE, ""),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(line: str, why: Why, detail: str) -> None:
    found = read_table(f"{HEADER}good,one,CNY,token,1000,1,1,,,\n{line}\n".encode())
    assert [str(offer.key) for offer in found.offers] == ["good/one"]
    assert found.left_out == (LeftOut("line 3", why, detail),)


def test_what_costs_nothing_in_a_table_has_to_be_confirmed_too() -> None:
    (free,) = read_table(f"{HEADER}own,llm,CNY,token,1000,0,0,,,\n".encode()).offers
    assert free.concerns == {Concern.FREE}


@pytest.mark.parametrize(
    "header",
    [
        "provider,name,input_price",
        "provider,name,currency,input_price,price",
        "provider,name,name,currency,input_price",
    ],
)
def test_a_table_whose_columns_are_unclear_is_refused(header: str) -> None:
    with pytest.raises(RemoteError, match="columns"):
        read_table(f"{header}\n".encode())


def test_a_table_without_lines_offers_nothing() -> None:
    assert read_table(HEADER.encode()).offers == ()
