"""What holds for every filter and every text."""

import re
import unicodedata
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, FilterError, parse
from suanli.domain.releases.wording import Keyword, Text, legible, loose, normal, one_line

ITEM = Item(Kind.ISSUE, "#1", "#1", "", "https://github.com/o/r/issues/1", State.OPEN)
WORD = st.from_regex(r"[a-z0-9]{1,4}([-_.][a-z0-9]{1,3})?|[模型千问]{1,3}[a-z]{0,2}", fullmatch=True)
PIECES = st.sampled_from(
    ["qwen", "Qwen3", "v3", "模型", "ab", "a", "1", "-", " ", "_", ".", "lm", "深度求索", "é", "\n"]
)
PROSE = st.lists(PIECES, max_size=12).map("".join)
SIGNS = st.sampled_from([*'+-|"/!:“”「」（）［＋：｜\\ \t', "label:", "kind:pr", "field:title", "qwen", "\u200b", "é"])
HOSTILE = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=20).map("".join))


def why(filter_: str, text: str) -> tuple[str, ...] | None:
    return parse(filter_).match(Document.of(replace(ITEM, title=text)))


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    for form in (legible, normal, one_line):
        assert form(form(text)) == form(text)


@given(HOSTILE, st.text(max_size=30))
def test_a_filter_is_read_or_refused_and_nothing_else(filter_: str, text: str) -> None:
    try:
        read = parse(filter_)
    except FilterError:
        return
    reasons = read.match(Document.of(replace(ITEM, title=text)))
    if read.is_empty:
        assert reasons == ()


@given(WORD, st.text(max_size=20), st.text(max_size=20))
def test_a_word_is_found_in_a_text_that_has_it_between_blanks(word: str, before: str, after: str) -> None:
    assert why(word, f"{before} {word} {after}") == (word,)
    assert why(f'"{word}"', f"{before} {word} {after}") == (f'"{word}"',)


@given(st.lists(WORD, max_size=4), WORD, PROSE)
def test_an_exclusion_never_makes_more_match(words: list[str], excluded: str, text: str) -> None:
    without, with_it = why(" ".join(words), text), why(" ".join([*words, f"-{excluded}"]), text)
    assert with_it in {without, None}
    assert (with_it is None) == (without is None or why(excluded, text) is not None)


@given(WORD, PROSE)
def test_case_width_and_kind_of_dash_do_not_matter(word: str, text: str) -> None:
    plain = why(word, text) is None
    for change in (str.upper, wide, dashed, "\u200b".join, lambda t: unicodedata.normalize("NFD", t)):
        assert (why(change(word), text) is None) is plain
        assert (why(word, change(text)) is None) is plain


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def dashed(text: str) -> str:
    return text.replace("-", "\u2011")


@given(st.one_of(WORD, PROSE.filter(lambda t: loose(t).strip() != "")), PROSE)
def test_the_quick_look_agrees_with_the_rule_written_as_an_expression(word: str, text: str) -> None:
    for exact, line in ((False, loose(text)), (True, one_line(text))):
        keyword = Keyword.of(word, exact=exact)
        key = keyword.key
        before = "(?<![0-9a-z])" if re.match("[0-9a-z]", key) else ""
        after = ("(?![0-9a-z])" if exact else "(?![a-z])") if re.search("[0-9a-z]$", key) else ""
        slow = re.search(before + re.escape(key) + after, line) is not None
        assert keyword.is_in(Text(text)) is slow


@given(word=WORD | PROSE, text=PROSE, exact=st.booleans())
def test_what_sets_know_of_a_word_is_what_a_search_finds_however_often_it_is_asked(
    word: str, text: str, *, exact: bool
) -> None:
    keyword, prose = Keyword.of(word, exact=exact), Text(text)
    assume(not keyword.is_empty)
    line, before, after = (one_line(text), "0-9a-z", "0-9a-z") if exact else (loose(text), "0-9a-z", "a-z")
    left = f"(?<![{before}])" if re.match("[0-9a-z]", keyword.key) else ""
    right = f"(?![{after}])" if re.search("[0-9a-z]$", keyword.key) else ""
    found = re.search(left + re.escape(keyword.key) + right, line) is not None
    assert {keyword.is_in(prose) for _ in range(60)} == {found}
