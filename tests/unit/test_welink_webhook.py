"""What comes to a WeLink connection is done, once, and answered."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.welink.signature import DONE
from storage.store import SqlStore
from suanli.domain.audit import Outcome
from suanli.domain.chat import Platform, Target, TargetKind
from tests import welink_desk
from tests.fakes import FakeClock, FaultyStore
from tests.welink_caller import LI, NOW, PRIVATE, borne, opened, said, sealed, signed
from tests.welink_desk import AT_OPS, Desk

desk = welink_desk.desk


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
