"""The whole stand-in of ModelScope."""

import json
from dataclasses import replace
from typing import Any

from werkzeug.wrappers import Request

from suanli.clock import Clock
from suanli.sandbox.hubs.faults import Fault, drift
from suanli.sandbox.hubs.front import Front, Served
from suanli.sandbox.hubs.modelscope_official import failure, list_entries, show_entry
from suanli.sandbox.hubs.modelscope_older import list_by_criteria, list_of_owner, unsuccessful, wrapped
from suanli.sandbox.hubs.modelscope_world import World
from suanli.sandbox.hubs.reply import BAD_GATEWAY, HTML, Refusal, Reply, packed, told

TOKEN = "ms-sandbox"
OFFICIAL = "/openapi/v1/"
LIBRARY = "/api/v1/models/"
PAGES = "/api/v1/dolphin/models"
_NOT_FOUND = Reply(404, b"404 page not found", (HTML,))


class ModelScopeStandIn(Served):
    """ModelScope with what `world` has. Anybody may ask, but nobody with a bad token."""

    def __init__(self, clock: Clock) -> None:
        self.world = World(clock)
        self.front = Front(clock, self._answer)
        self.tokens = {TOKEN}

    def _answer(self, request: Request, fault: Fault | None) -> Reply:
        older = not request.path.startswith(OFFICIAL)
        if fault is Fault.UNSUCCESSFUL and older:
            return unsuccessful(10010205001, "system busy")
        if fault not in (None, Fault.LIMITED, Fault.LIMITED_SILENTLY):
            return BAD_GATEWAY
        try:
            if fault is not None:
                wait = (("Retry-After", "30"),) if fault is Fault.LIMITED else ()
                raise failure("RateLimitExceed", "too many requests", *wait)
            with self.world.lock:
                reply = self._older(request) if older else self._official(request)
        except Refusal as refusal:
            reply = refusal.reply
        if self.faults.drifted and reply.status == 200:
            reply = replace(reply, body=packed(drift(json.loads(reply.body), self.faults.drifted)))
        return reply

    def _official(self, request: Request) -> Reply:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme and (scheme != "Bearer" or token not in self.tokens):
            raise failure("InvalidAuthentication", "invalid token")
        parts = request.path.removeprefix(OFFICIAL).split("/")
        if request.method != "GET" or parts[0] not in {"models", "datasets"} or len(parts) not in {1, 3}:
            raise failure("ResourceNotFound", "no such interface")
        datasets = parts[0] == "datasets"
        if len(parts) == 3:
            data, about = show_entry(self.world, "/".join(parts[1:]), is_dataset=datasets), "/".join(parts[1:])
        else:
            data, about = list_entries(self.world, request.args, datasets=datasets), request.args.get("owner", "")
        reply = told({"success": True, "request_id": "00000000-0000", "data": data})
        return replace(reply, about=about)

    def _older(self, request: Request) -> Reply:
        if request.method != "PUT" or request.path not in {LIBRARY, PAGES}:
            return _NOT_FOUND
        body = _parsed(request.get_data())
        if request.path == PAGES:
            return wrapped(list_by_criteria(self.world, body))
        about = str(body.get("Path", "")) if isinstance(body, dict) else ""
        return replace(wrapped(list_of_owner(self.world, body)), about=about)


def _parsed(raw: bytes) -> Any:
    """The body, or nothing where it is not JSON in UTF-8."""
    try:
        return json.loads(raw.decode())
    except ValueError:
        return None
