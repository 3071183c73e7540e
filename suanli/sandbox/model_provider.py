"""A provider of models on this machine: OpenAI's API as its clients know it, with faults on demand."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request

from suanli.sandbox.server import LoopbackServer, reset_connection

KEY = "sk-stand-in-0123456789"
LONGEST = 30.0
"""Seconds after which whoever hangs is let go."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the next call gets. By default it is answered well, in `pieces`.

    `status` other than 200 is an error. `hangs` is where it falls silent: before the head, or in the body.
    `breaks_after` so many pieces the connection ends; `waits` seconds pass before each piece; `in_steps` it waits for
    a step of the stand-in's `steps` before each. With `raw` the body is that, whatever it means. `usage` None: it
    does not tell.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[str, ...] = ("你好", "，", "world")
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    )
    hangs: str = ""
    breaks_after: int | None = None
    waits: float = 0.0
    in_steps: bool = False
    error_after: int | None = None
    raw: tuple[bytes, ...] | None = None
    media: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that came in."""

    path: str
    body: Mapping[str, Any]
    authorization: str


class ModelProvider:
    """`with ModelProvider() as provider: provider.url` – each call takes the next of `script`; the last of it stays.

    `asked` are the calls; `produced` counts the pieces that were sent, and `gone` the callers who went away before
    the end. `gate` cleared lets calls wait before they are answered.
    """

    def __init__(self, *script: Behaviour, key: str = KEY) -> None:
        self.script = deque(script or (Behaviour(),))
        self.asked: list[Asked] = []
        self.produced = 0
        self.gone = 0
        self.steps = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self._key = key
        self._stopping = threading.Event()
        self._server = LoopbackServer(self._serve)

    @property
    def url(self) -> str:
        """The address that is given as `base_url`."""
        return f"{self._server.url}/v1"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.gate.set()
        self._server.stop()

    def follow(self, *script: Behaviour) -> None:
        """Take another script."""
        self.script = deque(script)

    def _serve(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        said = json.loads(request.get_data())
        self.asked.append(Asked(request.path, said, request.headers.get("Authorization", "")))
        self.gate.wait(LONGEST)
        behaviour = self.script.popleft() if len(self.script) > 1 else self.script[0]
        if behaviour.hangs == "head":
            self._stopping.wait(LONGEST)
        if behaviour.breaks_after == 0:
            reset_connection(environ)
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            behaviour = replace(behaviour, status=401)
        if behaviour.status != 200:
            return _error(behaviour, start)
        if request.path == "/v1/embeddings":
            return _embeddings(said, behaviour, start)
        if request.path != "/v1/chat/completions":
            return _error(replace(behaviour, status=404), start)
        if said.get("stream"):
            start("200 OK", [("Content-Type", behaviour.media or "text/event-stream; charset=utf-8")])
            return _Closing(self._streamed(said, behaviour, environ), self._left)
        return self._whole(said, behaviour, start, environ)

    def _whole(
        self, said: Mapping[str, Any], behaviour: Behaviour, start: StartResponse, environ: WSGIEnvironment
    ) -> Iterable[bytes]:
        text = "".join(behaviour.pieces)
        count = said.get("n") or 1
        message = {"role": "assistant", "content": text}
        choices = [{"index": n, "message": message, "finish_reason": "stop"} for n in range(count)]
        answer = {**_head(said, "chat.completion"), "choices": choices, "usage": behaviour.usage}
        body = json.dumps(answer, ensure_ascii=False).encode() if behaviour.raw is None else b"".join(behaviour.raw)
        head = [("Content-Type", behaviour.media or "application/json"), ("Content-Length", str(len(body)))]
        start("200 OK", [*head, ("x-ratelimit-remaining-tokens", "12345"), ("openai-processing-ms", "7")])
        if behaviour.breaks_after is not None:
            return self._broken(body, environ)
        return [body]

    def _broken(self, body: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
        yield body[: len(body) // 2]
        reset_connection(environ)

    def _streamed(self, said: Mapping[str, Any], behaviour: Behaviour, environ: WSGIEnvironment) -> Iterator[bytes]:
        if behaviour.raw is not None:
            yield from behaviour.raw
            return
        options = said.get("stream_options") or {}
        wants_usage = bool(options.get("include_usage"))
        for number, event in enumerate(_events(said, behaviour, wants_usage=wants_usage)):
            if behaviour.breaks_after == number:
                reset_connection(environ)
            if behaviour.hangs == "body" and number:
                self._stopping.wait(LONGEST)
            if behaviour.in_steps:
                self.steps.acquire(timeout=LONGEST)
            if behaviour.waits:
                self._stopping.wait(behaviour.waits)
            self.produced += 1
            yield event

    def _left(self) -> None:
        self.gone += 1


class _Closing:
    """A body that tells when it was closed before its end."""

    def __init__(self, body: Iterator[bytes], left: Callable[[], None]) -> None:
        self._body = body
        self._left = left
        self._is_done = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        self._is_done = True

    def close(self) -> None:
        if not self._is_done:
            self._left()


def _events(said: Mapping[str, Any], behaviour: Behaviour, *, wants_usage: bool) -> Iterator[bytes]:
    """The chunks of a stream: with the usage, and a null where there is none yet, only for who asked for it."""
    more: dict[str, Any] = {"usage": None} if wants_usage else {}
    head = {**_head(said, "chat.completion.chunk"), **more}
    yield _event({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
    for number, piece in enumerate(behaviour.pieces):
        if behaviour.error_after == number:
            yield _event({"error": {"message": "the model fell over", "type": "server_error", "code": "boom"}})
            return
        yield _event({**head, "choices": [_choice({"content": piece})]})
    yield _event({**head, "choices": [_choice({}, "stop")]})
    if wants_usage and behaviour.usage is not None:
        yield _event({**head, "choices": [], "usage": behaviour.usage})
    yield b"data: [DONE]\n\n"


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> Mapping[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _event(said: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\n"


def _head(said: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_763_000_000, "model": said["model"]}


def _embeddings(said: Mapping[str, Any], behaviour: Behaviour, start: StartResponse) -> Iterable[bytes]:
    given = said["input"] if isinstance(said["input"], list) else [said["input"]]
    data = [{"object": "embedding", "index": n, "embedding": [0.25, -0.5]} for n in range(len(given))]
    usage = behaviour.usage and {"prompt_tokens": 5, "total_tokens": 5}
    body = json.dumps({"object": "list", "data": data, "model": said["model"], "usage": usage}).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _error(behaviour: Behaviour, start: StartResponse) -> Iterable[bytes]:
    error = {"message": f"no: Incorrect API key provided: {KEY}", "type": "stand_in", "param": None, "code": "refused"}
    body = json.dumps({"error": error}).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start(f"{behaviour.status} Stand-in", [*head, *behaviour.headers.items()])
    return [body]
