"""The bench's proof of what it measures about stock can fail, and its world is what it says."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.figures import Figure
from bench.floor import insert_again, rows_since
from bench.pace import figures_of, most_within
from bench.proof import WrongError, check_arrived, check_hours, check_sent, check_told, check_trends
from bench.watched import MODELS, RULES, TOLD, Watched, rules_for, set_up
from jobs.watch_stock import REGULAR
from storage import answers
from storage.store import SqlStore
from suanli import wiring
from suanli.domain.answer import Answer, Block, Chart, Point, note
from suanli.i18n import Lang
from suanli.sandbox.feishu.record import Called, Sent
from tests.dialogue import Dialogue
from tests.fakes import NOON, FakeClock
from tests.stockdesk import LOW, Desk

TOLD_OF = (Watched("4090", "", "", ("ou_a", "ou_b")), Watched("H20", "", "", ("ou_a", "ou_b")))
TREND = "/stock trend 4090"


@pytest.fixture
def database(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def looked(database: Path, sqlite_store: SqlStore, clock: FakeClock) -> Path:
    """A database in which two people were just told of two rules."""
    Desk(sqlite_store, clock, LOW).job.look(REGULAR)
    return database


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_everybody_told_of_their_rules_on_one_card_is_right(looked: Path) -> None:
    check_told(looked, NOON, TOLD_OF, "first")
    check_told(looked, NOON + timedelta(seconds=1), TOLD_OF, None)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM told WHERE recipient = 'ou_a' AND episode = 1",
        "UPDATE told SET kind = 'reminder' WHERE recipient = 'ou_a'",
        "UPDATE told SET recipient = 'ou_c' WHERE recipient = 'ou_a'",
        "UPDATE told SET message_key = 'x' WHERE recipient = 'ou_a' AND episode = 1",
        "DELETE FROM outbox WHERE target_id = 'ou_a'",
        "UPDATE outbox SET target_id = 'ou_b'",
        "UPDATE outbox SET redraws = 'x' WHERE target_id = 'ou_a'",
    ],
)
def test_a_look_that_did_not_tell_everybody_once_is_wrong(looked: Path, statement: str) -> None:
    tamper(looked, statement)
    with pytest.raises(WrongError):
        check_told(looked, NOON, TOLD_OF, "first")


def test_a_quiet_look_that_tells_or_a_redrawing_one_that_does_not_is_wrong(looked: Path) -> None:
    with pytest.raises(WrongError, match="told"):
        check_told(looked, NOON, TOLD_OF, None)
    with pytest.raises(WrongError, match="drawn anew"):
        check_told(looked, NOON, TOLD_OF, "first", drawn=1)


def test_the_floor_inserts_every_row_that_the_look_wrote(looked: Path, tmp_path: Path) -> None:
    written = rows_since(looked, NOON)
    counts = {table: len(rows) for table, rows in written.items()}
    # Two models in one region and clock class are four scopes each.
    assert counts == {"samples": 2, "samples_hourly": 8, "episodes": 2, "told": 4, "outbox": 2}
    assert all(seconds > 0 for seconds in insert_again(looked, written, tmp_path / "floor.db"))
    later = rows_since(looked, NOON + timedelta(hours=1))
    assert {table for table, rows in later.items() if rows} == {"samples_hourly"}


@pytest.mark.parametrize("people", [250, RULES * TOLD])
def test_500_rules_have_five_recipients_each_and_nobody_is_left_out(people: int) -> None:
    listed = [f"ou_{number}" for number in range(people)]
    rules = rules_for(listed, MODELS)
    told = Counter(name for rule in rules for name in rule.recipients)
    assert (len(rules), len({rule.model for rule in rules})) == (500, 50)
    assert len({(rule.model, rule.region, rule.clock) for rule in rules}) == 500
    assert {len(set(rule.recipients)) for rule in rules} == {5}
    assert sorted(told) == sorted(listed)
    assert people == 250 or set(told.values()) == {1}


def test_the_settings_of_the_bench_are_taken_as_they_are_meant(tmp_path: Path) -> None:
    people = [f"ou_{number}" for number in range(20)]
    site = wiring.build_site(set_up(tmp_path / "small", people, 2, {}))
    found = [Watched(r.scope.model, r.scope.region, r.scope.clock, r.recipients) for r in site.watch.rules]
    assert found == list(rules_for(people, 2))
    assert {rule.samples for rule in site.watch.rules} == {1}


def dm(receiver: str, text: str = "GPU库存预警", msg_type: str = "interactive") -> Sent:
    content = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": text}]}}
    return Sent("om_1", "oc_1", receiver, msg_type, content, NOON)


@pytest.mark.parametrize(
    "sent",
    [
        [dm("ou_a")],
        [dm("ou_a"), dm("ou_b"), dm("ou_b")],
        [dm("ou_a"), dm("ou_c")],
        [dm("ou_a"), dm("ou_b", "hello")],
        [dm("ou_a"), replace(dm("ou_b"), msg_type="text", content={"text": "GPU库存预警"})],
    ],
    ids=["lost", "twice", "to another", "another card", "as text"],
)
def test_what_did_not_arrive_once_at_everybody_is_wrong(sent: list[Sent]) -> None:
    check_arrived([dm("ou_b"), dm("ou_a")], ["ou_a", "ou_b"])
    with pytest.raises(WrongError):
        check_arrived(sent, ["ou_a", "ou_b"])


def test_an_outbox_that_does_not_know_of_each_message_that_it_left_is_wrong(looked: Path) -> None:
    with pytest.raises(WrongError, match="settled"):
        check_sent(looked, ["ou_a", "ou_b"])
    tamper(looked, "UPDATE outbox SET sent_at = due_at")
    check_sent(looked, ["ou_b", "ou_a"])
    with pytest.raises(WrongError):
        check_sent(looked, ["ou_a"])


def missed(figures: tuple[Figure, ...]) -> list[str]:
    return [figure.name.partition(": ")[2] for figure in figures if figure.missed]


def test_one_429_or_a_pace_far_below_the_rate_misses_the_target() -> None:
    good, refused = Called("POST", "/messages", 200, 0), Called("POST", "/messages", 429, 99991400)
    assert missed(figures_of("x", 180.0, 166.7, [NOON], [good])) == []
    assert missed(figures_of("x", 180.0, 166.7, [NOON], [good, refused])) == ["refused (429 or other)"]
    assert missed(figures_of("x", 200.0, 166.7, [NOON], [good])) == ["took ÷ that"]


def test_the_most_in_a_window_is_counted_wherever_it_begins() -> None:
    second = timedelta(seconds=1)
    moments = [NOON + n * second for n in (9.0, 0.0, 0.6, 1.0, 1.5, 1.7)]
    assert most_within(moments, second) == 3
    assert most_within(moments, 9 * second) == 5
    assert most_within([], second) == 0


@pytest.mark.parametrize(("scopes", "hours"), [(1, 2), (2, 1), (1, 1)])
def test_hours_that_are_not_all_there_are_wrong(
    database: Path, sqlite_store: SqlStore, clock: FakeClock, scopes: int, hours: int
) -> None:
    Dialogue(sqlite_store, clock).stock(("4090", "", "", 10, 5))
    assert check_hours(database, 1, 1) == 1
    if (scopes, hours) != (1, 1):
        with pytest.raises(WrongError, match="hours"):
            check_hours(database, scopes, hours)


def put(database: Path, blocks: tuple[Block, ...]) -> None:
    """Let the reply have said this."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE outbox SET answer = ?", [answers.dump(Answer(Lang.ZH, blocks))])


def curve(points: int, *lines: str) -> Chart:
    return Chart("", tuple(Point(str(n), line, 1) for line in lines for n in range(points)), "")


@pytest.mark.parametrize(
    "blocks",
    [
        (note("method"),),
        (curve(113, "free"), note("method")),
        (curve(20, "free", "threshold"), note("method")),
        (curve(113, "free", "threshold"),),
    ],
    ids=["no chart", "no threshold", "few hours", "no burn"],
)
def test_an_answer_without_a_whole_trend_is_wrong(
    database: Path, sqlite_store: SqlStore, clock: FakeClock, blocks: tuple[Block, ...]
) -> None:
    bot = Dialogue(sqlite_store, clock)
    bot.stock(("4090", "", "", 10, 5))
    bot.say(TREND)
    put(database, (curve(113, "free", "threshold"), note("method")))
    check_trends(database, TREND, 1)
    with pytest.raises(WrongError, match="audits"):
        check_trends(database, TREND, 2)
    put(database, blocks)
    with pytest.raises(WrongError, match="answers"):
        check_trends(database, TREND, 1)
