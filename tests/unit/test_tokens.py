"""Tokens of the API, as they come in."""

import pytest

from suanli.domain.tokens import PREFIX, token_in

TOKEN = PREFIX + "a" * 43


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer   {TOKEN} ", f"BEARER {TOKEN}"])
def test_a_token_is_found_however_the_header_is_written(header: str) -> None:
    assert token_in(header) == TOKEN


@pytest.mark.parametrize("length", [32, 200])
def test_a_token_has_a_length(length: int) -> None:
    assert token_in("Bearer " + "x" * length) == "x" * length
    wrong = 31 if length == 32 else 201
    assert token_in("Bearer " + "x" * wrong) is None


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer:{TOKEN}"])
def test_what_is_no_token_is_not_looked_up(header: str) -> None:
    assert token_in(header) is None
