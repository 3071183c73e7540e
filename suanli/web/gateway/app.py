"""The gateway over HTTP: OpenAI's addresses below `/v1`."""

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from suanli.domain.gateway import Kind, Offered
from suanli.i18n import Texts, texts_in
from suanli.web.api.languages import asked_lang
from suanli.web.gateway.asked import PATHS
from suanli.web.gateway.refusals import SERVER, Refusal
from suanli.web.gateway.serving import Answer, Serving

log = structlog.get_logger()

LARGEST = 32 * 1024 * 1024
"""Bytes of a request: long documents, and images in them."""


def gateway_app(serving: Serving) -> Flask:
    """The application: `POST /v1/chat/completions`, `POST /v1/embeddings`, `GET /v1/models`, `GET /healthz`."""
    app = Flask("suanli.gateway", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's own provider

    def call(kind: Kind) -> Response:
        texts = _texts(serving)
        caller = serving.caller(request.headers.get("Authorization", ""), texts, by_memory=True)
        return _response(serving.call(kind, caller, _body(texts), texts))

    for kind, path in PATHS.items():
        app.add_url_rule(f"/v1{path}", kind.value, call, methods=["POST"], defaults={"kind": kind})

    @app.get("/v1/models")
    def models() -> Response:
        serving.caller(request.headers.get("Authorization", ""), _texts(serving))
        return jsonify(object="list", data=[_shape(model) for model in serving.offered.values()])

    @app.get("/v1/models/<path:name>")
    def model(name: str) -> Response:
        texts = _texts(serving)
        serving.caller(request.headers.get("Authorization", ""), texts)
        found = serving.offered.get(name)
        if found is None:
            raise Refusal(404, "model_not_found", texts("gateway.no_model", model=f"{name:.100}"), param="model")
        return jsonify(_shape(found))

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Exception, lambda error: _on_error(error, serving))
    return app


def _shape(model: Offered) -> Mapping[str, Any]:
    """A model as OpenAI lists it. When it was made is not known here, and it is a field that clients insist on."""
    return {"id": model.name, "object": "model", "created": 0, "owned_by": model.routes[0].vendor}


def _body(texts: Texts) -> bytes:
    request.max_content_length = LARGEST
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        message = texts("gateway.too_large", most=LARGEST >> 20)
        raise Refusal(413, "request_too_large", message) from None


def _texts(serving: Serving) -> Texts:
    return texts_in(asked_lang(serving.site))


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    del response.headers["Content-Type"]
    response.headers.update(answer.headers)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would gather a stream before it passes it on
    return response


def _refused(refusal: Refusal) -> Response:
    response = Response(refusal.body(), refusal.status, dict(refusal.headers), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _on_error(error: Exception, serving: Serving) -> Response:
    """A catch point: what nobody expected is logged and answered opaquely."""
    texts = _texts(serving)
    if isinstance(error, HTTPException):
        code = error.code or 500
        return _refused(Refusal(code, error.name.lower().replace(" ", "_"), texts("gateway.no_such_address")))
    log.error("gateway_failed", exc_info=error)
    return _refused(Refusal(500, "internal_error", texts("gateway.internal"), SERVER))
