"""The three gates of WeLink connections, each with the caller's secret, and what is brought before them."""

from datetime import datetime
from typing import Any

from bot.welink.signature import Admitted, Bearer, Gate, Official, Signed
from tests.fakes import NOON
from tests.welink_caller import NOW, SECRET, Sent

OFFICIAL, SIGNED, BEARER = Official((SECRET,)), Signed((SECRET,)), Bearer((SECRET,))


def admit(gate: Gate, request: Sent, now: datetime = NOON) -> Admitted:
    return gate.admit(request.headers, request.body, now)


def event(stamp: Any = str(NOW), **more: Any) -> dict[str, Any]:
    return {"eventType": "test", "timestamp": stamp, **more}
