"""Lists of prices taken over: what is done, what is left alone, and what is known of it afterwards."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobs.import_prices import Order, look_at, take_over
from storage.store import SqlStore
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.offers import Concern, LeftOut, Listing, ModelKey, Offer, Terms, Why
from suanli.domain.cost.price_changes import Kind
from suanli.domain.cost.price_imports import Plan
from suanli.domain.cost.prices import Rates, Tier, Unit, price_at
from suanli.domain.errors import UserError
from tests.fakes import NOON
from tests.ledgers import imports
from tests.price_map import listing
from tests.watched_store import WatchedStore

CNY = Currency("CNY")
DAY = timedelta(days=1)
ROOT = Actor("root", Way.CLI)
CHAT, EMBEDDING, OTHER = (ModelKey(*each.split("/")) for each in ("deepseek/chat", "deepseek/embedding", "zhipu/glm"))


def offer(key: ModelKey, rate: int = 1_000, **fields: object) -> Offer:
    terms = Terms(Unit.TOKEN, CNY, Rates(Nano(rate), Nano(rate)))
    made = Offer(key, terms, "chat", source="https://…")
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of an offer, as each test says


def listed(*offers: Offer, since: datetime = NOON, catalogue: str = "litellm", **fields: Collection[str]) -> Order:
    said = {name: frozenset(words) for name, words in fields.items()}
    left = (LeftOut("x", Why.INCOMPLETE),)
    return Order(Listing(offers, left), since, ROOT, catalogue, "litellm 1", "ab12", **said)


def take(store: SqlStore, order: Order, now: datetime = NOON) -> Plan:
    return take_over(store, order, CNY, now)


def book(store: SqlStore) -> PriceBook:
    with store.begin() as tx:
        return tx.prices.book(CNY)


def rate(store: SqlStore, key: ModelKey, at: datetime = NOON) -> int | None:
    with store.begin() as tx:
        model = tx.models.named(key.provider, key.name)
        price = model and price_at(tx.prices.of(model.id), at)
    return price.rates.input if price else None


def test_a_look_changes_nothing(sqlite_store: SqlStore) -> None:
    plan = look_at(sqlite_store, listed(offer(CHAT)), CNY)
    assert [change.kind for change in plan.taken] == [Kind.NEW]
    assert book(sqlite_store).models == {}


def test_a_list_is_taken_over_with_its_models_prices_and_tiers_and_that_is_noted(sqlite_store: SqlStore) -> None:
    dear = Terms(Unit.MINUTE, CNY, Rates(Nano(1), Nano(2)), (Tier(9, Rates(Nano(3), Nano(4))),))
    whole = offer(CHAT, terms=dear, model_type="speech", unit_size=1, aliases=("a", "b"))
    take(sqlite_store, listed(whole, offer(OTHER, source="")))
    with sqlite_store.begin() as tx:
        chat, other = tx.models.all()
        (price,), (plain,) = tx.prices.of(chat.id), tx.prices.of(other.id)
        (noted,) = tx.changes.newest(9)
    (known,) = imports(sqlite_store)
    assert (chat.model_type, chat.unit, chat.unit_size, chat.aliases) == ("speech", Unit.MINUTE, 1, ("a", "b"))
    assert (price.rates, price.tiers, price.valid_from, price.valid_to) == (dear.rates, dear.tiers, NOON, None)
    assert (price.source, plain.source, price.set_by) == ("https://…", "litellm 1", "root")
    assert (known.catalogue, known.source, known.sha256, known.actor, known.at) == (
        "litellm", "litellm 1", "ab12", "root", NOON,
    )  # fmt: skip
    assert (known.new, known.changed, known.removed, known.left_out) == (2, 0, 0, 1)
    assert (noted.who, noted.way, noted.what, noted.subject) == ("root", Way.CLI, "prices.import", "prices litellm")
    assert noted.after == {
        "source": "litellm 1", "sha256": "ab12", "prices": "2", "models": "deepseek/chat, zhipu/glm",
    }  # fmt: skip


def test_the_same_list_again_changes_nothing_and_is_not_noted(sqlite_store: SqlStore) -> None:
    order = replace(listed(), listing=listing())
    first = take(sqlite_store, order)
    before = book(sqlite_store)
    again = take(sqlite_store, replace(order, since=NOON + DAY), NOON + DAY)
    assert len(first.taken) == len(before.models) > 10
    assert again.is_empty
    assert book(sqlite_store) is before
    with sqlite_store.begin() as tx:
        assert len(tx.changes.newest(9)) == 1
    assert len(imports(sqlite_store)) == 1


def test_a_change_keeps_what_held_before(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000), offer(OTHER)))
    plan = take(sqlite_store, listed(offer(CHAT, 2_000), offer(OTHER), since=NOON + DAY), NOON + DAY)
    assert [(change.offer.key, change.kind) for change in plan.taken] == [(CHAT, Kind.CHANGED)]
    assert [rate(sqlite_store, CHAT, NOON + hours * DAY / 24) for hours in (0, 23, 24)] == [1_000, 1_000, 2_000]


def test_a_list_of_prices_to_come_and_one_for_what_had_none_in_the_past(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000)))
    tomorrow = listed(offer(CHAT, 2_000), since=NOON + DAY)
    take(sqlite_store, tomorrow)
    assert take(sqlite_store, tomorrow).is_empty
    take(sqlite_store, listed(offer(CHAT, 500), since=NOON - DAY))
    assert [rate(sqlite_store, CHAT, NOON + days * DAY) for days in (-2, -1, 0, 1)] == [None, 500, 1_000, 2_000]


def test_prices_that_cannot_begin_then_leave_everything_as_it_was(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000)))
    late = listed(offer(OTHER), offer(CHAT, 2_000))
    with pytest.raises(UserError, match="deepseek/chat: what held before now"):
        take(sqlite_store, late, NOON + DAY)
    assert rate(sqlite_store, OTHER) is None
    with sqlite_store.begin() as tx:
        assert len(tx.models.all(active_only=False)) == 1
    assert len(imports(sqlite_store)) == 1


def test_what_is_suspicious_is_taken_by_its_name_alone(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000), offer(OTHER, 1_000)))
    jump = (offer(CHAT, 9_000), offer(OTHER, 9_000), offer(EMBEDDING, concerns=frozenset({Concern.FREE})))
    tomorrow = NOON + DAY
    assert take(sqlite_store, listed(*jump, since=tomorrow), tomorrow).taken == ()
    take(sqlite_store, listed(*jump, since=tomorrow, accept=["deepseek/chat"]), tomorrow)
    assert [rate(sqlite_store, key, tomorrow) for key in (CHAT, OTHER, EMBEDDING)] == [9_000, 1_000, None]


@pytest.mark.parametrize(
    ("accept", "only"), [(["deepseek/chad"], []), ([], ["deepsek"]), (["zhipu/glm"], ["deepseek"])]
)
def test_a_name_that_the_list_does_not_have_stops_it(
    sqlite_store: SqlStore, accept: list[str], only: list[str]
) -> None:
    plan = take(sqlite_store, listed(offer(CHAT), offer(OTHER), accept=accept, only=only))
    assert not plan.is_possible
    assert len(plan.unknown) == 1
    assert book(sqlite_store).models == {}


@pytest.mark.parametrize(
    ("only", "expected"),
    [(["deepseek"], {CHAT, EMBEDDING}), (["deepseek/chat", "zhipu"], {CHAT, OTHER}), (["zhipu/glm"], {OTHER})],
)
def test_only_what_is_asked_for_is_taken(sqlite_store: SqlStore, only: list[str], expected: set[ModelKey]) -> None:
    plan = take(sqlite_store, listed(offer(CHAT), offer(EMBEDDING), offer(OTHER), only=only))
    assert {change.offer.key for change in plan.taken} == expected


def test_what_a_list_does_not_have_any_more_is_said_and_keeps_its_price(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT), offer(OTHER)))
    take(sqlite_store, listed(offer(EMBEDDING), catalogue="prices.csv"))
    plan = take(sqlite_store, listed(offer(CHAT, 1_100), since=NOON + DAY), NOON + DAY)
    assert plan.comparison.removed == (OTHER,)  # the embedding is in another list
    assert rate(sqlite_store, OTHER, NOON + DAY) == 1_000
    narrow = look_at(sqlite_store, listed(offer(CHAT, 1_100), since=NOON + DAY, only=["deepseek"]), CNY)
    assert narrow.comparison.removed == ()


def test_a_price_that_was_set_by_hand_is_not_undone_by_a_list(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000)))
    hand = replace(listed(offer(CHAT, 1_200), since=NOON + DAY, accept=["deepseek/chat"]), catalogue="")
    take(sqlite_store, hand, NOON + DAY)
    with sqlite_store.begin() as tx:
        noted = tx.changes.newest(1)[0]
    assert (noted.what, noted.subject) == ("prices.set", "model deepseek/chat")
    assert (noted.before["input"], noted.after["input"]) == ("0.000001", "0.0000012")
    later = listed(offer(CHAT, 1_000), since=NOON + 2 * DAY)
    plan = take(sqlite_store, later, NOON + 2 * DAY)
    assert plan.taken == ()
    assert plan.comparison.changes[0].concerns == {Concern.BY_HAND}
    assert plan.comparison.removed == ()
    take(sqlite_store, replace(later, accept=frozenset({"deepseek/chat"})), NOON + 2 * DAY)
    assert rate(sqlite_store, CHAT, NOON + 2 * DAY) == 1_000


def test_a_deleted_model_stays_deleted_until_it_is_named(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT), offer(OTHER)))
    with sqlite_store.begin() as tx:
        gone = tx.models.all()[0]
        tx.models.change(replace(gone, active=False))
    tomorrow = NOON + DAY
    plan = take(sqlite_store, listed(offer(CHAT, 2_000), offer(OTHER), since=tomorrow), tomorrow)
    assert (plan.deleted, plan.is_empty) == ((CHAT,), True)
    take(sqlite_store, listed(offer(CHAT, 1_000), since=tomorrow, accept=["deepseek/chat"]), tomorrow)
    with sqlite_store.begin() as tx:
        assert tx.models.named("deepseek", "chat") == gone
        assert len(tx.prices.of(gone.id)) == 1


def test_a_model_is_never_priced_for_another_unit(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT)))
    calls = offer(CHAT, terms=Terms(Unit.REQUEST, CNY, Rates(Nano(7), Nano(0))))
    order = listed(calls, offer(OTHER), since=NOON + DAY)
    plan = take(sqlite_store, order, NOON + DAY)
    assert [change.offer.key for change in plan.other_units] == [CHAT]
    assert [change.offer.key for change in plan.taken] == [OTHER]
    named = take(sqlite_store, replace(order, accept=frozenset({"deepseek/chat"})), NOON + DAY)
    assert (named.is_possible, named.refused) == (False, (CHAT,))


def test_more_names_in_a_list_are_taken_over_too(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, aliases=("a",))))
    plan = take(sqlite_store, listed(offer(CHAT, aliases=("b",))))
    assert (len(plan.taken), len(plan.aliases)) == (0, 1)
    assert book(sqlite_store).names.find("b") == book(sqlite_store).names.find("a")
    assert take(sqlite_store, listed(offer(CHAT, aliases=("a",)))).is_empty


def test_lists_are_compared_where_nobody_waits_and_nothing_is_written_for_nothing(sqlite_store: SqlStore) -> None:
    store = WatchedStore(sqlite_store)
    look_at(store, listed(offer(CHAT)), CNY)
    assert not take_over(store, listed(offer(CHAT), accept=["nobody/has-it"]), CNY, NOON).is_possible
    assert store.writes == 0
    assert len(take_over(store, listed(offer(CHAT)), CNY, NOON).taken) == 1
    assert take_over(store, listed(offer(CHAT)), CNY, NOON).is_empty
    assert store.writes == 1


def test_of_two_who_take_over_the_same_list_at_once_one_does(sqlite_store: SqlStore) -> None:
    order = listed(offer(CHAT), offer(OTHER))
    store = WatchedStore(sqlite_store, lambda: take(sqlite_store, order))
    assert take_over(store, order, CNY, NOON).is_empty
    with sqlite_store.begin() as tx:
        assert len(tx.changes.newest(9)) == 1


def test_what_somebody_changed_while_a_list_was_compared_is_not_undone(sqlite_store: SqlStore) -> None:
    take(sqlite_store, listed(offer(CHAT, 1_000)))
    hand = replace(listed(offer(CHAT, 1_200), since=NOON + DAY, accept=["deepseek/chat"]), catalogue="")
    store = WatchedStore(sqlite_store, lambda: take(sqlite_store, hand, NOON + DAY))
    plan = take_over(store, listed(offer(CHAT, 1_100), since=NOON + 2 * DAY), CNY, NOON + DAY)
    assert plan.taken == ()
    assert rate(sqlite_store, CHAT, NOON + 2 * DAY) == 1_200
