"""How soon the dashboard and every report are there when millions of records lie behind them, and how fast they leave.

Records are of 400 days, 500 people and 20 models, the newest of them not yet put by. Each question is asked as people
ask it: the API's through the whole web application, but for the socket; the chat's from the router to the commit.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from bench.figures import Figure, Target, percentile
from bench.past import fill, look_over
from bench.processes import apart
from bench.proof import WrongError
from bench.spenders import COMPANY, PRODUCTS, calls, furnish, payers
from bot.router import Router
from handlers.cost.ingest import take_in
from storage.engine import address, open_engine
from suanli import collector, logs, wiring
from suanli.clock import SystemClock
from suanli.domain.access import Role
from suanli.domain.chat import ChatId, ChatKind, Message, MessageId, OpenId, Origin, Person, Platform
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.tokens import ApiToken, Permission, TokenId, digest_of
from suanli.settings import Settings, load
from tests.postgres import running_postgres

PEOPLE = 500
TAIL, LONG_TAIL = 2_000, 10_000
"""Calls that are not put by: what comes in before they are, ten seconds, at 200 a second; and a large batch more."""

SECRET = "sk-suanli-" + "r" * 43
_PLATFORM = {"FEISHU_APP_ID": "cli_b", "FEISHU_ENCRYPT_KEY": "bench", "FEISHU_VERIFICATION_TOKEN": "bench"}
_BOSS = "ou_boss"
_ONE, _RARE = "ou_00003", f"ou_{PEOPLE - 2:05}"
"""Somebody with very many calls, and somebody with few."""

_LATER = f"dashboard, {LONG_TAIL:,} more calls that are not put by"
_EXPORTED = 200_000
_LONG_ENOUGH = 5.0
_DONE_WITHIN = 5400.0
_API = "/api/v1/cost"
_MODEL = PRODUCTS[3].model


@dataclass(frozen=True, slots=True)
class Asked:
    """Seconds of each answer, the first of all first; by the question."""

    answers: Mapping[str, Sequence[float]]
    filled: float
    rebuilt: float
    exported: float
    """Records a second that leave as CSV."""


def measure(folder: Path, *, records: int, times: int) -> tuple[Figure, ...]:
    """So many records, and each question so many times, on each database."""
    folder = folder / "reports"
    folder.mkdir()
    with ExitStack() as stack:
        urls: dict[str, Callable[[], str]] = {
            "SQLite": lambda: f"sqlite:///{folder / 'suanli.db'}",
            "PostgreSQL": lambda: stack.enter_context(running_postgres()),
        }
        return tuple(
            figure
            for name, url in urls.items()
            for figure in _of(f"{records:,} records, {name}", apart(_DONE_WITHIN, ask, folder, url(), records, times))
        )


def ask(folder: Path, url: str, records: int, times: int) -> Asked:
    """Runs in a process of its own."""
    own = folder / url.partition(":")[0]
    own.mkdir()
    settings = load({**_PLATFORM, "SUANLI_DATABASE_URL": url, "SUANLI_ADMINS": _BOSS}, own)
    with (own / "reports.log").open("w") as log:
        logs.configure(log)
        clock = SystemClock()
        filled, rebuilt = _remember(settings, url, records, clock)
        with closing(wiring.open_store(settings)) as store:
            collector.settle_down()  # as processes that serve do
            questions = dict(_questions(settings, store, clock))
            answers = {name: _timed(question, clock, times) for name, question in questions.items()}
            _tell(store, wiring.build_site(settings), LONG_TAIL, clock.now())
            answers[_LATER] = _timed(questions["dashboard"], clock, times)
            gc.unfreeze()
            return Asked(answers, filled, rebuilt, _export(settings, store, clock, records))


def _remember(settings: Settings, url: str, records: int, clock: SystemClock) -> tuple[float, float]:
    """Everything that is asked about; the seconds that records and their sums took."""
    wiring.upgrade(settings)
    people, now, site = payers(PEOPLE), clock.now(), wiring.build_site(settings)
    with closing(wiring.open_store(settings)) as store:
        furnish(store, settings.timezone, settings.cost.currency, people, now)
        filled = fill(url, people, records, settings.cost.currency, now)
        started = clock.elapsed()
        with store.begin() as tx:
            if tx.sums.rebuild() != records:
                raise WrongError("sums are not of all records")
        rebuilt = clock.elapsed() - started
        with store.begin() as tx:
            granted = frozenset({Permission.READ})
            tx.tokens.add(ApiToken(TokenId(0), "bench", digest_of(SECRET), people[3], granted, Role.ADMIN, "b", now))
        _tell(store, site, TAIL, now)
        look_over(url)
        _check(store, url, now)
    return filled, rebuilt


def _tell(store: Store, site: Site, count: int, now: datetime) -> None:
    """Calls that are not put by."""
    with store.begin() as tx:
        take_in(tx, site, calls(payers(PEOPLE), count, f"tail-{count}", now - timedelta(seconds=10)), now)


def _check(store: Store, url: str, now: datetime) -> None:
    """Sums say what records say, to the nano-unit."""
    with store.begin() as tx:
        skewed = tx.books.reconcile(now, None).sums
    engine = open_engine(address(url))
    with engine.begin() as connection:
        tail = connection.execute(text("SELECT sum(requests) FROM sum_tail")).scalar_one()
    engine.dispose()
    if skewed or tail != TAIL:
        raise WrongError(f"{len(skewed)} days are not the sums of their records; {tail} calls are not put by")


Question = Callable[[], None]


def _timed(question: Question, clock: SystemClock, times: int) -> tuple[float, ...]:
    """Seconds of the first answer and of so many more; of fewer, if they take too long."""
    seconds = list[float]()
    while len(seconds) < 2 or (len(seconds) <= times and sum(seconds) < _LONG_ENOUGH):
        started = clock.elapsed()
        question()
        seconds.append(clock.elapsed() - started)
    return tuple(seconds)


def _questions(settings: Settings, store: Store, clock: SystemClock) -> Iterator[tuple[str, Question]]:
    client = _client(settings, store, clock)
    today = clock.now().astimezone(settings.timezone).date()
    for name, method, path in _asked(today - timedelta(days=399), today - timedelta(days=30)):
        yield name, _api(client, method, path)
    router = Router(store, wiring.build_site(settings), clock, lambda: None)
    for words in _WORDS:
        yield words, _chat(router, clock, _BOSS, words)
    for words in ("/cost", "/cost top", "/cost forecast", "/cost anomalies", "/cost suggest new", "/quota"):
        yield f"{words} (by one person, of their own)", _chat(router, clock, _ONE, words)
    yield "/cost top (by one who asks rarely)", _chat(router, clock, _RARE, "/cost top")


_WORDS = (
    "/cost today", "/cost week", "/cost", "/cost today by model", "/cost week by user", "/cost by model",
    "/cost by user", "/cost by provider", "/cost by type", "/cost by project", "/cost by department", "/cost top",
    "/cost top today", "/cost forecast", "/cost anomalies", "/cost suggest new", "/cost suggest",
)  # fmt: skip


def _asked(first: Any, month_ago: Any) -> Iterator[tuple[str, str, str]]:
    """Everything that the API can be asked with figures in the answer."""
    for name, path in {
        "dashboard": "/dashboard",
        "analytics, 30 days": "/analytics",
        "analytics, 400 days by month": f"/analytics?start_date={first}&period=month",
        "analytics, 366 days by week, with hours": f"/analytics?start_date={first + timedelta(days=34)}&period=week",
        "analytics, 31 days by hour": f"/analytics?start_date={month_ago}&period=hour",
        "analytics, 400 days of a user": f"/analytics?start_date={first}&user={_ONE}",
        "analytics, 366 days of a user, with hours": f"/analytics?start_date={first + timedelta(days=34)}&user={_ONE}",
        "analytics, 366 days of a model, with hours": f"/analytics?start_date={first + timedelta(days=34)}"
        f"&model={_MODEL}",
        "analytics, 366 days of the company": f"/analytics?start_date={first + timedelta(days=34)}"
        f"&organization={COMPANY}",
        "analytics, 400 days of a project": f"/analytics?start_date={first}&project=project-3",
        "analytics, 400 days of a department": f"/analytics?start_date={first}&department=department-3",
        "analytics, 400 days of a model": f"/analytics?start_date={first}&model={_MODEL}",
        "analytics, 400 days of a provider": f"/analytics?start_date={first}&provider={PRODUCTS[3].provider}",
        "analytics, 400 days of a user's model": f"/analytics?start_date={first}&user={_ONE}&model={_MODEL}",
        "analytics, 400 days of a department's model": f"/analytics?start_date={first}&department=department-3"
        f"&model={_MODEL}",
        "records, newest": "/records",
        "records, 500 newest": "/records?limit=500",
        "records, oldest": "/records?order=asc",
        "records of a user": f"/records?user_id={_ONE}",
        "records of a user with few": f"/records?user_id={_RARE}",
        "records of a model, a month ago": f"/records?model_name={_MODEL}&until={month_ago}T00:00:00Z",
        "records of a project": "/records?project=project-3",
        "records, dearest": "/records?sort=total_cost",
        "records, dearest of a user": f"/records?sort=total_cost&user_id={_ONE}",
        "records, dearest of a user with few": f"/records?sort=total_cost&user_id={_RARE}",
        "records, dearest of 30 days": f"/records?sort=total_cost&since={month_ago}T00:00:00Z",
        "records, unpriced": "/records?priced=false",
        "records of a session": "/records?session_id=session-20000",
        "quotas": "/quotas",
        "alerts": "/alerts",
        "budgets": "/budgets",
        "optimizations": "/optimizations",
    }.items():
        yield name, "GET", f"{_API}{path}"
    yield "records, the 200th page", "PAGE", f"{_API}/records?limit=50"


def _client(settings: Settings, store: Store, clock: SystemClock) -> FlaskClient:
    return wiring.build_web(settings, store, clock, lambda: None).test_client()


_HEADERS = {"Authorization": f"Bearer {SECRET}", "Accept-Language": "en"}


def _api(client: FlaskClient, method: str, path: str) -> Question:
    place = _deep(client, path) if method == "PAGE" else path

    def question() -> None:
        _good(client, place)

    return question


def _good(client: FlaskClient, path: str) -> Any:
    answer = client.get(path, headers=_HEADERS)
    if answer.status_code != 200:
        raise WrongError(f"{path} is answered with {answer.status_code}: {answer.text[:300]}")
    return answer.json


def _deep(client: FlaskClient, path: str) -> str:
    """The address of a page far behind."""
    cursor = ""
    for _ in range(200):
        cursor = _good(client, f"{path}&cursor={cursor}")["next_cursor"]
    return f"{path}&cursor={cursor}"


def _chat(router: Router, clock: SystemClock, who: str, words: str) -> Question:
    count = iter(range(10**9))

    def question() -> None:
        number = f"{who} {words} {next(count)}"
        chat, sender = ChatId(f"oc_{who}"), Person(OpenId(who), None, None, "", "tenant")
        origin = Origin(
            Platform.FEISHU, f"bench:{number}", f"event {number}", "tenant", chat, ChatKind.PRIVATE, clock.now()
        )
        router.handle(Message(origin, MessageId(f"om_{number}"), sender, words, (), addressed=True))

    return question


def _export(settings: Settings, store: Store, clock: SystemClock, records: int) -> float:
    """Records a second that leave as CSV, of the last days."""
    days = 400 * min(_EXPORTED, records) / records
    since = (clock.now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    started = clock.elapsed()
    answer = _client(settings, store, clock).get(f"{_API}/records/export?since={since}", headers=_HEADERS)
    lines = sum(piece.count(b"\n") for piece in answer.iter_encoded()) - 1
    if answer.status_code != 200 or lines < min(_EXPORTED, records) * 0.9:
        raise WrongError(f"{lines} records left, with {answer.status_code}")
    return lines / (clock.elapsed() - started)


def _of(name: str, asked: Asked) -> Iterator[Figure]:
    """Of each question the median; the slowest report counts."""
    halves = {what: median(seconds[1:]) * 1000 for what, seconds in asked.answers.items()}
    dashboard = [each * 1000 for each in asked.answers["dashboard"]]
    for what, value in halves.items():
        rounds = tuple(each * 1000 for each in asked.answers[what][1:])
        target = None if what == _LATER else Target("<", 50 if what == "dashboard" else 300)
        yield Figure(f"{name}: {what}", value, "ms", target, rounds)
    yield Figure(f"{name}: dashboard, p99", percentile(dashboard[1:], 0.99), "ms")
    slowest = max((what for what in halves if what not in {"dashboard", _LATER}), key=halves.__getitem__)
    yield Figure(f"{name}: the slowest report ({slowest})", halves[slowest], "ms", Target("<", 300))
    first = max(asked.answers, key=lambda what: asked.answers[what][0])
    yield Figure(f"{name}: the first dashboard", dashboard[0], "ms")
    yield Figure(f"{name}: the slowest first answer ({first})", asked.answers[first][0] * 1000, "ms")
    yield Figure(f"{name}: CSV", asked.exported, "records/s")
    yield Figure(f"{name}: sums made anew", asked.rebuilt, "s")
    yield Figure(f"{name}: written by the bench", asked.filled, "s")
