"""WeLink's requests over HTTP: an address for each connection; the 200 means committed."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request

from bot.router import Replayed, Router
from bot.welink import events
from bot.welink.connection import Connection
from bot.welink.signature import Gate, Refused
from suanli.clock import Clock

log = structlog.get_logger()

MAX_BODY = 64 * 1024
"""Bytes (welink.md §5.2): a command is a line."""


def welink_blueprint(connections: Sequence[Connection], router: Router, clock: Clock) -> Blueprint:
    """`POST /webhooks/welink/<connection>`.

    A connection that is not there, or has no secret, is a 404; a request that is not the connection's a 401 with one
    body, whatever is wrong with it. Everything else that is proven succeeds, what we have no use for too: whoever
    delivers would only deliver it again.
    """
    blueprint = Blueprint("welink", __name__)
    desks = _open(connections, router, clock)

    @blueprint.post("/webhooks/welink/<connection>")
    def receive(connection: str) -> tuple[Response, int]:
        desk = desks.get(connection)
        if desk is None:
            return jsonify(error="not found"), 404
        request.max_content_length = MAX_BODY
        try:
            reply = desk.serve(dict(request.headers), request.get_data(cache=False))
        except Refused as refused:
            log.warning("webhook_refused", connection=connection, cause=refused.cause, address=request.remote_addr)
            return jsonify(error="unauthorized"), 401
        return jsonify(reply), 200

    return blueprint


def _open(connections: Sequence[Connection], router: Router, clock: Clock) -> "dict[str, _Desk]":
    desks: dict[str, _Desk] = {}
    for connection in connections:
        if connection.name in desks:
            raise ValueError(f"two connections are called {connection.name}")
        if connection.gate is None:
            log.warning("welink_closed", connection=connection.name)
            continue
        desks[connection.name] = _Desk(connection, connection.gate, router, clock)
    return desks


class _Desk:
    def __init__(self, connection: Connection, gate: Gate, router: Router, clock: Clock) -> None:
        self._connection = connection
        self._gate = gate
        self._router = router
        self._clock = clock

    def serve(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        """Do what an admitted request asks, once; the reply. Raises Refused."""
        now = self._clock.now()
        admitted = self._gate.admit(headers, body, now)
        message = events.read(self._connection, admitted, now)
        if message is not None:
            try:
                self._router.handle(message, nonce=admitted.nonce)
            except Replayed:
                raise Refused("replayed") from None
        return admitted.reply
