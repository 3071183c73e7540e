"""What several do to the API at the same moment, over real HTTP on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from storage.store import SqlStore
from suanli.web.cost import export, models, records
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock

MODELS = "/api/v1/cost/models"
CHAT = {"name": "chat", "provider": "v", "input_price": "1", "output_price": "1"}


@pytest.fixture
def desk(store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(store, clock, (*models.ENDPOINTS, *records.ENDPOINTS, *export.ENDPOINTS)) as desk:
        yield desk


def test_of_many_changes_of_one_state_one_is_made(desk: CostDesk) -> None:
    token = desk.token()
    tag = desk.call("POST", MODELS, CHAT, token).headers["ETag"]

    def change(number: int) -> int:
        body = {"model_type": f"kind-{number}"}
        return desk.call("PUT", f"{MODELS}/1", body, token, {"If-Match": tag}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(change, range(8)))
    assert statuses == [200] + [412] * 7


def test_of_many_models_of_one_name_one_is_made(desk: CostDesk) -> None:
    token = desk.token()
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: desk.call("POST", MODELS, CHAT, token), range(6)))
    assert sorted(each.status for each in replies) == [201] + [409] * 5
    assert len(desk.get(f"{MODELS}?include=history", token)["items"][0]["history"]) == 1


@pytest.mark.parametrize("letters", ["\0", "千问\0", "'; DROP TABLE cost_records; --", "%", "\U0001f600"])
def test_a_filter_of_any_letters_finds_what_has_them_and_is_no_bug(desk: CostDesk, letters: str) -> None:
    token = desk.token()
    desk.spend("li", "m", "1")
    desk.spend("li", letters, "1")
    found = desk.get(f"/api/v1/cost/records?model_name={quote(letters)}", token)["items"]
    assert [each["id"] for each in found] == [2]
    assert desk.call("GET", f"/api/v1/cost/records/export?model_name={quote(letters)}", token=token).status == 200
    assert desk.get(f"{MODELS}?name={quote(letters)}", token)["items"] == []


def test_a_model_of_letters_that_a_database_refuses_is_kept_without_them(desk: CostDesk) -> None:
    token = desk.token()
    made = desk.call("POST", MODELS, {**CHAT, "name": "a\0b", "aliases": ["c\0d"]}, token)
    assert (made.status, desk.get(MODELS, token)["items"][0]["name"]) == (201, "a?b")
