"""Whether a request may speak for a WeLink connection: the app's cipher, a bridge's signature, or a token.

WeLink itself documents only the cipher (welink.md §3); the signature is our own convention for a relay that the tenant
runs (§5.2), and the bearer token is for callers that know nothing better.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from Crypto.Cipher import AES

TIMESTAMP = "x-bot-timestamp"
NONCE = "x-bot-nonce"
SIGNATURE = "x-bot-signature"

OFFICIAL_WINDOW = timedelta(minutes=30)
SIGNED_WINDOW = timedelta(minutes=5)

DONE: Mapping[str, Any] = {"code": 0, "message": "ok"}
"""What a bridge or a bearer is told: received, or received before."""

_IV, _TAG, _IV_BASE64 = 16, 16, 24
"""Bytes of the initialisation vector and of the tag, and the characters that the former takes in base64 (§3.2)."""

_MILLISECONDS_FROM = 10**11
"""Stamps greater than this are milliseconds: as seconds it is the year 5138 (§3.3)."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_STAMP = re.compile(r"[0-9]{1,15}")
# Without a colon, which is what stands between the nonce and the body in what is signed.
_NONCE = re.compile(r"[A-Za-z0-9._~-]{1,128}")


class Mode(StrEnum):
    """How a connection proves itself."""

    OFFICIAL = "official"
    SIGNED = "signed"
    BEARER = "bearer"


class Refused(Exception):  # noqa: N818 an answer rather than a failure
    """The request is not the connection's. `cause` is for our log only: outside, every cause looks the same."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a proven request says, and what to answer when it is done.

    `at` is when it was made, if the proof tells; a `nonce` may be used only once.
    """

    body: dict[str, Any]
    reply: Mapping[str, Any]
    at: datetime | None = None
    nonce: str = ""


class Gate(Protocol):
    """Lets in what proves to know a secret. Each of `secrets` will do, so that they can be changed one by one."""

    def admit(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Admitted:
        """What is inside a request. Raises Refused for what is not proven."""
        ...


def open_gate(mode: Mode, secrets: Sequence[str]) -> Gate | None:
    """The gate of a connection; None without a secret, for then nobody can prove anything."""
    given = tuple(secret for secret in secrets if secret.strip())
    if not given:
        return None
    match mode:
        case Mode.OFFICIAL:
            return Official(given)
        case Mode.SIGNED:
            return Signed(given)
        case Mode.BEARER:
            return Bearer(given)


@dataclass(frozen=True, slots=True)
class Official:
    """WeLink's own callback: who can encrypt with the app's secret is WeLink (§3.2)."""

    secrets: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to stand open."""
        _check(self.secrets)

    def admit(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Admitted:  # noqa: ARG002 the port's shape
        """What is inside the envelope; the reply is encrypted with the secret that opened it, and its own timestamp."""
        envelope = _parse(body).get("encrypt")
        if not isinstance(envelope, str):
            raise Refused("not encrypted")
        secret, opened = self._open(envelope)
        event = _parse(opened)
        stamp = event.get("timestamp")
        at = _timely(moment(stamp), now, OFFICIAL_WINDOW)
        said = json.dumps({"msg": "success", "timestamp": stamp}, separators=(",", ":"))
        return Admitted(event, {"encrypt": encrypt(secret, said.encode(), randomness.token_bytes(_IV))}, at)

    def _open(self, envelope: str) -> tuple[str, bytes]:
        for secret in self.secrets:
            opened = decrypt(secret, envelope)
            if opened is not None:
                return secret, opened
        raise Refused("decryption")


@dataclass(frozen=True, slots=True)
class Signed:
    """A relay that the tenant runs: an HMAC over the time, a nonce and the raw body (§5.2)."""

    secrets: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to stand open."""
        _check(self.secrets)

    def admit(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Admitted:
        """The body, once its signature and its age are right. That the nonce is new, only the store can say."""
        lower = {name.lower(): value for name, value in headers.items()}
        stamp, nonce = lower.get(TIMESTAMP, ""), lower.get(NONCE, "")
        if not (_SECONDS.fullmatch(stamp) and _NONCE.fullmatch(nonce)):
            raise Refused("headers")
        signatures = [signature(secret, stamp, nonce, body) for secret in self.secrets]
        if not _is_one_of(lower.get(SIGNATURE, ""), signatures):
            raise Refused("signature")
        return Admitted(_parse(body), DONE, _timely(_from_seconds(int(stamp)), now, SIGNED_WINDOW), nonce)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A fixed token in each request: nothing but TLS keeps it, and it says nothing of time (§5.1)."""

    secrets: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to stand open."""
        _check(self.secrets)

    def admit(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Admitted:  # noqa: ARG002 the port's shape
        """The body that comes with the token."""
        given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        scheme, _, token = given.partition(" ")
        if not (_is_one_of(token.strip(), self.secrets) and scheme.casefold() == "bearer"):
            raise Refused("token")
        return Admitted(_parse(body), DONE)


def signature(secret: str, stamp: str, nonce: str, body: bytes) -> str:
    """The bridge's signature of a request (§5.2)."""
    signed = f"v1:{stamp}:{nonce}:".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def encrypt(secret: str, words: bytes, iv: bytes) -> str:
    """WeLink's envelope around words: the IV and what AES-128-GCM makes of them, each in base64 (§3.2)."""
    sealed, tag = _cipher(secret, iv).encrypt_and_digest(words)
    return base64.b64encode(iv).decode() + base64.b64encode(sealed + tag).decode()


def decrypt(secret: str, envelope: str) -> bytes | None:
    """The words inside WeLink's envelope; None when it was not made with this secret. Raises Refused if it is none."""
    try:
        iv = base64.b64decode(envelope[:_IV_BASE64], validate=True)
        sealed = base64.b64decode(envelope[_IV_BASE64:], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("base64") from error
    if len(iv) != _IV or len(sealed) < _TAG:
        raise Refused("envelope")
    try:
        opened: bytes = _cipher(secret, iv).decrypt_and_verify(sealed[:-_TAG], sealed[-_TAG:])
    except ValueError:
        return None
    return opened


def key_of(secret: str) -> bytes:
    """The AES key that WeLink makes of an app's secret."""
    inner = hashlib.sha1(secret.encode()).digest()  # noqa: S324 WeLink's choice
    return hashlib.sha1(inner).digest()[:16]  # noqa: S324 the same


def moment(stamp: object) -> datetime | None:
    """A time as WeLink and bridges write it: seconds or milliseconds, a number or a text; None for all else (§3.3)."""
    digits = str(stamp) if isinstance(stamp, (str, int)) and not isinstance(stamp, bool) else ""
    if not _STAMP.fullmatch(digits):
        return None
    number = int(digits)
    return _from_seconds(number / 1000 if number > _MILLISECONDS_FROM else number)


def _from_seconds(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a year beyond 9999; which of them depends on the machine
        return None


def _timely(at: datetime | None, now: datetime, window: timedelta) -> datetime:
    if at is None:
        raise Refused("timestamp")
    if abs(now - at) > window:
        raise Refused("stale")
    return at


def _is_one_of(given: str, expected: Sequence[str]) -> bool:
    """Whether `given` is one of them. All are compared to their end, so that time tells nothing of them."""
    return sum(hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in expected) > 0


def _cipher(secret: str, iv: bytes) -> Any:
    return AES.new(key_of(secret), AES.MODE_GCM, nonce=iv, mac_len=_TAG)


def _check(secrets: tuple[str, ...]) -> None:
    if not secrets or not all(secret.strip() for secret in secrets):
        raise ValueError("a gate needs a secret, and none of its secrets may be empty")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("json") from error
    if not isinstance(parsed, dict):
        raise Refused("json")
    return parsed
