"""Tokens of the API: kept as digests, ended once."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer
from suanli.domain.ports import Store
from suanli.domain.tokens import ApiToken, Permission, TokenId, digest_of
from tests.contract.cost_kit import DAY, HOUR
from tests.contract.together import in_threads
from tests.fakes import NOON

TOKEN = ApiToken(
    TokenId(0),
    "报表",
    digest_of("sk-suanli-1"),
    Payer("zhang", "bot", "sales", "company"),
    frozenset(Permission),
    Role.OPERATOR,
    "ou_boss",
    NOON,
    NOON + DAY,
)


def add(store: Store, token: ApiToken = TOKEN, **fields: Any) -> ApiToken:
    with store.begin() as tx:
        return tx.tokens.add(replace(token, **fields))


def by_digest(store: Store, digest: str) -> ApiToken | None:
    with store.begin() as tx:
        return tx.tokens.by_digest(digest)


def test_there_is_no_token_at_first(store: Store) -> None:
    assert by_digest(store, TOKEN.digest) is None
    assert by_digest(store, "") is None
    with store.begin() as tx:
        assert tx.tokens.all() == ()
        assert not tx.tokens.revoke(TokenId(1), NOON)


def test_a_token_is_found_by_its_digest_as_it_was_added(store: Store) -> None:
    one = add(store)
    bare = add(store, digest="d2", payer=Payer("li"), permissions=frozenset(), role=Role.NONE, expires_at=None, name="")
    assert by_digest(store, TOKEN.digest) == one
    assert by_digest(store, "d2") == bare
    assert by_digest(store, TOKEN.digest.upper()) is None
    with store.begin() as tx:
        assert tx.tokens.all() == (one, bare)


def test_one_digest_is_that_of_one_token(store: Store) -> None:
    add(store)
    with pytest.raises(IntegrityError):
        add(store, name="another")


def test_a_token_is_ended_once_and_stays_known(store: Store) -> None:
    one, other = add(store), add(store, digest="d2")
    with store.begin() as tx:
        assert tx.tokens.revoke(one.id, NOON + HOUR)
    with store.begin() as tx:
        assert not tx.tokens.revoke(one.id, NOON + 2 * HOUR)
    assert by_digest(store, one.digest) == replace(one, revoked_at=NOON + HOUR)
    assert by_digest(store, "d2") == other


def test_a_token_whose_time_is_over_cannot_be_ended(store: Store) -> None:
    one, forever = add(store), add(store, digest="d2", expires_at=None)
    with store.begin() as tx:
        assert not tx.tokens.revoke(one.id, NOON + DAY)
        assert tx.tokens.revoke(forever.id, NOON + 100 * DAY)
    assert by_digest(store, one.digest) == one


def test_of_those_who_end_a_token_at_once_one_does(store: Store, database_url: str) -> None:
    one = add(store)

    def revoke(store: Store, number: int) -> bool:
        with store.begin() as tx:
            return tx.tokens.revoke(one.id, NOON + number * HOUR)

    assert sum(in_threads(database_url, revoke)) == 1


def test_a_number_is_never_given_twice(store: Store) -> None:
    one = add(store)
    with pytest.raises(IntegrityError):
        add(store)
    assert add(store, digest="d2").id > one.id
