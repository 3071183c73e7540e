"""What carries messages out: the app's courier, the fallback's, and the delivery with its rates."""

import os
import socket
import uuid
from datetime import timedelta
from random import SystemRandom

from bot.feishu.courier import FeishuCourier
from bot.feishu.hook import HookCourier
from jobs.delivery import Delivery, Operators
from suanli.clock import Clock
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Rate, Rates
from suanli.domain.ports import Courier, Store
from suanli.domain.stock.rules import target_of
from suanli.i18n import texts_in
from suanli.settings import Settings
from suanli.settings.schema import Feishu
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from suanli.wiring.channels import MAIL_RATES, WELINK_RATES, build_mail, build_welink

FALLBACK = Target(Platform.FEISHU_HOOK, TargetKind.HOOK, "fallback")

HOOK_RATES = Rates(Rate(4, timedelta(seconds=1)), (Rate(90, timedelta(minutes=1), burst=10),))
"""A custom bot takes 5 a second and 100 a minute (feishu.md §8)."""


def build_courier(settings: Settings, clock: Clock) -> FeishuCourier:
    """The carrier of messages to Feishu."""
    feishu = settings.feishu
    return FeishuCourier(
        app_id=feishu.app_id,
        app_secret=feishu.app_secret.get_secret_value(),
        base_url=feishu.base_url,
        clock=clock,
        zone=settings.timezone,
    )


def build_fallback(settings: Settings, clock: Clock) -> HookCourier | None:
    """The carrier of alerts to the group of a custom bot; None when there is none in the settings."""
    own = settings.fallback
    if not own.url.get_secret_value():
        return None
    endpoint = Endpoint("the fallback bot", own.url.get_secret_value(), "SUANLI_FALLBACK_URL", secret_path=True)
    http = Http(endpoint, clock=clock)
    return HookCourier(http.tell, secret=own.secret.get_secret_value(), clock=clock, zone=settings.timezone)


def build_delivery(
    settings: Settings, store: Store, clock: Clock, courier: FeishuCourier, owner: str | None = None
) -> Delivery:
    """What sends the messages of the outbox."""
    couriers: dict[Platform, Courier] = {Platform.FEISHU: courier}
    rates = {Platform.FEISHU: build_rates(settings.feishu)}
    if hook := build_fallback(settings, clock):
        couriers[Platform.FEISHU_HOOK], rates[Platform.FEISHU_HOOK] = hook, HOOK_RATES
    if welink := build_welink(settings, clock):
        couriers[Platform.WELINK], rates[Platform.WELINK] = welink, WELINK_RATES
    if mail := build_mail(settings, clock):
        couriers[Platform.MAIL], rates[Platform.MAIL] = mail, MAIL_RATES
    return Delivery(
        store,
        couriers,
        rates,
        clock,
        owner=owner or new_owner(),
        operators=Operators(operators(settings), texts_in(settings.lang)),
        random=SystemRandom(),
        workers=settings.feishu.workers,
        fallback=FALLBACK if hook else None,
    )


def build_rates(feishu: Feishu) -> Rates:
    """How fast messages may leave: each limit with room for the few that may come at once."""
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    whole = (
        Rate(feishu.per_second, second, burst=max(1, feishu.per_second // 5)),
        Rate(feishu.per_minute, minute, burst=max(1, feishu.per_minute // 9)),
    )
    return Rates(Rate(feishu.lane_per_second, second), whole)


def operators(settings: Settings) -> tuple[Target, ...]:
    """Who hears of messages that could not be delivered."""
    return tuple(target_of(admin) for admin in sorted(settings.admins))


def new_owner() -> str:
    """A name for this process and this start of it, for leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
