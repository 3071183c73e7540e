"""What the tests of the courier to Feishu share: a courier to the stand-in, and parcels for it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.feishu.courier import FeishuCourier
from suanli.clock import Clock
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from suanli.sandbox.feishu import FeishuStandIn, Human
from tests.fakes import NOON

CARD = Answer(Lang.ZH, (line("97 张空闲"),), "GPU 库存", Tone.GOOD)

SHANGHAI = ZoneInfo("Asia/Shanghai")


def courier_to(
    feishu: FeishuStandIn, clock: Clock, *, secret: str = "", timeout: timedelta = timedelta(seconds=5)
) -> FeishuCourier:
    """A courier with the credentials of the stand-in's app, or with a `secret` of its own."""
    app = feishu.tenant.app
    return FeishuCourier(
        app_id=app.app_id,
        app_secret=secret or app.app_secret,
        base_url=feishu.url,
        clock=clock,
        zone=SHANGHAI,
        timeout=timeout,
    )


def parcel_to(
    to: Human | Target, *, answer: Answer = CARD, key: str = "k", reply_to: str = "", as_text: bool = False
) -> Parcel:
    """A claimed row of the outbox."""
    target = to if isinstance(to, Target) else Target(Platform.FEISHU, TargetKind.OPEN_ID, to.open_id)
    return Parcel(
        id=1,
        key=key,
        uuid=uuid_of(key),
        target=target,
        answer=answer,
        reply_to=MessageId(reply_to) if reply_to else None,
        attempts=0,
        as_text=as_text,
        created_at=NOON,
        first_tried_at=None,
        owner="test",
    )


def refusal_of(courier: FeishuCourier, parcel: Parcel) -> RemoteError:
    """What sending this raises."""
    with pytest.raises(RemoteError) as caught:
        courier.send(parcel)
    return caught.value
