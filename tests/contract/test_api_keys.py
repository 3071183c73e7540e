"""The Idempotency-Key, over real HTTP on every database: the same request under the same key is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.store import SqlStore
from suanli.domain.errors import UserError
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, Name
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from tests.cost_desk import CostDesk, Replied
from tests.fakes import FakeClock

PATH = "/api/v1/cost/things"


class Thing(Body):
    name: Name
    price: GivenAmount


class Made(Answer):
    number: int
    price: Amount


def make(visit: Visit) -> Reply:
    """Done as often as there are facts of this name."""
    said: Thing = visit.body
    if said.name == "bad":
        raise UserError("not this one")
    before = visit.tx.facts.get("made")
    number = int(before[0]) + 1 if before else 1
    visit.tx.facts.put("made", str(number), visit.now)
    return Reply(Made(number=number, price=said.price), 201, {"ETag": f'"{number}"'})


@pytest.fixture
def desk(store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    endpoint = Endpoint("POST", PATH, "make", Permission.WRITE, make, body=Thing, reply=Made, status=201)
    with CostDesk(store, clock, [endpoint]) as desk:
        yield desk


GOOD = {"name": "four", "price": "4.5"}


def ask(desk: CostDesk, token: str, key: str, body: object = GOOD, path: str = PATH) -> Replied:
    return desk.call("POST", path, body, token, {"Idempotency-Key": key})


def test_the_same_request_under_the_same_key_is_done_once_and_answered_the_same(desk: CostDesk) -> None:
    token = desk.token()
    first, again, other = ask(desk, token, "a"), ask(desk, token, "a"), ask(desk, token, "b")
    assert (first.status, first.json) == (again.status, again.json) == (201, {"number": 1, "price": "4.500000"})
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert [each.headers["ETag"] for each in (first, again, other)] == ['"1"', '"1"', '"2"']
    assert other.json["number"] == 2


def test_without_a_key_it_is_done_as_often_as_it_is_asked_for(desk: CostDesk) -> None:
    token = desk.token()
    assert [desk.call("POST", PATH, GOOD, token).json["number"] for _ in range(2)] == [1, 2]


def test_another_request_under_the_same_key_is_refused_and_not_done(desk: CostDesk) -> None:
    token = desk.token()
    ask(desk, token, "a")
    for body, path in (({**GOOD, "price": "5"}, PATH), (GOOD, f"{PATH}?money=number")):
        refused = ask(desk, token, "a", body, path)
        assert (refused.status, refused.json["type"]) == (422, "/problems/key-reused")
    assert ask(desk, token, "b").json["number"] == 2


def test_a_key_is_the_tokens_own(desk: CostDesk) -> None:
    assert ask(desk, desk.token(), "a").json["number"] == 1
    assert ask(desk, desk.token(), "a").json["number"] == 2


def test_a_replay_writes_money_as_it_was_asked_for(desk: CostDesk) -> None:
    token = desk.token()
    asked = [ask(desk, token, "a", path=f"{PATH}?money=number") for _ in range(2)]
    assert [each.json["price"] for each in asked] == [4.5, 4.5]


def test_what_was_refused_is_not_remembered(desk: CostDesk) -> None:
    token = desk.token()
    assert ask(desk, token, "a", {**GOOD, "name": "bad"}).status == 422
    assert ask(desk, token, "a").status == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(desk: CostDesk, key: str) -> None:
    assert ask(desk, desk.token(), key).status == 400


def test_a_key_in_any_letters_is_a_key(desk: CostDesk) -> None:
    token = desk.token()
    for key in ("x" * 255, "a'b\"; --", "a b"):
        assert ask(desk, token, key).json == ask(desk, token, key).json


def test_many_at_the_same_moment_are_one(desk: CostDesk) -> None:
    token = desk.token()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(desk, token, "a"), range(24)))
    assert {(each.status, each.json["number"]) for each in replies} == {(201, 1)}
    assert ask(desk, token, "b").json["number"] == 2
