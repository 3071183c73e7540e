"""Feishu's requests over HTTP: one address for events and card callbacks; the 200 means committed."""

from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request

from bot.feishu import events
from bot.feishu.identity import Identity
from bot.feishu.signature import Challenge, Gate, Refused
from bot.router import Router
from suanli.domain.chat import Click

log = structlog.get_logger()

MAX_BODY = 1024 * 1024
"""Bytes; Feishu's largest event is a message of 150 KB (feishu.md §3.4), encrypted and in base64."""


def feishu_blueprint(gate: Gate, identity: Identity, router: Router) -> Blueprint:
    """`POST /webhooks/feishu`. A request that is not Feishu's is 401 with one body, whatever is wrong with it."""
    blueprint = Blueprint("feishu", __name__)

    @blueprint.post("/webhooks/feishu")
    def receive() -> tuple[Response, int]:
        request.max_content_length = MAX_BODY
        try:
            event = gate.admit(dict(request.headers), request.get_data(cache=False))
        except Refused as refused:
            log.warning("webhook_refused", cause=refused.cause, address=request.remote_addr)
            return jsonify(error="unauthorized"), 401
        if isinstance(event, Challenge):
            return jsonify(challenge=event.words), 200
        return _serve(event, identity, router)

    return blueprint


def _serve(event: dict[str, Any], identity: Identity, router: Router) -> tuple[Response, int]:
    try:
        incoming = events.read(event, identity.open_id())
    except events.BotUnknownError:
        # Feishu asks again in 15 s; by then the delivering process has learnt who we are.
        log.warning("bot_unknown")
        return jsonify(error="not ready"), 503
    toast = router.handle(incoming) if incoming is not None else None
    if isinstance(incoming, Click) and toast:
        return jsonify(toast={"type": toast.mood, "content": toast.text}), 200
    return Response("{}", mimetype="application/json"), 200
