"""What a WeLink connection reads from a body that it has let in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.welink.connection import Connection
from bot.welink.events import read
from bot.welink.signature import DONE, Admitted
from suanli.domain.chat import Message, Platform, Target, TargetKind
from tests.fakes import NOON

CORP = Connection("corp", None, robot="ops")
MINUTE = timedelta(minutes=1)


def got(
    body: Mapping[str, Any], connection: Connection = CORP, *, at: datetime | None = None, now: datetime = NOON
) -> Message | None:
    return read(connection, Admitted(dict(body), DONE, at), now)


def message(
    body: Mapping[str, Any], connection: Connection = CORP, *, at: datetime | None = None, now: datetime = NOON
) -> Message:
    found = got(body, connection, at=at, now=now)
    assert found is not None
    return found


def robot(name: str) -> Target:
    return Target(Platform.WELINK, TargetKind.ROBOT, name)
