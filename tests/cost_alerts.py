"""A company whose money is watched: people, quotas, and the cards that they get."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.plain import as_text
from jobs.tell_costs import TellCosts
from storage.store import SqlStore
from suanli.domain.answer import Buttons, Form
from suanli.domain.cost.alerts import CostAlert, CostAlertId
from suanli.domain.cost.money import Currency, Nano, nano
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.delivery import Parcel
from suanli.web.cost import alerts, overview
from tests.cost_desk import CostDesk
from tests.dialogue import GUEST, LI, SHANGHAI, SITE, Dialogue
from tests.fakes import FakeClock

CNY = Currency("CNY")
ALERTS = "/api/v1/cost/alerts"
HIS = Scope(ScopeKind.USER, "li")
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
RUNNING = replace(SITE, operators=("ou_boss",))


def yuan(amount: str) -> Nano:
    return nano(Decimal(amount))


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, (*alerts.ENDPOINTS, *overview.ENDPOINTS), RUNNING) as desk:
        desk.party("li", "李雷", person=LI, department="sales")
        desk.party("sales", "销售部", ScopeKind.DEPARTMENT, person=GUEST)
        yield desk


@pytest.fixture
def talk(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    return Dialogue(sqlite_store, clock, RUNNING)


def quota(desk: CostDesk, name: str, total: str, scope: Scope = HIS, **more: Any) -> Quota:
    with desk.store.begin() as tx:
        return tx.quotas.add(Quota(QuotaId(0), name, scope, yuan(total), Period.MONTHLY, SHANGHAI, CNY, **more))


def tick(desk: CostDesk) -> str:
    return TellCosts(desk.store, desk.site, desk.clock).run(desk.clock.now())


def told(talk: Dialogue) -> list[tuple[str, str, str]]:
    """Of each card: to whom, its title, and its first words."""
    return [(parcel.target.id, parcel.answer.title, words(parcel)) for parcel in talk.parcels()]


def words(parcel: Parcel) -> str:
    return as_text(parcel.answer, parcel.created_at, SHANGHAI)


def labels(parcel: Parcel) -> list[str]:
    """What can be pressed on a card."""
    blocks = [block for block in parcel.answer.blocks if isinstance(block, Buttons | Form)]
    return [each.label for block in blocks for each in block.buttons]


def alert_of(desk: CostDesk, number: int) -> CostAlert:
    """An alert as it is now."""
    with desk.store.begin() as tx:
        found = tx.cost_alerts.find(CostAlertId(number))
    assert found is not None
    return found


def button(parcel: Parcel, label: str) -> dict[str, str]:
    for block in parcel.answer.blocks:
        if isinstance(block, Buttons | Form):
            for each in block.buttons:
                if each.label == label:
                    return each.value
    raise AssertionError(label)
