"""Migrations: they lead to the tables of the code, once, however many processes start."""

import multiprocessing
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import timedelta
from itertools import product
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text

from storage import answers, migrate
from storage.cuboids import MONTHS
from storage.engine import address
from storage.store import SqlStore
from storage.tables import HourRow, OutboxRow, SampleRow, Schema
from suanli.domain.answer import Answer, line
from suanli.domain.chat import Platform, TargetKind
from suanli.domain.stock import Model, Sample
from suanli.i18n import Lang
from tests.contract.cost_kit import ZHANG, add, books, drift, hold, quota
from tests.contract.record_kit import costs, price, write
from tests.contract.sum_kit import ONE, key, rows, tell
from tests.fakes import NOON
from tests.parcels import claim

MIGRATIONS = Path(migrate.__file__).with_name("migrations")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/bare.db"
    server = str(request.getfixturevalue("postgres_url"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bare")
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    return server.replace("/postgres?", "/bare?")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine: Engine = create_engine(address(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_an_upgrade_takes_an_empty_database_to_this_version(bare_url: str) -> None:
    assert migrate.pending(bare_url)
    migrate.upgrade(bare_url)
    assert not migrate.pending(bare_url)
    migrate.upgrade(bare_url)


# Of what these indexes are is compared below, to the letter.
@pytest.mark.filterwarnings("ignore:.*expression-based index", "ignore:.*Expression #")
def test_the_migrations_add_up_to_the_tables_of_the_code(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Schema.metadata) == []


def test_the_migrations_write_the_same_sqlite_schema_as_the_tables_to_the_letter(tmp_path: Path) -> None:
    migrated, created = f"sqlite:///{tmp_path}/migrated.db", f"sqlite:///{tmp_path}/created.db"
    migrate.upgrade(migrated)
    with connected(created) as connection:
        Schema.metadata.create_all(connection)
        connection.commit()
    assert sqlite_schema(migrated) == sqlite_schema(created)


def sqlite_schema(url: str) -> dict[str, str]:
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    with connected(url) as connection:
        # A column that is added stands in the text as a person would not write it: ` , budget INTEGER)`.
        return {name: re.sub(r"\s*([(),])\s*|\s+", r" \1", sql) for name, sql in connection.execute(query)}


def test_processes_that_upgrade_at_once_all_succeed(bare_url: str) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=migrate.upgrade, args=(bare_url,)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert not migrate.pending(bare_url)


def test_a_database_that_a_later_version_has_upgraded_is_left_as_it_is(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    assert not migrate.pending(bare_url)
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_an_upgrade_that_fails_leaves_nothing_behind(bare_url: str) -> None:
    with connected(bare_url_made(bare_url)) as connection:
        connection.execute(text("CREATE TABLE facts (x INTEGER)"))
        connection.commit()
    with pytest.raises(Exception, match="facts"):
        migrate.upgrade(bare_url)
    assert migrate.pending(bare_url)
    with connected(bare_url) as connection:
        connection.execute(text("DROP TABLE facts"))
        connection.commit()
    migrate.upgrade(bare_url)


def bare_url_made(url: str) -> str:
    """The same database, with the folder of a SQLite file made by a first look."""
    assert migrate.pending(url)
    return url


def upgrade_to(url: str, revision: str) -> None:
    """Bring a database to an earlier version."""
    assert migrate.pending(url)
    engine = create_engine(address(url))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def old_answers() -> list[list[Sample]]:
    """Answers of two sources, over the turn of hours and days, from places without a region, a class, or either."""
    places = [("国内", "高主频"), ("国内", "普通"), ("海外", ""), ("", "普通"), ("", "")]
    found = []
    for source, model, number in product(("grafana", "prometheus"), ("4090", "H20"), range(12)):
        at = NOON + timedelta(hours=11) + number * timedelta(minutes=25, microseconds=number)
        found.append(
            [
                Sample(
                    at + timedelta(seconds=len(model)), source, Model(model), *place, 90 + number, number**2 % 7, 3, 1
                )
                for place in places[number % 3 :]
            ]
        )
    return found


def hours_of(url: str) -> list[tuple[object, ...]]:
    with connected(url) as connection:
        return sorted(tuple(row) for row in connection.execute(select(HourRow.__table__)))


def test_samples_of_the_first_version_are_counted_into_hours_as_if_each_were_new(bare_url: str) -> None:
    upgrade_to(bare_url, "0001")
    rows = [asdict(sample) for answer in old_answers() for sample in answer]
    with connected(bare_url) as connection:
        connection.execute(insert(SampleRow), rows)
        connection.commit()
    migrate.upgrade(bare_url)
    filled = hours_of(bare_url)
    with connected(bare_url) as connection:
        connection.execute(delete(SampleRow))
        connection.execute(delete(HourRow))
        connection.commit()
    with closing(SqlStore(bare_url)) as store, store.begin() as tx:
        assert all(tx.samples.add(answer, NOON + timedelta(days=1)) for answer in old_answers())
    assert len(filled) > 100
    assert filled == hours_of(bare_url)


def test_messages_of_the_first_version_are_delivered_after_the_upgrade_or_stay_as_they_were(bare_url: str) -> None:
    upgrade_to(bare_url, "0001")
    row = {
        "uuid": "u", "platform": Platform.FEISHU, "target_kind": TargetKind.OPEN_ID, "target_id": "ou_1", "lane": "l",
        "urgent": False, "answer": answers.dump(Answer(Lang.ZH, (line("你好"),))), "as_text": False,
        "created_at": NOON, "due_at": NOON, "attempts": 0, "error": "",
    }  # fmt: skip
    with connected(bare_url) as connection:
        connection.execute(
            insert(OutboxRow), [row | {"key": "old", "sent_at": NOON}, row | {"key": "k", "sent_at": None}]
        )
        connection.commit()
    migrate.upgrade(bare_url)
    with closing(SqlStore(bare_url)) as store:
        (parcel,) = claim(store, NOON)
        with store.begin() as tx:
            assert tx.outbox.sent(parcel, None, NOON)
            assert tx.outbox.receipts(["old"])["old"].sent_at == NOON
    assert (parcel.key, parcel.attempts, parcel.redraws, parcel.revision, parcel.alert) == ("k", 1, None, 0, False)


def test_sums_of_a_version_without_months_are_those_that_would_have_been_put_by(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    moments = [NOON + n * timedelta(days=3, hours=7) for n in range(-40, 40)]
    names = [{"user": f"u{n % 5}", "project": f"p{n % 3}", "organization": "ab"[n % 2]} for n in range(80)]
    tell(bare_url, [(key(moment, model=f"m{n % 4}", **names[n]), ONE) for n, moment in enumerate(moments)])
    with closing(SqlStore(bare_url)) as store, store.begin() as tx:
        tx.sums.put_by(1000)
    kept, closed = rows(bare_url), closed_in(bare_url)
    with connected(bare_url) as connection:
        for statement in _BACK_TO_0009:
            connection.execute(text(statement))
        connection.commit()
    migrate.upgrade(bare_url)
    assert (rows(bare_url), closed_in(bare_url)) == (kept, closed)
    assert len({row[1] for row in kept if row[0] == MONTHS}) == 8


_BACK_TO_0009 = (
    "DELETE FROM cost_sums WHERE cuboid > 13",
    "DELETE FROM cost_payers WHERE level = 3",
    "ALTER TABLE sum_zone DROP COLUMN closed",
    "DROP INDEX ix_cost_records_unpriced",
    "DROP INDEX ix_cost_records_user_day_cost",
    "DROP INDEX ix_cost_records_day_cost",
    "DROP INDEX ix_cost_alerts_ends_at",
    "DROP INDEX ix_cost_alerts_type_id",
    *(f"ALTER TABLE cost_alerts DROP COLUMN {name}" for name in ("told_at", "ends_at", "over")),
    "ALTER TABLE adjustments DROP COLUMN last_record",
    "UPDATE alembic_version SET version_num = '0009'",
)


def test_what_earlier_versions_reset_away_stays_away(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    with closing(SqlStore(bare_url)) as store:
        (his,) = add(store, quota(ZHANG, 100))
        assert hold(store, "a", 100)
        write(store, costs("a", None, hold="a"))
        with store.begin() as tx:
            tx.quotas.reset(his.id, made_by="ou_boss", why="", now=NOON)
    with connected(bare_url) as connection:
        connection.execute(text("ALTER TABLE adjustments DROP COLUMN last_record"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0011'"))
        connection.commit()
    migrate.upgrade(bare_url)
    with closing(SqlStore(bare_url)) as store:
        assert price(store, costs("a", 10)) == 1
        assert (books(store, his), drift(store)) == ((0, 0), ())


def closed_in(url: str) -> list[object]:
    with connected(url) as connection:
        return list(connection.execute(text("SELECT closed FROM sum_zone")).scalars())


def test_migrations_are_numbered_in_the_order_in_which_they_follow_each_other() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    files = [path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    assert revisions == sorted(files, reverse=True)
