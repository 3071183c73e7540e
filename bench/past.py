"""Calls of more than a year, written into the store's own table by the database itself: millions in a minute or two.

Each is what the product would have written, to the column; only who asked what and when is worked out of the number
of the call, the same on every database. People do not spend alike: the first of them have most calls.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, text

from bench.spenders import PRODUCTS
from storage.engine import address, open_engine
from storage.tables import RecordRow
from suanli.clock import SystemClock
from suanli.domain.cost.parties import Payer

DAYS = 400
MODELS_EACH = 8
"""Models that a person uses, others than the next one."""

_PEOPLE = "CREATE TABLE bench_people (number integer PRIMARY KEY, u text, p text, d text, o text)"
_PRODUCTS = """
    CREATE TABLE bench_products
    (number integer PRIMARY KEY, model integer, price integer, m text, v text, kind text, i bigint, o bigint)
"""
_FOUND = """
    INSERT INTO bench_products SELECT :number, m.id, p.id, m.name, m.provider, :kind, p.input, p.output
    FROM cost_models m JOIN prices p ON p.model = m.id WHERE m.name = :model AND m.provider = :provider
"""
_NUMBERS = {
    "sqlite": "RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})",
    "postgresql": "numbers(n) AS (SELECT generate_series({first}::bigint, {end} - 1))",
}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', {begin} + n * {step} / 1000.0, 'unixepoch') || '000'",
    "postgresql": "to_timestamp({begin} + n * {step} / 1000.0)",
}
_ID = {"sqlite": "printf('%032x', n)", "postgresql": "lpad(to_hex(n), 32, '0')"}
# Two numbers that look as if drawn by lot are made of the number of the call, and what is called is made of them.
_INSERT = """
INSERT INTO cost_records (id, request_id, fingerprint, hold, account_set, "user", project, department, organization,
    model_name, provider_name, request_type, cost_type, input_units, output_units, cached_units, cache_write_units,
    reasoning_units, is_batch, ending, wechat_account_id, session_id, sop_instance_id, stated, took, currency, charged,
    model, price, input_cost, output_cost, base_cost, total_cost, original_input, original_output, original_base,
    original_currency, rate, missing, happened_at, recorded_at)
WITH {numbers},
lots(n, a, b) AS (SELECT n, (n * 1103515245 + 12345) % 2147483648, (n * 69069 + 1) % 4294967291 FROM numbers),
calls(n, a, b, who, ins, outs, is_priced) AS (
    SELECT n, a, b, (a / 7 % 1000) * (a / 7000 % 1000) * {people} / 1000000, 100 + b % 4000, 20 + b / 4000 % 900,
        CASE WHEN b % 1000 < 3 THEN NULL ELSE 1 END
    FROM lots),
costs AS (
    SELECT n, b, u, p, d, c.o AS o, m, v, kind, model, price, ins, outs, is_priced,
        ins * i / 1000000 * is_priced AS ins_cost, outs * q.o / 1000000 * is_priced AS outs_cost
    FROM calls JOIN bench_people c ON c.number = who
    JOIN bench_products q ON q.number = (who * 7 + b / 31 % {models}) % {products})
SELECT n + 1, 'req-' || {id}, {id}, NULL, 1, u, p, d, o, m, v, kind, 'ai_api', ins, outs, 0, 0, 0, {false},
    CASE WHEN b % 100 = 0 THEN 'failed' ELSE 'ok' END, '', CASE WHEN b % 5 = 0 THEN 'session-' || (n / 20) ELSE '' END,
    '', NULL, 200 + b % 3000, '{currency}', coalesce(ins_cost + outs_cost, 0), model * is_priced, price * is_priced,
    ins_cost, outs_cost, 0 * is_priced, ins_cost + outs_cost, NULL, NULL, NULL, NULL, NULL,
    CASE WHEN is_priced IS NULL THEN 'price' ELSE '' END, {moment}, {moment}
FROM costs
"""
_AT_ONCE = 500_000


def fill(url: str, people: Sequence[Payer], records: int, currency: str, until: datetime) -> float:
    """Write so many records of the last `DAYS` days, evenly; the seconds that it took. Prices are there already."""
    clock, engine = SystemClock(), open_engine(address(url))
    started = clock.elapsed()
    indexes = sorted(cast("Table", RecordRow.__table__).indexes, key=lambda index: str(index.name))
    try:
        with engine.begin() as connection:
            _name(connection, people)
            for index in indexes:
                index.drop(connection)
        for first in range(0, records, _AT_ONCE):
            with engine.begin() as connection:
                end = min(first + _AT_ONCE, records)
                connection.exec_driver_sql(_calls(connection, range(first, end), records, len(people), currency, until))
        with engine.begin() as connection:
            for index in indexes:
                index.create(connection)
            _finish(connection, records)
    finally:
        engine.dispose()
    return clock.elapsed() - started


def _name(connection: Connection, people: Sequence[Payer]) -> None:
    connection.execute(text(_PEOPLE))
    connection.execute(text(_PRODUCTS))
    connection.execute(
        text("INSERT INTO bench_people VALUES (:n, :u, :p, :d, :o)"),
        [
            {"n": n, "u": each.user, "p": each.project, "d": each.department, "o": each.organization}
            for n, each in enumerate(people)
        ],
    )
    for number, product in enumerate(PRODUCTS):
        asked = {"number": number, "kind": product.kind, "model": product.model, "provider": product.provider}
        connection.execute(text(_FOUND), asked)


def _calls(connection: Connection, numbers: range, records: int, people: int, currency: str, until: datetime) -> str:
    database, is_sqlite = connection.dialect.name, connection.dialect.name == "sqlite"
    span = timedelta(days=DAYS)
    begin, step = int((until - span).timestamp()), int(span / timedelta(milliseconds=1)) // records
    statement = _INSERT.format(
        numbers=_NUMBERS[database].format(first=numbers.start, end=numbers.stop),
        moment=_MOMENT[database].format(begin=begin, step=step),
        id=_ID[database],
        false="0" if is_sqlite else "false",
        people=people,
        models=MODELS_EACH,
        products=len(PRODUCTS),
        currency=currency,
    )
    return statement if is_sqlite else statement.replace("%", "%%")  # psycopg looks for parameters by it


def _finish(connection: Connection, records: int) -> None:
    for table in ("bench_people", "bench_products"):
        connection.execute(text(f"DROP TABLE {table}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval('cost_records_id_seq', :last)"), {"last": records + 1})


def look_over(url: str) -> None:
    """What PostgreSQL does by itself some minutes after so much was written."""
    engine = open_engine(address(url))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
