"""The courier to Feishu against the stand-in: what arrives there, and what each trouble becomes."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.feishu.courier import FeishuCourier
from suanli.clock import SystemClock
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import CardRejected, LaneBusy, PlatformBusy, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from suanli.sandbox.feishu import Fault, FeishuStandIn, Human
from suanli.sandbox.feishu.refusal import Refusal
from tests.contract.courier_kit import CARD, SHANGHAI, courier_to, parcel_to, refusal_of
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def feishu(clock: FakeClock) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as stand_in:
        yield stand_in


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice", email="alice@example.com")


@pytest.fixture
def courier(feishu: FeishuStandIn, clock: FakeClock) -> FeishuCourier:
    return courier_to(feishu, clock)


def test_a_card_arrives_with_its_uuid_and_its_id_comes_back(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    message_id = courier.send(parcel_to(alice))
    (sent,) = feishu.tenant.sent
    assert (sent.message_id, sent.receiver, sent.uuid) == (message_id, alice.open_id, uuid_of("k"))
    assert sent.msg_type == "interactive"
    assert sent.content["header"]["title"]["content"] == "GPU 库存"


@pytest.mark.parametrize("kind", [kind for kind in TargetKind if kind not in {TargetKind.HOOK, TargetKind.ROBOT}])
def test_every_kind_of_target_is_reached(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human, kind: TargetKind
) -> None:
    group = feishu.tenant.add_group("ops", alice)
    place = group.chat_id if kind is TargetKind.CHAT else getattr(alice, kind.value)
    courier.send(parcel_to(Target(Platform.FEISHU, kind, place)))
    assert [sent.receiver for sent in feishu.tenant.sent] == [place]


def test_an_answer_hangs_under_its_question(courier: FeishuCourier, feishu: FeishuStandIn, alice: Human) -> None:
    question = feishu.message(alice, "/stock").body["message"]["message_id"]
    courier.send(parcel_to(alice, reply_to=question))
    assert [(sent.reply_to, sent.uuid) for sent in feishu.tenant.sent] == [(question, uuid_of("k"))]


def test_the_answer_to_a_recalled_question_goes_to_the_chat(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    question = feishu.message(alice, "/stock").body["message"]["message_id"]
    feishu.tenant.messages[question].recalled = True
    courier.send(parcel_to(alice, reply_to=question))
    assert [(sent.reply_to, sent.receiver, sent.uuid) for sent in feishu.tenant.sent] == [
        ("", alice.open_id, uuid_of("k"))
    ]


@pytest.mark.parametrize("code", [230011, 230019, 230071, 230110])
def test_what_cannot_hang_under_its_question_goes_to_the_chat(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human, code: int
) -> None:
    question = feishu.message(alice, "/stock").body["message"]["message_id"]
    feishu.faults.lay(Fault(refusal=Refusal(code)), path="/reply")
    assert courier.send(parcel_to(alice, reply_to=question)) == feishu.tenant.sent[0].message_id


def test_a_reply_refused_for_another_reason_is_not_sent_elsewhere(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    question = feishu.message(alice, "/stock").body["message"]["message_id"]
    feishu.faults.lay(Fault.bot_not_in_chat(), path="/reply")
    assert refusal_of(courier, parcel_to(alice, reply_to=question)).code == 230002
    assert feishu.tenant.sent == []


def test_a_rejected_card_is_told_apart_and_its_words_go_as_text(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault.card_rejected(), msg_type="interactive", times=None)
    error = refusal_of(courier, parcel_to(alice))
    assert (type(error), error.permanent) == (CardRejected, True)
    assert "ErrCode: 11310" in str(error)
    courier.send(parcel_to(alice, as_text=True))
    assert [(sent.msg_type, sent.text) for sent in feishu.tenant.sent] == [("text", "GPU 库存\n\n97 张空闲")]


def test_a_gateways_error_page_is_a_passing_failure(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault.html_502())
    error = refusal_of(courier, parcel_to(alice))
    assert (type(error), error.permanent, error.code) == (RemoteError, False, None)
    assert "HTTP 502" in str(error)
    assert courier.send(parcel_to(alice)) == feishu.tenant.sent[0].message_id


def test_a_message_whose_answer_was_lost_is_one_message_after_the_retry(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault.reset_after_stored())
    assert not refusal_of(courier, parcel_to(alice)).permanent
    assert courier.send(parcel_to(alice)) == feishu.tenant.sent[0].message_id
    assert len(feishu.tenant.sent) == 1


def test_a_platform_that_is_too_slow_is_not_waited_for() -> None:
    clock = SystemClock()
    with FeishuStandIn(clock) as feishu:
        courier = courier_to(feishu, clock, timeout=timedelta(seconds=0.2))
        alice = feishu.tenant.add_human("Alice")
        courier.bot_info()
        feishu.faults.lay(Fault.slow(timedelta(seconds=20)))
        started = clock.elapsed()
        error = refusal_of(courier, parcel_to(alice))
        assert clock.elapsed() - started < 2
        assert not error.permanent
        assert "ReadTimeout" in str(error)


def test_nobody_at_the_other_end_is_a_passing_failure(clock: FakeClock, alice: Human) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        courier = FeishuCourier(app_id="cli_1", app_secret="s", base_url=url, clock=clock, zone=SHANGHAI)
        error = refusal_of(courier, parcel_to(alice))
    assert (error.permanent, error.code) == (False, None)
    assert "ConnectionError" in str(error)


def test_a_busy_platform_names_its_time(courier: FeishuCourier, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.too_many_calls(timedelta(seconds=52)))
    error = refusal_of(courier, parcel_to(alice))
    assert (type(error), error.retry_after) == (PlatformBusy, timedelta(seconds=52))


def test_a_sixth_message_to_one_person_within_a_second_rests_their_lane(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    for n in range(5):
        courier.send(parcel_to(alice, key=str(n)))
    error = refusal_of(courier, parcel_to(alice, key="6"))
    assert (type(error), error.code) == (LaneBusy, 230020)
    assert courier.send(parcel_to(feishu.tenant.add_human("Bob"), key="7"))


def test_a_used_up_month_is_no_matter_of_patience(courier: FeishuCourier, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.quota_used())
    error = refusal_of(courier, parcel_to(alice))
    assert (type(error), error.permanent, error.code) == (RemoteError, True, 99991403)


def test_a_missing_scope_is_named_with_the_page_to_grant_it(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.tenant.withheld |= {"im:message", "im:message:send_as_bot", "im:message:send"}
    error = refusal_of(courier, parcel_to(alice))
    assert (error.permanent, error.code) == (True, 99991672)
    assert "scopes: im:message, im:message:send_as_bot, im:message:send" in str(error)
    assert "https://open.feishu.cn/app/auth" in str(error)
    assert "[log " in str(error)


def test_a_message_that_is_being_sent_counts_as_sent(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault(refusal=Refusal(230049)))
    assert courier.send(parcel_to(alice)) is None


def test_a_code_that_nobody_wrote_down_is_tried_again(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault(refusal=Refusal(299999, "something new")))
    error = refusal_of(courier, parcel_to(alice))
    assert (error.permanent, error.code) == (False, 299999)
    assert "something new" in str(error)


def test_people_who_cannot_be_reached_are_given_up(courier: FeishuCourier, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.stopped.add(alice.open_id)
    assert refusal_of(courier, parcel_to(alice)).permanent
    stranger = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_nobody")
    assert refusal_of(courier, parcel_to(stranger)).code == 99992351


def test_a_card_is_redrawn_in_its_place(courier: FeishuCourier, feishu: FeishuStandIn, alice: Human) -> None:
    message_id = courier.send(parcel_to(alice))
    assert message_id
    courier.redraw(message_id, Answer(Lang.ZH, (line("0 张空闲"),), "GPU 库存", Tone.BAD))
    assert feishu.tenant.content_of(message_id)["header"]["template"] == "red"
    courier.redraw(message_id, CARD)
    courier.redraw(message_id, CARD)
    assert feishu.tenant.content_of(message_id)["header"]["template"] == "green"
    assert len(feishu.tenant.sent) == 1


def redraw_refusal(courier: FeishuCourier, message_id: MessageId | None) -> RemoteError:
    assert message_id
    with pytest.raises(RemoteError) as caught:
        courier.redraw(message_id, CARD)
    return caught.value


def test_a_card_that_cannot_be_redrawn_any_more_is_given_up(
    courier: FeishuCourier, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    recalled, old = courier.send(parcel_to(alice, key="1")), courier.send(parcel_to(alice, key="2"))
    feishu.tenant.messages[str(recalled)].recalled = True
    clock.advance(timedelta(days=15))
    errors = [redraw_refusal(courier, recalled), redraw_refusal(courier, old)]
    assert [(error.code, error.permanent) for error in errors] == [(230011, True), (230031, True)]


def test_a_rejected_drawing_and_a_card_that_is_redrawn_too_often_are_told_apart(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    message_id = courier.send(parcel_to(alice))
    feishu.faults.lay(Fault.card_rejected())
    assert type(redraw_refusal(courier, message_id)) is CardRejected
    feishu.faults.lay(Fault(refusal=Refusal(230020)))
    assert type(redraw_refusal(courier, message_id)) is LaneBusy
