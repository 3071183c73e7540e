"""Whatever an answer says, its card is one the platform takes, and no text in it is read as anything but text.

The judges are a CommonMark parser, which is what Feishu's card markdown is by its documents, and the stand-in's own
linter; neither shares code with the renderer.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.feishu.cards import MOST_BYTES, render
from bot.feishu.cards.markdown import Pen, escape
from bot.plain import clean
from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Button,
    Buttons,
    Chart,
    Code,
    Column,
    Divider,
    Facts,
    Form,
    Input,
    Note,
    Paragraph,
    Point,
    Strong,
    Table,
    Tone,
)
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of

NOW = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

MARKS = st.sampled_from(
    [
        "<at id=all></at>", "<at id=ou_1>", "[x](http://e.example)", "![x](img_1)", "**b**", "_i_", "~~s~~", "`c`",
        "\n- ", "\n1. ", "\n# ", "\n> ", "\n---\n", "\n    ", "\t", "\n\n", "&#60;at id=all&#62;", "&lt;", "\\", "|",
        "|a|\n|-|\n|b|", "<font color='red'>", "<!--", "http://e.example", "a@e.example", ":OK:", "\ud800", "\u202e",
        "```\n", "*", "]", "(", "<", "$x$", "\r", "\u2028", " ", "  ", "💥", "长",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=6).map("".join)
SPAN = st.one_of(
    TEXT,
    TEXT.map(Strong),
    TEXT.map(Code),
    st.one_of(TEXT, st.just("ou_7d8a")).map(At),
    st.integers(-60, 10**6).map(lambda age: Ago(NOW - timedelta(seconds=age))),
)
STYLES = st.sampled_from(["default", "primary", "danger"])
SPANS = st.lists(SPAN, max_size=4).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(st.builds(Column, TEXT, st.booleans()), max_size=4))
    cell = st.one_of(TEXT, st.integers().map(str), st.floats().map(str))
    rows = draw(st.lists(st.tuples(*[cell] * len(columns)), max_size=4))
    return Table(tuple(columns), tuple(rows))


@st.composite
def forms(draw: st.DrawFn) -> Form:
    # Few names, so that many are given twice.
    name = st.one_of(TEXT, st.sampled_from(["a", "b", "a_2", "a_send"]))
    inputs = st.builds(Input, name, TEXT, st.sampled_from(["number", "text", "date"]), st.booleans())
    value = st.fixed_dictionaries({}, optional={"run": TEXT, "fields": st.lists(name, max_size=3).map(" ".join)})
    buttons = st.builds(Button, TEXT, value, STYLES)
    return Form(
        draw(name),
        tuple(draw(st.lists(inputs, max_size=3))),
        tuple(draw(st.lists(buttons, max_size=2))),
    )


BLOCK = st.one_of(
    st.builds(Paragraph, SPANS),
    st.builds(Note, SPANS),
    st.builds(Facts, st.lists(st.tuples(TEXT, SPANS), max_size=3).map(tuple)),
    tables(),
    st.builds(
        Buttons,
        st.lists(st.builds(Button, TEXT, st.dictionaries(TEXT, TEXT, max_size=2), STYLES), max_size=3).map(tuple),
    ),
    st.builds(Divider),
    forms(),
    st.builds(
        Chart,
        TEXT,
        st.lists(st.builds(Point, TEXT, TEXT, st.floats(allow_nan=False, allow_infinity=False)), max_size=40).map(
            tuple
        ),
        TEXT,
    ),
)
BLOCKS = st.lists(BLOCK, max_size=6).map(tuple)
ANSWERS = st.builds(Answer, st.sampled_from(Lang), BLOCKS, TEXT.map(lambda text: f"t{text}"), st.sampled_from(Tone))


def tokens(markdown: str) -> Iterator[Token]:
    """Every token, those inside lines included."""
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


def kinds(markdown: str) -> set[str]:
    """What a parser sees in it besides words, lines and paragraphs."""
    plain = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
    return {token.type for token in tokens(markdown)} - plain


def words(markdown: str) -> str:
    """What a person reads, without white space, which markdown treats as it likes."""
    return squeezed("".join(token.content for token in tokens(markdown) if token.type in ("text", "code_inline")))


def squeezed(text: str) -> str:
    return "".join(clean(text).replace("\u200b", "").split())


def markdowns(part: Any) -> Iterator[str]:
    """Every piece of markdown in a card."""
    if isinstance(part, dict):
        if part.get("tag") == "markdown":
            yield part["content"]
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from markdowns(each)


@given(TEXT)
def test_text_is_read_as_exactly_that_text(text: str) -> None:
    assert kinds(escape(text)) == set()
    assert words(escape(text)) == squeezed(text)


@given(TEXT)
@example("<at id=all></at>")
def test_text_needs_no_parser_to_be_seen_as_harmless(text: str) -> None:
    assert not set(escape(text)) & set("<>*_`[]()~\\|$!@:.-+=")


@given(TEXT, TEXT, TEXT)
@example("(x)", "a", "b")
@example("x）", "", "：")
@example("🔴", "🔴", "长")
def test_bold_text_is_bold_and_nothing_else_wherever_it_stands(text: str, before: str, after: str) -> None:
    written = Pen(Lang.ZH, NOW, SHANGHAI).write((before, Strong(text), after))
    assert kinds(written) == ({"strong_open", "strong_close"} if squeezed(text) else set())
    assert words(written) == squeezed(before + text + after)


@given(SPANS)
def test_spans_are_only_what_they_say_they_are(spans: tuple[Any, ...]) -> None:
    written = Pen(Lang.ZH, NOW, SHANGHAI).write(spans)
    allowed = {"strong_open", "strong_close", "code_inline", "html_inline"}
    assert kinds(written) <= allowed
    tags = [token.content for token in tokens(written) if token.type == "html_inline"]
    mentions = sum(span == At("ou_7d8a") for span in spans)
    assert tags == ["<at id=ou_7d8a>", "</at>"] * mentions


def check_card(answer: Answer) -> None:
    msg_type, content = render(answer, NOW, SHANGHAI)
    assert msg_type == "interactive"
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES
    card = json.loads(content)
    assert flaw_of(card) is None
    allowed = {"strong_open", "strong_close", "code_inline", "html_inline"}
    assert set().union(*map(kinds, markdowns(card))) <= allowed


@given(ANSWERS)
def test_the_platform_takes_the_card_of_any_answer(answer: Answer) -> None:
    check_card(answer)


@settings(max_examples=25, deadline=None)
@given(ANSWERS, st.integers(5, 50), st.integers(0, 400))
def test_the_platform_takes_the_card_of_an_answer_that_is_far_too_long(answer: Answer, times: int, size: int) -> None:
    check_card(replace(answer, blocks=(*answer.blocks, Paragraph(("长<\n" * size,))) * times))


@given(ANSWERS)
def test_a_text_message_has_no_tag_and_no_link_but_our_mentions(answer: Answer) -> None:
    text = json.loads(render(answer, NOW, SHANGHAI, plain=True)[1])["text"]
    assert "](" not in text
    assert text.count("<") == text.count("<\u200b")
