"""Messages to post and to claim, in tests of the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from suanli.domain.answer import Answer, line
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Draft, Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.i18n import Lang

SECOND = timedelta(seconds=1)
LEASE = timedelta(minutes=1)
FREE = Rate(100_000, SECOND, burst=50_000)
"""A rate that never stands in the way."""


def rates(lane: Rate = FREE, *whole: Rate) -> Mapping[Platform, Rates]:
    """The same rates for every platform."""
    return dict.fromkeys(Platform, Rates(lane, whole))


EVERYWHERE = rates()


def target(to: str, platform: Platform = Platform.FEISHU) -> Target:
    return Target(platform, TargetKind.OPEN_ID, to)


def draft(key: str, to: str = "ou_1", *, urgent: bool = False, platform: Platform = Platform.FEISHU) -> Draft:
    return Draft(key, target(to, platform), answer(key), urgent=urgent)


def answer(words: str) -> Answer:
    return Answer(Lang.ZH, (line(f"你好 {words}"),))


def redraw(key: str, words: str = "", to: str = "ou_1", *, urgent: bool = False) -> Draft:
    """What is to replace the card of the message `key`."""
    return replace(draft(f"redraw:{key}", to, urgent=urgent), answer=answer(words), redraws=key)


def post(store: Store, now: datetime, *drafts: Draft) -> None:
    """Write messages, in order, in one transaction."""
    with store.begin() as tx:
        assert all(tx.outbox.post(each, now) for each in drafts)


def claim(
    store: Store,
    now: datetime,
    *,
    owner: str = "me",
    limit: int = 10,
    rates: Mapping[Platform, Rates] = EVERYWHERE,
) -> Sequence[Parcel]:
    """Claim in a transaction of its own."""
    with store.begin() as tx:
        return tx.outbox.claim(owner=owner, now=now, lease=LEASE, limit=limit, rates=rates)


def keys(parcels: Sequence[Parcel]) -> list[str]:
    return [parcel.key for parcel in parcels]
