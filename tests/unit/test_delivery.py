"""What becomes of a message whose send failed, and how a rate is stated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from suanli.domain.answer import Answer, At, Code, Paragraph, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import (
    GIVE_UP_AFTER,
    REDRAW_FOR,
    UUID_WINDOW,
    CardRejected,
    Fate,
    LaneBusy,
    Parcel,
    Rate,
    Verdict,
    backoff,
    detour,
    earliest,
    judge,
    spend,
    too_late,
    uuid_of,
)
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

FIRST_TRY = Parcel(
    id=1,
    key="low:ou_1:4090",
    uuid=uuid_of("low:ou_1:4090"),
    target=Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_1"),
    answer=Answer(Lang.ZH, (line("库存不足"),)),
    reply_to=None,
    attempts=1,
    as_text=False,
    created_at=NOW,
    first_tried_at=NOW,
    owner="me",
)


@pytest.mark.parametrize(
    ("parcel", "error", "expected"),
    [
        pytest.param(FIRST_TRY, RemoteError("timeout"), Verdict(Fate.RETRY, NOW + SECOND), id="it waits"),
        pytest.param(
            replace(FIRST_TRY, attempts=4), RemoteError("timeout"), Verdict(Fate.RETRY, NOW + 8 * SECOND),
            id="longer with each try",
        ),
        pytest.param(
            FIRST_TRY, RemoteError("busy", retry_after=52 * SECOND), Verdict(Fate.RETRY, NOW + 52 * SECOND),
            id="as long as the platform says",
        ),
        pytest.param(
            FIRST_TRY, RemoteError("busy", retry_after=timedelta(0)), Verdict(Fate.RETRY, NOW + SECOND),
            id="never not at all, or it would spin",
        ),
        pytest.param(
            FIRST_TRY, RemoteError("not in the group", permanent=True), Verdict(Fate.DEAD, NOW),
            id="what cannot help is not tried",
        ),
        pytest.param(FIRST_TRY, CardRejected("230099"), Verdict(Fate.AS_TEXT, NOW), id="a rejected card goes as text"),
        pytest.param(
            FIRST_TRY, CardRejected("230099", permanent=True), Verdict(Fate.AS_TEXT, NOW),
            id="even if it is rejected for good",
        ),
        pytest.param(
            replace(FIRST_TRY, as_text=True), CardRejected("230099"), Verdict(Fate.DEAD, NOW),
            id="a rejected text has no plainer form",
        ),
        pytest.param(
            replace(FIRST_TRY, first_tried_at=NOW - GIVE_UP_AFTER + 2 * SECOND, attempts=2),
            RemoteError("timeout"), Verdict(Fate.RETRY, NOW + 2 * SECOND),
            id="the last retry falls on the end of the window",
        ),
        pytest.param(
            replace(FIRST_TRY, first_tried_at=NOW - GIVE_UP_AFTER + SECOND, attempts=2),
            RemoteError("timeout"), Verdict(Fate.DEAD, NOW),
            id="a retry past the window could be a second message",
        ),
        pytest.param(
            FIRST_TRY, LaneBusy("230020", retry_after=2 * SECOND), Verdict(Fate.RETRY, NOW + 2 * SECOND),
            id="patience is waited for",
        ),
    ],
)  # fmt: skip
def test_the_verdict_on_a_failed_send(parcel: Parcel, error: RemoteError, expected: Verdict) -> None:
    assert judge(parcel, error, NOW) == expected


DRAWING = replace(FIRST_TRY, redraws="low:ou_1:4090", drawn=MessageId("om_1"))


@pytest.mark.parametrize(
    ("parcel", "error", "expected"),
    [
        pytest.param(DRAWING, RemoteError("timeout"), Verdict(Fate.RETRY, NOW + SECOND), id="it waits"),
        pytest.param(DRAWING, CardRejected("230099"), Verdict(Fate.DEAD, NOW), id="a card in a chat stays a card"),
        pytest.param(
            DRAWING, RemoteError("230031", permanent=True), Verdict(Fate.DEAD, NOW), id="what cannot help is not tried"
        ),
        pytest.param(
            replace(DRAWING, first_tried_at=NOW - REDRAW_FOR + SECOND), RemoteError("timeout"),
            Verdict(Fate.RETRY, NOW + SECOND), id="it is tried for a day",
        ),
        pytest.param(
            replace(DRAWING, first_tried_at=NOW - REDRAW_FOR), RemoteError("timeout"), Verdict(Fate.DEAD, NOW),
            id="and no longer",
        ),
    ],
)  # fmt: skip
def test_the_verdict_on_a_failed_drawing(parcel: Parcel, error: RemoteError, expected: Verdict) -> None:
    assert judge(parcel, error, NOW) == expected


HOOK = Target(Platform.FEISHU_HOOK, TargetKind.HOOK, "fallback")


@pytest.mark.parametrize("parcel", [DRAWING, replace(FIRST_TRY, target=HOOK)], ids=["drawing", "hook"])
def test_where_a_uuid_protects_from_nothing_no_try_is_too_late(parcel: Parcel) -> None:
    assert not too_late(replace(parcel, first_tried_at=NOW - timedelta(days=2)), NOW)


def test_an_alert_that_could_not_be_delivered_says_in_the_group_whom_it_was_meant_for() -> None:
    alert = replace(FIRST_TRY, alert=True, answer=replace(FIRST_TRY.answer, title="库存"))
    instead = detour(alert, HOOK)
    assert instead
    assert (instead.key, instead.target, instead.alert) == ("fallback:low:ou_1:4090", HOOK, True)
    first, *others = instead.answer.blocks
    assert isinstance(first, Paragraph)
    assert first.spans[-1] == At("ou_1")
    assert (instead.answer.title, others) == ("库存", [line("库存不足")])


def test_who_has_no_open_id_is_named_and_not_mentioned() -> None:
    ops = Target(Platform.FEISHU, TargetKind.EMAIL, "ops@example.com")
    instead = detour(replace(FIRST_TRY, alert=True, target=ops), HOOK)
    assert instead
    assert isinstance(instead.answer.blocks[0], Paragraph)
    assert instead.answer.blocks[0].spans[-1] == Code("email ops@example.com")


@pytest.mark.parametrize(
    "parcel",
    [FIRST_TRY, replace(DRAWING, alert=True), replace(FIRST_TRY, alert=True, target=HOOK)],
    ids=["a reply", "a drawing", "what came that way"],
)
def test_nothing_else_goes_over_the_fallback_channel(parcel: Parcel) -> None:
    assert detour(parcel, HOOK) is None


def test_retries_end_while_the_platform_still_remembers_the_uuid() -> None:
    assert GIVE_UP_AFTER < UUID_WINDOW


@pytest.mark.parametrize(
    ("first_tried_at", "expected"),
    [(None, False), (NOW, False), (NOW - GIVE_UP_AFTER, False), (NOW - GIVE_UP_AFTER - SECOND, True)],
)
def test_only_a_message_that_may_have_arrived_long_ago_is_too_late(
    first_tried_at: datetime | None, *, expected: bool
) -> None:
    assert too_late(replace(FIRST_TRY, first_tried_at=first_tried_at), NOW) is expected


def test_waits_double_up_to_five_minutes() -> None:
    waits = [backoff(tries).total_seconds() for tries in (0, 1, 2, 3, 9, 10, 1000)]
    assert waits == [1, 1, 2, 4, 256, 300, 300]


def test_the_uuid_comes_from_the_key_alone_and_fits_the_platform() -> None:
    assert uuid_of("a" * 500) == uuid_of("a" * 500)
    assert uuid_of("reply:om_1") != uuid_of("reply:om_2")
    assert len(uuid_of("a" * 500)) <= 50


@pytest.mark.parametrize(
    ("per", "window", "burst"), [(0, SECOND, 1), (5, SECOND, 0), (5, SECOND, 6), (5, timedelta(0), 1)]
)
def test_a_rate_that_nothing_could_keep_is_refused(per: int, window: timedelta, burst: int) -> None:
    with pytest.raises(ValueError, match="a rate has"):
        Rate(per, window, burst)


def test_the_distance_between_sends_is_rounded_up_so_that_a_fast_rate_keeps_its_window_too() -> None:
    assert Rate(9001, SECOND).interval * 9000 >= SECOND


def test_a_lane_gives_its_burst_at_once_and_then_spaces_sends_out() -> None:
    rate = Rate(per=5, window=SECOND, burst=2)
    full_at, waits = None, []
    for _ in range(4):
        at = earliest(full_at, rate, NOW)
        full_at = spend(full_at, rate, at)
        waits.append((at - NOW) / timedelta(milliseconds=1))
    assert waits == pytest.approx([0, 0, 333.333, 666.667], abs=0.01)
