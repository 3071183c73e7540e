"""A caller is remembered from call to call; whatever was revoked or priced anew counts from the next call on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import CostModel, Price, PriceId, Rates
from suanli.domain.cost.quotas import Quota
from suanli.domain.cost.rules import CNY
from suanli.domain.tokens import digest_of
from tests.fakes import NOON, FakeClock
from tests.gateway_kit import EACH, RATE, SECRET, World, add_token, gateway

SOON = "sk-suanli-" + "s" * 40
CHAT: dict[str, Any] = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
CALL = 12 * EACH
"""What the stand-in's answer comes to, at the first price."""


@pytest.fixture
def world(sqlite_store: SqlStore) -> Iterator[World]:
    """A caller who has called once, and is remembered."""
    with gateway(sqlite_store) as world:
        assert world.chat().status_code == 200
        yield world


def code_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def model_of(tx: Any, name: str) -> CostModel:
    found: tuple[CostModel, ...] = tuple(each for each in tx.models.all() if each.name == name)
    return found[0]


def edit(world: World, change: Callable[[Any], object]) -> None:
    with world.store.begin() as tx:
        change(tx)


def revoke(world: World) -> None:
    edit(world, lambda tx: tx.tokens.revoke(tx.tokens.by_digest(digest_of(SECRET)).id, world.clock.now()))


def test_a_key_that_was_revoked_opens_nothing_whatever_is_asked_with_it(world: World) -> None:
    before = world.books()
    revoke(world)
    bodies: tuple[dict[str, Any], ...] = ({}, {"model": "none"}, {"model": "unknown", "messages": [{}]}, CHAT)
    for body in bodies:
        assert code_of(world.ask(**body)) == (401, "invalid_api_key")
        assert code_of(world.ask(**body)) == (401, "invalid_api_key")
    assert (len(world.records()), world.books()) == (1, before)
    assert len(world.first.asked) == 1


def test_a_key_that_runs_out_opens_nothing_from_that_moment_on(sqlite_store: SqlStore) -> None:
    clock = FakeClock()
    with gateway(sqlite_store, clock=clock) as world:
        edit(world, lambda tx: add_token(tx.tokens, SOON, expires_at=NOON + timedelta(minutes=1)))
        assert world.ask(key=SOON, **CHAT).status_code == 200
        clock.advance(timedelta(minutes=1))
        assert code_of(world.ask(key=SOON, **CHAT)) == (401, "invalid_api_key")


def test_a_new_price_holds_and_is_charged_from_the_next_call_on(world: World) -> None:
    first = world.records()[0].charged
    rate = Nano(3 * RATE)

    def raise_price(tx: Any) -> None:
        known = model_of(tx, "small-1")
        tx.prices.add(Price(PriceId(0), known.id, Rates(rate, rate), CNY, world.clock.now()), world.clock.now())

    edit(world, raise_price)
    assert world.chat().status_code == 200
    assert world.records()[1].charged == 3 * first
    held = [world.hold(record.call.request_id).amount for record in world.records()]
    assert held[1] == 3 * held[0]


def test_a_model_that_is_switched_off_is_refused_from_the_next_call_on_and_a_new_one_passes(world: World) -> None:
    with world.store.begin() as tx:
        known = model_of(tx, "small-1")
    edit(world, lambda tx: tx.models.change(replace(known, active=False)))
    assert code_of(world.chat()) == (422, "model_not_priced")
    edit(world, lambda tx: tx.models.change(known))
    assert world.chat().status_code == 200
    assert len(world.records()) == 2


def test_a_limit_that_was_lowered_refuses_the_next_call(world: World) -> None:
    def lower(tx: Any) -> None:
        quota: Quota = tx.quotas.find(world.quota.id)
        assert tx.quotas.change(replace(quota, total=Nano(CALL)), world.clock.now())

    edit(world, lower)
    assert code_of(world.chat()) == (429, "insufficient_quota")
    assert len(world.first.asked) == 1
