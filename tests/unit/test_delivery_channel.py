"""A channel that nothing gets through until somebody sets it right: it rests, loses nothing, and the operators hear."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import GIVE_UP_AFTER, ChannelBroken, Draft, OutboxDepth, Parcel
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from tests.fakes import FakeClock, FakeCourier
from tests.outgoing import ADMIN, SECOND, card, delivery, depth, keys, post

PAUSE = timedelta(minutes=15)
BROKEN = ChannelBroken("mail server mx:587: 535: the login was refused", retry_after=PAUSE)


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def feishu() -> FakeCourier:
    return FakeCourier()


def post_mail(store: Store, clock: FakeClock, *names: str) -> None:
    with store.begin() as tx:
        for name in names:
            target = Target(Platform.MAIL, TargetKind.EMAIL, f"{name}@example.com")
            assert tx.outbox.post(Draft(name, target, card(name)), clock.now())


def deliver(
    store: Store,
    clock: FakeClock,
    feishu: FakeCourier,
    mail: FakeCourier,
    *,
    admins: tuple[Target, ...] = (ADMIN,),
    lasting: timedelta = SECOND,
) -> None:
    """Deliver what is due, one after the other, looking every five minutes."""
    couriers = {Platform.FEISHU: feishu, Platform.MAIL: mail}
    subject = delivery(store, feishu, clock, couriers=couriers, admins=admins, workers=1)
    ends_at = clock.now() + lasting
    while clock.now() < ends_at:
        subject.drain(SECOND)
        clock.advance(timedelta(minutes=5))


def words(parcel: Parcel) -> str:
    return repr(parcel.answer)


def test_the_channel_rests_as_a_whole_and_the_others_go_on(store: Store, clock: FakeClock, feishu: FakeCourier) -> None:
    mail = FakeCourier(*[BROKEN] * 9)
    post_mail(store, clock, "a", "b", "c")
    post(store, clock, "chat")
    deliver(store, clock, feishu, mail, lasting=PAUSE - SECOND)
    assert len(mail.tried) == 1
    assert "chat" in keys(feishu.sent)
    assert depth(store).waiting == 3


def test_when_it_is_set_right_everything_is_sent_however_late(
    store: Store, clock: FakeClock, feishu: FakeCourier
) -> None:
    mail = FakeCourier(*[BROKEN] * 8)
    post_mail(store, clock, "a", "b")
    deliver(store, clock, feishu, mail, lasting=4 * GIVE_UP_AFTER)
    assert sorted(keys(mail.sent)) == ["a", "b"]
    assert {parcel.attempts for parcel in mail.sent} == {1}
    assert depth(store) == OutboxDepth(0, None, 0)


def test_operators_are_told_once_a_day_and_why(store: Store, clock: FakeClock, feishu: FakeCourier) -> None:
    second = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_second")
    mail = FakeCourier(*[BROKEN] * 400)
    post_mail(store, clock, "a", "b")
    deliver(store, clock, feishu, mail, admins=(ADMIN, second), lasting=timedelta(hours=4))
    assert len(mail.tried) > 10
    assert sorted(parcel.target.id for parcel in feishu.sent) == ["ou_admin", "ou_second"]
    assert all("the login was refused" in words(parcel) and "mail" in words(parcel) for parcel in feishu.sent)
    clock.advance(timedelta(days=1))
    deliver(store, clock, feishu, mail, admins=(ADMIN, second), lasting=timedelta(hours=1))
    assert len(feishu.sent) == 4


def test_nobody_is_told_over_the_broken_channel_itself_but_the_log_says_it(
    store: Store, clock: FakeClock, feishu: FakeCourier
) -> None:
    by_mail = Target(Platform.MAIL, TargetKind.EMAIL, "admin@example.com")
    post_mail(store, clock, "a")
    with capture_logs() as logs:
        deliver(store, clock, feishu, FakeCourier(BROKEN), admins=(by_mail,))
    assert depth(store).waiting == 1
    assert [(entry["log_level"], entry["key"]) for entry in logs] == [("error", "a")]


def test_a_warning_that_cannot_be_delivered_makes_no_notice(store: Store, clock: FakeClock) -> None:
    feishu = FakeCourier(*[RemoteError("app disabled", permanent=True)] * 9)
    post_mail(store, clock, "a")
    deliver(store, clock, feishu, FakeCourier(BROKEN))
    assert len(feishu.tried) == 1
    assert depth(store).dead == 1


def test_only_a_broken_channel_is_told_of(store: Store, clock: FakeClock, feishu: FakeCourier) -> None:
    post_mail(store, clock, "a")
    deliver(store, clock, feishu, FakeCourier(RemoteError("421 busy")))
    assert feishu.sent == []
