"""Cursors are given back as they are: whatever was done to one is found out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.web.api.cursors import cursor_of, place_of

NUMBERS = st.integers(-(2**63), 2**63 - 1)
QUESTION = ("records", "desc")


@given(st.lists(NUMBERS, min_size=1, max_size=3).map(tuple))
def test_a_cursor_is_read_as_it_was_written(place: tuple[int, ...]) -> None:
    cursor = cursor_of(place, QUESTION)
    assert place_of(cursor, QUESTION, len(place)) == place
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(NUMBERS, st.data())
def test_a_letter_that_is_another_is_found_out(number: int, data: st.DataObject) -> None:
    cursor = cursor_of((number,), QUESTION)
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda each: each != cursor[at]))
    changed = cursor[:at] + letter + cursor[at + 1 :]
    try:  # the last letter has bits that say nothing
        assert place_of(changed, QUESTION, 1) == (number,)
    except ValueError:
        return


@given(st.text(max_size=60))
def test_what_somebody_makes_up_is_no_cursor(said: str) -> None:
    with pytest.raises(ValueError):
        place_of(said, QUESTION, 1)


def test_a_cursor_of_another_question_or_of_another_kind_is_none() -> None:
    cursor = cursor_of((1, 2), QUESTION)
    for question, parts in ((("records", "asc"), 2), (QUESTION, 1), (QUESTION, 3)):
        with pytest.raises(ValueError):
            place_of(cursor, question, parts)


def test_a_number_that_no_database_keeps_is_no_place() -> None:
    with pytest.raises(ValueError):
        place_of(cursor_of((2**63,), QUESTION), QUESTION, 1)
