"""A company whose limits are set and whose calls are reserved over the API, on loopback."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.quotas import ScopeKind
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk, Replied
from tests.dialogue import BOSS, GUEST, LI
from tests.fakes import FakeClock

COST = "/api/v1/cost"
QUOTAS, BUDGETS, REQUESTS = f"{COST}/quotas", f"{COST}/budgets", f"{COST}/quota-requests"
ESTIMATE, RESERVATIONS = f"{COST}/estimate", f"{COST}/reservations"
UNITS: dict[str, Any] = {"model_name": "qwen", "input_units": 1000, "output_units": 1000}
"""A call of 3 yuan, by the prices of `people`."""


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        people(desk)
        yield desk


def people(desk: CostDesk) -> None:
    """Li and Han of the sales department, who both pay by the company too, and a model: 1 and 2 yuan a thousand."""
    desk.party("li", "李雷", person=LI, department="sales", organization="acme")
    desk.party("han", "韩梅", person=GUEST, department="sales", organization="acme")
    desk.party("sales", "销售部", ScopeKind.DEPARTMENT, person=BOSS)
    desk.party("acme", "", ScopeKind.ORGANIZATION)
    desk.model("qwen", "ali", input="1", output="2")


def quota(desk: CostDesk, kind: str, who: str, total: str, **fields: Any) -> dict[str, Any]:
    """A quota that an admin made by the API, monthly unless another period is said."""
    said = {"name": f"{who}的配额", "quota_type": kind, "scope_id": who, "total_quota": total, "period_type": "monthly"}
    replied = desk.call("POST", QUOTAS, said | fields, desk.token(Role.ADMIN, user="boss"))
    assert replied.status == 201, replied.json
    found: dict[str, Any] = replied.json
    return found


def reserve(desk: CostDesk, token: str, key: str, headers: Mapping[str, str] | None = None, **said: Any) -> Replied:
    """Ask for a reservation."""
    return desk.call("POST", RESERVATIONS, {"request_id": key, **said}, token, headers)


def shown(desk: CostDesk, number: int) -> dict[str, Any]:
    """A quota as an operator sees it now."""
    items = desk.get(f"{QUOTAS}?active=all&include=budgets&limit=200", desk.token(user="boss"))["items"]
    found: dict[str, Any] = next(each for each in items if each["id"] == number)
    return found


def figures(desk: CostDesk, number: int) -> tuple[str, str, str]:
    """What is used, held, and left of a quota."""
    found = shown(desk, number)
    return found["used_quota"], found["held_quota"], found["remaining_quota"]


def noted(desk: CostDesk) -> list[tuple[str, str]]:
    """What was changed, and by whose token, newest first."""
    with desk.store.begin() as tx:
        return [(each.what, each.who.partition("(")[2].rstrip(")")) for each in tx.changes.newest(20)]
