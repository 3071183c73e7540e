"""What is written as a command line reads back as the same words, and nothing that is typed can break the reader."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.syntax import read, write


def is_word(text: str) -> bool:
    """A word as the reader gives it: normal, visible, without quotes."""
    same = unicodedata.normalize("NFKC", text).strip() == text
    blanks = any(c.isspace() and c != " " for c in text)  # the reader makes one kind of blank of all
    return (
        bool(text)
        and same
        and not blanks
        and not any(unicodedata.category(c) == "Cf" or c in '"“”「」＂' for c in text)
    )


WORDS = st.lists(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=12).filter(is_word), max_size=6
)


@given(WORDS)
def test_words_survive_writing_and_reading(words: list[str]) -> None:
    assert read(write(words)).words == tuple(words)


@given(st.text(max_size=300))
def test_any_text_reads_as_words_without_blanks_at_their_ends(text: str) -> None:
    line = read(text)
    assert all(word and word == word.strip() for word in line.words)


@given(st.text(max_size=100))
def test_invisible_characters_change_nothing(text: str) -> None:
    assert read("\u200b".join(text)) == read(text)
