"""A request speaks for a WeLink connection only if it proves a secret, in time."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from bot.welink.signature import (
    DONE,
    OFFICIAL_WINDOW,
    SIGNED_WINDOW,
    Bearer,
    Gate,
    Mode,
    Official,
    Refused,
    Signed,
    decrypt,
    encrypt,
    key_of,
    moment,
    open_gate,
    signature,
)
from tests.fakes import NOON
from tests.welink_caller import NOW, SECRET, Sent, borne, opened, packed, sealed, signed
from tests.welink_gates import BEARER, OFFICIAL, SIGNED, admit, event

SECOND = timedelta(seconds=1)

HUAWEI = "8cf860c0-30b7-4357-a104-fa627c59085d"
"""The secret of Huawei's Java sample, vector A."""

VECTORS = {
    "A, request": (
        HUAWEI,
        (
            "PGkTPQrrTwlqBEu5pzPyxw==3BWfWmYTj67h5qdD4og6el7GrxaXHqm0gndcv/X8zK6j9ablMO+571LbjQWJJogcIunLPkJf9Yo4iHAP+QI"
            "B3KcihrLj3IHrRhbE8KuQvzCPVAo="
        ),
        '{"eventType":"corpAuth","tenantId":"tenant","timestamp":1565167553}',
    ),
    "A, reply": (
        HUAWEI,
        "5wwd5oVCbwgvaGzE2W9vPg==kdG1FYbicMlNY77ALZdBtC1ylS0aF+jzff8iyq2Ro1SJqUQCTAG96hLp+A7OyX/Im8IoFQ1XtfE=",
        '{"timestamp":1565167553,"msg":"success"}',
    ),
    "B, request": (
        SECRET,
        "AAECAwQFBgcICQoLDA0ODw==srCBwsxgP+EiLfetyfmThwM2qXraPf1/zSeHsTt9KSEfPOeYfxo6vlqBLdV4gMv9+MMwN5pDEG4k7QyBJg==",
        '{"eventType":"test","timestamp":"1562752619"}',
    ),
    "B, reply": (
        SECRET,
        "AAECAwQFBgcICQoLDA0ODw==srCJx84scZcoKPHslqiUwFxg/z+VLOdmyTmD8mwvOi4LP+Wbfxs+tU7NvMvtq4gq/yeRRLF1YNVZyA==",
        '{"msg":"success","timestamp":"1562752619"}',
    ),
}
BRIDGE_BODY = (
    b'{"message_id":"m-1","chat":{"type":"group","id":"g-9"},"sender":{"id":"li.lei@0123456789"},'
    b'"text":"/ack 42","timestamp":1717400000123}'
)
BRIDGE_SIGNATURE = "v1=fc4fde67556b59da10167b7a94789629144631705acbf4b0109a02fc8654157f"


# The published vectors


@pytest.mark.parametrize(("secret", "envelope", "words"), VECTORS.values(), ids=VECTORS.keys())
def test_the_vectors_of_the_cipher_open_and_close(secret: str, envelope: str, words: str) -> None:
    assert decrypt(secret, envelope) == words.encode()
    assert encrypt(secret, words.encode(), base64.b64decode(envelope[:24])) == envelope


@pytest.mark.parametrize(
    ("secret", "key"), [(HUAWEI, "a9fa4c15a4b95155709a41a4f6b78459"), (SECRET, "0ec0850c038944f2a6610c8d3a781c09")]
)
def test_the_key_is_made_as_java_makes_it(secret: str, key: str) -> None:
    assert key_of(secret).hex() == key


def test_the_vector_of_the_bridge_signature_matches_and_is_admitted() -> None:
    assert signature("bridge-secret", "1717400000", "n-0001", BRIDGE_BODY) == BRIDGE_SIGNATURE
    headers = {"X-Bot-Timestamp": "1717400000", "X-Bot-Nonce": "n-0001", "X-Bot-Signature": BRIDGE_SIGNATURE}
    at = datetime.fromtimestamp(1717400000, UTC)
    admitted = Signed(("bridge-secret",)).admit(headers, BRIDGE_BODY, at + SECOND)
    assert (admitted.body["text"], admitted.at, admitted.nonce) == ("/ack 42", at, "n-0001")


def test_the_test_event_of_vector_b_is_admitted_in_its_time() -> None:
    _, envelope, _ = VECTORS["B, request"]
    request = Sent({}, packed({"encrypt": envelope}))
    at = datetime.fromtimestamp(1562752619, UTC)
    admitted = admit(OFFICIAL, request, at + OFFICIAL_WINDOW)
    assert opened(admitted.reply["encrypt"]) == {"msg": "success", "timestamp": "1562752619"}
    with pytest.raises(Refused, match="stale"):
        admit(OFFICIAL, request, at + OFFICIAL_WINDOW + SECOND)


# What is admitted


@pytest.mark.parametrize("stamp", [NOW, str(NOW), NOW * 1000 + 5, str(NOW * 1000 + 5)])
def test_an_official_time_may_be_text_or_number_in_seconds_or_milliseconds(stamp: object) -> None:
    admitted = admit(OFFICIAL, sealed(event(stamp)))
    assert admitted.at is not None
    assert abs(admitted.at - NOON) < SECOND
    assert opened(admitted.reply["encrypt"]) == {"msg": "success", "timestamp": stamp}


def test_each_official_reply_has_an_iv_of_its_own() -> None:
    request = sealed(event())
    replies = {admit(OFFICIAL, request).reply["encrypt"][:24] for _ in range(5)}
    assert len(replies) == 5


@pytest.mark.parametrize("secret", ["old-secret", "new-secret"])
def test_while_secrets_are_changed_both_open_and_the_reply_uses_the_callers(secret: str) -> None:
    both = ("old-secret", "new-secret")
    sealed_reply = admit(Official(both), sealed(event(), secret)).reply["encrypt"]
    assert opened(sealed_reply, secret)["msg"] == "success"
    assert admit(Signed(both), signed({"a": 1}, secret)).body == {"a": 1}
    assert admit(Bearer(both), borne({"a": 1}, secret)).body == {"a": 1}


@pytest.mark.parametrize("age", [-SIGNED_WINDOW, SIGNED_WINDOW])
def test_a_signature_counts_up_to_five_minutes_away(age: timedelta) -> None:
    assert admit(SIGNED, signed({}), NOON + age).reply == DONE
    with pytest.raises(Refused, match="stale"):
        admit(SIGNED, signed({}), NOON + age + (SECOND if age > SECOND else -SECOND))


def test_header_names_may_come_in_any_case() -> None:
    for gate, request in ((SIGNED, signed({})), (BEARER, borne({}))):
        for headers in (
            {k.lower(): v for k, v in request.headers.items()},
            {k.upper(): v for k, v in request.headers.items()},
        ):
            assert gate.admit(headers, request.body, NOON).body == {}


def test_a_bearer_says_nothing_of_time() -> None:
    admitted = admit(BEARER, borne({}))
    assert (admitted.at, admitted.nonce) == (None, "")


# The gate itself


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("secrets", [(), ("",), ("", " ")])
def test_without_a_secret_there_is_no_gate(mode: Mode, secrets: tuple[str, ...]) -> None:
    assert open_gate(mode, secrets) is None


@pytest.mark.parametrize(("mode", "kind"), [("official", Official), ("signed", Signed), ("bearer", Bearer)])
def test_a_mode_is_written_as_the_settings_write_it(mode: str, kind: type) -> None:
    assert open_gate(Mode(mode), ["", SECRET]) == kind((SECRET,))


@pytest.mark.parametrize("kind", [Official, Signed, Bearer])
@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_a_gate_with_an_empty_secret_cannot_be_built(kind: type, secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        kind(secrets)


@pytest.mark.parametrize("gate", [OFFICIAL, SIGNED, BEARER])
def test_a_gate_does_not_show_its_secrets(gate: Gate) -> None:
    assert SECRET not in repr(gate)


@pytest.mark.parametrize("stamp", [None, True, 1.5, "", "-1", " 1", "1 ", "1.5", "0x1", [], {}, "9" * 16])
def test_what_is_no_time_is_none(stamp: object) -> None:
    assert moment(stamp) is None
