"""A request that does not prove a WeLink connection's secret, in time, is refused whatever is wrong with it."""

import base64
import json
from collections.abc import Mapping

import pytest

from bot.welink.signature import Refused, signature
from tests.fakes import NOON
from tests.welink_caller import NOW, SECRET, Sent, borne, packed, sealed, signed
from tests.welink_gates import BEARER, OFFICIAL, SIGNED, admit, event


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def damaged(envelope: str, at: int) -> bytes:
    """An envelope with one bit of what its base64 stands for flipped, counted from the end of the IV."""
    raw = bytearray(base64.b64decode(envelope[24:]))
    raw[at] ^= 1
    return packed({"encrypt": envelope[:24] + base64.b64encode(bytes(raw)).decode()})


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


SEALED: str = json.loads(sealed(event()).body)["encrypt"]
WHOLE = signed({"text": "/stock"})
UNOFFICIAL = {
    "another secret": sealed(event(), "another").body,
    "a bit of the tag flipped": damaged(SEALED, -1),
    "a bit of the words flipped": damaged(SEALED, 0),
    "a bit of the IV flipped": packed({"encrypt": ("B" if SEALED[0] != "B" else "C") + SEALED[1:]}),
    "cut": packed({"encrypt": SEALED[:-4]}),
    "only an IV": packed({"encrypt": SEALED[:24]}),
    "an IV and half a tag": packed({"encrypt": SEALED[:24] + "AAAAAAAAAAA="}),
    "an IV of twelve bytes": packed({"encrypt": "AAAAAAAAAAAAAAAA" + SEALED[24:]}),
    "short": packed({"encrypt": "AAAA"}),
    "empty": packed({"encrypt": ""}),
    "not base64": packed({"encrypt": "*" * 80}),
    "not ASCII": packed({"encrypt": "é" * 80}),
    "no text": packed({"encrypt": {"a": 1}}),
    "no envelope": packed(event()),
    "no body": b"",
    "broken JSON": b"{",
    "JSON that is no object": b"[]",
    "JSON nested too deep": b"[" * 30_000,
    "bytes that are no text": b"\xff\xfe",
    "words that are no JSON": sealed(b"success").body,
    "words that are no object": sealed(b'"test"').body,
    "no time": sealed({"eventType": "test"}).body,
    "31 minutes old": sealed(event(NOW - 31 * 60)).body,
    "31 minutes ahead": sealed(event(str((NOW + 31 * 60) * 1000))).body,
    "a time in microseconds": sealed(event(NOW * 1_000_000)).body,
    "a time beyond all calendars": sealed(event("9" * 15)).body,
    "a time of a thousand digits": sealed(event("9" * 1000)).body,
    "a negative time": sealed(event(-NOW)).body,
    "a broken time": sealed(event(float(NOW))).body,
    "a time that is true": sealed(event(stamp=True)).body,
    "a time in Arabic digits": sealed(event("١٧٦٣٦١١٢٠٠")).body,
}
UNSIGNED = {
    "nothing": Sent({}, WHOLE.body),
    "another secret": signed({"text": "/stock"}, "another"),
    "a body flipped after signing": Sent(WHOLE.headers, flipped(WHOLE.body, 5)),
    "a body with a blank more": Sent(WHOLE.headers, WHOLE.body + b" "),
    "no signature": Sent(without(WHOLE.headers, "X-Bot-Signature"), WHOLE.body),
    "no nonce": Sent(without(WHOLE.headers, "X-Bot-Nonce"), WHOLE.body),
    "no time": Sent(without(WHOLE.headers, "X-Bot-Timestamp"), WHOLE.body),
    "another nonce": Sent({**WHOLE.headers, "X-Bot-Nonce": "n-other"}, WHOLE.body),
    "another time": Sent({**WHOLE.headers, "X-Bot-Timestamp": str(NOW + 1)}, WHOLE.body),
    "no version": Sent({**WHOLE.headers, "X-Bot-Signature": WHOLE.headers["X-Bot-Signature"][3:]}, WHOLE.body),
    "another version": Sent(
        {**WHOLE.headers, "X-Bot-Signature": "v0" + WHOLE.headers["X-Bot-Signature"][2:]}, WHOLE.body
    ),
    "capital letters": Sent({**WHOLE.headers, "X-Bot-Signature": WHOLE.headers["X-Bot-Signature"].upper()}, WHOLE.body),
    "a signature that is not ASCII": Sent({**WHOLE.headers, "X-Bot-Signature": "é" * 67}, WHOLE.body),
    "half a character": Sent({**WHOLE.headers, "X-Bot-Signature": "\ud800" * 67}, WHOLE.body),
    "a nonce with a colon, by which bytes could move": signed({}, nonce="n:1"),
    "a nonce too long": signed({}, nonce="n" * 129),
    "a time in milliseconds": signed({}, at=NOW * 1000),
    "a negative time": signed({}, at=-NOW),
    "a body that is no JSON": signed(b"/stock"),
    "a body that is no object": signed(b"[]"),
    "a body nested too deep": signed(b'{"a":' * 10_000),
    "bytes that are no text": signed(b"\xff\xfe"),
    "the token of a bearer": borne({}),
}
UNBORNE = {
    "no header": Sent({}, b"{}"),
    "another token": borne({}, "another"),
    "a longer token": borne({}, SECRET + "x"),
    "a shorter token": borne({}, SECRET[:-1]),
    "no token": borne({}, ""),
    "another scheme": Sent({"Authorization": f"Basic {SECRET}"}, b"{}"),
    "no scheme": Sent({"Authorization": SECRET}, b"{}"),
    "a token that is not ASCII": borne({}, "é"),
    "a body that is no JSON": borne(b"/stock"),
    "a signature instead": signed({}),
}


@pytest.mark.parametrize("body", UNOFFICIAL.values(), ids=UNOFFICIAL.keys())
def test_it_is_not_welinks(body: bytes) -> None:
    with pytest.raises(Refused):
        OFFICIAL.admit({}, body, NOON)


@pytest.mark.parametrize("request_", UNSIGNED.values(), ids=UNSIGNED.keys())
def test_it_is_not_the_bridges(request_: Sent) -> None:
    with pytest.raises(Refused):
        admit(SIGNED, request_)


@pytest.mark.parametrize("request_", UNBORNE.values(), ids=UNBORNE.keys())
def test_it_is_not_the_bearers(request_: Sent) -> None:
    with pytest.raises(Refused):
        admit(BEARER, request_)


def test_nothing_can_be_moved_from_the_body_into_the_nonce() -> None:
    """Both are signed with a colon between them, so a nonce that holds one is refused though its signature fits."""
    request = signed(b'{"a":{"b":1}}', nonce="n-1")
    moved = request.headers | {"X-Bot-Nonce": 'n-1:{"a"'}
    assert signature(SECRET, str(NOW), 'n-1:{"a"', b'{"b":1}}') == request.headers["X-Bot-Signature"]
    with pytest.raises(Refused, match="headers"):
        SIGNED.admit(moved, b'{"b":1}}', NOON)


def test_a_signed_body_is_not_read_before_its_signature_is_right() -> None:
    with pytest.raises(Refused, match="signature"):
        admit(SIGNED, signed(b"no json", "another"))
