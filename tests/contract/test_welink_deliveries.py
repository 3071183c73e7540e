"""What comes through a WeLink connection, on every database: once, by one nonce, whatever characters are in it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from bot.router import Replayed, Router
from bot.welink.connection import Connection
from bot.welink.events import read
from bot.welink.signature import Signed
from storage.store import SqlStore
from suanli.domain.audit import AuditEntry
from suanli.domain.ports import Store
from tests.dialogue import SITE
from tests.fakes import NOON, FakeClock
from tests.welink_caller import LI, SECRET, Sent, said, signed

CORP = Connection("corp", Signed((SECRET,)), robot="ops")


def bring(store: Store, request: Sent) -> bool:
    """Whether a request was taken, rather than refused for its nonce."""
    admitted = Signed((SECRET,)).admit(request.headers, request.body, NOON)
    message = read(CORP, admitted, NOON)
    assert message is not None
    try:
        Router(store, SITE, FakeClock(), lambda: None).handle(message, nonce=admitted.nonce)
    except Replayed:
        return False
    return True


def bring_at_once(stores: Sequence[Store], requests: Sequence[Sent]) -> list[bool]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda n: bring(stores[n % len(stores)], requests[n]), range(len(requests))))


def audits(store: Store) -> Sequence[AuditEntry]:
    with store.begin() as tx:
        return tx.audits.newest(100)


def test_of_messages_with_one_nonce_at_once_in_two_processes_one_is_done(store: SqlStore, database_url: str) -> None:
    requests = [signed(said("/help", f"m-{number}"), nonce="same") for number in range(12)]
    with closing(SqlStore(database_url)) as second:
        taken = bring_at_once((store, second), requests)
    assert (taken.count(True), len(audits(store))) == (1, 1)


def test_a_message_in_many_envelopes_at_once_in_two_processes_is_done_once(store: SqlStore, database_url: str) -> None:
    with closing(SqlStore(database_url)) as second:
        taken = bring_at_once((store, second), [signed(said("/help")) for _ in range(12)])
    assert (all(taken), len(audits(store))) == (True, 1)


def test_a_refused_nonce_leaves_its_message_to_come_again(store: SqlStore) -> None:
    taken = [bring(store, signed(said("/help", name), nonce=nonce)) for name, nonce in ("aa", "ba", "bb", "ab")]
    assert taken == [True, False, True, True]
    assert len(audits(store)) == 2


def test_no_character_of_a_message_is_too_much_for_a_database(store: SqlStore) -> None:
    hostile = "".join(map(chr, range(0x20))) + "\ud800\udfff\uffff\U0010ffff\u202e"
    body = said(f"/help {hostile}", sender={"id": LI, "name": hostile}, extra=hostile)
    assert bring(store, signed(b'{"text":"/help \\u0000\\ud800","chat":{"type":"group","id":"\\u0000"}}'))
    assert bring(store, signed(body | {"message_id": hostile}))
    assert len(audits(store)) == 2
