"""What stands around the gateway: a provider of models that answers as told, and a proxy that forwards and no more.

Both run under the gunicorn of `suanli gateway`. The proxy is what one writes with Flask and requests: it looks at
nothing, holds nothing and records nothing, and asks the provider over connections that are kept open.
"""

import json
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import requests
from flask import Flask, Response, request
from requests.adapters import HTTPAdapter

from suanli.cli.gateway import THREADS
from suanli.cli.webserver import serve
from suanli.clock import SystemClock

KEY = "sk-provider-0123456789abcdef"
AT_ONCE, LATER = "at-once", "later"
"""The models: one that answers at once, and one that takes `LATER_AFTER` seconds to begin."""
LATER_AFTER = 0.2
PATH = "/v1/chat/completions"
PIECES = 20
IN, OUT = 400, 120
"""Tokens of each call."""

_SSE = "text/event-stream"
_WORDS = "The quick brown fox jumps over the lazy dog, and then once more. "


def provider() -> Flask:
    """OpenAI's chat completions: whole, or as a stream of `PIECES` events and the usage."""
    app, clock = Flask("provider"), SystemClock()
    whole, stream = _whole().encode(), [f"data: {each}\n\n".encode() for each in (*_chunks(), "[DONE]")]

    @app.post(PATH)
    def complete() -> Response:
        said = request.get_json()
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return Response("", 401)
        if said["model"] == LATER:
            clock.wait(threading.Event(), LATER_AFTER)
        if said.get("stream"):
            return Response(iter(stream), mimetype=_SSE)
        return Response(whole, mimetype="application/json")

    _answer_alive(app)
    return app


_HEAD: dict[str, Any] = {"id": "chatcmpl-1", "created": 1_763_000_000, "model": "m"}
_USAGE = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}


def _whole() -> str:
    message = {"role": "assistant", "content": _WORDS * 8}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({**_HEAD, "object": "chat.completion", "choices": choices, "usage": _USAGE})


def _chunks() -> Iterator[str]:
    piece = {"index": 0, "delta": {"content": _WORDS[:30]}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    for choices in (*([piece] for _ in range(PIECES)), [end]):
        yield json.dumps({**_HEAD, "object": "chat.completion.chunk", "choices": choices})
    yield json.dumps({**_HEAD, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE})


def bare(url: str) -> Flask:
    """Forwards what comes in with the provider's key, and what comes back."""
    app = Flask("bare")
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Accept-Encoding": "identity"}

    @app.post(PATH)
    def forward() -> Response:
        answer = session.post(f"{url}{PATH}", data=request.get_data(), headers=headers, stream=True, timeout=60)
        kind = answer.headers["Content-Type"]
        body: bytes | Iterable[bytes] = _pieces(answer) if kind.startswith(_SSE) else answer.content
        return Response(body, answer.status_code, content_type=kind)

    _answer_alive(app)
    return app


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    """The body as it comes."""
    with answer:
        while piece := answer.raw.read1(65536):
            yield piece


def _answer_alive(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> str:
        return ""


def main(which: str, listen: str, url: str, workers: str) -> None:
    """Serve one of them as `suanli gateway` is served."""
    build = provider if which == "provider" else partial(bare, url)
    serve(build, listen, threads=THREADS, workers=int(workers), is_recycled=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
