"""The fallback channel: what goes over it, once, and that neither channel holds up the other."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from bot.feishu.hook import HookCourier
from jobs.delivery import Delivery
from suanli.clock import Clock
from suanli.domain.answer import Paragraph
from suanli.domain.chat import MessageId, Platform
from suanli.domain.delivery import GIVE_UP_AFTER, Draft, OutboxDepth, Parcel, PlatformBusy, Receipt
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Courier, Store
from suanli.sandbox.feishu import FeishuStandIn
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from tests.contract.courier_kit import SHANGHAI
from tests.fakes import FakeClock, FakeCourier, FaultyStore
from tests.outgoing import ADMIN, HOOK, SECOND, card, delivery, depth, keys, post

MINUTE = timedelta(minutes=1)
QUOTA = RemoteError("Feishu 99991403: this month's calls are used up", permanent=True)


class DeadApp(FakeCourier):
    """A courier of an app that gets nothing through."""

    def __init__(self, error: RemoteError) -> None:
        super().__init__()
        self.error: RemoteError | None = error

    def send(self, parcel: Parcel) -> MessageId | None:
        if not self.error:
            return super().send(parcel)
        self.tried.append(parcel)
        raise self.error


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def hook() -> FakeCourier:
    return FakeCourier()


def with_fallback(
    store: Store, app: Courier, hook: Courier, clock: Clock, *, owner: str = "me", told: bool = False
) -> Delivery:
    couriers = {Platform.FEISHU: app, Platform.FEISHU_HOOK: hook}
    admins = (ADMIN,) if told else ()
    return delivery(store, app, clock, couriers=couriers, fallback=HOOK, admins=admins, owner=owner)


def receipts(store: Store, *keys: str) -> dict[str, Receipt]:
    with store.begin() as tx:
        return dict(tx.outbox.receipts(keys))


def first_line(parcel: Parcel) -> str:
    block = parcel.answer.blocks[0]
    assert isinstance(block, Paragraph)
    return "".join(str(span) for span in block.spans)


def hours(clock: FakeClock, subjects: Sequence[Delivery], hours: int) -> Iterator[FakeClock]:
    """Deliver what is due, every five minutes."""
    for _ in range(12 * hours):
        for subject in subjects:
            subject.drain(SECOND)
        clock.advance(5 * MINUTE)
        yield clock


def test_an_app_that_is_down_for_an_hour_loses_no_alert_and_doubles_none(
    store: Store, hook: FakeCourier, clock: FakeClock
) -> None:
    app = DeadApp(RemoteError("timeout"))
    subjects = [with_fallback(store, app, hook, clock, owner=owner) for owner in ("one", "two")]
    post(store, clock, *"abc", alert=True)
    for _ in hours(clock, subjects, 2):
        pass
    assert sorted(keys(hook.sent)) == ["fallback:a", "fallback:b", "fallback:c"]
    for key, receipt in receipts(store, *"abc").items():
        assert (receipt.sent_at, receipt.target.id, receipt.error) == (None, f"ou_{key}", "timeout")
        assert receipt.dead_at
        assert receipt.instead
        assert (receipt.instead.target, receipt.instead.dead_at) == (HOOK, None)
        assert receipt.instead.sent_at
        assert receipt.instead.sent_at >= receipt.dead_at
    assert all(parcel.alert for parcel in hook.sent)


def test_an_app_that_comes_back_in_time_needs_no_fallback(store: Store, hook: FakeCourier, clock: FakeClock) -> None:
    app = DeadApp(RemoteError("timeout"))
    subject, began = with_fallback(store, app, hook, clock), clock.now()
    post(store, clock, "a", alert=True)
    for now in hours(clock, [subject], 2):
        if now.now() - began > GIVE_UP_AFTER / 2:
            app.error = None
    assert (keys(app.sent), hook.tried) == (["a"], [])
    assert receipts(store, "a")["a"].instead is None


def test_what_cannot_help_goes_over_the_fallback_at_once_and_says_whom_it_was_for(
    store: Store, hook: FakeCourier, clock: FakeClock
) -> None:
    post(store, clock, "a", alert=True)
    assert with_fallback(store, DeadApp(QUOTA), hook, clock).drain(2 * SECOND)
    [parcel] = hook.sent
    assert "ou_a" in first_line(parcel)
    assert parcel.target == HOOK


def test_a_reply_never_goes_there(store: Store, hook: FakeCourier, clock: FakeClock) -> None:
    post(store, clock, "a")
    assert with_fallback(store, DeadApp(QUOTA), hook, clock, told=True).drain(2 * SECOND)
    assert hook.tried == []
    assert depth(store) == OutboxDepth(0, None, 2)


def test_without_a_fallback_an_alert_is_set_aside_as_ever(store: Store, hook: FakeCourier, clock: FakeClock) -> None:
    post(store, clock, "a", alert=True)
    assert delivery(store, DeadApp(QUOTA), clock, admins=()).drain(2 * SECOND)
    assert depth(store) == OutboxDepth(0, None, 1)
    assert hook.tried == []
    assert receipts(store, "a")["a"].instead is None


def test_the_operators_hear_of_the_alert_and_of_its_fallback_when_both_fail(store: Store, clock: FakeClock) -> None:
    app, hook = FakeCourier(QUOTA), DeadApp(RemoteError("custom bot 19021", permanent=True))
    post(store, clock, "a", alert=True)
    assert with_fallback(store, app, hook, clock, told=True).drain(5 * SECOND)
    assert sorted(keys(app.sent)) == [f"dead:a:{ADMIN.lane}", f"dead:fallback:a:{ADMIN.lane}"]
    assert len(hook.tried) == 1
    instead = receipts(store, "a")["a"].instead
    assert instead
    assert (instead.sent_at, instead.error) == (None, "custom bot 19021")
    assert instead.dead_at


def test_a_crash_between_setting_aside_and_the_fallback_is_impossible(
    store: Store, hook: FakeCourier, clock: FakeClock
) -> None:
    faulty = FaultyStore(store)

    class Crashing(DeadApp):
        def send(self, parcel: Parcel) -> MessageId | None:
            faulty.broken = not self.tried
            return super().send(parcel)

    app = Crashing(QUOTA)
    subject = with_fallback(faulty, app, hook, clock)
    post(store, clock, "a", alert=True)
    with pytest.raises(OSError, match="locked"):
        subject.drain(SECOND)
    assert receipts(store, "a")["a"].dead_at is None
    faulty.broken = False
    assert subject.drain(2 * MINUTE)
    assert keys(hook.sent) == ["fallback:a"]


def test_a_hook_that_rests_does_not_hold_up_the_app(store: Store, clock: FakeClock) -> None:
    app = DeadApp(QUOTA)
    hook = FakeCourier(PlatformBusy("custom bot 11232", retry_after=10 * SECOND))
    subject = with_fallback(store, app, hook, clock)
    post(store, clock, "a", alert=True)
    assert not subject.drain(5 * SECOND)
    assert len(hook.tried) == 1
    app.error = None
    post(store, clock, "b", "c")
    assert not subject.drain(2 * SECOND)
    assert sorted(keys(app.sent)) == ["b", "c"]
    assert subject.drain(20 * SECOND)
    assert keys(hook.sent) == ["fallback:a"]


def test_an_app_that_rests_does_not_hold_up_the_hook(store: Store, hook: FakeCourier, clock: FakeClock) -> None:
    app = FakeCourier(PlatformBusy("99991400", retry_after=MINUTE))
    subject = with_fallback(store, app, hook, clock)
    post(store, clock, "a")
    assert not subject.drain(SECOND)
    with store.begin() as tx:
        assert tx.outbox.post(Draft("fallback:z", HOOK, card("z"), alert=True), clock.now())
    assert not subject.drain(2 * SECOND)
    assert (keys(hook.sent), app.sent) == (["fallback:z"], [])


def test_a_group_hears_of_what_the_app_could_not_deliver(store: Store, feishu: FeishuStandIn, clock: FakeClock) -> None:
    there = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), secret="s3cret")
    endpoint = Endpoint("the group's webhook", feishu.url + there.path, "FALLBACK_URL", secret_path=True)
    hook = HookCourier(Http(endpoint, clock=clock).tell, secret="s3cret", clock=clock, zone=SHANGHAI)
    with store.begin() as tx:
        target = ADMIN
        assert tx.outbox.post(Draft("low", target, card("3 cards left"), alert=True), clock.now())
    assert with_fallback(store, DeadApp(QUOTA), hook, clock).drain(5 * SECOND)
    [said] = there.messages
    assert said.content["header"]["title"]["content"] == "card"
    assert "<at id=ou_admin></at>" in str(said.content)
    assert "3 cards left" in said.text
