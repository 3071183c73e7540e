"""A robot's tries: under which uuid, at what pace, and how far a message of several parts came."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.welink.courier import Robot
from bot.welink.courier.pace import Pace
from bot.welink.courier.uuids import MOST, Tries, Uuids
from suanli.domain.answer import Ago, Answer, line
from suanli.domain.delivery import LaneBusy, PartlySent, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from tests.fakes import NOON, FakeClock
from tests.welink import GROUP, LONG, SHANGHAI, parcel_to, refusal_of

OK = {"code": "0", "data": "success", "message": "ok"}
BUSY = {"code": "58500", "message": "service error"}
BAD = {"code": "58601", "message": "parameter error"}
TIMEOUT = RemoteError("did not answer")
PARCEL = parcel_to(GROUP)
AGAIN = replace(PARCEL, attempts=2)


class Group:
    """Answers each post with the next of its script, and then with success; each takes so many seconds."""

    def __init__(self, clock: FakeClock, *script: Mapping[str, Any] | RemoteError, seconds: float = 0) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._clock = clock
        self._script = list(script)
        self._seconds = seconds

    def post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(body)
        self._clock.advance(timedelta(seconds=self._seconds))
        answer = self._script.pop(0) if self._script else OK
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    @property
    def uuids(self) -> list[str]:
        return [body["uuid"] for body in self.asked]

    @property
    def texts(self) -> list[str]:
        return [body["content"]["text"] for body in self.asked]


def group_of(clock: FakeClock, *script: Mapping[str, Any] | RemoteError, seconds: float = 0) -> tuple[Robot, Group]:
    group = Group(clock, *script, seconds=seconds)
    return Robot(group.post, clock=clock, zone=SHANGHAI), group


def test_time_and_uuid_are_made_when_it_is_said(clock: FakeClock) -> None:
    robot, group = group_of(clock)
    clock.advance(timedelta(hours=3))
    robot.send(PARCEL)
    [body] = group.asked
    assert body["timeStamp"] == int(NOON.timestamp() * 1000) + 3 * 3_600_000
    assert (len(body["uuid"]), set(body["uuid"]) <= set("0123456789abcdef")) == (32, True)


def test_a_refused_part_goes_out_under_a_new_uuid(clock: FakeClock) -> None:
    robot, group = group_of(clock, BUSY, RemoteError("HTTP 400", code=400, permanent=True))
    assert (refusal_of(robot.send, PARCEL).permanent, refusal_of(robot.send, AGAIN).permanent) == (False, True)
    robot.send(AGAIN)
    assert len(set(group.uuids)) == 3


@pytest.mark.parametrize(
    "silence",
    [TIMEOUT, RemoteError("HTTP 502", code=502), RemoteError("a web page", permanent=True, code=200), {"data": "?"}],
)
def test_a_part_that_may_have_arrived_goes_out_under_the_same_uuid_at_a_new_time(
    clock: FakeClock, silence: Mapping[str, Any] | RemoteError
) -> None:
    robot, group = group_of(clock, silence, BUSY)
    assert not refusal_of(robot.send, PARCEL).permanent
    clock.advance(timedelta(minutes=11))
    refusal_of(robot.send, AGAIN)
    robot.send(AGAIN)
    assert len(set(group.uuids)) == 1
    assert group.asked[1]["timeStamp"] - group.asked[0]["timeStamp"] == 660_000


def test_after_a_restart_a_part_keeps_its_first_uuid(clock: FakeClock) -> None:
    before, first = group_of(clock, TIMEOUT)
    refusal_of(before.send, PARCEL)
    after, second = group_of(clock)
    after.send(AGAIN)
    assert first.uuids == second.uuids


def test_parts_and_messages_have_uuids_of_their_own(clock: FakeClock) -> None:
    robot, group = group_of(clock)
    robot.send(parcel_to(GROUP, LONG))
    robot.send(parcel_to(GROUP, LONG, key="other"))
    assert len(set(group.uuids)) == 6


def test_a_uuid_that_is_refused_after_a_doubt_has_arrived(clock: FakeClock) -> None:
    robot, group = group_of(clock, OK, TIMEOUT, BAD)
    robot.send(parcel_to(GROUP, key="before"))
    refusal_of(robot.send, PARCEL)
    robot.send(AGAIN)
    assert group.uuids[1] == group.uuids[2]


def test_where_nothing_was_ever_taken_a_bad_parameter_after_a_doubt_is_tried_once_more(clock: FakeClock) -> None:
    robot, group = group_of(clock, TIMEOUT, BAD, BAD)
    errors = [refusal_of(robot.send, PARCEL), refusal_of(robot.send, AGAIN), refusal_of(robot.send, AGAIN)]
    assert [error.permanent for error in errors] == [False, False, True]
    assert group.uuids[1] != group.uuids[2]


def test_a_bad_parameter_of_a_try_with_an_unknown_past_is_tried_once_more(clock: FakeClock) -> None:
    robot, group = group_of(clock, BAD)
    assert not refusal_of(robot.send, AGAIN).permanent
    robot.send(AGAIN)
    assert len(set(group.uuids)) == 2


def test_a_bad_parameter_of_a_first_try_is_final(clock: FakeClock) -> None:
    error = refusal_of(group_of(clock, BAD)[0].send, PARCEL)
    assert (error.permanent, error.code) == (True, 58601)
    assert "clock" in str(error)


@pytest.mark.parametrize(
    ("answer", "code", "permanent", "words"),
    [
        ({"code": "58404", "message": "robot not exist"}, 58404, True, "address anew (robot not exist)"),
        ({"code": 58602}, 58602, True, "enable it"),
        ({"code": "58500"}, 58500, False, "tried again"),
        ({"code": "12345", "message": "新"}, 12345, False, "tried again (新)"),
        ({"code": "ok"}, None, False, "without a code"),
        ({"code": True}, None, False, "without a code"),
        ({"code": False}, None, False, "without a code"),
        ({}, None, False, "without a code"),
    ],
)
def test_the_code_in_the_body_decides(
    clock: FakeClock, answer: dict[str, Any], code: int | None, words: str, *, permanent: bool
) -> None:
    error = refusal_of(group_of(clock, answer)[0].send, PARCEL)
    assert (type(error), error.code, error.permanent) == (RemoteError, code, permanent)
    assert words in str(error)


@pytest.mark.parametrize("answer", [{"code": "0"}, {"code": 0}, {"code": "0", "message": "ok."}])
def test_every_form_of_success_is_known(clock: FakeClock, answer: dict[str, Any]) -> None:
    robot, group = group_of(clock, answer)
    robot.send(PARCEL)
    assert len(group.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [RemoteError("HTTP 429", code=429), {"code": 429}, {"code": "48503"}],
)
def test_a_robot_that_said_too_much_is_left_in_peace_for_a_minute(
    clock: FakeClock, answer: Mapping[str, Any] | RemoteError
) -> None:
    error = refusal_of(group_of(clock, answer)[0].send, PARCEL)
    assert (type(error), error.permanent, error.retry_after) == (LaneBusy, False, timedelta(minutes=1))


def test_a_message_that_breaks_off_says_how_far_it_came_and_goes_on_from_there(clock: FakeClock) -> None:
    robot, group = group_of(clock, OK, BUSY)
    error = refusal_of(robot.send, parcel_to(GROUP, LONG))
    assert isinstance(error, PartlySent)
    assert (error.done, error.permanent, error.code) == (1, False, 58500)
    robot.send(parcel_to(GROUP, LONG, progress=1, attempts=2))
    assert [text[:5] for text in group.texts] == ["(1/3)", "(2/3)", "(2/3)", "(3/3)"]
    assert len(set(group.uuids)) == 4


def test_a_message_of_which_nothing_new_arrived_makes_no_progress(clock: FakeClock) -> None:
    robot, _ = group_of(clock, BUSY, BUSY)
    assert type(refusal_of(robot.send, parcel_to(GROUP, LONG))) is RemoteError
    assert type(refusal_of(robot.send, parcel_to(GROUP, LONG, progress=2))) is RemoteError


def test_a_final_refusal_half_way_is_final(clock: FakeClock) -> None:
    error = refusal_of(group_of(clock, OK, {"code": "58602"})[0].send, parcel_to(GROUP, LONG))
    assert isinstance(error, PartlySent)
    assert (error.done, error.permanent) == (1, True)


def test_what_has_arrived_altogether_is_not_said_again(clock: FakeClock) -> None:
    robot, group = group_of(clock)
    robot.send(parcel_to(GROUP, LONG, progress=3))
    assert group.asked == []


def test_a_long_message_falls_into_the_same_parts_however_late_it_goes_on(clock: FakeClock) -> None:
    rows = tuple(line(f"{n} {'x' * 60} ", Ago(NOON)) for n in range(20))
    robot, group = group_of(clock, OK, OK, TIMEOUT)
    refusal_of(robot.send, parcel_to(GROUP, Answer(Lang.ZH, rows)))
    clock.advance(timedelta(minutes=50))
    robot.send(parcel_to(GROUP, Answer(Lang.ZH, rows), progress=2, attempts=2))
    said = [text.partition("\n")[2] for text in (*group.texts[:2], *group.texts[3:])]
    numbers = [row.split()[0] for row in "".join(said).split("\n") if row]
    assert numbers == [str(n) for n in range(20)]


def test_a_short_message_tells_times_as_of_now(clock: FakeClock) -> None:
    robot, group = group_of(clock)
    clock.advance(timedelta(minutes=20))
    robot.send(parcel_to(GROUP, Answer(Lang.ZH, (line(Ago(NOON)),)), attempts=2))
    assert group.texts == ["20 分钟前 (12:00)"]


def test_a_message_without_words_is_given_up(clock: FakeClock) -> None:
    assert refusal_of(group_of(clock)[0].send, parcel_to(GROUP, Answer(Lang.ZH, (line("\u200b "),)))).permanent


def test_a_message_waits_until_the_minute_has_room_for_all_of_it(clock: FakeClock) -> None:
    robot, group = group_of(clock)
    for n in range(28):
        robot.send(parcel_to(GROUP, key=str(n)))
        clock.advance(timedelta(seconds=1))
    error = refusal_of(robot.send, parcel_to(GROUP, LONG))
    assert (type(error), error.retry_after) == (LaneBusy, timedelta(seconds=32))
    assert len(group.asked) == 28
    clock.advance(timedelta(seconds=32))
    robot.send(parcel_to(GROUP, LONG))
    assert len(group.asked) == 31


def test_refused_messages_count_as_well(clock: FakeClock) -> None:
    robot, group = group_of(clock, *[BUSY] * 30)
    for _ in range(30):
        refusal_of(robot.send, PARCEL)
    assert isinstance(refusal_of(robot.send, PARCEL), LaneBusy)
    assert len(group.asked) == 30


def test_a_slow_robot_is_not_waited_for_beyond_the_lease(clock: FakeClock) -> None:
    robot, group = group_of(clock, seconds=15)
    error = refusal_of(robot.send, parcel_to(GROUP, LONG))
    assert isinstance(error, PartlySent)
    assert (error.done, error.permanent, len(group.asked)) == (2, False, 2)


@pytest.mark.parametrize(
    ("said_at", "messages", "wait"),
    [((), 3, 0), ((), 9, 0), ((0, 5, 9), 1, 50), ((0, 5, 9), 2, 55), ((0, 5, 9), 99, 59), ((0, 5), 1, 0)],
)
def test_a_window_says_when_it_has_room(said_at: tuple[int, ...], messages: int, wait: int) -> None:
    clock = FakeClock()
    pace = Pace(clock, most=3)
    for at in said_at:
        clock.advance(timedelta(seconds=at - clock.elapsed()))
        pace.count()
    clock.advance(timedelta(seconds=10 - clock.elapsed()))
    assert pace.wait_for(messages) == timedelta(seconds=wait)


def test_only_so_many_tries_are_remembered() -> None:
    uuids = Uuids()
    for n in range(MOST + 1):
        uuids.refused(str(n))
    assert (uuids.tries("0"), uuids.tries("1"), uuids.tries(str(MOST))) == (Tries(), Tries(1), Tries(1))
    uuids.arrived("1")
    assert uuids.tries("1") == Tries()


def test_a_uuid_is_made_of_the_messages_own() -> None:
    uuids = Uuids()
    assert uuids.next(f"{uuid_of('a')}:0") == Uuids().next(f"{uuid_of('a')}:0") != uuids.next(f"{uuid_of('b')}:0")
