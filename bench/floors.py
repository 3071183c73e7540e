"""The statements of a hold, and of a whole call, run by pgbench and by sqlite3 alone: what the database bears at most.

They are what a hold and a call have to do, one statement for each step, as one would write them; the store does the
same for one call alone, on PostgreSQL in fewer statements. The steps: the hold against the edition of quotas it was
planned by, the row of the hold, its four accounts locked in their order and changed; and for a whole call, in a
transaction of its own, the hold settled, the accounts changed again, the record, and what it adds to the sums.
"""

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.proof import WrongError
from suanli.clock import SystemClock
from tests.postgres import programs

_AMOUNT, _ACTUAL = 10_000_000, 532_000
_SETS = "SELECT id, members FROM account_sets ORDER BY id"
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_SETS_USED = 64

_HOLD = """
    BEGIN;
    SELECT (SELECT edition FROM quota_book),
        EXISTS (SELECT key FROM holds WHERE state = 'held' AND expires_at <= {now}),
        id, "limit", granted, used, held, soft FROM accounts WHERE id IN ({members});
    INSERT INTO holds (key, fingerprint, account_set, amount, currency, state, created_at, expires_at)
        VALUES ({key}, {key}, {of}, {amount}, 'CNY', 'held', {now}, {later}) ON CONFLICT DO NOTHING RETURNING key;
    SELECT id, "limit", granted, used, held, soft FROM accounts WHERE id IN ({members}) ORDER BY rank, id{lock};
    UPDATE accounts SET held = held + {amount} WHERE id IN ({members});
    COMMIT;
"""
_SETTLE = """
    BEGIN;
    SELECT edition FROM price_book;
    SELECT key, fingerprint, amount, state, account_set FROM holds WHERE key = {key}{lock};
    SELECT request_id, id, fingerprint, charged FROM cost_records WHERE request_id = {key};
    INSERT INTO cost_records (request_id, fingerprint, hold, "user", project, department, organization, model_name,
        provider_name, request_type, cost_type, input_units, output_units, cached_units, cache_write_units,
        reasoning_units, is_batch, ending, wechat_account_id, session_id, sop_instance_id, took, currency, charged,
        model, price, input_cost, output_cost, base_cost, total_cost, missing, happened_at, recorded_at)
        VALUES ({key}, {key}, {key}, 'ou_00001', 'project-1', 'department-1', 'company', 'deepseek-0', 'deepseek',
        'chat', 'ai_api', 400, 120, 0, 0, 0, {false}, 'ok', '', '', '', 5, 'CNY', {actual}, 1, 1, 280000, 252000, 0,
        {actual}, '', {now}, {now});
    UPDATE holds SET state = 'settled', actual = {actual}, finished_at = {now} WHERE key = {key};
    SELECT members FROM account_sets WHERE id = {of};
    SELECT id, "limit", granted, used, held, soft FROM accounts WHERE id IN ({members}) ORDER BY rank, id{lock};
    UPDATE accounts SET used = used + {actual}, held = held - {amount} WHERE id IN ({members});
    INSERT INTO sum_tail (quarter, "user", project, department, organization, model, provider, request_type, cost_type,
        requests, unpriced, failed, input_units, output_units, cached_units, total_units, input_cost, output_cost,
        total_cost, took, timed)
        VALUES ({quarter}, 'ou_00001', 'project-1', 'department-1', 'company', 'deepseek-0', 'deepseek', 'chat',
        'ai_api', 1, 0, 0, 400, 120, 0, 520, 280000, 252000, {actual}, 5, 1);
    COMMIT;
"""


def _statements(of: int, members: str, *, key: str, is_sqlite: bool, calls: bool) -> str:
    """What is run for one hold, or for one call."""
    wanted = _HOLD + (_SETTLE if calls else "")
    moment = "strftime('%Y-%m-%d %H:%M:%f000', 'now'{})" if is_sqlite else "now(){}"
    begin = "BEGIN IMMEDIATE" if is_sqlite else "BEGIN"
    return wanted.replace("BEGIN;", f"{begin};").format(
        of=of,
        members=", ".join(members.split()),
        key=key,
        now=moment.format(""),
        later=moment.format(", '+10 minutes'" if is_sqlite else " + interval '10 minutes'"),
        quarter="strftime('%s', 'now') / 900" if is_sqlite else "(extract(epoch FROM now()) / 900)::int",
        lock="" if is_sqlite else " FOR UPDATE",
        amount=_AMOUNT,
        actual=_ACTUAL,
        false="0" if is_sqlite else "false",
    )


def pgbench(url: str, folder: Path, clients: int, seconds: float, *, calls: bool) -> float:
    """Holds, or calls, a second by so many clients, each time of another of the callers."""
    with closing(psycopg.connect(url)) as connection:
        sets = connection.execute(_SETS).fetchall()[:_SETS_USED]
    scripts = folder / f"pgbench-{uuid4().hex}"
    scripts.mkdir()
    command = [
        str(programs() / "pgbench"),
        "-n",
        "-M",
        "prepared",
        "-c",
        str(clients),
        "-j",
        "2",
        "-T",
        str(int(seconds)),
    ]
    for of, members in sets:
        script = scripts / f"{of}.sql"
        key = "\\set key random(1, 9000000000000000000)\n"
        lines = _statements(of, members, key="'b' || :key", is_sqlite=False, calls=calls)
        script.write_text(key + lines, "utf-8")
        command += ["-f", str(script)]
    parts = psycopg.conninfo.conninfo_to_dict(url)
    command += ["-h", str(parts["host"]), "-U", str(parts["user"]), str(parts["dbname"])]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds + 120)
    finally:
        shutil.rmtree(scripts)
    found = _TPS.search(done.stdout)
    if done.returncode or found is None:
        raise WrongError(f"pgbench failed:\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    return float(found[1])


def raw_sqlite(path: Path, seconds: float, *, calls: bool) -> float:
    """The same by one thread, over the driver alone, in a database as the product has it."""
    clock = SystemClock()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        sets = connection.execute(_SETS).fetchall()[:_SETS_USED]
        plans = [_listed(of, members, calls=calls) for of, members in sets]
        done, started = 0, clock.elapsed()
        while clock.elapsed() - started < seconds:
            given = {"key": uuid4().hex}
            for statement, is_keyed in plans[done % len(plans)]:
                connection.execute(statement, given if is_keyed else {}).fetchall()
            done += 1
        return done / (clock.elapsed() - started)


def _listed(of: int, members: str, *, calls: bool) -> list[tuple[str, bool]]:
    """Statements one by one, and whether there is a key in them."""
    whole = _statements(of, members, key=":key", is_sqlite=True, calls=calls)
    return [(each.strip(), ":key" in each) for each in whole.split(";") if each.strip()]
