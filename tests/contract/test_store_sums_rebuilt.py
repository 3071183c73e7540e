"""Sums made anew from the records are, row for row, those that were put by as the records came."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from storage.cuboids import OF_DAYS, OF_HOURS, OF_MONTHS
from storage.store import SqlStore
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostType, Usage
from suanli.domain.cost.records import Ending, Judged
from suanli.domain.ports import Store
from tests.contract.cost_kit import HOSTILE
from tests.contract.record_kit import costs, write
from tests.contract.sum_kit import connected, put_by, rows
from tests.fakes import NOON


def some_calls(count: int) -> Sequence[Judged]:
    """Calls around two changes of New York's clocks, of few people and models; some long before and after."""
    lot = Random(5)  # noqa: S311 the same calls in every run
    spring, autumn = datetime(2026, 3, 8, 4, tzinfo=NOON.tzinfo), datetime(2026, 11, 1, 3, tzinfo=NOON.tzinfo)

    def call(number: int) -> Judged:
        at = lot.choice((spring, autumn)) + timedelta(
            minutes=lot.randrange(0, 50 * 60, 7), microseconds=lot.randrange(9)
        )
        if number % 50 == 0:
            at = NOON + timedelta(days=lot.randrange(-3000, 3000))
        payer = Payer(lot.choice(("a", "b", HOSTILE)), lot.choice(("", "p")), lot.choice(("d", "e")), "o")
        return costs(
            f"call {number}",
            lot.choice((None, 0, 7, 10**12)),
            payer,
            model_name=lot.choice(("m", "n", HOSTILE)),
            usage=Usage(lot.randrange(1000), lot.randrange(1000), lot.randrange(9), lot.randrange(9), lot.randrange(9)),
            happened_at=at,
            provider_name=lot.choice(("", "v")),
            request_type=lot.choice(("chat", "embeddings")),
            cost_type=lot.choice(tuple(CostType)),
            ending=lot.choice(tuple(Ending)),
            took=lot.choice((None, 5)),
        )

    return [call(number) for number in range(count)]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_every_sum_of_every_level_is_the_same(database_url: str, zone: str) -> None:
    with closing(SqlStore(database_url, ZoneInfo(zone))) as store:
        write(store, *some_calls(600))
        while put_by(store, 250):
            pass
        kept = rows(database_url)
        for _ in range(2):
            with store.begin() as tx:
                assert tx.sums.rebuild() == 600
            assert rows(database_url) == kept
    assert {row[0] for row in kept} == {*OF_DAYS, *OF_HOURS, *OF_MONTHS}


def test_nothing_is_left_of_sums_without_records(store: Store, database_url: str) -> None:
    write(store, *some_calls(3))
    put_by(store)
    with connected(database_url) as connection:
        connection.execute(text("DELETE FROM cost_records"))
    with store.begin() as tx:
        assert tx.sums.rebuild() == 0
    assert rows(database_url) == []
