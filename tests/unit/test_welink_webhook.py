"""WeLink's connections through Flask's test client, on the real router and store."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from bot.plain import as_text
from bot.router import Router
from bot.welink.connection import Connection, FieldMap
from bot.welink.signature import DONE, Bearer, Gate, Mode, Official, Signed, open_gate
from bot.welink.webhook import MAX_BODY, welink_blueprint
from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.chat import OpenId, Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock, FaultyStore
from tests.welink_caller import LI, NOW, PRIVATE, SECRET, Sent, borne, opened, said, sealed, signed

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


@pytest.fixture
def second_store(sqlite_url: str) -> Iterator[SqlStore]:
    """The same database as another process has it open."""
    store = SqlStore(sqlite_url)
    yield store
    store.close()


# Done, once, and answered


def test_a_signed_command_is_done_before_the_200_and_answered_in_the_group(desk: Desk) -> None:
    answer = desk.post(signed(said("/help")))
    assert (answer.status_code, answer.json) == (200, DONE)
    (entry,) = desk.audits()
    assert (entry.platform, entry.tenant, entry.open_id) == (Platform.WELINK, "corp", LI)
    assert (entry.chat_id, entry.command, entry.outcome) == ("corp:g-9", "help", Outcome.OK)
    (parcel,) = desk.parcels()
    assert (parcel.target, desk.woken) == (AT_OPS, 1)


def test_a_private_command_is_answered_to_the_person(desk: Desk) -> None:
    desk.post(signed(said("/help", chat=PRIVATE)))
    (parcel,) = desk.parcels()
    assert parcel.target == Target(Platform.WELINK, TargetKind.USER_ID, LI)


def test_an_address_in_the_body_is_never_written_to(desk: Desk) -> None:
    desk.post(signed(said("/help", callbackUrl="http://10.0.0.1/x", chat={"type": "group", "id": "g-9", "robot": "x"})))
    assert [parcel.target for parcel in desk.parcels()] == [AT_OPS]


def test_a_bearer_is_heard(desk: Desk) -> None:
    assert desk.post(borne(said("/help")), "desk").json == DONE
    assert len(desk.parcels()) == 1


def test_an_official_message_is_done_and_answered_with_an_encrypted_success(desk: Desk) -> None:
    event = {"eventType": "imMessage", "timestamp": str(NOW), "message": {"text": "/help", "from": LI, "group": "g"}}
    answer = desk.post(sealed(event), "app")
    assert answer.status_code == 200
    assert answer.json is not None
    assert opened(answer.json["encrypt"]) == {"msg": "success", "timestamp": str(NOW)}
    assert len(desk.parcels()) == 1


@pytest.mark.parametrize("kind", ["test", "corpAuth", "corpEditUser", "something new", None, 7])
def test_an_official_event_that_is_no_message_succeeds_and_does_nothing(desk: Desk, kind: object) -> None:
    answer = desk.post(sealed({"eventType": kind, "timestamp": NOW, "data": [{"userId": LI}]}), "app")
    assert answer.status_code == 200
    assert answer.json is not None
    assert opened(answer.json["encrypt"]) == {"msg": "success", "timestamp": NOW}
    assert (desk.audits(), desk.parcels()) == ([], [])


def test_a_message_is_done_once_however_often_and_in_whatever_envelope_it_comes(desk: Desk) -> None:
    event = {"eventType": "imMessage", "timestamp": NOW, "message": {"text": "/help", "from": LI}}
    for _ in range(3):
        assert desk.post(sealed(event), "app").status_code == 200
    for _ in range(3):
        assert desk.post(signed(said("/help"))).json == DONE
    for _ in range(3):
        assert desk.post(borne(said("/help")), "desk").json == DONE
    assert len(desk.parcels()) == 3


def test_ten_deliveries_at_once_are_one(desk: Desk, second_store: SqlStore) -> None:
    clients = [desk.client, desk.another(second_store)]
    requests = [signed(said("/help")) for _ in range(10)]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda n: desk.post(requests[n], client=clients[n % 2]).status_code, range(10)))
    assert answers == [200] * 10
    assert len(desk.parcels()) == 1


def test_a_message_that_met_a_broken_store_is_done_when_it_comes_again(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    """With the very same nonce too: what was not committed has not used it."""
    store = FaultyStore(sqlite_store)
    desk = Desk(store, clock)
    request = signed(said("/help"))
    store.broken = True
    answer = desk.post(request)
    assert (answer.status_code, answer.json) == (500, {"error": "internal error"})
    store.broken = False
    assert desk.post(request).status_code == 200
    assert len(desk.parcels()) == 1


def test_in_a_group_what_is_not_said_to_the_bot_is_let_pass(desk: Desk) -> None:
    assert desk.post(signed(said("早上好"))).status_code == 200
    assert (desk.audits(), desk.parcels()) == ([], [])


def test_an_old_command_is_written_down_and_not_run(desk: Desk) -> None:
    desk.post(signed(said("/help", timestamp=NOW - 11 * 60)))
    assert desk.outcomes() == [Outcome.STALE]


# Nonces


def test_the_same_request_again_succeeds_and_does_nothing(desk: Desk) -> None:
    request = signed(said("/help"))
    assert [desk.post(request).status_code for _ in range(3)] == [200] * 3
    assert len(desk.parcels()) == 1


def test_a_nonce_is_good_for_one_message_in_all_processes(desk: Desk, second_store: SqlStore) -> None:
    assert desk.post(signed(said("/help", "m-1"), nonce="same")).status_code == 200
    other = signed(said("/help", "m-2"), nonce="same")
    for client in (desk.client, desk.another(second_store)):
        answer = desk.post(other, client=client)
        assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert len(desk.audits()) == 1


def test_a_message_refused_for_its_nonce_is_done_with_a_new_one(desk: Desk) -> None:
    desk.post(signed(said("/help", "m-1"), nonce="same"))
    desk.post(signed(said("/help", "m-2"), nonce="same"))
    assert desk.post(signed(said("/help", "m-2"))).status_code == 200
    assert len(desk.parcels()) == 2


def test_of_many_messages_with_one_nonce_at_once_one_is_done(desk: Desk, second_store: SqlStore) -> None:
    clients = [desk.client, desk.another(second_store)]
    requests = [signed(said("/help", f"m-{number}"), nonce="same") for number in range(10)]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda n: desk.post(requests[n], client=clients[n % 2]).status_code, range(10)))
    assert sorted(answers) == [200] + [401] * 9
    assert len(desk.parcels()) == 1


# Whose it is not


def status(desk: Desk, request: Sent, name: str = "corp") -> tuple[int, Any]:
    answer = desk.post(request, name)
    return answer.status_code, answer.json


REFUSED: dict[str, tuple[str, Sent]] = {
    "unsigned": ("corp", Sent({}, b"{}")),
    "forged": ("corp", signed(said(), "another")),
    "stale": ("corp", signed(said(), at=NOW - 301)),
    "not JSON": ("corp", signed(b"/stock")),
    "of another mode": ("corp", borne(said())),
    "a forged envelope": ("app", sealed({"eventType": "test", "timestamp": NOW}, "another")),
    "a stale envelope": ("app", sealed({"eventType": "test", "timestamp": NOW - 31 * 60})),
    "no envelope": ("app", Sent({}, b"[]")),
    "a wrong token": ("desk", borne(said(), "another")),
}


@pytest.mark.parametrize(("name", "request_"), REFUSED.values(), ids=REFUSED.keys())
def test_whatever_is_wrong_with_a_request_the_refusal_is_the_same(desk: Desk, name: str, request_: Sent) -> None:
    with capture_logs() as logs:
        assert status(desk, request_, name) == (401, {"error": "unauthorized"})
    assert (desk.audits(), desk.woken) == ([], 0)
    (entry,) = logs
    assert (entry["event"], entry["connection"]) == ("webhook_refused", name)
    assert SECRET not in str(logs)


def test_a_proof_for_one_connection_is_none_for_another(desk: Desk) -> None:
    assert status(desk, borne(said()), "corp")[0] == 401
    assert status(desk, signed(said()), "desk")[0] == 401
    assert status(desk, signed(said()), "app")[0] == 401


@pytest.mark.parametrize("name", ["nobody", "closed", "CORP", "corp%20", "算力", "..", "corp/more", "a" * 1000])
def test_a_connection_that_is_not_there_or_has_no_secret_looks_like_any_wrong_address(desk: Desk, name: str) -> None:
    for request in (signed(said()), signed(said(), ""), borne(said(), "")):
        assert status(desk, request, name) == status(desk, request, "no/such/address") == (404, {"error": "not found"})
    assert desk.audits() == []


def test_a_closed_connection_is_told_of_once(desk: Desk, sqlite_store: SqlStore) -> None:
    with capture_logs() as logs:
        client = desk.another(sqlite_store)
        desk.post(signed(said()), "closed", client)
    assert [entry for entry in logs if entry["event"] == "welink_closed"] == [
        {"event": "welink_closed", "connection": "closed", "log_level": "warning"}
    ]


def test_two_connections_of_one_name_cannot_be(desk: Desk) -> None:
    router = Router(desk.store, SITE, desk.clock, lambda: None)
    with pytest.raises(ValueError, match="two connections are called corp"):
        welink_blueprint((SIGNED, SIGNED), router, desk.clock)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_a_post_is_looked_at(desk: Desk, method: str) -> None:
    assert desk.client.open("/webhooks/welink/corp?challenge=1", method=method).status_code == 405


def test_a_body_that_announces_more_than_64_kibibytes_is_not_read(desk: Desk) -> None:
    stream = BytesIO(b"x" * (MAX_BODY + 1))
    answer = desk.client.post(
        "/webhooks/welink/corp", input_stream=stream, headers={"Content-Length": str(MAX_BODY + 1)}
    )
    assert (answer.status_code, stream.tell()) == (413, 0)


def test_a_body_of_unknown_length_is_read_no_further_than_64_kibibytes(desk: Desk) -> None:
    stream = BytesIO(b"x" * (1024 * 1024))
    answer = desk.client.post(
        "/webhooks/welink/corp", input_stream=stream, environ_overrides={"wsgi.input_terminated": True}
    )
    assert answer.status_code in {401, 413}
    assert stream.tell() <= MAX_BODY


def test_a_body_of_64_kibibytes_is_heard(desk: Desk) -> None:
    body = json.dumps(said("/help")).encode()
    assert desk.post(signed(body[:-1] + b" " * (MAX_BODY - len(body)) + b"}")).status_code == 200
    assert len(desk.parcels()) == 1


# Who may do what


def test_a_colleague_may_what_everybody_may_and_no_more(desk: Desk) -> None:
    desk.post(signed(said("/stock", "m-1")))
    desk.post(signed(said("/status", "m-2")))
    assert desk.outcomes() == [Outcome.DENIED, Outcome.OK]


def test_where_people_are_no_colleagues_they_have_no_role_of_their_own(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock)
    router = Router(sqlite_store, SITE, clock, lambda: None)
    blueprint = welink_blueprint((replace(SIGNED, colleagues=False),), router, clock)
    client = build_app(sqlite_store, clock, [blueprint]).test_client()
    desk.post(signed(said("/stock")), client=client)
    assert desk.outcomes() == [Outcome.DENIED]


def test_an_admin_of_the_settings_may_be_named_by_their_id_on_welink(desk: Desk) -> None:
    desk.post(signed(said("/status", sender={"id": BOSS})))
    assert desk.outcomes() == [Outcome.OK]


def test_a_role_granted_on_welink_counts(desk: Desk) -> None:
    with desk.store.begin() as tx:
        tx.grants.put(Grant(Platform.WELINK, OpenId(LI), Role.OPERATOR, OpenId(BOSS), desk.clock.now()))
    desk.post(signed(said("/status")))
    assert desk.outcomes() == [Outcome.OK]


@pytest.mark.parametrize("posing", ["ou_boss", "boss"])
def test_nobody_becomes_an_admin_by_the_id_that_one_has_on_another_platform(desk: Desk, posing: str) -> None:
    desk.post(signed(said("/status", sender={"id": posing})))
    assert desk.outcomes() == [Outcome.DENIED]


def test_a_denial_names_the_admins_that_can_be_reached_on_welink(desk: Desk) -> None:
    desk.post(signed(said("/status")))
    words = desk.words()
    assert BOSS in words
    assert "ou_boss" not in words


SENDERLESS: dict[str, tuple[str, Callable[[str], Sent]]] = {
    "signed": ("corp", lambda text: signed(said(text, text, sender=None))),
    "bearer": ("desk", lambda text: borne(said(text, text, sender=None))),
    "official": (
        "app",
        lambda text: sealed({"eventType": "imMessage", "timestamp": NOW, "message": {"text": text}}),
    ),
}


@pytest.mark.parametrize(("name", "request_"), SENDERLESS.values(), ids=SENDERLESS.keys())
def test_without_a_sender_only_what_reads_is_run(desk: Desk, name: str, request_: Callable[[str], Sent]) -> None:
    for text in ("/stock", "/help", "/userid"):
        desk.post(request_(text), name)
    assert desk.outcomes() == [Outcome.OK] * 3
    desk.parcels()
    desk.post(request_("/lang en"), name)
    assert desk.outcomes()[0] is Outcome.DENIED
    assert "没有带发送者的 ID" in desk.words()
    with desk.store.begin() as tx:
        assert all(tx.chats.lang_of(Platform.WELINK, chat) is None for chat in ("corp:g-9", "app:", "desk:g-9", ""))


def test_with_a_sender_the_same_command_is_run(desk: Desk) -> None:
    desk.post(signed(said("/lang en")))
    with desk.store.begin() as tx:
        assert tx.chats.lang_of(Platform.WELINK, "corp:g-9") is not None


def test_without_a_sender_a_role_is_no_help(sqlite_store: SqlStore, clock: FakeClock) -> None:
    """Were everybody an admin by default, nobody unknown would change anything."""
    router = Router(sqlite_store, replace(SITE, default_role=Role.ADMIN), clock, lambda: None)
    client = build_app(sqlite_store, clock, [welink_blueprint((SIGNED,), router, clock)]).test_client()
    desk = Desk(sqlite_store, clock)
    desk.post(signed(said("/lang en", sender=None)), client=client)
    desk.post(signed(said("/status", "m-2", sender=None)), client=client)
    assert desk.outcomes() == [Outcome.OK, Outcome.DENIED]


@pytest.mark.parametrize("gate", [Official((SECRET,)), Signed((SECRET,)), Bearer((SECRET,))])
def test_a_connection_does_not_show_its_secret(gate: Gate) -> None:
    assert SECRET not in repr(Connection("corp", gate))
