"""Calls that are told of in any batches, in any order and more than once: records, accounts and sums are the same."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.cost.ingest import take_in
from storage.store import SqlStore
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Tier, Unit, Usage
from suanli.domain.cost.records import Call, Ending, Fate
from suanli.domain.cost.rules import CNY
from suanli.domain.cost.sums import Dimension, Grain, Question
from suanli.domain.cost.windows import Period
from tests.contract.cost_kit import COMPANY, DAY, HERS, HIS, HOUR, LI, SALES, ZHANG, add, hold, quota
from tests.contract.record_kit import HE, SHE, records_of
from tests.dialogue import SITE
from tests.fakes import NOON

LONG_AGO = NOON - 400 * DAY
USD = Currency("USD")
PAYERS = (HE, SHE, Payer("ou_li", organization="company"), Payer("ou_nobody"))
MODELS = ("cheap", "tiered", "foreign", "by the call", "unknown")
AGES = st.sampled_from([timedelta(0), timedelta(minutes=20), HOUR, 12 * HOUR, 13 * HOUR, DAY, 20 * DAY, 40 * DAY])
UNITS = st.integers(0, 3_000)


@dataclass(frozen=True, slots=True)
class Told:
    """A call before it has its id; every other one that may have a hold has one of its own."""

    payer: Payer
    model: str
    usage: Usage
    age: timedelta
    ending: Ending
    stated: Nano | None
    is_held: bool


CALLS = st.lists(
    st.builds(
        Told,
        st.sampled_from(PAYERS),
        st.sampled_from(MODELS),
        st.builds(Usage, UNITS, UNITS, UNITS, UNITS, UNITS, st.booleans()),
        AGES,
        st.sampled_from(Ending),
        st.none() | st.none() | st.integers(0, 50_000).map(Nano),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
QUOTAS = (
    quota(ZHANG, 4_000_000, day=2_000_000, hour=1_000_000, soft=True),
    quota(LI, 10**12, period=Period.HOURLY),
    quota(SALES, 3_000_000, period=Period.WEEKLY, soft=True, warning=0.5),
    quota(COMPANY, 10**12, day=10**12, period=Period.YEARLY),
)


@pytest.fixture(scope="module")
def furnished(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with prices and quotas, to be copied."""
    path = tmp_path_factory.mktemp("furnished") / "suanli.db"
    shutil.copyfile(migrated, path)
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        add(store, *QUOTAS)
        price(store)
    return path


@contextmanager
def opened(furnished: Path, holds: Sequence[tuple[str, Payer]]) -> Iterator[SqlStore]:
    """A database of its own, with these holds."""
    with TemporaryDirectory() as folder:
        shutil.copyfile(furnished, f"{folder}/suanli.db")
        with closing(SqlStore(f"sqlite:///{folder}/suanli.db")) as store:
            for key, payer in holds:
                assert hold(store, key, 700, HIS if payer == HE else HERS)
            yield store


def price(store: SqlStore) -> None:
    rate = Nano(10**6)
    with store.begin() as tx:
        tx.exchange.add(ExchangeRate(USD, CNY, Decimal("7.1234567"), LONG_AGO, source="", set_by=""), LONG_AGO)
        for name, unit, currency, tiers in (
            ("cheap", Unit.TOKEN, CNY, ()),
            ("tiered", Unit.TOKEN, CNY, (Tier(4_000, Rates(Nano(3 * rate), Nano(7 * rate))),)),
            ("foreign", Unit.TOKEN, USD, ()),
            ("by the call", Unit.REQUEST, CNY, ()),
        ):
            model = tx.models.add(CostModel(CostModelId(0), name, "", "chat", CostType.AI_API, unit))
            assert model is not None
            rates = Rates(rate, Nano(2 * rate), Nano(3), cached=Nano(rate // 10), cache_write=Nano(rate * 5 // 4))
            tx.prices.add(Price(PriceId(0), model.id, rates, currency, LONG_AGO, tiers=tiers), LONG_AGO)


def calls_of(told: Sequence[Told]) -> Sequence[Call]:
    return [
        Call(
            f"r{number}",
            each.payer,
            each.model,
            each.usage,
            NOON - each.age,
            ending=each.ending,
            stated=each.stated,
            hold=f"h{number}" if each.is_held else None,
            took=number if number % 2 else None,
        )
        for number, each in enumerate(told)
    ]


def held(calls: Sequence[Call]) -> Sequence[tuple[str, Payer]]:
    """The holds of those that have one; of some of the others the hold is one that nobody knows."""
    return [(call.hold, call.payer) for call in calls if call.hold and call.payer in (HE, SHE)]


def everything(store: SqlStore, calls: Sequence[Call]) -> Mapping[str, Any]:
    """All that can be asked of it, without what depends on when somebody told it."""
    moments = sorted({NOON, *(call.happened_at for call in calls)})
    with store.begin() as tx:
        assert tx.books.reconcile(NOON, None).is_clean
        records = (replace(each, id=0, recorded_at=NOON) for each in records_of(tx))  # type: ignore[arg-type]  # no number of a record
        questions = [Question(NOON - 500 * DAY, NOON + DAY, grain, by) for grain in Grain for by in (None, *Dimension)]
        return {
            "records": {each.call.request_id: each for each in records},
            "accounts": [tx.quotas.accounts(each.id, at) for each in tx.quotas.all() for at in moments],
            "holds": {key: tx.holds.find(key) for key, _ in held(calls)},
            "told": {(x.account.quota, x.account.span, x.account.window, x.level) for x in tx.quotas.untold(NOON, 999)},
            "sums": [tx.sums.of(each) for each in questions],
            "unpriced": tx.records.unpriced_models(),
        }


def tell(store: SqlStore, calls: Sequence[Call], now: datetime) -> list[Fate]:
    with store.begin() as tx:
        return [each.fate for each in take_in(tx, SITE, calls, now)]


@settings(max_examples=25, deadline=None)
@given(told=CALLS, data=st.data())
def test_calls_in_any_batches_and_order_come_to_the_same(
    furnished: Path, told: Sequence[Told], data: st.DataObject
) -> None:
    calls = calls_of(told)
    again = data.draw(st.lists(st.sampled_from(calls), max_size=6))
    shuffled = data.draw(st.permutations([*calls, *again]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=5)))
    with opened(furnished, held(calls)) as store:
        assert tell(store, calls, NOON) == [Fate.NEW] * len(calls)
        at_once = everything(store, calls)
    with opened(furnished, held(calls)) as store:
        fates: list[Fate] = []
        for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
            fates += tell(store, shuffled[start:end], NOON + start * timedelta(seconds=1))
            with store.begin() as tx:
                tx.sums.put_by(data.draw(st.integers(0, 9)))
        assert fates.count(Fate.NEW) == len(calls)
        assert fates.count(Fate.KNOWN) == len(again)
        assert everything(store, calls) == at_once
    assert at_once["records"].keys() == {call.request_id for call in calls}
