"""Whether the books agree, asked over the API: by operators only, and nothing is changed by asking."""

from decimal import Decimal

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.money import Currency, nano
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.tokens import Permission
from suanli.web.cost import books
from tests.contract.cost_kit import tamper
from tests.cost_desk import CostDesk
from tests.dialogue import SHANGHAI
from tests.fakes import FakeClock

PATH = "/api/v1/cost/reconcile"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> CostDesk:
    return CostDesk(sqlite_store, clock, books.ENDPOINTS)


def test_books_that_agree_are_clean_and_one_changed_by_hand_is_named(desk: CostDesk, sqlite_url: str) -> None:
    quota = Quota(
        QuotaId(0), "月", Scope(ScopeKind.USER, "li"), nano(Decimal(100)), Period.MONTHLY, SHANGHAI, Currency("CNY")
    )
    with desk.store.begin() as tx:
        tx.quotas.add(quota)
    desk.spend("li", "gpt", "2")
    desk.put_by()
    with desk:
        token = desk.token()
        found = desk.call("POST", PATH, token=token).json
        assert (found["clean"], found["accounts_seen"], found["records_seen"]) == (True, 1, 1)
        tamper(sqlite_url, "UPDATE cost_records SET charged = charged - 500000000, total_cost = total_cost - 500000000")
        for _ in range(2):  # the second time as the first: nothing was corrected
            found = desk.call("POST", PATH, token=token).json
            assert not found["clean"]
            assert [(each["name"], each["used"], each["recorded_used"]) for each in found["accounts"]] == [
                ("月", "2.000000", "1.500000")
            ]
            assert [(each["summed"], each["recorded"]) for each in found["days"]] == [("2.000000", "1.500000")]


def test_only_operators_with_the_permission_may_ask(desk: CostDesk) -> None:
    with desk:
        assert desk.call("POST", PATH, token=desk.token(Role.MEMBER)).status == 403
        assert desk.call("POST", PATH, token=desk.token(permissions=[Permission.READ])).status == 403
