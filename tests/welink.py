"""What the tests of WeLink share: couriers to the stand-in, and parcels for it."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.welink.courier import CardSender, Mentions, Pages, Robot, WelinkApi, WelinkCourier
from suanli.clock import Clock
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from suanli.sandbox import welink as stand_in
from suanli.sandbox.welink import WelinkStandIn
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from tests.fakes import NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")
CARD = Answer(Lang.ZH, (line("97 张空闲"),), "GPU 库存", Tone.BAD)
LONG = Answer(Lang.ZH, tuple(line(f"第 {n} 行 {'库存' * 100}") for n in range(5)), "GPU 库存")
"""In three parts."""

GROUP = Target(Platform.WELINK, TargetKind.ROBOT, "ops")
LI_LEI = "li.lei@0123456789"
PERSON = Target(Platform.WELINK, TargetKind.USER_ID, LI_LEI)


def robot_to(welink: WelinkStandIn, robot: stand_in.Robot, clock: Clock, mentions: Mentions | None = None) -> Robot:
    return Robot(http_to(welink, robot, clock).tell, clock=clock, zone=SHANGHAI, mentions=mentions)


def http_to(welink: WelinkStandIn, robot: stand_in.Robot, clock: Clock) -> Http:
    endpoint = Endpoint("the WeLink robot", welink.url + robot.path, "WELINK_WEBHOOK_URL", secret_query="token")
    return Http(endpoint, clock=clock, timeout=(3, 0.3))


def courier_to(
    welink: WelinkStandIn,
    robot: stand_in.Robot,
    clock: Clock,
    *,
    mentions: Mentions | None = None,
    pages: Pages | None = None,
    secret: str = "",
) -> WelinkCourier:
    app = welink.app
    secret = secret or app.client_secret
    endpoint = Endpoint("WeLink", welink.url, "WELINK_BASE_URL", "WELINK_CLIENT_SECRET", secrets=(secret,))
    tell = Http(endpoint, clock=clock, timeout=(3, 0.3)).tell
    api = WelinkApi(tell, client_id=app.client_id, client_secret=secret, clock=clock)
    cards = CardSender(api, owner="算力机器人", clock=clock, zone=SHANGHAI, pages=pages)
    return WelinkCourier({"ops": robot_to(welink, robot, clock, mentions)}, cards)


def parcel_to(target: Target, answer: Answer = CARD, *, key: str = "k", progress: int = 0, attempts: int = 1) -> Parcel:
    """A claimed row of the outbox."""
    return Parcel(
        id=1,
        key=key,
        uuid=uuid_of(key),
        target=target,
        answer=answer,
        reply_to=None,
        attempts=attempts,
        as_text=False,
        created_at=NOON,
        first_tried_at=NOON,
        owner="me",
        progress=progress,
    )


def refusal_of(send: Callable[[Parcel], Any], parcel: Parcel) -> RemoteError:
    """What sending this raises."""
    with pytest.raises(RemoteError) as caught:
        send(parcel)
    return caught.value
