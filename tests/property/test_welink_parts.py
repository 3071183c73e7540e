"""Whatever a text says, its parts say the same, fit, and mention nobody but who is meant to be."""

import re
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.welink.cards import text_of
from bot.welink.cards.neutral import neutral
from bot.welink.cards.notices import common, wecode
from bot.welink.cards.parts import MOST_PARTS, Mentions, numbered, pieces
from bot.welink.pages.links import Links
from suanli.domain.answer import Answer, At, Button, Buttons, Code, Facts, Note, Paragraph, Strong
from suanli.i18n import Lang
from suanli.sandbox.welink.card_rules import flaw_of
from suanli.sandbox.welink.record import Said
from tests.fakes import NOON
from tests.welink import PERSON, SHANGHAI, parcel_to

HOSTILE = st.sampled_from(
    [
        "@all", "@ALL", "@所有人", "＠all", "@", "all", "所有人", "@li@1", "li@1", "\u200b", "\u202e", "\u2066",
        "\u200d", "\ufeff", "\u00ad", "\ud800", "\udc00", "😀", "\r\n", "\u2028", "\n", "\x00", "{", '{"CN":"x"}',
        '"', "\\", "长" * 80, "x" * 300, "\u3164", "👨\u200d👩\u200d👧", "e\u0301", "\U000e0041", " ",
    ]
)  # fmt: skip
ANY = st.one_of(HOSTILE, st.text(max_size=30), st.text(st.characters(codec=None), max_size=8))
TEXT = st.lists(ANY, max_size=12).map("".join)
MENTIONS = Mentions(("li@1", "han.mei@0123456789"))
LIVE = re.compile(r"[@＠﹫](?!\u200b|\Z)")


def length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(TEXT, st.integers(2, 60), st.integers(2, 60))
def test_pieces_are_the_text_again_and_each_fits(text: str, first: int, room: int) -> None:
    found = list(pieces(text, first, room))
    assert "".join(found) == text
    assert all(found)
    assert all(length(piece) <= (room if n else first) for n, piece in enumerate(found))


@given(st.lists(st.text(max_size=20), max_size=20), st.integers(25, 60))
def test_a_line_that_fits_is_never_cut(lines: list[str], room: int) -> None:
    lines = [line.replace("\n", "") for line in lines]
    found = list(pieces("\n".join(lines), room, room))
    if all(length(line) < room for line in lines):
        assert all(piece.endswith("\n") for piece in found[:-1])


@given(TEXT, st.sampled_from(["", MENTIONS.prefix]))
def test_messages_are_numbered_fit_and_say_all_of_it(text: str, prefix: str) -> None:
    messages = numbered(text, prefix, "…")
    assert all(length(message) <= 500 for message in messages)
    assert messages[0].startswith(prefix)
    said = [messages[0][len(prefix) :], *messages[1:]]
    if len(messages) > 1:
        marks = [f"({n}/{len(messages)})\n" for n in range(1, len(messages) + 1)]
        assert all(part.startswith(mark) for part, mark in zip(said, marks, strict=True))
        said = [part[len(mark) :] for part, mark in zip(said, marks, strict=True)]
    assert "".join(said) == text


@given(st.lists(TEXT, max_size=60).map("".join))
def test_there_are_never_more_than_ten(text: str) -> None:
    messages = numbered(text, "", "…")
    assert len(messages) <= MOST_PARTS
    assert all(length(message) <= 500 for message in messages)


@given(TEXT)
def test_no_text_mentions_anybody(text: str) -> None:
    shown = neutral(text)
    assert not LIVE.search(shown)
    assert Said(shown, "u", NOON, ("li@1",)).highlighted == ()
    assert neutral(shown) == shown


SPANS = st.lists(st.one_of(TEXT, TEXT.map(Strong), TEXT.map(Code), TEXT.map(At)), max_size=3).map(tuple)
BUTTONS = st.lists(st.builds(lambda label, run: Button(label, {"run": run}), TEXT, TEXT), min_size=1, max_size=5)
BLOCKS = st.one_of(
    SPANS.map(Paragraph),
    SPANS.map(Note),
    st.lists(st.tuples(TEXT, SPANS), max_size=4).map(lambda pairs: Facts(tuple(pairs))),
    BUTTONS.map(lambda buttons: Buttons(tuple(buttons))),
)
ANSWERS = st.builds(Answer, st.sampled_from(Lang), st.lists(BLOCKS, max_size=4).map(tuple), TEXT)


@given(ANSWERS)
def test_of_an_answer_only_the_configured_are_highlighted_and_only_in_the_first_part(answer: Answer) -> None:
    messages = numbered(text_of(answer, NOON, SHANGHAI), MENTIONS.prefix, "…")
    assert Said(messages[0], "u", NOON, MENTIONS.at_accounts).highlighted == MENTIONS.at_accounts
    assert not LIVE.search(messages[0].removeprefix(MENTIONS.prefix))
    for message in messages[1:]:
        assert Said(message, "u", NOON, MENTIONS.at_accounts).highlighted == ()


@given(ANSWERS, st.timedeltas(timedelta(), timedelta(days=2)))
def test_every_answer_is_a_card_that_the_platform_takes(answer: Answer, age: timedelta) -> None:
    now: datetime = NOON + age
    assert flaw_of("common", common(answer, now, SHANGHAI, "算力机器人，名字太长了")) == ""
    page = Links("https://bot.example.com", "k" * 32).page_of(parcel_to(PERSON, answer))
    assert page is None or flaw_of("wecode", wecode(answer, now, SHANGHAI, page)) == ""
