"""Neither a filter nor what strangers write upstream makes matching slow. The bounds are a hundred times the usual."""

import contextlib
import time

import pytest

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, FilterError, parse
from suanli.domain.releases.wording import Text

SECOND = 1.0


def item(body: str) -> Item:
    return Item(Kind.ISSUE, "#1", "#1", "t", "https://github.com/o/r/issues/1", State.OPEN, body=body)


@pytest.mark.parametrize("pattern", ["/(a+)+$b/", "/(a|aa)+b/", "/(.*a){20}b/", "/([a-z]+)*[0-9]/"])
def test_an_expression_that_explodes_elsewhere_is_fast(pattern: str) -> None:
    document = Document.of(item("a" * 30_000 + "!"))
    begin = time.perf_counter()
    assert parse(pattern).match(document) is None
    assert time.perf_counter() - begin < SECOND


@pytest.mark.parametrize(
    "text",
    [
        "|" * 4000,
        '"' * 4000,
        "/" * 4000,
        "/\\" * 2000,
        " " * 4000,
        "- " * 2000,
        "label:" * 666,
        "-" * 4000,
        "a|" * 2000,
    ],
)
def test_a_hostile_filter_is_read_or_refused_at_once(text: str) -> None:
    begin = time.perf_counter()
    with contextlib.suppress(FilterError):
        parse(text)
    assert time.perf_counter() - begin < SECOND


@pytest.mark.parametrize(
    "body",
    [
        "e" + "\u0301" * 32_000 + "\u0316" * 32_000,  # marks piled in the wrong order
        "1" * 65_000,  # one long number has as many beginnings
        "x1" * 32_000,
        "ﷺ" * 6_000,  # one character that stands for eighteen
        "a-" * 32_000,
        "模型" * 32_000,
    ],
    ids=["marks", "number", "digits", "expanding", "dashes", "chinese"],
)
def test_a_hostile_body_is_looked_at_in_reasonable_time(body: str) -> None:
    filter_ = parse("qwen a-b 模型推理 1111111111111111111111111111 -revert")
    begin = time.perf_counter()
    filter_.match(Document.of(item(body)))
    assert time.perf_counter() - begin < SECOND


def test_words_beside_a_pile_of_marks_are_found() -> None:
    assert parse("qwen").match(Document.of(item("e" + "\u0301\u0316" * 2000 + " qwen"))) == ("qwen",)


def test_a_few_marks_are_left_as_they_are() -> None:
    assert parse("café").match(Document.of(item("─" * 3000 + " Cafe\u0301"))) == ("café",)


def test_only_short_beginnings_of_runs_are_listed() -> None:
    assert len(Text("1" * 65_000).stems) < 30
    assert Text("Qwen3MoE").stems == {"qwen", "qwen3moe"}
    assert parse("1" * 30).match(Document.of(item("1" * 29))) is None
    assert parse("1" * 30).match(Document.of(item("1" * 31))) == ("1" * 30,)
    assert parse("a" * 30).match(Document.of(item("b" + "a" * 30))) is None
