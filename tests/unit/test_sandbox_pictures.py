"""Pictures whose letters stand where the terminal has them, in every viewer."""

import html
import re
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from suanli.sandbox.pictures import CELL, in_cells

_PLACED = re.compile(r'<text [^>]*x="([0-9.]+)" y="[^"]*" textLength="([0-9.]+)" [^>]*>([^<]*)</text>')


def pieces(line: Text) -> list[tuple[str, float, float]]:
    """What of a line is drawn where and how long, in cells of the terminal."""
    console = Console(record=True, width=60, file=StringIO())
    console.print(line)
    placed = _PLACED.findall(in_cells(console.export_svg(title="", unique_id="x")))
    return [
        (html.unescape(words), round(float(x) / CELL, 2), round(float(long) / CELL, 2)) for x, long, words in placed
    ]


def test_chinese_is_as_long_as_its_cells_and_what_follows_stands_behind_it() -> None:
    assert pieces(Text("当前空闲：85 张")) == [("当前空闲：", 0, 10), ("85", 10, 2), ("张", 13, 2)]


def test_an_emoji_with_its_selector_stays_one_piece() -> None:
    assert pieces(Text("⚠️ GPU")) == [("⚠️", 0, 2), ("GPU", 3, 3)]


def test_blanks_before_words_are_kept_as_their_place() -> None:
    assert pieces(Text("\u00a0  - x").append(" #1", "bold")) == [("-", 3, 1), ("x", 5, 1), ("#1", 7, 2)]


def test_hostile_words_stay_words() -> None:
    line = "<b>\"&amp;'</b> 库存"
    assert "".join(words for words, _, _ in pieces(Text(line))) == line.replace(" ", "")
    assert all(cell_len(words) == long for words, _, long in pieces(Text(line)))
