"""What a caller asks of a model, read once; what is sent on is written anew, so that everybody reads the same of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from suanli.domain.cost.worst_case import Bound, UnboundedError, bound_of_chat, bound_of_embeddings
from suanli.domain.gateway import Kind, Offered, Route
from suanli.i18n import Texts
from suanli.web.gateway.refusals import Refusal, malformed, unbounded, unknown_model

PATHS: Mapping[Kind, str] = {Kind.CHAT: "/chat/completions", Kind.EMBEDDING: "/embeddings"}
"""Where a provider is asked, below its own address; below `/v1` also where callers ask us."""

_USAGE = "include_usage"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be metered. With `adds_usage` the stream is asked for a usage that the caller did not want."""

    model: Offered
    body: Mapping[str, Any]
    bound: Bound
    is_stream: bool = False
    adds_usage: bool = False

    def content_for(self, route: Route) -> bytes:
        """The body for a route: with the provider's name of the model."""
        said = {**self.body, "model": route.model}
        if self.adds_usage:
            said["stream_options"] = {**(self.body.get("stream_options") or {}), _USAGE: True}
        return json.dumps(said, separators=(",", ":")).encode()


def read(kind: Kind, raw: bytes, offered: Mapping[str, Offered], texts: Texts) -> Asked:
    """The request of a body. Raises Refusal."""
    body = _object(raw, texts)
    name = body.get("model")
    if not isinstance(name, str):
        raise malformed(texts, "model")
    model = offered.get(name)
    if model is None or model.kind is not kind:
        raise unknown_model(f"{name:.100}", texts)
    try:
        if kind is Kind.EMBEDDING:
            return Asked(model, body, bound_of_embeddings(body))
        bound = bound_of_chat(body, model)
    except UnboundedError as error:
        raise unbounded(error, texts) from None
    is_stream, options = body.get("stream") or False, body.get("stream_options")
    if not isinstance(is_stream, bool):
        raise malformed(texts, "stream")
    if not (options is None or isinstance(options, dict)):
        raise malformed(texts, "stream_options")
    return Asked(model, body, bound, is_stream, is_stream and not (options or {}).get(_USAGE))


def _object(raw: bytes, texts: Texts) -> dict[str, Any]:
    try:
        found = json.loads(raw, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", texts("gateway.not_json")) from None
    if not isinstance(found, dict):
        raise Refusal(400, "invalid_json", texts("gateway.not_json"))
    return found


def _finite(text: str) -> float:
    found = float(text)
    if found in {float("inf"), float("-inf")}:
        raise ValueError(text)
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)
