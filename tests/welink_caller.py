"""The other side of a WeLink connection: requests as WeLink, a relay or a bearer makes them."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from Crypto.Cipher import AES

from bot.welink.signature import encrypt, key_of, signature
from tests.fakes import NOON

SECRET = "unit-test-secret"
NOW = int(NOON.timestamp())
GROUP = {"type": "group", "id": "g-9"}
PRIVATE = {"type": "private", "id": "p-1"}
LI = "li.lei@0123456789"


@dataclass(frozen=True)
class Sent:
    """A request: its headers and its body."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Numbers:
    """IVs and nonces, each new."""

    used: int = field(default=0)

    def next(self) -> int:
        self.used += 1
        return self.used


NUMBERS = Numbers()


def packed(what: Any) -> bytes:
    return what if isinstance(what, bytes) else json.dumps(what).encode()


def sealed(what: Any, secret: str = SECRET, iv: bytes | None = None) -> Sent:
    """As WeLink sends it: under an IV that is new unless it is given."""
    envelope = encrypt(secret, packed(what), iv or NUMBERS.next().to_bytes(16))
    return Sent({}, packed({"encrypt": envelope}))


def opened(envelope: str, secret: str = SECRET) -> dict[str, Any]:
    """What a reply says, by the letter of the cipher's description."""
    raw = base64.b64decode(envelope[24:])
    cipher = AES.new(key_of(secret), AES.MODE_GCM, nonce=base64.b64decode(envelope[:24]), mac_len=16)
    said: dict[str, Any] = json.loads(cipher.decrypt_and_verify(raw[:-16], raw[-16:]))
    return said


def signed(what: Any, secret: str = SECRET, *, at: int = NOW, nonce: str = "") -> Sent:
    """As a relay sends it: with a nonce that is new unless it is given."""
    body, name = packed(what), nonce or f"n-{NUMBERS.next()}"
    proof = signature(secret, str(at), name, body)
    return Sent({"X-Bot-Timestamp": str(at), "X-Bot-Nonce": name, "X-Bot-Signature": proof}, body)


def borne(what: Any, token: str = SECRET) -> Sent:
    """As a caller with a token sends it."""
    return Sent({"Authorization": f"Bearer {token}"}, packed(what))


def said(text: str = "/stock", message_id: str = "m-1", **changes: Any) -> dict[str, Any]:
    """A message in our bridge's shape; a change to None leaves the field out."""
    body = {
        "message_id": message_id,
        "chat": GROUP,
        "sender": {"id": LI},
        "text": text,
        "timestamp": NOW * 1000,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
