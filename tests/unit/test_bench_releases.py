"""The bench's proof of what it measures about releases can fail, and its world is what it says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bench import matching, pollers, routing
from bench.figures import Figure
from bench.proof import Told, WrongError, check_news
from bench.upstream import Looked, Round, figures_of
from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.releases.filters import parse
from suanli.sandbox.hubs import GithubStandIn
from suanli.sandbox.hubs.github_gate import TOKEN
from tests.dialogue import SITE
from tests.fakes import NOON

SIZE = routing.Size(repositories=2, watches=3)


@pytest.fixture
def database(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def routed(database: Path, sqlite_store: SqlStore) -> Path:
    """A database in which three groups were told of the new issues of two repositories."""
    routing.begin(sqlite_store, SITE, SIZE, NOON - timedelta(days=1))
    routing.take(sqlite_store, SITE, routing.new(SIZE, 0, NOON), NOON)
    return database


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_every_group_told_of_its_own_issues_is_right(routed: Path) -> None:
    assert SIZE.events == len(list(routing.expected(SIZE, 0))) == 30
    routing.check(routed, SIZE, 1)
    check_news(routed, NOON, list(routing.expected(SIZE, 0)))
    check_news(routed, NOON + timedelta(seconds=1), [])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox)",
        "DELETE FROM happenings WHERE native_id = '#31'",
        "DELETE FROM items WHERE native_id = '#1'",
        "UPDATE outbox SET target_id = 'oc_0'",
        "UPDATE happenings SET native_id = '#31'",
        "UPDATE watch_notices SET message_key = NULL WHERE watch = 1",
    ],
)
def test_a_change_that_is_not_told_once_where_it_belongs_is_wrong(routed: Path, statement: str) -> None:
    tamper(routed, statement)
    with pytest.raises(WrongError):
        routing.check(routed, SIZE, 1)


def test_a_message_too_many_is_wrong(routed: Path) -> None:
    told = list(routing.expected(SIZE, 0))
    with pytest.raises(WrongError, match="told"):
        check_news(routed, None, told[1:])
    with pytest.raises(WrongError, match="told"):
        check_news(routed, None, [*told, Told("o/r", "#1", "oc_0")])


def test_a_text_has_its_size_and_at_least_the_keywords_that_were_put_into_it() -> None:
    words = matching.keywords()
    assert (len(words), len(set(words))) == (matching.KEYWORDS, matching.KEYWORDS)
    text = matching.text_with(words, 1)
    assert matching.BYTES - 3 < len(text.encode()) <= matching.BYTES
    found = matching.by_filters([parse(word) for word in words], text)
    assert len(found) >= matching.HITS


@pytest.mark.parametrize(
    ("word", "text", "is_there"),
    [
        ("qwen-7b", "QWEN_7B", True),
        ("qwen-7b", "支持Ｑｗｅｎ‑７Ｂ模型", True),
        ("qwen-7b", "qwen-7bit", False),
        ("qwen-7b", "aqwen 7b", False),
        ("显存溢出", "又显存溢出了", True),
    ],
)
def test_expressions_and_filters_agree_on_what_is_there(word: str, text: str, *, is_there: bool) -> None:
    expected = {word} if is_there else set()
    assert matching.by_each({word: matching.expression_of(word)}, text) == expected
    assert matching.by_filters([parse(word)], text) == expected


@pytest.fixture
def github() -> Iterator[GithubStandIn]:
    with GithubStandIn(SystemClock(), keeps=True) as stand_in:
        stand_in.world.add("o/r")
        yield stand_in


def test_a_simple_poller_asks_twice_for_a_repository(github: GithubStandIn) -> None:
    pollers.ask_for_everything(github.url, ["o/r"], TOKEN)
    assert github.record.charged == 2
    assert {asked.path for asked in github.record.asked} == {"/repos/o/r/issues", "/repos/o/r/pulls"}
    with pytest.raises(WrongError, match="404"):
        pollers.ask_for_everything(github.url, ["o/other"], TOKEN)


def missed(figures: tuple[Figure, ...]) -> list[str]:
    return [figure.name.partition(": ")[2] for figure in figures if figure.missed]


def taken(charged: int, seconds: float) -> Round:
    return Round(Looked(seconds, charged), Looked(3.0, 1000), start=0.2)


def test_too_many_requests_or_seconds_miss_their_targets() -> None:
    few = Looked(28.0, 50)
    assert missed(figures_of(1000, [taken(120, 3.0)], few, 2000)) == []
    assert missed(figures_of(1000, [taken(121, 3.0)], few, 2000)) == ["requests ÷ simple poller's 2000"]
    assert missed(figures_of(1000, [taken(50, 3.1)], few, 2000)) == ["seconds ÷ nvchecker's"]
    assert missed(figures_of(1000, [taken(50, 3.1), taken(50, 2.9), taken(50, 2.8)], few, 2000)) == []
