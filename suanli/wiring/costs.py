"""Cost: lists of prices and rates that are taken over, and the jobs that keep the books and tell of money."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import structlog

from jobs.import_prices import Order, look_at, take_over
from jobs.keep_books import KeepBooks
from jobs.price_records import price_all
from jobs.runner import Job
from jobs.tell_costs import TellCosts
from jobs.watch_calls import WatchCalls
from jobs.watch_costs import Reconcile, WatchHours
from suanli.clock import Clock
from suanli.domain.changes import Actor, Change
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import currency
from suanli.domain.cost.price_imports import Plan
from suanli.domain.cost.records import RecordFilter, Sort
from suanli.domain.ports import Store
from suanli.domain.schedule import Every, JobName, Schedule
from suanli.domain.site import Site
from suanli.settings import Settings, SettingsError
from suanli.settings.problems import problem
from suanli.sources.price_maps import installed_prices, read_prices

_LITELLM = "litellm"
"""The one list that comes in several kinds of files; a table is a list of its own, by the name of its file."""


log = structlog.get_logger()

KEEP_BOOKS, TELL_COSTS = JobName("keep_books"), JobName("tell_costs")
WATCH_CALLS, WATCH_HOURS, RECONCILE = JobName("watch_calls"), JobName("watch_hours"), JobName("reconcile")

OFTEN = timedelta(seconds=10)
"""How often what is over is ended and sums are put by, for which nothing waits; and how late an alert may be."""


def cost_jobs(store: Store, site: Site, clock: Clock) -> tuple[Job, ...]:
    """What keeps the books, watches them, and tells of them."""
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    return (
        Job(Schedule(KEEP_BOOKS, Every(OFTEN), grace=OFTEN), KeepBooks(store, clock).run),
        Job(Schedule(TELL_COSTS, Every(OFTEN), grace=OFTEN), TellCosts(store, site, clock).run),
        Job(Schedule(WATCH_CALLS, Every(minute), grace=minute), WatchCalls(store, site, clock).run),
        Job(Schedule(WATCH_HOURS, Every(10 * minute), grace=hour), WatchHours(store, site, clock).run),
        Job(Schedule(RECONCILE, Every(hour), grace=hour), Reconcile(store, site, clock).run),
    )


def keep_zone(store: Store) -> None:
    """Add up what was spent anew if the site has moved to another zone: its days begin elsewhere then."""
    with store.begin() as tx:
        if not tx.sums.is_current():
            count = tx.sums.rebuild()
            log.warning("sums_rebuilt", records=count)


def demand_currency(settings: Settings, store: Store) -> None:
    """Refuse another currency than that of the records there are: sums and quotas would add what cannot be added.

    Raises SettingsError.
    """
    with store.read() as tx:
        newest = tx.records.page(RecordFilter(), Sort.HAPPENED_AT, ascending=False, after=None, limit=1)
    ours = settings.cost.currency
    theirs = next((record.currency for record in newest.records), ours)
    if theirs != ours:
        said = f"已有的调用记录以 {theirs} 计，不能改为 {ours}；请改回来，或换一个空的数据库"
        meant = f"what was recorded is in {theirs}, not in {ours}; set it back, or take an empty database"
        raise SettingsError([problem("cost.currency", f"{said} / {meant}")])


def read_price_list(
    settings: Settings,
    path: Path | None,
    since: datetime,
    *,
    actor: Actor,
    now: datetime,
    only: Iterable[str] = (),
    accept: Iterable[str] = (),
) -> Order:
    """A list of prices as it is to be taken over: a file, or with None that of the LiteLLM which is installed.

    Raises RemoteError when it cannot be read.
    """
    today = now.astimezone(settings.timezone).date()
    found = installed_prices(today) if path is None else read_prices(path, today)
    return Order(
        found.listing,
        since,
        actor,
        catalogue=path.name if path is not None and path.suffix.lower() == ".csv" else _LITELLM,
        source=found.origin,
        sha256=found.sha256,
        only=frozenset(only),
        accept=frozenset(accept),
    )


def plan_prices(settings: Settings, store: Store, order: Order) -> Plan:
    """What taking over a list would come to."""
    return look_at(store, order, settings.cost.currency)


def take_prices(settings: Settings, store: Store, order: Order, now: datetime) -> Plan:
    """Take over a list; what was done. Raises UserError when a price cannot begin at that moment."""
    return take_over(store, order, settings.cost.currency, now)


def set_exchange(
    settings: Settings, store: Store, of: str, rate: Decimal, since: datetime, *, actor: Actor, now: datetime
) -> None:
    """Say how much of the site's currency one of another is, from a moment on.

    Raises ExchangeError, or MoneyError for what is no currency.
    """
    known = ExchangeRate(currency(of), settings.cost.currency, rate, since, set_by=actor.who)
    subject = f"exchange {known.currency}/{known.to}"
    with store.begin() as tx:
        held = tx.prices.book(known.to).rate_at(known.currency, since)
        before = {} if held is None else {"rate": f"{held.rate:f}"}
        after = {"rate": f"{rate:f}", "from": since.isoformat()}
        tx.exchange.add(known, now)
        tx.changes.note(Change(now, actor.who, actor.way, "exchange.set", subject, before, after))


def price_unpriced(store: Store, site: Site, actor: Actor, now: datetime) -> tuple[int, Mapping[tuple[str, str], int]]:
    """Give records a price that came without; how many, and how many are left, by provider and model."""
    return price_all(store, site, actor, now)
