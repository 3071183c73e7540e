"""WeLink's connections through Flask's test client, on the real router and store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.plain import as_text
from bot.router import Router
from bot.welink.connection import Connection, FieldMap
from bot.welink.signature import Bearer, Mode, Official, Signed, open_gate
from bot.welink.webhook import welink_blueprint
from storage.store import SqlStore
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.welink_caller import SECRET, Sent

BOSS = "han.mei@0123456789"
EVENTS = FieldMap(
    text="/message/text",
    chat_id="/message/group",
    sender_id="/message/from",
    sent_at="/timestamp",
    only={"/eventType": frozenset({"imMessage"})},
)
"""What a tenant may write who really gets messages by the official callback."""

SIGNED = Connection("corp", Signed((SECRET,)), robot="ops", colleagues=True)
OFFICIAL = Connection("app", Official((SECRET,)), EVENTS, robot="ops", colleagues=True)
BEARER = Connection("desk", Bearer((SECRET,)), robot="ops", colleagues=True)
CLOSED = Connection("closed", open_gate(Mode.SIGNED, [""]), robot="ops")
FAST = Rate(1000, timedelta(seconds=1), burst=900)
AT_OPS = Target(Platform.WELINK, TargetKind.ROBOT, "ops")
MINUTE = timedelta(minutes=1)


class Desk:
    """The connections, on a store of their own."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.woken = 0
        self.client = self.another(store)

    def another(self, store: Store) -> FlaskClient:
        """One more process that serves them."""
        site = replace(SITE, admins=frozenset({"ou_boss", BOSS}))
        router = Router(store, site, self.clock, self._wake)
        blueprint = welink_blueprint((SIGNED, OFFICIAL, BEARER, CLOSED), router, self.clock)
        return build_app(store, self.clock, [blueprint]).test_client()

    def post(self, request: Sent, name: str = "corp", client: FlaskClient | None = None) -> TestResponse:
        return (client or self.client).post(f"/webhooks/welink/{name}", data=request.body, headers=request.headers)

    def parcels(self) -> list[Parcel]:
        """Everything that waits to be sent, taken."""
        rates = {Platform.WELINK: Rates(FAST, (FAST,))}
        taken: list[Parcel] = []
        while True:
            with self.store.begin() as tx:
                some = tx.outbox.claim(owner="t", now=self.clock.now(), lease=MINUTE, limit=100, rates=rates)
                for parcel in some:
                    tx.outbox.sent(parcel, None, self.clock.now())
            if not some:
                return taken
            taken += some

    def words(self) -> str:
        (parcel,) = self.parcels()
        return as_text(parcel.answer, self.clock.now(), SITE.zone)

    def audits(self) -> list[AuditEntry]:
        with self.store.begin() as tx:
            return list(tx.audits.newest(100))

    def outcomes(self) -> list[Outcome]:
        return [entry.outcome for entry in self.audits()]

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    return Desk(sqlite_store, clock)
