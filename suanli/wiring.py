"""The composition root: the one module that knows concrete stores, sources and couriers, and builds everything."""

import os
import socket
import uuid
from collections.abc import Callable
from datetime import time, timedelta
from functools import partial
from random import SystemRandom

import structlog
from flask import Flask

from bot.feishu.courier import FeishuCourier, SlashCommand
from bot.feishu.identity import Identity
from bot.feishu.signature import Gate
from bot.router import Router
from bot.webhook import feishu_blueprint
from handlers import COMMANDS
from jobs.check_stock import CheckStock
from jobs.delivery import Delivery, Operators, Rates
from jobs.import_history import import_history
from jobs.learn_bot import LearnBot
from jobs.runner import Job, Runner
from jobs.sample_stock import SampleStock
from jobs.scheduler import Scheduler
from jobs.sweep import sweep
from jobs.work import Work
from storage import migrate
from storage.store import SqlStore
from suanli.clock import Clock
from suanli.domain.chat import Platform, Target
from suanli.domain.commands import Registry
from suanli.domain.delivery import Rate
from suanli.domain.errors import RemoteError
from suanli.domain.facts import bot_open_id
from suanli.domain.ports import StockSource, Store
from suanli.domain.schedule import CatchUp, Daily, Every, JobName, Schedule
from suanli.domain.site import Site
from suanli.domain.stock import Watch
from suanli.i18n import Lang, texts_in
from suanli.settings import Settings
from suanli.settings.legacy import recipient_target
from suanli.settings.schema import Feishu
from suanli.settings.stock import SourceKind
from suanli.sources.endpoint import Endpoint
from suanli.sources.grafana import Grafana, GrafanaPromql, GrafanaProxy
from suanli.sources.http import Http
from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.prometheus import Prometheus
from suanli.sources.stock import DEFAULT_SQL, Columns, GrafanaSqlStock, Labels, Promql, PromqlStock, Queries
from suanli.version import VERSION
from suanli.web.app import build_app

log = structlog.get_logger()

SAMPLE_STOCK, CHECK_STOCK = JobName("sample_stock"), JobName("check_stock")
LEARN_BOT, SWEEP = JobName("learn_bot"), JobName("sweep")

STALE_AFTER = 3
"""Figures older than this many sampling intervals are old."""


def open_store(settings: Settings) -> SqlStore:
    """The database that the settings name."""
    return SqlStore(settings.database_url.get_secret_value())


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
    return import_history(store, settings.history(), watch.recipients, clock.now()) if watch else 0


def build_site(settings: Settings) -> Site:
    """This installation, as commands may know it."""
    return Site(
        version=VERSION,
        zone=settings.timezone,
        lang=settings.lang,
        admins=settings.admins,
        default_role=settings.access.to_domain(),
        fleet=settings.stock.to_domain(),
        stock_source=settings.stock.source,
        stale_after=settings.stock.interval * STALE_AFTER,
        registry=Registry(COMMANDS),
    )


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


def slash_commands() -> tuple[SlashCommand, ...]:
    """What Feishu is to know as native slash commands: each first word, for Feishu's have no subcommands."""
    zh, en = texts_in(Lang.ZH), texts_in(Lang.EN)
    first = {command.name.split()[0]: command for command in reversed(COMMANDS)}
    return tuple(
        SlashCommand(word, zh(f"{command.help_key}.summary"), en(f"{command.help_key}.summary"))
        for word, command in sorted(first.items())
    )


def build_source(settings: Settings, clock: Clock) -> StockSource:
    """The stock source that the settings name."""
    stock = settings.stock
    if stock.source is SourceKind.GRAFANA_SQL:
        columns = Columns(**stock.columns.model_dump())
        uid, sql = settings.grafana.datasource_uid, stock.query or DEFAULT_SQL
        return GrafanaSqlStock(stock.source, _grafana(settings, clock), uid, stock.datasource_type, sql, columns)
    promql = stock.promql
    labels = Labels(promql.product_label, promql.place_label)
    return PromqlStock(stock.source, _promql(settings, clock), _queries(settings), labels)


def _queries(settings: Settings) -> Queries:
    own = settings.stock.promql
    if not (own.total and own.free):
        return KUBERNETES_QUERIES
    return Queries(own.total, own.free, own.used or "", own.unavailable or "")


def _promql(settings: Settings, clock: Clock) -> Promql:
    if settings.stock.source is SourceKind.PROMETHEUS:
        own = settings.prometheus
        endpoint = Endpoint("Prometheus", own.url, "PROMETHEUS_URL", ca_bundle=own.ca_bundle)
        return Prometheus(Http(endpoint, clock=clock))
    through = GrafanaPromql if settings.stock.source is SourceKind.GRAFANA_PROMQL else GrafanaProxy
    return through(_grafana(settings, clock), settings.grafana.datasource_uid)


def _grafana(settings: Settings, clock: Clock) -> Grafana:
    own = settings.grafana
    headers = {"Authorization": f"Bearer {own.api_key.get_secret_value()}"}
    endpoint = Endpoint("Grafana", own.url, "GRAFANA_URL", "GRAFANA_API_KEY", headers, own.ca_bundle)
    return Grafana(Http(endpoint, clock=clock))


def build_web(settings: Settings, store: Store, clock: Clock, wake: Callable[[], None]) -> Flask:
    """The web application. `wake` is called after each event that was committed."""
    feishu = settings.feishu
    router = Router(
        store, build_site(settings), clock, wake, slash_without_mention=settings.feishu.slash_without_mention
    )
    gate = Gate(feishu.app_id, feishu.encrypt_key.get_secret_value(), feishu.verification_token.get_secret_value())
    return build_app(store, clock, [feishu_blueprint(gate, Identity(store, feishu.app_id, clock), router)])


def build_work(settings: Settings, store: Store, clock: Clock, *, stock_only: bool = False) -> Work:
    """The background of this installation; with `stock_only`, of the original program: stock and its messages."""
    courier, owner = build_courier(settings, clock), _owner()
    delivery = build_delivery(settings, store, clock, courier, owner)
    jobs = build_jobs(settings, store, clock, courier, stock_only=stock_only)
    runner = Runner(store, jobs, clock, owner=owner)
    scheduler = Scheduler(store, [job.schedule for job in jobs], clock, runner.wake, owner=owner)
    warm_up = partial(_warm_up, courier, None if stock_only else runner)
    return Work(scheduler, runner, delivery, warm_up, clock)


def _warm_up(courier: FeishuCourier, runner: Runner | None) -> None:
    """Load the platform's library and, where there is a webhook to tell it to, ask who we are."""
    courier.warm()
    if runner:
        try:
            runner.run_once(LEARN_BOT)
        except RemoteError as error:
            log.warning("bot_not_learnt", error=str(error))


def build_delivery(
    settings: Settings, store: Store, clock: Clock, courier: FeishuCourier, owner: str | None = None
) -> Delivery:
    """What sends the messages of the outbox."""
    return Delivery(
        store,
        {Platform.FEISHU: courier},
        build_rates(settings.feishu),
        clock,
        owner=owner or _owner(),
        operators=Operators(_operators(settings), texts_in(settings.lang)),
        random=SystemRandom(),
        workers=settings.feishu.workers,
    )


def build_rates(feishu: Feishu) -> Rates:
    """How fast messages may leave: each limit with room for the few that may come at once."""
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    whole = (
        Rate(feishu.per_second, second, burst=max(1, feishu.per_second // 5)),
        Rate(feishu.per_minute, minute, burst=max(1, feishu.per_minute // 9)),
    )
    return Rates(Rate(feishu.lane_per_second, second), whole)


def build_jobs(
    settings: Settings, store: Store, clock: Clock, courier: FeishuCourier, *, stock_only: bool = False
) -> tuple[Job, ...]:
    """Every background job with its schedule."""
    stock, watch = settings.stock, settings.watch()
    sample = build_sampling(settings, store, clock)
    jobs = [
        Job(Schedule(SAMPLE_STOCK, Every(stock.interval), grace=stock.interval), sample.run),
        Job(
            Schedule(SWEEP, Daily(time(4, 20), settings.timezone), grace=timedelta(hours=20)),
            lambda _: sweep(store, clock.now(), keep_samples=stock.keep),
        ),
    ]
    if watch:
        at = time.fromisoformat(watch.check_time)
        schedule = Schedule(CHECK_STOCK, Daily(at, settings.timezone), grace=timedelta(hours=12), retries=6)
        jobs.append(Job(schedule, build_check(settings, store, clock, watch).run))
    if not stock_only:
        ask = partial(_own_open_id, courier)
        learn = LearnBot(store, bot_open_id(settings.feishu.app_id), ask, clock)
        jobs.append(Job(Schedule(LEARN_BOT, Every(timedelta(minutes=1)), CatchUp.SKIP), learn.run))
    return tuple(jobs)


def build_sampling(settings: Settings, store: Store, clock: Clock) -> SampleStock:
    """The job that asks the stock source."""
    return SampleStock(store, build_source(settings, clock), settings.stock.to_domain(), clock)


def build_check(settings: Settings, store: Store, clock: Clock, watch: Watch) -> CheckStock:
    """The job that tells people of low stock."""
    recipients = [(recipient, recipient_target(recipient)) for recipient in watch.recipients]
    sample = build_sampling(settings, store, clock).run
    return CheckStock(store, build_site(settings), watch, recipients, _operators(settings), sample, clock)


def _operators(settings: Settings) -> tuple[Target, ...]:
    return tuple(recipient_target(admin) for admin in sorted(settings.admins))


def _own_open_id(courier: FeishuCourier) -> str:
    return courier.bot_info().open_id


def _owner() -> str:
    """A name for this process and this start of it, for leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
