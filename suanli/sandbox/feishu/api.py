"""The platform's HTTP interface: the gate that every request passes, and the endpoints behind it."""

import json
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import BadGateway, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from suanli.clock import Clock
from suanli.sandbox.feishu import access, card_updates, directory, hooks, messages, reactions, slash
from suanli.sandbox.feishu.endpoint import Call, Endpoint
from suanli.sandbox.feishu.faults import Fault, Faults
from suanli.sandbox.feishu.limits import PER_API, Limits
from suanli.sandbox.feishu.people import Json, new_id
from suanli.sandbox.feishu.record import Called
from suanli.sandbox.feishu.refusal import Refusal, scope_missing, too_many_calls
from suanli.sandbox.feishu.tenant import Tenant
from suanli.sandbox.server import reset_connection

ENDPOINTS = (
    *access.ENDPOINTS,
    *messages.ENDPOINTS,
    *reactions.ENDPOINTS,
    *card_updates.ENDPOINTS,
    *directory.ENDPOINTS,
    *slash.ENDPOINTS,
    *hooks.ENDPOINTS,
)


class Api:
    """The open platform over one tenant, as a WSGI application.

    A request is worked on under the tenant's lock, so two with the same uuid can never both be first. `stopping` cuts
    short the answers that a fault holds back.
    """

    def __init__(self, tenant: Tenant, limits: Limits, faults: Faults, clock: Clock, stopping: threading.Event) -> None:
        self._tenant = tenant
        self._limits = limits
        self._faults = faults
        self._clock = clock
        self._stopping = stopping

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request; every answer has an `X-Tt-Logid`."""
        request, log_id = Request(environ), new_id("")
        response = self._route(request, log_id)
        response.headers["X-Tt-Logid"] = log_id
        return response(environ, start)

    def _route(self, request: Request, log_id: str) -> Response:
        try:
            endpoint, ids = _url_map().bind_to_environ(request.environ).match()
        except HTTPException as unknown:
            return Response(unknown.get_body(), unknown.code, mimetype="text/html")
        return self._answer(endpoint, ids, request, log_id)

    def _answer(self, endpoint: Endpoint, ids: Mapping[str, str], request: Request, log_id: str) -> Response:
        call = self._call(request)
        fault = Fault() if endpoint.public else self._faults.meet(request.path, call.raw)
        with self._tenant.changed:
            code, response = self._work(endpoint, ids, call, fault, log_id)
            self._tenant.calls.append(Called(request.method, request.path, response.status_code, code))
            self._tenant.changed.notify_all()
        if fault.delay:
            self._clock.wait(self._stopping, fault.delay.total_seconds())
        if fault.reset:
            reset_connection(request.environ)
        return response

    def _call(self, request: Request) -> Call:
        return Call(
            tenant=self._tenant,
            limits=self._limits,
            now=self._clock.now(),
            query=request.args,
            raw=request.get_data(),
            content_type=request.headers.get("Content-Type", ""),
            authorization=request.headers.get("Authorization", ""),
        )

    def _work(
        self, endpoint: Endpoint, ids: Mapping[str, str], call: Call, fault: Fault, log_id: str
    ) -> tuple[int | None, Response]:
        try:
            self._admit(endpoint, call)
            if fault.bad_gateway:
                return None, Response(BadGateway().get_body(), 502, mimetype="text/html")
            if fault.refusal:
                raise fault.refusal.with_traceback(None)  # the same one many times: forget where it was raised before
            body = endpoint.view(call, **ids)
            return body["code"], _json(body)
        except Refusal as refusal:
            return refusal.code, _json(refusal.body(log_id), refusal.status, refusal.headers)

    def _admit(self, endpoint: Endpoint, call: Call) -> None:
        if not endpoint.public:
            self._check_token(call)
        excess = self._limits.take(f"{endpoint.method} {endpoint.path}", call.now, PER_API)
        if excess:
            raise too_many_calls(excess.quota.calls, excess.wait)
        if endpoint.scopes and self._tenant.withheld.issuperset(endpoint.scopes):
            raise scope_missing(*endpoint.scopes)

    def _check_token(self, call: Call) -> None:
        if not call.authorization:
            raise Refusal(99991661)
        scheme, _, token = call.authorization.partition(" ")
        if scheme != "Bearer" or not token.startswith("t-"):
            raise Refusal(99991671)
        if not self._tenant.knows_token(token, call.now):
            raise Refusal(99991663)


@cache
def _url_map() -> Map:
    return Map([Rule(f"/open-apis{each.path}", endpoint=each, methods=[each.method]) for each in ENDPOINTS])


def _json(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, headers, content_type="application/json; charset=utf-8")
