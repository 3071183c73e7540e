"""A call is refused, more is asked for in chat and approved by a click, and the same call passes."""

from storage.store import SqlStore
from suanli.domain.cost.quotas import Granted, Refused
from suanli.domain.cost.requests import RequestState
from tests.dialogue import LI
from tests.fakes import FakeClock
from tests.quotadesk import SALES, USER, WANG, QuotaDesk, approve_button, money


def test_a_refused_call_passes_after_a_click(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = QuotaDesk(sqlite_store, clock)
    desk.quota(SALES, "10000")
    own = desk.quota(USER, "100")
    desk.spend("95")

    call = desk.ask_for("10", key="the-call")
    refused = desk.hold(call)
    assert isinstance(refused, Refused)
    assert (refused.account.quota, refused.account.left) == (own.id, money("5"))

    asked = desk.type("/quota request 50 月底压测", by=LI)
    (card,) = asked.to(WANG)
    assert desk.request().state is RequestState.PENDING
    assert isinstance(desk.hold(call), Refused)

    clicked = desk.press(approve_button(card.answer), by=WANG)
    assert "已批准" in clicked.toast
    (told,) = clicked.to(LI)
    assert "已批准 50.00 CNY" in desk.read(told.answer)
    (redrawn,) = clicked.drawn
    assert redrawn.redraws == card.key

    passed = desk.hold(call)
    assert isinstance(passed, Granted)
    assert not passed.replayed
    assert desk.accounts(own)[0].limit == money("150")
