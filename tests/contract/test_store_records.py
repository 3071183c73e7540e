"""Records: every call once, in all its words, charged to the windows in which it happened."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.book import Bill
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import (
    Cost,
    CostModel,
    CostModelId,
    CostType,
    Price,
    PriceId,
    Rates,
    Unit,
    Usage,
)
from suanli.domain.cost.quotas import Level, Quota, Scope, ScopeKind, Span
from suanli.domain.cost.records import Ending, Fate, Judged, Labels, Record, RecordId, Stated, Written
from suanli.domain.ports import Store, Transaction
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    DAY,
    HOSTILE,
    HOUR,
    MINUTE,
    ZHANG,
    accounts,
    add,
    books,
    change,
    drift,
    levels,
    quota,
    tamper,
)
from tests.contract.record_kit import HE, SHE, costs, everything, fate, fates, recorded, told, write
from tests.fakes import NOON

LAST_MONTH = NOON - 30 * DAY
USD = Currency("USD")
MODEL = CostModel(CostModelId(3), "gpt", "openai", "chat", CostType.AI_API, Unit.TOKEN)
COST = Cost(Nano(1), Nano(2), Nano(4))


def price_in(currency: Currency) -> Price:
    return Price(PriceId(5), MODEL.id, Rates(Nano(1), Nano(2)), currency, NOON)


def used(store: Store, *quotas: Quota) -> list[int]:
    return [books(store, each)[0] for each in quotas]


def test_there_is_no_record_at_first(store: Store) -> None:
    assert write(store) == []
    assert everything(store) == []
    with store.begin() as tx:
        assert (tx.records.find("a"), tx.records.unpriced_models()) == (None, {})


def test_a_record_says_all_that_was_told(store: Store) -> None:
    call = told(
        "r-1",
        usage=Usage(1, 2, 3, 4, 5, is_batch=True),
        provider_name="openai",
        request_type="chat",
        cost_type=CostType.COMPUTE,
        ending=Ending.ABORTED,
        labels=Labels("wx", "session", "sop"),
        hold="no such hold",
        stated=Nano(9),
        took=1234,
    )
    cost = Cost(Nano(1), Nano(2), Nano(3))
    (written,) = write(store, Judged(call, Stated(cost)), now=NOON + HOUR)
    assert written == Written("r-1", Fate.NEW, RecordId(1), Nano(6))
    assert recorded(store, "r-1") == Record(RecordId(1), call, NOON + HOUR, CNY, Nano(6), cost=cost)


def test_text_that_no_database_takes_is_written_as_it_can_be(store: Store) -> None:
    many = [costs(f"{n}{HOSTILE}", 1, Payer(HOSTILE, HOSTILE), model_name=HOSTILE) for n in range(150)]
    add(store, quota(Scope(ScopeKind.USER, HOSTILE), 1000))
    assert fates(write(store, *many)) == [Fate.NEW] * 150
    assert fates(write(store, *many)) == [Fate.KNOWN] * 150
    assert recorded(store, f"7{HOSTILE}").call.payer.user.startswith("支持 ? ? </font>")
    assert drift(store) == ()


def test_a_call_that_is_told_again_changes_nothing(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    assert write(store, costs("a", 10)) == [Written("a", Fate.NEW, RecordId(1), Nano(10))]
    assert write(store, costs("a", 10), now=NOON + DAY) == [Written("a", Fate.KNOWN, RecordId(1), Nano(10))]
    # What it costs is our own finding, not what was told.
    assert write(store, costs("a", 99)) == [Written("a", Fate.KNOWN, RecordId(1), Nano(10))]
    assert (used(store, mine), len(everything(store))) == ([10], 1)


def test_another_call_under_a_known_id_is_a_conflict(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", 10))
    others = [costs("a", 10, SHE), costs("a", 10, took=1), costs("a", 10, usage=Usage(1, 2, 3))]
    for other in others:
        assert fate(store, other) is Fate.CONFLICT
    assert (used(store, mine), recorded(store, "a").call) == ([10], told("a"))


def test_the_same_moment_in_another_zone_is_the_same_word(store: Store) -> None:
    write(store, costs("a", 10))
    assert fate(store, costs("a", 10, happened_at=NOON.astimezone(ZoneInfo("Asia/Kolkata")))) is Fate.KNOWN
    assert recorded(store, "a").call.happened_at.tzinfo is UTC


@pytest.mark.parametrize("more", [0, 200])
def test_a_batch_with_doubles_in_it_charges_each_call_once(store: Store, more: int) -> None:
    (mine,) = add(store, quota(ZHANG, 1000))
    write(store, costs("old", 5))
    rest = [costs(f"k{n}", 1) for n in range(more)]
    written = write(
        store, costs("b", 10), costs("old", 5), costs("b", 10), costs("a", 1), costs("b", 10, took=1), *rest
    )
    first = [Fate.NEW, Fate.KNOWN, Fate.KNOWN, Fate.NEW, Fate.CONFLICT]
    assert fates(written) == first + [Fate.NEW] * more
    assert {each.record for each in written[:5:2]} == {recorded(store, "b").id}
    assert used(store, mine) == [16 + more]
    assert drift(store) == ()


def test_a_bill_keeps_its_model_and_price(store: Store) -> None:
    write(store, Judged(told("a"), Bill(MODEL, price_in(CNY), COST, COST)))
    record = recorded(store, "a")
    assert (record.model, record.price, record.cost, record.original) == (MODEL.id, PriceId(5), COST, COST)
    assert (record.original_currency, record.rate, record.charged) == (CNY, None, 7)


def test_a_bill_in_another_currency_keeps_what_it_was_and_the_rate(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    rate = ExchangeRate(USD, CNY, Decimal("7.100000000001"), NOON)
    original = Cost(Nano(10), Nano(20), Nano(40))
    write(store, Judged(told("a"), Bill(MODEL, price_in(USD), COST, original, rate)))
    record = recorded(store, "a")
    assert (record.cost, record.original, record.original_currency, record.rate) == (COST, original, USD, rate.rate)
    assert used(store, mine) == [7]


def test_an_unpriced_call_has_no_amount_and_is_asked_for_by_its_model(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    (written,) = write(store, costs("a", None))
    write(store, costs("b", None, model_name="n", provider_name="p"), costs("c", None), costs("d", 0))
    record = recorded(store, "a")
    assert (written.fate, written.charged, written.is_priced) == (Fate.NEW, 0, False)
    assert (record.cost, record.original, record.missing, record.is_priced) == (None, None, Missing.PRICE, False)
    assert used(store, mine) == [0]
    with store.begin() as tx:
        assert tx.records.unpriced_models() == {("", "m"): 2, ("p", "n"): 1}


def test_a_late_call_counts_in_the_window_in_which_it_happened(store: Store) -> None:
    mine, all_ = add(store, quota(ZHANG, 100, day=50, hour=10), quota(COMPANY, 1000))
    write(store, costs("a", 9, happened_at=LAST_MONTH), costs("b", 1))
    assert [each.used for each in accounts(store, mine)] == [1, 1, 1]
    assert [each.used for each in accounts(store, mine, LAST_MONTH)] == [9, 9, 9]
    assert [books(store, all_, moment) for moment in (LAST_MONTH, NOON)] == [(9, 0), (1, 0)]
    assert ("user ou_zhang", Span.HOUR, Level.WARNING) in levels(store)
    assert drift(store) == ()


def test_the_calls_of_a_batch_count_each_in_their_own_windows(store: Store) -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    mine, hers = add(store, quota(ZHANG, 10**6, day=10**6, zone=kathmandu), quota(COMPANY, 10**6, hour=10**6))
    moments = [NOON + timedelta(minutes=7 * n) for n in range(400)]
    calls = [costs(f"k{n}", 1, (HE, SHE)[n % 2], happened_at=moment) for n, moment in enumerate(moments)]
    write(store, *calls[::3], *calls[1::3])
    write(store, *calls)
    for moment in moments[::5]:
        his = [m for m in moments[::2] if m.astimezone(kathmandu).date() == moment.astimezone(kathmandu).date()]
        assert accounts(store, mine, moment)[Span.DAY].used == len(his)
        everybodys = [m for m in moments if m.replace(minute=0) == moment.replace(minute=0)]
        assert accounts(store, hers, moment)[1].used == len(everybodys)
    assert drift(store) == ()


def test_a_quota_that_is_added_counts_what_is_told_from_then_on(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", 1))
    (all_,) = add(store, quota(COMPANY, 100))
    write(store, costs("b", 2))
    change(store, mine, active=False)
    write(store, costs("c", 4), costs("d", 8, happened_at=LAST_MONTH))
    assert used(store, mine, all_) == [3, 6]
    assert books(store, all_, LAST_MONTH) == (8, 0)


def test_what_is_paid_in_another_currency_is_against_no_quota(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100, currency=USD))
    write(store, costs("a", 10))
    assert used(store, mine) == [0]


def test_levels_are_reached_once_by_all_calls_of_a_batch_together(store: Store) -> None:
    add(store, quota(ZHANG, 100))
    write(store, *(costs(f"a{n}", 1) for n in range(79)))
    assert levels(store) == []
    write(store, *(costs(f"b{n}", 1) for n in range(17)))
    reached = [("user ou_zhang", Span.PERIOD, level) for level in (Level.CRITICAL, Level.WARNING)]
    assert levels(store) == reached
    write(store, *(costs(f"c{n}", 1) for n in range(200)))
    write(store, *(costs(f"d{n}", 1) for n in range(200)))
    assert sorted(levels(store)) == sorted([*reached, ("user ou_zhang", Span.PERIOD, Level.EXCEEDED)])


def refusals() -> Sequence[tuple[type[Exception], Sequence[Judged]]]:
    naive = costs("naive", 1, happened_at=NOON.replace(tzinfo=None))
    less = Judged(told("less"), Stated(Cost(Nano(2), Nano(-1), Nano(0))))
    return (
        (ValueError, [costs("a", 1), naive]),
        (ValueError, [costs("a", 1), less]),
        (ValueError, [costs("a", 1, took=-1)]),
        (MoneyError, [costs("a", LARGEST), costs("b", 1)]),
        (MoneyError, [costs("a", None, usage=Usage(LARGEST, 1))]),
        (MoneyError, [costs("a", 1), costs("b", LARGEST - 5)]),
    )


@pytest.mark.parametrize("number", range(len(refusals())))
def test_a_batch_that_cannot_be_counted_leaves_nothing_behind(store: Store, number: int) -> None:
    error, calls = refusals()[number]
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("before", 10))
    with pytest.raises(error):
        write(store, *calls)
    assert (used(store, mine), len(everything(store)), drift(store)) == ([10], 1, ())


def test_a_transaction_changes_accounts_once(store: Store) -> None:
    def twice(tx: Transaction) -> None:
        tx.records.write([costs("a", 1)], CNY, NOON)
        tx.records.write([costs("b", 1)], CNY, NOON)

    with pytest.raises(RuntimeError), store.begin() as tx:
        twice(tx)
    assert everything(store) == []


def test_what_a_failed_transaction_opened_is_opened_again(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100, hour=100))

    def fail(tx: Transaction) -> None:
        tx.records.write([costs("a", 1)], CNY, NOON)
        raise KeyError

    with pytest.raises(KeyError), store.begin() as tx:
        fail(tx)
    write(store, costs("a", 1))
    write(store, costs("b", 1, happened_at=NOON + MINUTE))
    assert [each.used for each in accounts(store, mine)] == [2, 2]


def test_a_record_that_somebody_changes_shows_in_the_books(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", 10), costs("b", 10))
    tamper(database_url, "UPDATE cost_records SET charged = 3 WHERE request_id = 'a'")
    (found,) = drift(store)
    assert (found.account.quota, found.account.used, found.used) == (mine.id, 20, 13)
