"""The Flask application: the blueprints it is given, and whether this process and what it needs are well."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from suanli.clock import Clock
from suanli.domain.facts import BEAT
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.web.api.blueprint import problem_of

log = structlog.get_logger()

BEAT_LIMIT = timedelta(seconds=90)
"""A scheduler that has not given a sign for this long is taken for dead."""

_API = "/api/"


def build_app(store: Store, clock: Clock, blueprints: Sequence[Blueprint], site: Site | None = None) -> Flask:
    """The application: `/healthz` says that this process answers, `/readyz` that its work can be done.

    With a `site`, what goes wrong below /api is answered as the API does it.
    """
    app = Flask("suanli", static_folder=None)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        with store.begin() as tx:
            beat, depth = tx.facts.get(BEAT), tx.outbox.depth()
        age = clock.now() - beat[1] if beat else None
        alive = age is not None and age < BEAT_LIMIT
        seconds = age.total_seconds() if age is not None else None
        body = {"database": "ok", "scheduler_beat_seconds": seconds, "outbox": depth.waiting, "dead": depth.dead}
        return jsonify(status="ok" if alive else "scheduler silent", **body), 200 if alive else 503

    @app.errorhandler(Exception)
    def on_error(error: Exception) -> tuple[Response, int]:
        """A catch point: what nobody expected is logged and answered opaquely; Feishu then delivers again."""
        if not isinstance(error, HTTPException):
            log.error("request_failed", exc_info=error)
        if site is not None and request.path.startswith(_API):
            response = problem_of(error, site)
            return response, response.status_code
        if isinstance(error, HTTPException):
            return jsonify(error=error.name.lower()), error.code or 500
        return jsonify(error="internal error"), 500

    return app
