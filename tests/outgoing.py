"""What tests of the delivery loop are written with: a loop with fast rates, and messages for it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from random import Random

from jobs.delivery import Delivery, Operators
from suanli.clock import Clock
from suanli.domain.answer import Answer, line
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Draft, OutboxDepth, Parcel, Rate, Rates
from suanli.domain.ports import Courier, Store
from suanli.i18n import Lang, texts_in

SECOND = timedelta(seconds=1)
FAST = Rates(lane=Rate(1000, SECOND, 100), whole=(Rate(1000, SECOND, 100),))
HOOK = Target(Platform.FEISHU_HOOK, TargetKind.HOOK, "fallback")
ADMIN = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_admin")


def delivery(
    store: Store,
    courier: Courier,
    clock: Clock,
    *,
    rates: Rates = FAST,
    admins: tuple[Target, ...] = (ADMIN,),
    workers: int = 4,
    owner: str = "me",
    platforms: Iterable[Platform] = Platform,
    fallback: Target | None = None,
    couriers: Mapping[Platform, Courier] | None = None,
) -> Delivery:
    return Delivery(
        store,
        couriers if couriers is not None else {Platform.FEISHU: courier},
        dict.fromkeys(platforms, rates),
        clock,
        owner=owner,
        operators=Operators(admins, texts_in(Lang.EN)),
        fallback=fallback,
        random=Random(1),  # noqa: S311 jitter
        workers=workers,
    )


def card(words: str) -> Answer:
    return Answer(Lang.EN, (line(words),), "card")


def post(store: Store, clock: Clock, *keys: str, to: str | None = None, alert: bool = False) -> None:
    """Write messages, each to a person of its own unless `to` names one."""
    with store.begin() as tx:
        for key in keys:
            target = Target(Platform.FEISHU, TargetKind.OPEN_ID, to or f"ou_{key}")
            assert tx.outbox.post(Draft(key, target, Answer(Lang.EN, (line(key),)), alert=alert), clock.now())


def depth(store: Store) -> OutboxDepth:
    with store.begin() as tx:
        return tx.outbox.depth()


def keys(parcels: list[Parcel]) -> list[str]:
    return [parcel.key for parcel in parcels]
