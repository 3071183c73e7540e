"""A message that fails again and again, whatever the platform says each time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.answer import Answer, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import (
    REDRAW_FOR,
    CardRejected,
    Fate,
    LaneBusy,
    Parcel,
    PlatformBusy,
    judge,
    too_late,
    uuid_of,
)
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang

START = datetime(2026, 11, 20, tzinfo=UTC)
FIRST = Parcel(
    id=1,
    key="k",
    uuid=uuid_of("k"),
    target=Target(Platform.FEISHU, TargetKind.CHAT, "oc_1"),
    answer=Answer(Lang.EN, (line("hello"),)),
    reply_to=None,
    attempts=0,
    as_text=False,
    created_at=START,
    first_tried_at=START,
    owner="me",
)

errors = st.builds(
    lambda kind, permanent, seconds: kind(
        "refused", permanent=permanent, retry_after=None if seconds is None else timedelta(seconds=seconds)
    ),
    st.sampled_from([RemoteError, CardRejected, LaneBusy, PlatformBusy]),
    st.booleans(),
    st.none() | st.integers(0, 7200),
)


@given(st.lists(errors, min_size=1, max_size=40))
def test_no_try_is_planned_past_the_window_and_none_after_the_end(answers: list[RemoteError]) -> None:
    parcel, now = FIRST, START
    for error in answers:
        parcel = replace(parcel, attempts=parcel.attempts + 1)
        verdict = judge(parcel, error, now)
        assert verdict.due_at >= now
        assert not too_late(parcel, verdict.due_at)
        if verdict.fate is Fate.DEAD:
            break
        assert not error.permanent or verdict.fate is Fate.AS_TEXT
        parcel = replace(parcel, as_text=parcel.as_text or verdict.fate is Fate.AS_TEXT)
        now = verdict.due_at


@given(st.lists(errors, min_size=1, max_size=300))
def test_a_drawing_never_becomes_text_and_is_over_within_a_day(answers: list[RemoteError]) -> None:
    parcel, now = replace(FIRST, redraws="m", drawn=MessageId("om_1")), START
    for error in answers:
        parcel = replace(parcel, attempts=parcel.attempts + 1)
        verdict = judge(parcel, error, now)
        assert verdict.fate is not Fate.AS_TEXT
        assert now <= verdict.due_at <= START + REDRAW_FOR
        assert not too_late(parcel, verdict.due_at)
        if verdict.fate is Fate.DEAD:
            break
        assert not error.permanent
        now = verdict.due_at


@given(st.lists(errors.filter(lambda error: not error.permanent), min_size=1, max_size=8))
def test_every_message_comes_to_an_end(answers: list[RemoteError]) -> None:
    parcel, now, fate = FIRST, START, Fate.RETRY
    for n in range(10_000):
        parcel = replace(parcel, attempts=n + 1)
        verdict = judge(parcel, answers[n % len(answers)], now)
        fate, now = verdict.fate, verdict.due_at
        if fate is Fate.DEAD:
            break
        parcel = replace(parcel, as_text=parcel.as_text or fate is Fate.AS_TEXT)
    assert fate is Fate.DEAD
