"""Whether a request is Feishu's: signature first, then decryption, then token and app (feishu.md §1.3-1.4)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from Crypto.Cipher import AES
from Crypto.Util.Padding import unpad

TIMESTAMP = "x-lark-request-timestamp"
NONCE = "x-lark-request-nonce"
SIGNATURE = "x-lark-signature"


class Refused(Exception):  # noqa: N818 an answer rather than a failure
    """The request is not Feishu's. `cause` is for our log only: outside, every cause looks the same."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Challenge:
    """Feishu asks whether this address is ours; it is answered with the same words."""

    words: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The app that requests must be for, and the two secrets that prove it."""

    app_id: str
    encrypt_key: str = field(repr=False)
    verification_token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to stand open: an empty secret would let everybody in."""
        if not (self.app_id and self.encrypt_key and self.verification_token):
            raise ValueError("app id, encrypt key and verification token must all be set")

    def admit(self, headers: Mapping[str, str], body: bytes) -> Challenge | dict[str, Any]:
        """The event inside a request, or the challenge to answer. Raises Refused for everything else.

        A signed request is verified over its raw bytes before anything is decrypted or parsed. Only the address
        check may come unsigned (§1.2), and it must know the verification token.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        signed = any(name in lower for name in (TIMESTAMP, NONCE, SIGNATURE))
        if signed:
            self._verify(lower, body)
        event = self._open(_parse(body), signed=signed)
        self._check_token(event)
        if event.get("type") == "url_verification":
            return Challenge(_text(event.get("challenge")))
        if not signed:
            raise Refused("unsigned")
        self._check_app(event)
        return event

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        expected = signature(headers.get(TIMESTAMP, ""), headers.get(NONCE, ""), self.encrypt_key, body)
        if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode()):
            raise Refused("signature")

    def _open(self, outer: dict[str, Any], *, signed: bool) -> dict[str, Any]:
        if "encrypt" in outer:
            return _parse(decrypt(self.encrypt_key, _text(outer["encrypt"])))
        if signed or outer.get("type") != "url_verification":
            raise Refused("not encrypted")
        return outer

    def _check_token(self, event: Mapping[str, Any]) -> None:
        header = event.get("header")
        holder = header if isinstance(header, dict) else event
        if not hmac.compare_digest(_text(holder.get("token")).encode(), self.verification_token.encode()):
            raise Refused("token")

    def _check_app(self, event: Mapping[str, Any]) -> None:
        header, inner = event.get("header"), event.get("event")
        holder = header if isinstance(header, dict) else inner if isinstance(inner, dict) else {}
        if holder.get("app_id") != self.app_id:
            raise Refused("app")


def signature(timestamp: str, nonce: str, key: str, body: bytes) -> str:
    """Feishu's signature: SHA-256, in hex, of the four one after another (§1.3; not an HMAC)."""
    return hashlib.sha256((timestamp + nonce + key).encode() + body).hexdigest()


def decrypt(key: str, wrapped: str) -> bytes:
    """The words inside Feishu's envelope: AES-256-CBC under SHA-256 of the key, the IV in front (§1.4)."""
    try:
        raw = base64.b64decode(wrapped, validate=True)
        cipher = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, raw[:16])
        return unpad(cipher.decrypt(raw[16:]), AES.block_size)
    except (binascii.Error, ValueError) as error:
        raise Refused("decryption") from error


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("json") from error
    if not isinstance(parsed, dict):
        raise Refused("json")
    return parsed


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("type")
    return value
