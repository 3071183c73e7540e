"""Whatever comes to a WeLink connection: nothing unproven is let in, nothing breaks, and each message is done once."""

import base64
import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.router import Replayed, Router
from bot.welink.connection import ASSISTANT, BRIDGE, Connection
from bot.welink.events import read
from bot.welink.signature import DONE, Admitted, Bearer, Gate, Official, Refused, Signed, decrypt, encrypt, moment
from storage.store import SqlStore
from suanli.domain.chat import ChatKind, Platform, Target, TargetKind
from tests.dialogue import SITE
from tests.fakes import NOON, FakeClock
from tests.welink_caller import NOW, SECRET, Sent, borne, said, sealed, signed

GATES: tuple[Gate, ...] = (Official((SECRET,)), Signed((SECRET,)), Bearer((SECRET,)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Bot-Timestamp", "X-Bot-Nonce", "X-Bot-Signature", "Authorization", "authorization"]),
    st.text(st.characters(max_codepoint=255), max_size=80) | st.sampled_from([str(NOW), "n-1", "v1=", "Bearer "]),
)
IDS = st.sampled_from(["", "li.lei@0123", "ou_boss", "boss", "a@b@c", "李@c", "\0@x"]) | st.text(max_size=10)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "message_id": JSON | IDS,
        "chat": JSON | st.fixed_dictionaries({"type": st.sampled_from(["group", "private", "?"]), "id": JSON | IDS}),
        "sender": JSON | st.fixed_dictionaries({"id": JSON | IDS, "name": JSON}),
        "text": st.text() | JSON,
        "timestamp": JSON | st.integers(0, 10**14),
        "businessDomain": st.just("im"),
        "msgType": st.just("text"),
        "sessionType": st.sampled_from(["group", "direct"]),
        "sessionId": JSON | IDS,
        "content": st.text() | JSON,
    },
)


@given(st.text(min_size=1), st.binary(max_size=300), st.binary(min_size=16, max_size=16))
def test_what_is_encrypted_opens_with_its_secret_and_with_no_other(secret: str, words: bytes, iv: bytes) -> None:
    envelope = encrypt(secret, words, iv)
    assert decrypt(secret, envelope) == words
    assert decrypt(secret + "x", envelope) is None


@given(st.data())
def test_no_bit_of_an_envelope_can_be_changed(data: st.DataObject) -> None:
    envelope = json.loads(sealed({"eventType": "test", "timestamp": NOW}).body)["encrypt"]
    raw = bytearray(base64.b64decode(envelope[:24]) + base64.b64decode(envelope[24:]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = base64.b64encode(bytes(raw[:16])).decode() + base64.b64encode(bytes(raw[16:])).decode()
    with pytest.raises(Refused):
        Official((SECRET,)).admit({}, json.dumps({"encrypt": changed}).encode(), NOON)


ONCE = signed(said())
"""One request for all examples: the next would have a nonce of another length."""


@given(st.data())
def test_no_bit_of_what_is_signed_can_be_changed(data: st.DataObject) -> None:
    request = ONCE
    parts = [request.headers["X-Bot-Timestamp"].encode(), request.headers["X-Bot-Nonce"].encode(), request.body]
    which = data.draw(st.integers(0, 2))
    part = bytearray(parts[which])
    part[data.draw(st.integers(0, len(part) - 1))] ^= 1 << data.draw(st.integers(0, 6))
    parts[which] = bytes(part)
    headers = request.headers | {"X-Bot-Timestamp": parts[0].decode(), "X-Bot-Nonce": parts[1].decode()}
    with pytest.raises(Refused):
        Signed((SECRET,)).admit(headers, parts[2], NOON)


@given(HEADERS, st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_not_proven_is_refused_and_nothing_else_happens(headers: dict[str, str], body: bytes) -> None:
    for gate in GATES:
        with pytest.raises(Refused):
            gate.admit(headers, body, NOON)


@given(JSON, st.sampled_from([sealed, signed, borne]))
def test_whatever_is_proven_is_admitted_as_it_is_or_refused(what: Any, prove: Any) -> None:
    request: Sent = prove(json.dumps(what).encode())
    for gate in GATES:
        try:
            admitted = gate.admit(request.headers, request.body, NOON)
        except Refused:
            continue
        assert json.dumps(admitted.body) == json.dumps(what)


@given(SHAPED, st.sampled_from([BRIDGE, ASSISTANT]), st.booleans())
def test_whatever_a_body_says_the_message_is_whole_and_its_answer_stays_ours(
    body: dict[str, Any],
    fields: Any,
    colleagues: bool,  # noqa: FBT001 drawn
) -> None:
    connection = Connection("corp", None, fields, robot="ops", colleagues=colleagues)
    message = read(connection, Admitted(json.loads(json.dumps(body)), DONE), NOON)
    if message is None:
        return
    origin, sender = message.origin, message.sender
    private = Target(Platform.WELINK, TargetKind.USER_ID, sender.open_id)
    robot = Target(Platform.WELINK, TargetKind.ROBOT, "ops")
    assert origin.answers_to == (private if origin.chat_kind is ChatKind.PRIVATE else robot)
    assert sender.is_known or origin.chat_kind is ChatKind.GROUP
    assert sender.open_id == "" or (sender.open_id.count("@") == 1 and sender.open_id.isascii())
    assert origin.chat_id is not None
    assert origin.chat_id.startswith("corp:")
    assert origin.sent_at <= NOON
    for text in (message.text, sender.name or "", origin.chat_id, origin.event_id, message.message_id):
        assert "\0" not in text
        text.encode()


@given(JSON)
def test_a_time_is_read_or_not_and_never_breaks(stamp: Any) -> None:
    found = moment(stamp)
    assert found is None or found.tzinfo is not None


NUMBERS = itertools.count()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_each_message_is_done_once_and_each_nonce_serves_one_message(
    sqlite_store: SqlStore, clock: FakeClock, deliveries: list[tuple[int, int]]
) -> None:
    connection = Connection(f"c{next(NUMBERS)}", Signed((SECRET,)), robot="ops")
    router = Router(sqlite_store, SITE, clock, lambda: None)
    carried: dict[int, int] = {}
    for number, nonce in deliveries:
        request = signed(said("/help", f"m-{number}"), nonce=f"n-{nonce}")
        admitted = Signed((SECRET,)).admit(request.headers, request.body, clock.now())
        message = read(connection, admitted, clock.now())
        assert message is not None
        is_new = number not in carried.values()
        if is_new and nonce in carried:
            with pytest.raises(Replayed):
                router.handle(message, nonce=admitted.nonce)
            continue
        router.handle(message, nonce=admitted.nonce)
        if is_new:
            carried[nonce] = number
    with sqlite_store.begin() as tx:
        done = [entry for entry in tx.audits.newest(1000) if entry.tenant == connection.name]
    assert len(done) == len(carried)
