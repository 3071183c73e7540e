"""The courier to WeLink over real HTTP against the stand-in: what arrives there, and what each trouble becomes."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.welink.courier import Mentions, WelinkCourier
from bot.welink.pages.links import Links
from suanli.domain.answer import Answer, Buttons, line, run_button
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import LaneBusy, Parcel, PartlySent, PlatformBusy, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from suanli.sandbox.welink import Fault, Robot, Switches, WelinkStandIn
from tests.fakes import FakeClock
from tests.welink import CARD, GROUP, LI_LEI, LONG, PERSON, courier_to, parcel_to, refusal_of

PAGES = Links("https://bot.example.com", "k" * 32)
TO_GROUP, TO_PERSON = parcel_to(GROUP), parcel_to(PERSON)


def again(parcel: Parcel, progress: int = 0) -> Parcel:
    return replace(parcel, attempts=2, progress=progress)


@pytest.fixture
def welink(clock: FakeClock) -> Iterator[WelinkStandIn]:
    with WelinkStandIn(clock) as stand_in:
        stand_in.app.followers.add(LI_LEI)
        yield stand_in


@pytest.fixture
def robot(welink: WelinkStandIn) -> Robot:
    return welink.add_robot()


@pytest.fixture
def courier(welink: WelinkStandIn, robot: Robot, clock: FakeClock) -> WelinkCourier:
    return courier_to(welink, robot, clock)


def test_an_answer_is_said_in_the_group(courier: WelinkCourier, robot: Robot) -> None:
    assert courier.send(TO_GROUP) == uuid_of("k")
    assert [said.text for said in robot.said] == ["GPU 库存\n\n97 张空闲"]
    assert robot.said[0].highlighted == ()


def test_the_configured_are_mentioned_once_and_nobody_else_ever(
    welink: WelinkStandIn, robot: Robot, clock: FakeClock
) -> None:
    courier = courier_to(welink, robot, clock, mentions=Mentions((LI_LEI,)))
    hostile = Answer(Lang.ZH, (line(f"@all @所有人 @{LI_LEI} " + "库" * 900),), "@all")
    courier.send(parcel_to(GROUP, hostile))
    assert [said.highlighted for said in robot.said] == [(LI_LEI,), ()]
    assert robot.said[0].text.startswith(f"@{LI_LEI} (1/2)\n")


def test_a_long_answer_arrives_in_numbered_parts_that_are_all_of_it(courier: WelinkCourier, robot: Robot) -> None:
    courier.send(parcel_to(GROUP, LONG))
    assert [said.text[:5] for said in robot.said] == ["(1/3)", "(2/3)", "(3/3)"]
    rows = [row for said in robot.said for row in said.text.split("\n")[1:] if row]
    assert rows == ["GPU 库存", *(f"第 {n} 行 {'库存' * 100}" for n in range(5))]


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BAD_GATEWAY, Fault.DROPPED, Fault.LOST, Fault.SILENT])
def test_parts_that_arrived_are_not_said_again(
    courier: WelinkCourier, welink: WelinkStandIn, robot: Robot, fault: Fault
) -> None:
    welink.faults.lay(None, fault)
    error = refusal_of(courier.send, parcel_to(GROUP, LONG))
    assert isinstance(error, PartlySent)
    assert (error.done, error.permanent) == (1, False)
    courier.send(again(parcel_to(GROUP, LONG), progress=error.done))
    assert [said.text[:5] for said in robot.said] == ["(1/3)", "(2/3)", "(3/3)"]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.SILENT, Fault.TRUNCATED])
def test_a_message_whose_answer_was_lost_is_in_the_group_once_after_the_retry(
    courier: WelinkCourier, welink: WelinkStandIn, robot: Robot, fault: Fault
) -> None:
    courier.send(parcel_to(GROUP, key="before"))
    welink.faults.lay(fault)
    error = refusal_of(courier.send, TO_GROUP)
    assert (error.permanent, isinstance(error, LaneBusy)) == (False, False)
    courier.send(again(TO_GROUP))
    assert len(robot.said) == 2


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BAD_GATEWAY, Fault.WEB_PAGE, Fault.DROPPED])
def test_trouble_that_may_pass_is_tried_again(
    courier: WelinkCourier, welink: WelinkStandIn, robot: Robot, fault: Fault
) -> None:
    welink.faults.lay(fault, fault)
    assert not refusal_of(courier.send, TO_GROUP).permanent
    assert not refusal_of(courier.send, again(TO_GROUP)).permanent
    courier.send(again(TO_GROUP))
    assert len(robot.said) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_code_is_heeded_whatever_the_status(clock: FakeClock, status: int) -> None:
    with WelinkStandIn(clock, Switches(error_status=status)) as welink:
        off, unknown = welink.add_robot(enabled=False), Robot("0" * 32)
        errors = [refusal_of(courier_to(welink, each, clock).send, TO_GROUP) for each in (off, unknown)]
        assert [(error.permanent, error.code) for error in errors] == [(True, 58602), (True, 58404)]
        late = courier_to(welink, welink.add_robot(), FakeClock(clock.now() + timedelta(minutes=11)))
        error = refusal_of(late.send, TO_GROUP)
        assert (error.permanent, error.code, "clock" in str(error)) == (True, 58601, True)


@pytest.mark.parametrize("code", [58500, 429])
def test_a_robot_never_says_more_than_thirty_in_a_minute(clock: FakeClock, code: int) -> None:
    with WelinkStandIn(clock, Switches(throttled=code)) as welink:
        robot = welink.add_robot()
        courier = courier_to(welink, robot, clock)
        for n in range(10):
            courier.send(parcel_to(GROUP, LONG, key=str(n)))
        error = refusal_of(courier.send, TO_GROUP)
        assert (type(error), error.retry_after, robot.silent_until) == (LaneBusy, timedelta(minutes=1), None)
        clock.advance(timedelta(minutes=1))
        courier.send(TO_GROUP)
        assert len(robot.said) == 31


def test_two_processes_that_say_too_much_wait_the_silence_out(
    welink: WelinkStandIn, robot: Robot, clock: FakeClock
) -> None:
    one, other = courier_to(welink, robot, clock), courier_to(welink, robot, clock)
    for n in range(10):
        one.send(parcel_to(GROUP, LONG, key=str(n)))
    error = refusal_of(other.send, TO_GROUP)
    assert (type(error), error.retry_after) == (LaneBusy, timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    other.send(again(TO_GROUP))
    assert len(robot.said) == 31


def test_the_robots_token_shows_nowhere(
    welink: WelinkStandIn, robot: Robot, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    courier = courier_to(welink, robot, clock)
    welink.faults.lay(*Fault)
    with caplog.at_level(logging.INFO):
        for n in range(len(Fault)):
            error = refusal_of(courier.send, parcel_to(GROUP, key=str(n)))
            assert robot.token not in f"{error} {error!r} {vars(error)}"
            assert error.__suppress_context__ or error.__context__ is None
    gone = courier_to(welink, robot, clock)
    welink.__exit__()
    assert robot.token not in str(refusal_of(gone.send, TO_GROUP))
    assert robot.token not in caplog.text


def test_a_person_gets_a_card_and_its_id_comes_back(courier: WelinkCourier, welink: WelinkStandIn) -> None:
    item_id = courier.send(replace(TO_PERSON, alert=True))
    [card] = welink.app.cards
    assert (card.item_id, card.kind, card.to) == (item_id, "common", LI_LEI)
    assert card.body["msgTitle"] == "GPU 库存"
    assert card.body["msgContent"] == "97 张空闲"
    assert card.body["isForceTips"] == 1


@pytest.mark.parametrize("answer", [LONG, replace(LONG, title="库" * 999), Answer(Lang.EN, (line("x" * 9999),))])
def test_what_is_too_long_for_a_card_is_cut(courier: WelinkCourier, welink: WelinkStandIn, answer: Answer) -> None:
    courier.send(parcel_to(PERSON, answer))
    assert len(welink.app.cards) == 1


def test_with_pages_an_answer_with_buttons_is_a_card_with_buttons(
    welink: WelinkStandIn, robot: Robot, clock: FakeClock
) -> None:
    courier = courier_to(welink, robot, clock, pages=PAGES)
    ask = replace(CARD, blocks=(*CARD.blocks, Buttons((run_button("认领", "/stock ack 4090"),))))
    courier.send(parcel_to(PERSON, ask))
    courier.send(TO_PERSON)
    courier.send(replace(parcel_to(PERSON, ask), as_text=True))
    assert [card.kind for card in welink.app.cards] == ["wecode", "common", "common"]
    card = welink.app.cards[0].body
    assert card["urlPath"].startswith("https://bot.example.com/welink/act?c=")
    assert [(each["btnTitle"], each["btnUrl"]) for each in card["btnList"]] == [("认领", card["urlPath"] + "&b=0")]


def test_one_login_serves_many_cards_until_five_minutes_before_its_end(
    courier: WelinkCourier, welink: WelinkStandIn, clock: FakeClock
) -> None:
    for _ in range(3):
        courier.send(TO_PERSON)
    assert welink.app.logins == 1
    clock.advance(timedelta(minutes=115))
    courier.send(TO_PERSON)
    assert (welink.app.logins, len(welink.app.cards)) == (2, 4)


def test_a_withdrawn_token_is_replaced_without_a_word(courier: WelinkCourier, welink: WelinkStandIn) -> None:
    courier.send(TO_PERSON)
    welink.app.tokens.clear()
    courier.send(TO_PERSON)
    assert (welink.app.logins, len(welink.app.cards)) == (2, 2)


def test_a_permission_that_was_granted_is_used_after_one_new_login(
    courier: WelinkCourier, welink: WelinkStandIn
) -> None:
    welink.app.lacks.add("common")
    error = refusal_of(courier.send, TO_PERSON)
    assert (error.permanent, error.code, welink.app.logins) == (True, 501, 2)
    welink.app.lacks.clear()
    courier.send(TO_PERSON)
    assert (len(welink.app.cards), welink.app.logins) == (1, 3)


def test_a_token_that_is_refused_again_and_again_is_given_up(courier: WelinkCourier, welink: WelinkStandIn) -> None:
    welink.faults.lay(Fault.TOKEN_REFUSED, Fault.TOKEN_REFUSED, path="/card/")
    error = refusal_of(courier.send, TO_PERSON)
    assert (error.permanent, error.code, welink.app.logins) == (True, 47101, 2)


def test_a_wrong_secret_is_tried_once_and_never_locks_the_app_out(
    welink: WelinkStandIn, robot: Robot, clock: FakeClock
) -> None:
    courier = courier_to(welink, robot, clock, secret="not-the-right-secret")
    for _ in range(20):
        error = refusal_of(courier.send, TO_PERSON)
        assert (error.permanent, error.code) == (True, 10007)
        assert "WELINK_CLIENT_SECRET" in str(error)
        assert "not-the-right-secret" not in f"{error!r}"
    assert welink.app.logins == 1
    welink.app.failed_logins = 5
    clock.advance(timedelta(minutes=10))
    for _ in range(20):
        assert refusal_of(courier.send, TO_PERSON).code == 41403
    assert welink.app.logins == 2


def test_a_stranger_is_given_up_and_the_others_are_reached(courier: WelinkCourier, welink: WelinkStandIn) -> None:
    error = refusal_of(courier.send, parcel_to(Target(Platform.WELINK, TargetKind.USER_ID, "nobody@1")))
    assert (error.permanent, error.code) == (True, 51019)
    courier.send(TO_PERSON)
    assert len(welink.app.cards) == 1


def test_too_many_cards_make_the_platform_rest(courier: WelinkCourier, welink: WelinkStandIn) -> None:
    for _ in range(40):
        courier.send(TO_PERSON)
    error = refusal_of(courier.send, TO_PERSON)
    assert (type(error), error.code, error.permanent) == (PlatformBusy, 48503, False)
    assert len(welink.app.cards) == 40


@pytest.mark.parametrize("path", ["/card/", "/tickets"])
@pytest.mark.parametrize(
    "fault", [Fault.BAD_GATEWAY, Fault.WEB_PAGE, Fault.DROPPED, Fault.LOST, Fault.SILENT, Fault.TRUNCATED, Fault.BUSY]
)
def test_a_card_whose_fate_is_unknown_is_tried_again(
    courier: WelinkCourier, welink: WelinkStandIn, fault: Fault, path: str
) -> None:
    welink.faults.lay(fault, path=path)
    error = refusal_of(courier.send, TO_PERSON)
    assert (error.permanent, welink.app.client_secret in str(error)) == (False, False)
    courier.send(TO_PERSON)
    assert 1 <= len(welink.app.cards) <= 2


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(Platform.WELINK, TargetKind.ROBOT, "no-such"), "no WeLink robot 'no-such'"),
        (Target(Platform.WELINK, TargetKind.CHAT, "g-9"), "no way to a chat_id"),
    ],
)
def test_a_place_that_cannot_be_reached_is_said_so(courier: WelinkCourier, target: Target, words: str) -> None:
    error = refusal_of(courier.send, parcel_to(target))
    assert (error.permanent, words in str(error)) == (True, True)


def test_without_an_app_people_cannot_be_reached() -> None:
    error = refusal_of(WelinkCourier({}).send, TO_PERSON)
    assert (error.permanent, "WELINK_CLIENT_ID" in str(error)) == (True, True)


def test_nothing_can_be_redrawn(courier: WelinkCourier) -> None:
    with pytest.raises(RemoteError) as caught:
        courier.redraw(MessageId("i"), CARD)
    assert caught.value.permanent
