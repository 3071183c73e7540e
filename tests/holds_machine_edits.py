"""The machine of quotas and holds, and all that admins do to limits while money is held, and calls have no price."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Quota, QuotaGrant, QuotaGrantId
from suanli.domain.cost.windows import Period
from tests.contract.cost_kit import CNY, SHANGHAI, bill
from tests.holds_machine import AMOUNTS, LASTING, LIMITS, HoldsMachine

ACTIVE = st.sampled_from([True, True, True, False])
PERIODS = st.sampled_from([None, None, None, *Period])
ZONES = st.sampled_from([SHANGHAI, SHANGHAI, SHANGHAI, ZoneInfo("America/New_York")])


class EditsMachine(HoldsMachine):
    """Limits change, in any way and at any moment."""

    @rule(data=st.data(), total=LIMITS, day=LIMITS | st.none(), hour=LIMITS | st.none(), soft=st.booleans())
    def change(self, data: st.DataObject, total: int, day: Any, hour: Any, *, soft: bool) -> None:
        known = self.a_quota(data)
        new = replace(known, total=Nano(total), daily_limit=day, hourly_limit=hour, soft=soft, active=data.draw(ACTIVE))
        self.edit(new)

    @rule(data=st.data(), period=PERIODS, zone=ZONES)
    def move(self, data: st.DataObject, period: Period | None, zone: ZoneInfo) -> None:
        """Other windows, or those that there were before."""
        known = self.a_quota(data)
        self.edit(replace(known, period=period or known.period, zone=zone, active=data.draw(ACTIVE)))

    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        known = self.a_quota(data)
        self.edit(replace(known, active=not known.active))

    def edit(self, new: Quota) -> None:
        assert self.do(lambda tx: tx.quotas.change(new, self.now))
        self.books.refresh(new, self.now)

    @rule(data=st.data(), amount=AMOUNTS.filter(bool), lasts=LASTING)
    def grant(self, data: st.DataObject, amount: int, lasts: timedelta) -> None:
        known = self.a_quota(data)
        span = data.draw(st.sampled_from(list(known.spans())))
        new = QuotaGrant(QuotaGrantId(0), known.id, span, Nano(amount), "boss", "", self.now, self.now + lasts)
        given = self.do(lambda tx: tx.quotas.grant(new))
        self.books.grants[given.id] = given
        self.books.refresh(known, self.now)

    @rule(data=st.data())
    def reset(self, data: st.DataObject) -> None:
        known = self.a_quota(data)
        made = self.do(lambda tx: tx.quotas.reset(known.id, made_by="boss", why="", now=self.now))
        purses = [purse for purse in self.books.opened(known, self.now) if purse.used]
        assert [(each.span, -each.amount) for each in made] == [(each.span, each.used) for each in purses]
        for purse in purses:
            self.books.reset(purse)

    @rule()
    def tell(self) -> None:
        """People are told what they were not told yet; once, whatever follows."""

        def told(tx: Any) -> None:
            tx.quotas.told(tx.quotas.untold(self.now, 10_000), "a message")

        self.do(told)
        self.books.told = dict.fromkeys(self.books.told, True)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data())
    def settle_unpriced(self, data: st.DataObject) -> None:
        kept = self.some(data)
        told = bill(kept.ask.key, None, kept.ask.scopes)
        (written,) = self.do(lambda tx: tx.records.write([told], CNY, self.now))
        self.is_settled(written, kept, None)

    @precondition(lambda self: any(each.is_unpriced for each in self.books.holds.values()))
    @rule(data=st.data(), amount=AMOUNTS)
    def price(self, data: st.DataObject, amount: int) -> None:
        kept = data.draw(st.sampled_from([each for each in self.books.holds.values() if each.is_unpriced]))
        with self.stores[0].begin() as tx:
            record = tx.records.find(kept.ask.key)
        assert record is not None
        priced = [(record.id, bill(kept.ask.key, amount, kept.ask.scopes))]
        assert self.do(lambda tx: tx.records.price(priced, self.now)) == 1
        self.books.price(kept, amount, self.now)
