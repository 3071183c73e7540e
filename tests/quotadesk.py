"""A company with quotas, people who spend and ask for more, and who decides; all through the bot and the real store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.router import Toast
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Button
from suanli.domain.chat import OpenId, Person, Platform, Target, TargetKind
from suanli.domain.cost.money import Currency, Nano, nano
from suanli.domain.cost.parties import Party, payer_of
from suanli.domain.cost.quotas import Account, Ask, Decision, Granted, Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.records import Fate
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId
from suanli.domain.cost.windows import Period
from suanli.domain.delivery import Parcel
from suanli.domain.site import Site
from tests.contract.cost_kit import bill
from tests.dialogue import BOSS, LI, SHANGHAI, SITE, Dialogue
from tests.fakes import FakeClock
from tests.stockdesk import button

WANG = Person(OpenId("ou_wang"), "wang", "on_wang", "Wang", "ten")
"""Who answers for the sales department's money."""

ZHAO = Person(OpenId("ou_zhao"), "zhao", "on_zhao", "Zhao", "ten")
"""Who answers for the company's."""

USER, PROJECT = Scope(ScopeKind.USER, "li"), Scope(ScopeKind.PROJECT, "bot")
SALES, ACME = Scope(ScopeKind.DEPARTMENT, "sales"), Scope(ScopeKind.ORGANIZATION, "acme")
CNY = Currency("CNY")
LASTS = timedelta(minutes=10)

MONTH_END = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
"""The first midnight of December, in Shanghai."""


def money(amount: str) -> Nano:
    """An amount in nano-units."""
    return nano(Decimal(amount))


def own_chat(person: Person) -> Target:
    """A person's private chat with the bot."""
    return Target(Platform.FEISHU, TargetKind.OPEN_ID, person.open_id)


@dataclass(frozen=True)
class Done:
    """What came of a press or a line: the toast, new messages, and cards drawn anew."""

    toast: str
    said: list[Parcel]
    drawn: list[Parcel]

    def to(self, person: Person) -> list[Parcel]:
        """The new messages that go to somebody's private chat by their open_id."""
        return [each for each in self.said if each.target == own_chat(person)]


class QuotaDesk:
    """LI works for sales, WANG answers for sales, ZHAO for the company, and BOSS runs the bot."""

    def __init__(self, store: SqlStore, clock: FakeClock, site: Site = SITE) -> None:
        self.store, self.clock = store, clock
        self.bot = Dialogue(store, clock, replace(site, operators=("ou_boss",)))
        self.put(Party(USER, "李雷", own_chat(LI), department="sales", organization="acme"))
        self.put(Party(SALES, "销售部", own_chat(WANG), organization="acme"))
        self.put(Party(ACME, "爱可美", own_chat(ZHAO)))
        self._keys = 0

    def put(self, party: Party) -> None:
        """Write down somebody who pays."""
        with self.store.begin() as tx:
            tx.parties.put(party)

    def quota(self, scope: Scope, total: str, **fields: Any) -> Quota:
        """A monthly quota, named as its scope is."""
        made = Quota(QuotaId(0), scope.id, scope, money(total), Period.MONTHLY, SHANGHAI, CNY)
        with self.store.begin() as tx:
            return tx.quotas.add(replace(made, **fields))

    def ask_for(self, amount: str, key: str = "", user: str = "li") -> Ask:
        """What a call of somebody asks for."""
        self._keys += 1
        with self.store.begin() as tx:
            scopes = payer_of(user, tx.parties.find(Scope(ScopeKind.USER, user)), {}).scopes
        return Ask(key or f"call-{self._keys}", amount, scopes, money(amount), CNY)

    def hold(self, ask: Ask) -> Decision:
        """Ask for a hold."""
        now = self.clock.now()
        with self.store.begin() as tx:
            return tx.holds.hold(ask, now, now + LASTS)

    def spend(self, amount: str, user: str = "li") -> None:
        """Hold, and settle by the record of the call."""
        ask, now = self.ask_for(amount, user=user), self.clock.now()
        assert isinstance(self.hold(ask), Granted)
        with self.store.begin() as tx:
            (written,) = tx.records.write([bill(ask.key, ask.amount, ask.scopes, now)], CNY, now)
        assert written.fate is Fate.NEW

    def accounts(self, quota: Quota) -> Sequence[Account]:
        """The windows of now."""
        with self.store.begin() as tx:
            return tx.quotas.accounts(quota.id, self.clock.now())

    def find(self, quota: Quota) -> Quota:
        """A quota as it is now."""
        return self.find_number(quota.id)

    def find_number(self, number: int) -> Quota:
        """The quota of a number as it is now."""
        with self.store.begin() as tx:
            found = tx.quotas.find(QuotaId(number))
        assert found is not None
        return found

    def request(self, number: int = 1) -> QuotaRequest:
        """A request as it is now."""
        with self.store.begin() as tx:
            found = tx.quota_requests.find(QuotaRequestId(number))
        assert found is not None
        return found

    def grant(self, person: Person, role: Role) -> None:
        """Give somebody a role, as an admin does in chat."""
        self.bot.say(f"/role grant {person.open_id} {role.word}", sender=BOSS)

    def type(self, text: str, by: Person = LI) -> Done:
        """Type a line in private."""
        return _done(None, self.bot.tell(text, sender=by))

    def ask(self, text: str, by: Person = LI) -> str:
        """Type a line in private; the words of the answer, without what else is sent."""
        return self.read(self.answer(text, by))

    def answer(self, text: str, by: Person = LI) -> Answer:
        """Type a line in private; the answer."""
        (answer,) = [each.answer for each in self.type(text, by).said if each.key.startswith("reply:")]
        return answer

    def press(self, pressed: Button, by: Person, key: str = "", **form: str) -> Done:
        """Press a button."""
        toast, parcels = self.bot.press(pressed.value, sender=by, key=key, form=form)
        return _done(toast, parcels)

    def requested(self, line: str = "/quota request 50 月底压测", by: Person = LI) -> Answer:
        """Ask for more; the one card that is sent for it."""
        (card,) = [each for each in self.type(line, by).said if each.key.startswith("quota-request:")]
        return card.answer

    def read(self, answer: Answer) -> str:
        """An answer as text."""
        return self.bot.words(answer)


def approve_button(card: Answer) -> Button:
    """The one that grants all."""
    return button(card, "/quota approve")


def typed(line: str) -> Button:
    """A button that stands for a line."""
    return Button("", {"run": line})


def _done(toast: Toast | None, parcels: list[Parcel]) -> Done:
    said, drawn = [p for p in parcels if not p.redraws], [p for p in parcels if p.redraws]
    return Done(toast.text if toast else "", said, drawn)
