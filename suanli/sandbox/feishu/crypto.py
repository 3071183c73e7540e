"""Feishu's cipher and its two signatures, from feishu.md §1.3, §1.4 and §8."""

import base64
import hashlib
import hmac
import secrets

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

_BLOCK = AES.block_size


def encrypt(encrypt_key: str, plain: bytes, iv: bytes | None = None) -> str:
    """AES-256-CBC with PKCS#7 under the key's SHA-256, the IV in front, in base64; a random IV unless one is given."""
    iv = secrets.token_bytes(_BLOCK) if iv is None else iv
    sealed = AES.new(_key(encrypt_key), AES.MODE_CBC, iv).encrypt(pad(plain, _BLOCK))
    return base64.b64encode(iv + sealed).decode()


def decrypt(encrypt_key: str, sealed: str) -> bytes:
    """The reverse of `encrypt`; ValueError when it was not sealed with this key."""
    raw = base64.b64decode(sealed, validate=True)
    return unpad(AES.new(_key(encrypt_key), AES.MODE_CBC, raw[:_BLOCK]).decrypt(raw[_BLOCK:]), _BLOCK)


def event_signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """`X-Lark-Signature`: SHA-256 in hex over all four run together, the body as it goes over the wire."""
    return hashlib.sha256(f"{timestamp}{nonce}{encrypt_key}".encode() + body).hexdigest()


def hook_signature(timestamp: int, secret: str) -> str:
    """`sign` of a custom bot's webhook: timestamp and secret are the *key* of an HMAC over nothing."""
    mac = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def _key(encrypt_key: str) -> bytes:
    return hashlib.sha256(encrypt_key.encode()).digest()
