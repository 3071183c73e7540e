"""What `suanli cost` says of prices, and what it does not do: mistakes are told, and what comes from lists is shown."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.store import SqlStore
from suanli.cli import build_parser
from suanli.cli.prices import Desk, answer
from suanli.i18n import Lang, texts_in
from suanli.settings.load import load
from tests.fakes import NOON
from tests.price_map import PRICE_MAP

TABLE = """\
provider,name,currency,unit_size,input_price,output_price,cached_price,aliases
deepseek,deepseek-chat,CNY,1000,{chat},0.008,0.0002,ds
\x1b[31mevil,[bold]x[/bold],CNY,1000,1,1,,
"""
NOTHING = "没有变化，什么都没有写。"


@dataclass
class Office:
    """A command line on a database of its own, and a folder for lists."""

    store: SqlStore
    folder: Path
    screen: pytest.CaptureFixture[str]

    def cost(self, *arguments: str, code: int = 0, lang: Lang = Lang.ZH) -> str:
        """What `suanli cost` says; its mistakes too."""
        desk = Desk(load({}, self.folder), self.store, NOON, texts_in(lang))
        assert answer(desk, build_parser().parse_args(["cost", *arguments])) == code
        return "".join(self.screen.readouterr())

    def table(self, chat: str) -> str:
        """A table of prices, with so much for a thousand tokens of deepseek-chat."""
        path = self.folder / "prices.csv"
        path.write_text(TABLE.format(chat=chat), "utf-8")
        return str(path)


@pytest.fixture
def office(sqlite_store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(sqlite_store, tmp_path, capsys)


def row(said: str, name: str) -> list[str]:
    """The words of the first row of a model."""
    return next(line.split() for line in said.splitlines() if line.strip().startswith(name))


def test_a_list_is_shown_with_all_that_is_not_taken_and_why(office: Office) -> None:
    said = office.cost("import-prices", str(PRICE_MAP))
    assert row(said, "openai/gpt-4o")[:6] == ["openai/gpt-4o", "每百万", "token", "USD", "2.5", "10"]
    assert row(said, "dashscope/qwen3-max")[-3:] == ["另有", "2", "档价格"]
    assert row(said, "volcengine/glm-4-7-251222")[-1] == "全部免费，多半是不知道价格"
    assert "3 × 按别的单位计费（图片、字符、视频等）" in said
    assert "5 × input_cost_per_token_priority" in said


def test_a_change_is_shown_with_what_it_was_and_what_jumps_is_asked_about(office: Office) -> None:
    first = office.cost("import-prices", office.table("0.002"), "--apply", "--from", "2026-01-01")
    assert "✓ 已写入 2 个价格" in first
    changed = office.cost("import-prices", office.table("0.003"), "--apply", "--only", "deepseek", lang=Lang.EN)
    assert row(changed, "deepseek/deepseek-chat")[1:] == ["input", "1M", "tokens", "2", "3", "+50.0%"]
    asked = office.cost("import-prices", office.table("0.03"), "--apply")
    assert "可疑，不会写入（1）" in asked
    assert NOTHING in asked
    history = office.cost("prices", "DeepSeek", "--provider", "deepseek")
    assert [line.split()[4] for line in history.splitlines() if "deepseek-chat" in line] == ["2", "3"]
    assert "2026-01-01 00:00" in history


def test_what_a_list_says_moves_no_cursor_and_is_no_markup(office: Office) -> None:
    said = office.cost("import-prices", office.table("0.002"))
    assert "\N{REPLACEMENT CHARACTER}[31mevil/[bold]x[/bold]" in said
    assert "\x1b" not in said


def test_a_price_set_by_hand_stands_until_a_list_is_told_to_undo_it(office: Office) -> None:
    office.cost("import-prices", office.table("0.002"), "--apply", "--from", "2026-01-01")
    by_hand = ("set-price", "deepseek/deepseek-chat", "--input", "1.5", "--output", "8", "--per", "1000000")
    said = office.cost(*by_hand, "--cached", "0.2")
    assert row(said, "deepseek/deepseek-chat")[1:] == ["输入", "每百万", "token", "2", "1.5", "-25.0%"]
    assert NOTHING in office.cost(*by_hand, "--cached", "0.2")
    asked = office.cost("import-prices", office.table("0.002"), "--apply")
    assert "现价是手工设置的" in asked
    assert NOTHING in asked


def test_anything_may_be_priced_by_hand(office: Office) -> None:
    minute = ("--input", "0.006", "--unit", "minute", "--currency", "USD", "--from", "2026-01-01T00:00+08:00")
    said = office.cost("set-price", "openai/whisper-1", *minute, lang=Lang.EN)
    assert row(said, "openai/whisper-1")[1:] == ["minute", "USD", "0.006", "0", "–"]
    office.cost("set-price", "aliyun/oss/disk", "--input", "0.12", "--unit", "gb", "--cost-type", "storage")
    assert "aliyun/oss/disk" in office.cost("prices", "oss")


def test_only_a_few_rows_are_shown_unless_all_are_asked_for(office: Office) -> None:
    lines = [f"p,m{n},CNY,1000,1,1" for n in range(50)]
    path = office.folder / "many.csv"
    path.write_text("\n".join(["provider,name,currency,unit_size,input_price,output_price", *lines]), "utf-8")
    few, every = office.cost("import-prices", str(path)), office.cost("import-prices", str(path), "--all")
    assert ("还有 20 条" in few, "p/m29" in few, "p/m30" in few) == (True, True, False)
    assert "p/m49" in every


def test_a_rate_of_exchange_is_set_and_listed(office: Office) -> None:
    office.cost("exchange", "USD", "7.1", "--from", "2026-01-01")
    said = office.cost("exchange", "USD", "7.25")
    assert [line.split()[3] for line in said.splitlines() if "USD → CNY" in line] == ["7.1", "7.25"]
    assert "还没有汇率" in office.cost("exchange", "EUR")
    office.cost("exchange", "USD", "7.3", "--from", "2026-02-01", code=1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["import-prices"], 2, "要写价格清单的文件"),
        (["import-prices", "gone.csv"], 1, "✗ the file cannot be read"),
        (["import-prices", "--installed"], 1, "✗ litellm is not installed here"),
        (["import-prices", str(PRICE_MAP), "--only", "opanai"], 2, "✗ 清单里没有 opanai"),
        (["import-prices", str(PRICE_MAP), "--from", "tomorrow"], 2, "看不懂时间“tomorrow”"),
        (["set-price", "gpt-4o", "--input", "1", "--output", "1"], 2, "要写 供应商/型号"),
        (["set-price", "openai/gpt-4o", "--input", "1"], 2, "要写 --input，按 token 计费的还要写 --output"),
        (["set-price", "openai/gpt-4o", "--input", "-1", "--output", "1"], 1, "✗ a price is a number"),
        (["set-price", "openai/gpt-4o", "--input", "1", "--output", "1", "--per", "0"], 2, "--per 要在"),
        (["exchange", "usd", "7"], 1, "is no currency code"),
        (["exchange", "USD", "0"], 1, "✗ a rate is a number above nothing"),
        (["exchange"], 0, "还没有汇率"),
        (["prices"], 0, "还没有价格"),
    ],
)
def test_what_was_typed_wrongly_is_said(office: Office, arguments: list[str], code: int, said: str) -> None:
    assert said in office.cost(*arguments, code=code)
    with office.store.begin() as tx:
        assert tx.models.all() == ()
