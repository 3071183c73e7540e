"""The delivery loop over the real store: what is sent, when, how often, and what the operators hear."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from jobs.delivery import LEASE, Delivery
from suanli.domain.answer import Paragraph
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import (
    GIVE_UP_AFTER,
    CardRejected,
    LaneBusy,
    OutboxDepth,
    Parcel,
    PlatformBusy,
    Rate,
    Rates,
)
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from tests.fakes import NOON, FakeClock, FakeCourier, FaultyStore
from tests.outgoing import ADMIN, FAST, SECOND, delivery, depth, keys, post


def text(parcel: Parcel) -> str:
    return "\n".join(
        str(span) for block in parcel.answer.blocks if isinstance(block, Paragraph) for span in block.spans
    )


def for_two_hours(subject: Delivery, clock: FakeClock) -> None:
    """Deliver what is due every five minutes."""
    for _ in range(24):
        subject.drain(SECOND)
        clock.advance(timedelta(minutes=5))


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


def test_a_written_message_is_sent_once_and_settled(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a", "b")
    assert delivery(store, courier, clock).drain(SECOND)
    assert delivery(store, courier, clock).drain(SECOND)
    assert sorted(keys(courier.sent)) == ["a", "b"]
    assert depth(store) == OutboxDepth(0, None, 0)


def test_a_passing_failure_is_tried_again_later_under_the_same_uuid(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(RemoteError("timeout"), RemoteError("timeout"))
    post(store, clock, "a")
    assert delivery(store, courier, clock).drain(timedelta(minutes=1))
    assert keys(courier.sent) == ["a"]
    assert len({parcel.uuid for parcel in courier.tried}) == 1
    assert NOON + 3 * SECOND <= clock.now() < NOON + 4 * SECOND


def test_a_rejected_card_goes_again_as_text(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(CardRejected("230099"))
    post(store, clock, "a")
    assert delivery(store, courier, clock).drain(SECOND)
    assert [parcel.as_text for parcel in courier.tried] == [False, True]


def test_once_as_text_a_message_stays_text(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(CardRejected("230099"), RemoteError("timeout"))
    post(store, clock, "a")
    assert delivery(store, courier, clock).drain(timedelta(minutes=1))
    assert [parcel.as_text for parcel in courier.tried] == [False, True, True]


def test_what_cannot_be_delivered_is_set_aside_and_each_operator_is_told_once(store: Store, clock: FakeClock) -> None:
    second = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_second")
    courier = FakeCourier(RemoteError("bot not in the group", permanent=True))
    post(store, clock, "a")
    subject = delivery(store, courier, clock, admins=(ADMIN, second))
    with capture_logs() as logs:
        assert subject.drain(SECOND)
    assert subject.drain(SECOND)
    assert sorted(parcel.target.id for parcel in courier.sent) == ["ou_admin", "ou_second"]
    assert all("ou_a" in text(parcel) and "bot not in the group" in text(parcel) for parcel in courier.sent)
    assert depth(store) == OutboxDepth(0, None, 1)
    assert [entry["key"] for entry in logs if entry["log_level"] == "error"] == ["a"]


def test_a_notice_that_cannot_be_delivered_makes_no_notice(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(*[RemoteError("app disabled", permanent=True)] * 5)
    post(store, clock, "a")
    assert delivery(store, courier, clock).drain(SECOND)
    assert len(courier.tried) == 2
    assert depth(store) == OutboxDepth(0, None, 2)


def test_a_busy_lane_rests_while_the_others_go_on(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(LaneBusy("230020", retry_after=10 * SECOND))
    subject = delivery(store, courier, clock, workers=1)
    post(store, clock, "a1", "a2", to="ou_a")
    post(store, clock, "b")
    assert not subject.drain(9 * SECOND)
    assert keys(courier.sent) == ["b"]
    assert subject.drain(10 * SECOND)
    assert keys(courier.sent) == ["b", "a1", "a2"]


def test_a_busy_platform_rests_as_a_whole(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(PlatformBusy("99991400", retry_after=10 * SECOND))
    subject = delivery(store, courier, clock, workers=1)
    post(store, clock, "a", "b")
    assert not subject.drain(9 * SECOND)
    assert keys(courier.tried) == ["a"]
    assert subject.drain(10 * SECOND)
    assert sorted(keys(courier.sent)) == ["a", "b"]


def test_being_asked_for_patience_is_no_failed_try(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(*[LaneBusy("230020", retry_after=timedelta(minutes=4))] * 16)
    post(store, clock, "a")
    for_two_hours(delivery(store, courier, clock), clock)
    assert keys(courier.sent) == ["a"]
    assert {parcel.attempts for parcel in courier.tried} == {1}


def test_a_bug_in_a_courier_is_logged_and_the_message_neither_lost_nor_hurried(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(KeyError("data"), KeyError("data"))
    post(store, clock, "a")
    with capture_logs() as logs:
        assert delivery(store, courier, clock).drain(timedelta(minutes=1))
    assert keys(courier.sent) == ["a"]
    assert clock.now() >= NOON + 3 * SECOND
    assert [entry["exc_info"] for entry in logs if entry["event"] == "courier_broke"] == [True, True]


def test_a_bug_that_stays_ends_in_a_row_set_aside(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(*[KeyError("secret")] * 40)
    post(store, clock, "a")
    with capture_logs():
        for_two_hours(delivery(store, courier, clock, admins=()), clock)
    assert depth(store) == OutboxDepth(0, None, 1)
    assert 5 < len(courier.tried) < 20


def test_a_message_to_a_platform_without_a_courier_is_set_aside_in_the_end(store: Store, clock: FakeClock) -> None:
    post(store, clock, "a")
    with capture_logs():
        for_two_hours(delivery(store, FakeCourier(), clock, admins=(), couriers={}), clock)
    assert depth(store) == OutboxDepth(0, None, 1)


def test_a_message_to_a_platform_that_is_not_delivered_to_here_waits_untried(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a")
    assert not delivery(store, courier, clock, platforms=[Platform.WELINK]).drain(SECOND)
    assert courier.tried == []
    assert delivery(store, courier, clock).drain(SECOND)
    assert [(parcel.key, parcel.attempts) for parcel in courier.sent] == [("a", 1)]


def claim_and_die(store: Store, clock: FakeClock) -> None:
    with store.begin() as tx:
        now = clock.now()
        taken = tx.outbox.claim(owner="dead", now=now, lease=LEASE, limit=9, rates={Platform.FEISHU: FAST})
    assert taken


def test_what_a_dead_process_held_is_sent_when_its_lease_ends(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a")
    claim_and_die(store, clock)
    assert not delivery(store, courier, clock).drain(LEASE - 2 * SECOND)
    assert delivery(store, courier, clock).drain(4 * SECOND)
    assert keys(courier.sent) == ["a"]


def test_what_may_have_arrived_too_long_ago_is_set_aside_rather_than_sent_twice(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a")
    claim_and_die(store, clock)
    clock.advance(GIVE_UP_AFTER + SECOND)
    assert delivery(store, courier, clock).drain(SECOND)
    assert [parcel.target for parcel in courier.sent] == [ADMIN]


def test_what_was_never_tried_is_sent_however_late(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a")
    clock.advance(timedelta(days=2))
    assert delivery(store, courier, clock).drain(SECOND)
    assert keys(courier.sent) == ["a"]


def test_messages_to_one_place_leave_in_order_and_within_its_rate(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    rates = Rates(Rate(5, SECOND), FAST.whole)
    post(store, clock, *"abcdef", to="ou_1")
    assert delivery(store, courier, clock, rates=rates).drain(timedelta(seconds=10))
    assert keys(courier.sent) == [*"abcdef"]
    assert clock.now() - NOON >= 5 * rates.lane.interval


def test_an_empty_outbox_is_drained_at_once(store: Store, clock: FakeClock) -> None:
    assert delivery(store, FakeCourier(), clock).drain(SECOND)
    assert clock.now() == NOON


def test_draining_ends_in_time_when_the_platform_stays_down(store: Store, clock: FakeClock) -> None:
    post(store, clock, "a")
    assert not delivery(store, FakeCourier(*[RemoteError("down")] * 99), clock).drain(timedelta(seconds=20))
    assert clock.now() - NOON < timedelta(seconds=21)


def test_a_send_that_could_not_be_settled_is_repeated_under_the_same_uuid(store: Store, clock: FakeClock) -> None:
    faulty = FaultyStore(store)

    class Breaking(FakeCourier):
        def send(self, parcel: Parcel):  # type: ignore[no-untyped-def]  # noqa: ANN202 as its parent's
            faulty.broken = not self.tried
            return super().send(parcel)

    courier = Breaking()
    post(store, clock, "a")
    subject = delivery(faulty, courier, clock)
    with pytest.raises(OSError, match="locked"):
        subject.drain(SECOND)
    faulty.broken = False
    assert subject.drain(2 * LEASE)
    assert len(courier.sent) == 2
    assert len({parcel.uuid for parcel in courier.sent}) == 1
