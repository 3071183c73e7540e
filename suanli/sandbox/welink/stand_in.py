"""The whole stand-in: the platform on a loopback port."""

import json
import secrets
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from suanli.clock import Clock
from suanli.sandbox.feishu.limits import Limits
from suanli.sandbox.server import LoopbackServer, reset_connection
from suanli.sandbox.welink.app import App, log_in, send_card, who
from suanli.sandbox.welink.faults import UNDONE, Fault, Faults
from suanli.sandbox.welink.record import Robot
from suanli.sandbox.welink.refusal import Refusal
from suanli.sandbox.welink.robot import say
from suanli.sandbox.welink.switches import Switches

ROBOT = "/api/werobot/v1/webhook/send"
TICKETS = "/api/auth/v2/tickets"
USERID = "/api/auth/v2/userid"
CARDS = {"/api/messages/v2/card/common": "common", "/api/messages/v1/card/wecode": "wecode"}


class WelinkStandIn:
    """WeLink, with one app in it and any number of robots.

    with WelinkStandIn(SystemClock()) as welink:
        robot = welink.add_robot()
        post_to(welink.url + robot.path)
        print(robot.said)
    """

    def __init__(self, clock: Clock, switches: Switches | None = None) -> None:
        self.app = App()
        self.robots: dict[str, Robot] = {}
        self.faults = Faults()
        self.switches = switches or Switches()
        self._clock = clock
        self._limits = Limits()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = LoopbackServer(self._serve)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.stop()

    @property
    def url(self) -> str:
        """The platform's base URL, in place of `https://open.welink.huaweicloud.com`."""
        return self._server.url

    def add_robot(self, *, enabled: bool = True) -> Robot:
        """A robot in a group of its own."""
        robot = Robot(secrets.token_hex(16), enabled)
        self.robots[robot.token] = robot
        return robot

    def _serve(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        fault = self.faults.meet(request.path)
        response = self._undone(fault) if fault in UNDONE else self._answer(request)
        if fault in (Fault.DROPPED, Fault.LOST):
            reset_connection(environ)
        if fault is Fault.SILENT:
            self._stopping.wait(30)
        if fault is Fault.TRUNCATED:
            whole = response.get_data()
            start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(whole)))])
            return [whole[: len(whole) // 2]]
        return response(environ, start)

    def _undone(self, fault: Fault | None) -> Response:
        if fault is Fault.BAD_GATEWAY:
            return Response("<html>502</html>", 502, mimetype="text/html")
        if fault is Fault.WEB_PAGE:
            return Response("<html>Welcome</html>", mimetype="text/html")
        code = 47101 if fault is Fault.TOKEN_REFUSED else 58500
        return self._refused(Refusal(code, "service error" if code == 58500 else "access_token is invalid"))

    def _answer(self, request: Request) -> Response:
        if request.method != ("GET" if request.path == USERID else "POST"):
            return Response("", 405)
        if request.method == "POST" and request.mimetype != "application/json":
            return self._refused(Refusal(58601, "parameter error: Content-Type"))
        try:
            with self._lock:
                return _json(self._done(request))
        except Refusal as refusal:
            return self._refused(refusal)

    def _done(self, request: Request) -> Mapping[str, Any]:
        body, now = _decoded(request.get_data()), self._clock.now()
        if request.path == ROBOT:
            robot = self.robots.get(request.args.get("token", ""))
            if robot is None:
                raise Refusal(58404, "robot not exist")
            return say(robot, request.args, body, now, self.switches)
        if request.path == TICKETS:
            return log_in(self.app, body, now, self.switches)
        token = request.headers.get("x-wlk-Authorization", "")
        if request.path == USERID:
            return who(self.app, request.args.get("code", ""), token, now, self._limits)
        if request.path in CARDS:
            return send_card(self.app, CARDS[request.path], token, body, now, self._limits)
        raise Refusal(404, "no such interface", 404)

    def _refused(self, refusal: Refusal) -> Response:
        return _json(refusal.body, refusal.status or self.switches.error_status)


def _decoded(raw: bytes) -> Any:
    """The body, or nothing where it is not JSON in UTF-8."""
    try:
        return json.loads(raw.decode())
    except ValueError:
        return None


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json;charset=UTF-8")
