"""Answers survive being stored."""

from datetime import UTC, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storage import answers
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

TEXT = st.text(max_size=8) | st.sampled_from(["", "算力", "🀄👩‍💻", "\0", '{"kind":"code"}', "</font>", "\u2028"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
SPANS = st.lists(
    TEXT
    | st.builds(Strong, TEXT)
    | st.builds(Code, TEXT)
    | st.builds(At, TEXT)
    | st.builds(Ago, st.datetimes(timezones=ZONES)),
    max_size=5,
).map(tuple)


def tables() -> st.SearchStrategy[Table]:
    def of_width(width: int) -> st.SearchStrategy[Table]:
        columns = st.lists(st.builds(Column, TEXT, st.booleans()), min_size=width, max_size=width).map(tuple)
        row = st.lists(TEXT, min_size=width, max_size=width).map(tuple)
        return st.builds(Table, columns, st.lists(row, max_size=3).map(tuple))

    return st.integers(0, 3).flatmap(of_width)


def lists_of(each: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, max_size=3).map(tuple)


STYLES = st.sampled_from(["default", "primary", "danger"])
BUTTONS = lists_of(st.builds(Button, TEXT, st.dictionaries(TEXT, TEXT, max_size=2), STYLES))
INPUTS = lists_of(st.builds(Input, TEXT, TEXT, st.sampled_from(["number", "text", "date"]), st.booleans()))
POINTS = lists_of(st.builds(Point, TEXT, TEXT, st.floats(allow_nan=False, allow_infinity=False)))

BLOCKS = (
    st.builds(Paragraph, SPANS)
    | st.builds(Note, SPANS)
    | st.builds(Facts, st.lists(st.tuples(TEXT, SPANS), max_size=3).map(tuple))
    | tables()
    | st.builds(Buttons, BUTTONS)
    | st.builds(Form, TEXT, INPUTS, BUTTONS)
    | st.builds(Chart, TEXT, POINTS, TEXT)
    | st.just(Divider())
)
ANSWERS = st.builds(Answer, st.sampled_from(Lang), st.lists(BLOCKS, max_size=5).map(tuple), TEXT, st.sampled_from(Tone))


@given(ANSWERS)
def test_an_answer_comes_back_as_it_was_stored(answer: Answer) -> None:
    assert answers.load(answers.dump(answer)) == answer


@given(ANSWERS)
def test_a_stored_answer_is_text_that_every_database_takes(answer: Answer) -> None:
    assert "\0" not in answers.dump(answer)
    answers.dump(answer).encode()
