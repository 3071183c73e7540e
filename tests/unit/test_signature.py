"""Feishu's requests are verified, then opened, and every refusal looks the same."""

import base64
import hashlib
import json
import os

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Padding import pad

from bot.feishu.signature import Challenge, Gate, Refused, decrypt, signature

KEY, TOKEN, APP = "test key", "a-token", "cli_app"
GATE = Gate(APP, KEY, TOKEN)


def encrypt(words: bytes, key: str = KEY) -> str:
    iv = os.urandom(16)
    cipher = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv)
    return base64.b64encode(iv + cipher.encrypt(pad(words, 16))).decode()


def sealed(event: object, key: str = KEY) -> tuple[dict[str, str], bytes]:
    """A request as Feishu makes it: encrypted, then signed over the raw bytes."""
    body = json.dumps({"encrypt": encrypt(json.dumps(event).encode(), key)}).encode()
    return signed(body, key), body


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {
        "X-Lark-Request-Timestamp": "1609073151",
        "X-Lark-Request-Nonce": "nonce123",
        "X-Lark-Signature": hashlib.sha256(b"1609073151nonce123" + key.encode() + body).hexdigest(),
    }


def event(**header: str) -> dict[str, object]:
    return {"schema": "2.0", "header": {"token": TOKEN, "app_id": APP, "event_type": "x", **header}, "event": {}}


@pytest.mark.parametrize(
    ("key", "wrapped", "words"),
    [
        ("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "hello world"),
        ("test key", "AAAAAAAAAAAAAAAAAAAAAOEGyxdYyxQFKFf1rEmCBXs=", "hello world"),
        (
            "test key",
            (
                "AAAAAAAAAAAAAAAAAAAAAD6N0hj9vF9ERgmsJVWf4XdBB8alW5ZBsDuHkMp9Naf/xVM3GFwJ0sw5dGJSplyIv/RxLPePH4ZfAyoi"
                "Yqf1SBICEaUTWF61HVgxY3M0ZrhP"
            ),
            '{"challenge":"ajls384kdjxxxx","token":"xxxxxx","type":"url_verification"}',
        ),
        (
            "mazhe.nerd",
            (
                "tT1xP+ovuc0T3b/rnZX3ax76exqAn0ANQ6/U45GcciC0mgNBc8JtvqOJGNAPMKpgRs2dVU1NYk9VDeqS8T4SYtU0hzNU54aS84WnxvZ3"
                "VFfDcy/RyABlNqlUiGyLDzFI0yxdCMT4KR/YEQXlt6nZi50KwRlZ+A75r645KesZuLMljezYyY8VeeXEVjPw35+e"
            ),
            (
                '{"challenge":"5634b122-c042-4634-bc7f-b07a3c3e77ad","token":"iRdCP2WwXNBXRM3mGLqhrgch3cn0gbT6",'
                '"type":"url_verification"}'
            ),
        ),
    ],
)
def test_the_public_vectors_of_the_cipher_open(key: str, wrapped: str, words: str) -> None:
    assert decrypt(key, wrapped).decode() == words


def test_the_public_vector_of_the_signature_matches() -> None:
    body = b'{"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}'
    expected = "984d6b650d8ea7ea33f3bb4ac34a5d59448aff91e374509cf9cf025cd3d84be2"
    assert signature("1609073151", "nonce123", "test key", body) == expected


def test_a_signed_and_encrypted_event_is_admitted() -> None:
    assert GATE.admit(*sealed(event())) == event()


def test_header_names_may_come_in_any_case() -> None:
    headers, body = sealed(event())
    assert GATE.admit({name.lower(): value for name, value in headers.items()}, body) == event()


def test_a_v1_envelope_is_admitted_by_its_own_token_and_app() -> None:
    old = {"uuid": "u", "token": TOKEN, "type": "event_callback", "event": {"type": "p2p_chat_create", "app_id": APP}}
    assert GATE.admit(*sealed(old)) == old


@pytest.mark.parametrize("encrypted", [True, False])
def test_an_address_check_is_answered_unsigned_plain_or_encrypted(encrypted: bool) -> None:  # noqa: FBT001 a parameter of the test
    check = {"challenge": 'a"b\n', "token": TOKEN, "type": "url_verification"}
    body = json.dumps(check).encode()
    outer = json.dumps({"encrypt": encrypt(body)}).encode() if encrypted else body
    assert GATE.admit({}, outer) == Challenge('a"b\n')


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


HEADERS, BODY = sealed(event())
PLAIN = json.dumps(event()).encode()
FOREIGN = json.dumps({"encrypt": encrypt(b"{}", "another key")}).encode()
REFUSED = {
    "a body flipped after signing": (HEADERS, flipped(BODY, 40)),
    "a wrong key": sealed(event(), "another key"),
    "a right signature over a body encrypted with another key": (signed(FOREIGN), FOREIGN),
    "no headers": ({}, BODY),
    "no signature": ({k: v for k, v in HEADERS.items() if k != "X-Lark-Signature"}, BODY),
    "no timestamp": ({k: v for k, v in HEADERS.items() if k != "X-Lark-Request-Timestamp"}, BODY),
    "a signature that is not ASCII": ({**HEADERS, "X-Lark-Signature": "é" * 64}, BODY),
    "another app": sealed(event(app_id="cli_other")),
    "another token": sealed(event(token="wrong")),
    "a token that is no text": sealed({"header": {"token": 7, "app_id": APP}}),
    "no token": sealed({"schema": "2.0", "header": {"app_id": APP}}),
    "a plain event, signed": (signed(PLAIN), PLAIN),
    "a plain event, unsigned": ({}, PLAIN),
    "an encrypted event, unsigned": ({}, BODY),
    "an address check with a wrong token": ({}, b'{"challenge":"c","token":"no","type":"url_verification"}'),
    "an address check without a challenge": ({}, json.dumps({"token": TOKEN, "type": "url_verification"}).encode()),
    "broken JSON": ({}, b"{"),
    "JSON that is no object": ({}, b"[]"),
    "JSON nested too deep": ({}, b"[" * 500_000),
    "bytes that are no text": ({}, b"\xff\xfe"),
    "base64 that is none": ({}, b'{"encrypt":"***"}'),
    "a cipher text of odd length": ({}, b'{"encrypt":"AAAA"}'),
    "an encrypt field that is no text": ({}, b'{"encrypt":{}}'),
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(request_: tuple[dict[str, str], bytes]) -> None:
    with pytest.raises(Refused):
        GATE.admit(*request_)


@pytest.mark.parametrize("empty", range(3))
def test_a_gate_with_an_empty_secret_cannot_be_built(empty: int) -> None:
    with pytest.raises(ValueError, match="must all be set"):
        Gate(*("" if i == empty else "x" for i in range(3)))


def test_a_gate_does_not_show_its_secrets() -> None:
    assert KEY not in repr(GATE)
    assert TOKEN not in repr(GATE)
