"""Cards that are drawn anew: what is drawn where, in which order, and what becomes of a drawing that fails."""

import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import GIVE_UP_AFTER, REDRAW_FOR, CardRejected, Draft, LaneBusy, OutboxDepth
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from tests.fakes import NOON, BriskClock, FakeClock, FakeCourier, eventually
from tests.outgoing import HOOK, SECOND, card, delivery, depth, keys, post

MINUTE = timedelta(minutes=1)
ALICE = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_a")


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


def redraw(store: Store, clock: FakeClock | BriskClock, words: str, *, of: str = "a", alert: bool = False) -> None:
    with store.begin() as tx:
        assert tx.outbox.post(Draft(f"card:{of}", ALICE, card(words), alert=alert, redraws=of), clock.now())


def drawn(courier: FakeCourier) -> list[tuple[str, Answer]]:
    return [(str(message_id), answer) for message_id, answer in courier.redrawn]


def is_set_aside(store: Store, key: str = "card:a") -> bool:
    """Whether a drawing was given up."""
    with store.begin() as tx:
        return tx.outbox.receipts([key])[key].dead_at is not None


def test_a_card_is_redrawn_where_it_was_sent(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    assert subject.drain(SECOND)
    redraw(store, clock, "acknowledged")
    assert subject.drain(SECOND)
    assert drawn(courier) == [("om_1", card("acknowledged"))]
    assert keys(courier.sent) == ["a"]


def test_a_drawing_overtakes_no_message(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(*[RemoteError("timeout")] * 4)
    post(store, clock, "a")
    redraw(store, clock, "acknowledged")
    assert delivery(store, courier, clock).drain(2 * MINUTE)
    assert keys(courier.tried) == ["a"] * 5
    assert drawn(courier) == [("om_1", card("acknowledged"))]


def test_waiting_for_the_card_is_no_scandal(store: Store, clock: FakeClock) -> None:
    post(store, clock, "a")
    redraw(store, clock, "acknowledged")
    with capture_logs() as logs:
        assert delivery(store, FakeCourier(RemoteError("timeout")), clock).drain(2 * MINUTE)
    levels = {entry["log_level"] for entry in logs if entry["key"] == "card:a"}
    assert levels == {"info"}


def test_only_the_newest_of_several_drawings_is_made(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier()
    post(store, clock, "a")
    for words in ("escalated", "acknowledged", "ordered"):
        redraw(store, clock, words)
    assert delivery(store, courier, clock).drain(MINUTE)
    assert drawn(courier) == [("om_1", card("ordered"))]


@pytest.mark.parametrize(
    "failure",
    [
        RemoteError("timeout"),
        RemoteError("230001", permanent=True),
        CardRejected("230099"),
        LaneBusy("230020", retry_after=SECOND / 50),
        None,
    ],
    ids=["passing", "for good", "rejected", "busy", "none"],
)
def test_the_newest_drawing_is_the_last_whatever_became_of_the_one_on_its_way(
    store: Store, failure: RemoteError | None
) -> None:
    clock, courier = BriskClock(), FakeCourier(None, failure)
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    assert subject.drain(5 * SECOND)
    redraw(store, clock, "older")
    courier.gate.clear()
    draining = threading.Thread(target=subject.drain, args=(10 * SECOND,))
    draining.start()
    try:
        assert eventually(lambda: courier.gate_reached == 2)
        redraw(store, clock, "newer")
    finally:
        courier.gate.set()
        draining.join(15)
    assert not draining.is_alive()
    assert depth(store) == OutboxDepth(0, None, 0)
    assert drawn(courier)[-1] == ("om_1", card("newer"))
    assert len(courier.redrawn) == (2 if failure is None else 1)
    assert keys(courier.sent) == ["a"]


def test_a_newer_drawing_revives_one_that_was_set_aside(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(None, CardRejected("230099"))
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    redraw(store, clock, "unfit")
    assert subject.drain(SECOND)
    assert is_set_aside(store)
    redraw(store, clock, "fit")
    assert subject.drain(SECOND)
    assert drawn(courier) == [("om_1", card("fit"))]
    assert not is_set_aside(store)


@pytest.mark.parametrize(
    "error",
    [
        RemoteError("Feishu 230031: the card is older than 14 days", permanent=True),
        RemoteError("Feishu 230011: the message was recalled", permanent=True),
        CardRejected("Feishu 230099", permanent=True),
    ],
)
def test_a_drawing_that_fails_for_good_ends_in_the_log(store: Store, clock: FakeClock, error: RemoteError) -> None:
    courier, hook = FakeCourier(None, error), FakeCourier()
    couriers = {Platform.FEISHU: courier, Platform.FEISHU_HOOK: hook}
    post(store, clock, "a")
    redraw(store, clock, "acknowledged", alert=True)
    with capture_logs() as logs:
        assert delivery(store, courier, clock, couriers=couriers, fallback=HOOK).drain(MINUTE)
    refused = [entry for entry in logs if entry["event"] == "message_refused"]
    assert [(entry["key"], entry["fate"], entry["log_level"]) for entry in refused] == [("card:a", "dead", "warning")]
    assert (keys(courier.sent), courier.redrawn, hook.tried) == (["a"], [], [])
    assert is_set_aside(store)
    assert depth(store) == OutboxDepth(0, None, 0), "a drawing is no lost message"


def test_a_drawing_of_what_was_never_sent_is_set_aside_at_once(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(RemoteError("out of range", permanent=True))
    subject = delivery(store, courier, clock, admins=())
    post(store, clock, "a")
    redraw(store, clock, "acknowledged")
    redraw(store, clock, "acknowledged", of="nobody posted this")
    assert subject.drain(MINUTE)
    assert clock.now() - NOON < 5 * SECOND
    assert depth(store) == OutboxDepth(0, None, 1)
    assert is_set_aside(store)
    assert courier.redrawn == []


def test_a_card_whose_id_never_came_back_is_given_up_in_the_end(store: Store, clock: FakeClock) -> None:
    class Anonymous(FakeCourier):
        def send(self, parcel):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 as its parent's
            super().send(parcel)

    courier = Anonymous()
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    redraw(store, clock, "acknowledged")
    for _ in range(26):
        subject.drain(SECOND)
        clock.advance(timedelta(hours=1))
    assert is_set_aside(store)
    assert depth(store) == OutboxDepth(0, None, 0), "a drawing is no lost message"
    assert courier.redrawn == []


def test_drawing_is_tried_long_after_a_message_would_be_given_up(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(None, *[RemoteError("timeout")] * 30)
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    assert subject.drain(SECOND)
    redraw(store, clock, "acknowledged")
    while not courier.redrawn and clock.now() < NOON + REDRAW_FOR:
        subject.drain(SECOND)
        clock.advance(5 * MINUTE)
    assert drawn(courier) == [("om_1", card("acknowledged"))]
    assert clock.now() > NOON + GIVE_UP_AFTER


def test_a_drawing_that_may_have_been_made_long_ago_is_made_again(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(None, RemoteError("timeout"))
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    assert subject.drain(SECOND)
    redraw(store, clock, "acknowledged")
    assert not subject.drain(SECOND / 2)
    clock.advance(timedelta(hours=5))
    assert subject.drain(SECOND)
    assert drawn(courier) == [(MessageId("om_1"), card("acknowledged"))]


def test_a_drawing_waits_its_turn_in_its_lane(store: Store, clock: FakeClock) -> None:
    courier = FakeCourier(None, LaneBusy("230020", retry_after=10 * SECOND))
    subject = delivery(store, courier, clock)
    post(store, clock, "a")
    assert subject.drain(SECOND)
    redraw(store, clock, "acknowledged")
    post(store, clock, "b", to="ou_a")
    assert not subject.drain(9 * SECOND)
    assert (keys(courier.sent), courier.redrawn) == (["a"], [])
    assert subject.drain(5 * SECOND)
    assert (keys(courier.sent), len(courier.redrawn)) == (["a", "b"], 1)
