"""The composition root: the one package that knows concrete stores, sources and couriers, and builds everything."""

from collections.abc import Callable
from datetime import time, timedelta
from enum import StrEnum
from functools import partial

import structlog
from flask import Blueprint, Flask

from bot.feishu.courier import FeishuCourier, SlashCommand
from bot.feishu.identity import Identity
from bot.feishu.signature import Gate
from bot.router import Router
from bot.webhook import feishu_blueprint
from bot.welink.webhook import welink_blueprint
from handlers import COMMANDS
from jobs.forecast_stock import ForecastStock
from jobs.import_history import import_history
from jobs.learn_bot import LearnBot
from jobs.runner import Job, Runner
from jobs.scheduler import Scheduler
from jobs.sweep import Keep, sweep
from jobs.watch_stock import WatchStock
from jobs.work import Work
from storage import migrate
from storage.store import SqlStore
from suanli.admission import Admission
from suanli.clock import Clock
from suanli.domain.commands import Registry
from suanli.domain.errors import RemoteError
from suanli.domain.facts import bot_open_id
from suanli.domain.ports import Store
from suanli.domain.schedule import CatchUp, Daily, Every, JobName, Schedule
from suanli.domain.site import Site
from suanli.domain.stock.rules import Watch, target_of
from suanli.i18n import Lang, texts_in
from suanli.settings import Settings
from suanli.version import VERSION
from suanli.web.alertmanager import alertmanager_blueprint
from suanli.web.api.blueprint import api_blueprint
from suanli.web.api.reading import reading_blueprint
from suanli.web.app import build_app
from suanli.web.cost import endpoints
from suanli.web.hubs import hubs_blueprint
from suanli.wiring.channels import build_connections
from suanli.wiring.costs import (
    cost_jobs,
    demand_currency,
    keep_zone,
    plan_prices,
    price_unpriced,
    read_price_list,
    set_exchange,
    take_prices,
)
from suanli.wiring.hubs import probe_hubs
from suanli.wiring.pages import build_pages
from suanli.wiring.releases import (
    build_hooks,
    build_reading,
    declare_releases,
    release_jobs,
    take_over_releases,
)
from suanli.wiring.sending import build_courier, build_delivery, build_rates, new_owner
from suanli.wiring.sources import build_source

__all__ = [
    "CHECK_STOCK",
    "FORECAST_STOCK",
    "LEARN_BOT",
    "SAMPLE_STOCK",
    "SWEEP",
    "Only",
    "build_courier",
    "build_delivery",
    "build_jobs",
    "build_rates",
    "build_reading",
    "build_site",
    "build_source",
    "build_watch",
    "build_web",
    "build_work",
    "declare_releases",
    "demand_currency",
    "is_embedded",
    "keep_zone",
    "needs_upgrade",
    "open_store",
    "plan_prices",
    "price_unpriced",
    "probe_hubs",
    "read_price_list",
    "set_exchange",
    "slash_commands",
    "take_over",
    "take_over_releases",
    "take_prices",
    "upgrade",
]

log = structlog.get_logger()

SAMPLE_STOCK, CHECK_STOCK = JobName("sample_stock"), JobName("check_stock")
FORECAST_STOCK = JobName("forecast_stock")
LEARN_BOT, SWEEP = JobName("learn_bot"), JobName("sweep")

STALE_AFTER = 3
"""Figures older than this many sampling intervals are old."""


class Only(StrEnum):
    """What an original program did, for those who run that alone."""

    STOCK = "stock"
    RELEASES = "releases"


def open_store(settings: Settings) -> SqlStore:
    """The database that the settings name."""
    return SqlStore(settings.database_url.get_secret_value(), settings.timezone)


def is_embedded(settings: Settings) -> bool:
    """Whether the database is a file of this machine, with one writer at a time, rather than a server."""
    return settings.database_url.get_secret_value().startswith("sqlite")


def upgrade(settings: Settings) -> None:
    """Bring the database up to this version; safe for several processes at once."""
    migrate.upgrade(settings.database_url.get_secret_value())


def needs_upgrade(settings: Settings) -> bool:
    """Whether the database is of an earlier version, or empty."""
    return migrate.pending(settings.database_url.get_secret_value())


def take_over(settings: Settings, store: Store, clock: Clock) -> int:
    """Import what the original program remembered of its messages, once; how many notes. Raises SettingsError."""
    watch = settings.watch()
    if watch is None:
        return 0
    return import_history(store, settings.history(), [each.id for each in watch.recipients], clock.now())


def build_site(settings: Settings) -> Site:
    """This installation, as commands may know it."""
    return Site(
        version=VERSION,
        zone=settings.timezone,
        lang=settings.lang,
        admins=settings.admin_ids,
        default_role=settings.access.to_domain(),
        fleet=settings.stock.to_domain(),
        stock_source=settings.stock.source,
        stale_after=settings.stock.interval * STALE_AFTER,
        registry=Registry(COMMANDS),
        watch=settings.watch() or Watch(),
        operators=tuple(sorted(settings.admins)),
        aliases=settings.releases.names,
        money=settings.cost.to_domain(),
    )


def slash_commands() -> tuple[SlashCommand, ...]:
    """What Feishu is to know as native slash commands: each first word, for Feishu's have no subcommands."""
    zh, en = texts_in(Lang.ZH), texts_in(Lang.EN)
    first = {command.name.split()[0]: command for command in reversed(COMMANDS)}
    return tuple(
        SlashCommand(word, zh(f"{command.help_key}.summary"), en(f"{command.help_key}.summary"))
        for word, command in sorted(first.items())
    )


def build_web(settings: Settings, store: Store, clock: Clock, wake: Callable[[], None]) -> Flask:
    """The web application. `wake` is called after each event that was committed."""
    feishu, site = settings.feishu, build_site(settings)
    router = Router(store, site, clock, wake, slash_without_mention=feishu.slash_without_mention)
    gate = Gate(feishu.app_id, feishu.encrypt_key.get_secret_value(), feishu.verification_token.get_secret_value())
    chat = feishu_blueprint(gate, Identity(store, feishu.app_id, clock), router)
    welink = welink_blueprint(build_connections(settings), router, clock)
    pages = build_pages(settings, router, clock)
    hubs = hubs_blueprint(build_hooks(settings), store, site, clock, wake)
    alerts = _alertmanager(settings, store, site, clock, wake)
    offered = endpoints(Admission(store, clock).hold)
    api = (api_blueprint(offered, store, site, clock, wake), reading_blueprint(offered, site))
    return build_app(store, clock, [chat, welink, *pages, alerts, hubs, *api], site)


def _alertmanager(settings: Settings, store: Store, site: Site, clock: Clock, wake: Callable[[], None]) -> Blueprint:
    own = settings.alertmanager
    targets = [target_of(chat) for chat in own.chats]
    return alertmanager_blueprint(own.token.get_secret_value(), store, site, clock, targets, wake)


def build_work(settings: Settings, store: Store, clock: Clock, *, only: Only | None = None) -> Work:
    """The background of this installation; with `only`, what that original program did, and its messages."""
    courier, owner = build_courier(settings, clock), new_owner()
    delivery = build_delivery(settings, store, clock, courier, owner)
    jobs = build_jobs(settings, store, clock, courier, only=only)
    runner = Runner(store, jobs, clock, owner=owner)
    scheduler = Scheduler(store, [job.schedule for job in jobs], clock, runner.wake, owner=owner)
    warm_up = partial(_warm_up, courier, None if only else runner)
    return Work(scheduler, runner, delivery, warm_up, clock)


def _warm_up(courier: FeishuCourier, runner: Runner | None) -> None:
    """Load the platform's library and, where there is a webhook to tell it to, ask who we are."""
    courier.warm()
    if runner:
        try:
            runner.run_once(LEARN_BOT)
        except RemoteError as error:
            log.warning("bot_not_learnt", error=str(error))


def build_jobs(
    settings: Settings, store: Store, clock: Clock, courier: FeishuCourier, *, only: Only | None = None
) -> tuple[Job, ...]:
    """Every background job with its schedule."""
    jobs = [_sweeping(settings, store, clock)]
    if only is not Only.RELEASES:
        jobs += _stock_jobs(settings, store, clock)
    if only is not Only.STOCK:
        jobs += release_jobs(settings, store, build_site(settings), clock)
    if only is None:
        jobs += cost_jobs(store, build_site(settings), clock)
        ask = partial(_own_open_id, courier)
        learn = LearnBot(store, bot_open_id(settings.feishu.app_id), ask, clock)
        jobs.append(Job(Schedule(LEARN_BOT, Every(timedelta(minutes=1)), CatchUp.SKIP), learn.run))
    return tuple(jobs)


def _stock_jobs(settings: Settings, store: Store, clock: Clock) -> tuple[Job, ...]:
    stock, site, watch = settings.stock, build_site(settings), build_watch(settings, store, clock)
    hour = timedelta(hours=1)
    every = Schedule(SAMPLE_STOCK, Every(stock.interval), grace=stock.interval)
    at = Daily(time.fromisoformat(site.watch.check_time), settings.timezone)
    return (
        Job(every, watch.run),
        Job(Schedule(CHECK_STOCK, at, grace=timedelta(hours=12), retries=6), watch.daily),
        Job(Schedule(FORECAST_STOCK, Every(hour), grace=hour), ForecastStock(store, site, clock).run),
    )


def _sweeping(settings: Settings, store: Store, clock: Clock) -> Job:
    keep = Keep(settings.stock.keep, settings.stock.keep_hourly, settings.releases.keep)
    schedule = Schedule(SWEEP, Daily(time(4, 20), settings.timezone), grace=timedelta(hours=20))
    return Job(schedule, lambda _: sweep(store, clock.now(), keep))


def build_watch(settings: Settings, store: Store, clock: Clock) -> WatchStock:
    """What asks the stock source and tells people what follows."""
    return WatchStock(store, build_source(settings, clock), build_site(settings), clock)


def _own_open_id(courier: FeishuCourier) -> str:
    return courier.bot_info().open_id
