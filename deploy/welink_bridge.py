#!/usr/bin/env python3
"""Bring one WeLink message to suanli, signed: an example of a relay, which needs nothing but Python.

    SUANLI_BRIDGE_SECRET=… ./welink_bridge.py https://suanli.example.com/webhooks/welink/corp < message.json

The message is JSON, as the connection's field map expects it; without any other map:

    {"message_id": "m-1", "chat": {"type": "group", "id": "g-9"}, "sender": {"id": "li.lei@0123456789"},
     "text": "/stock 4090", "timestamp": 1717400000123}

`type` is `group` or `private`. With the same `message_id` a message may be sent as often as you like and is done once.
Without a `sender` only commands that read are run. Exit code 0 means that suanli has it.
"""

import hashlib
import hmac
import http.client
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

TRIES = 4
PAUSE = 2  # seconds before the second try, doubled before each further one
TIMEOUT = 10


def sign(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature: HMAC-SHA256, in hex, of version, timestamp, nonce and the body exactly as it is sent."""
    signed = f"v1:{timestamp}:{nonce}:".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(secret: str, body: bytes) -> dict[str, str]:
    """What proves a request; made anew for each try, for a nonce counts once and a timestamp for five minutes."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)  # noqa: TID251 stands alone, without suanli's clock
    return {
        "Content-Type": "application/json",
        "X-Bot-Timestamp": timestamp,
        "X-Bot-Nonce": nonce,
        "X-Bot-Signature": sign(secret, timestamp, nonce, body),
    }


def post(url: str, secret: str, body: bytes) -> int:
    """Send it once; the HTTP status, or 0 when there was no answer."""
    request = urllib.request.Request(url, body, headers(secret, body))  # noqa: S310 main looks at the scheme
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, http.client.HTTPException):
        return 0


def deliver(url: str, secret: str, body: bytes, pause: float = PAUSE) -> int:
    """Send it until it is taken or refused; the last status. No answer and 5xx are tried again, all else is final."""
    status = post(url, secret, body)
    for number in range(TRIES - 1):
        if 0 < status < 500:  # noqa: PLR2004 HTTP's own number
            break
        time.sleep(pause * 2**number)  # noqa: TID251 stands alone, without suanli's clock
        status = post(url, secret, body)
    return status


def main() -> int:
    """Read the message from standard input and deliver it."""
    secret = os.environ.get("SUANLI_BRIDGE_SECRET", "")  # noqa: TID251 stands alone, without suanli's settings
    url = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004 the program and its one argument
    if not secret or urlsplit(url).scheme not in {"http", "https"}:
        print(__doc__, file=sys.stderr)  # noqa: T201 a command line prints
        return 2
    status = deliver(url, secret, sys.stdin.buffer.read())
    if status != 200:  # noqa: PLR2004 HTTP's own number
        print(f"not delivered: HTTP {status}" if status else "not delivered: no answer", file=sys.stderr)  # noqa: T201
    return 0 if status == 200 else 1  # noqa: PLR2004 the same


if __name__ == "__main__":
    sys.exit(main())
