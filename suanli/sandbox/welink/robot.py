"""The webhook of a group's robot (welink.md §1), with the checks of §1.6 in its order."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from suanli.sandbox.welink.record import Robot, Said
from suanli.sandbox.welink.refusal import Refusal
from suanli.sandbox.welink.switches import Switches

SUCCESS = {"code": "0", "data": "success", "message": "ok"}
MOST_UNITS = 500
TIME_OFF = timedelta(minutes=10)
PER_MINUTE = 30
SILENCE = timedelta(minutes=1)
"""After a message too many; each further one in it is refused as well."""


def say(robot: Robot, query: Mapping[str, str], body: Any, now: datetime, switches: Switches) -> dict[str, Any]:
    """Say something in the robot's group; raises Refusal."""
    if not robot.enabled:
        raise Refusal(58602, "robot not enabled")
    if query.get("channel") != "standard":
        raise _bad("channel")
    said = _read(body, now, switches)
    if switches.remembers_uuids and said.uuid in robot.uuids:
        raise _bad("uuid is used already")
    _count(robot, now, switches)
    robot.uuids.add(said.uuid)
    robot.said.append(said)
    return dict(SUCCESS)


def _read(body: Any, now: datetime, switches: Switches) -> Said:
    if not isinstance(body, dict):
        raise _bad("body")
    if body.get("messageType") != "text":
        raise _bad("messageType")
    stamp, uuid = body.get("timeStamp"), body.get("uuid")
    text = _text(body.get("content"))
    if type(stamp) is not int or abs(now.timestamp() * 1000 - stamp) > TIME_OFF.total_seconds() * 1000:
        raise _bad("timeStamp")
    if not isinstance(uuid, str) or not uuid:
        raise _bad("uuid")
    return Said(text, uuid, now, _accounts(body, switches.most_accounts))


def _text(content: Any) -> str:
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(text, str) or not 1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MOST_UNITS:
        raise _bad("content.text")
    return text


def _accounts(body: Mapping[str, Any], most: int) -> tuple[str, ...]:
    for name in ("isAt", "isAtAll"):
        if not isinstance(body.get(name, False), bool):
            raise _bad(name)
    accounts = body.get("atAccounts", [])
    if not isinstance(accounts, list) or not all(isinstance(each, str) and each for each in accounts):
        raise _bad("atAccounts")
    if not body.get("isAt"):
        return ()
    if not 1 <= len(accounts) <= most:
        raise _bad("atAccounts")
    return tuple(accounts)


def _count(robot: Robot, now: datetime, switches: Switches) -> None:
    while robot.taken and now - robot.taken[0] >= timedelta(minutes=1):
        robot.taken.popleft()
    if len(robot.taken) >= PER_MINUTE and (robot.silent_until is None or now >= robot.silent_until):
        robot.silent_until = now + SILENCE
    if robot.silent_until and now < robot.silent_until:
        raise Refusal(switches.throttled, "too many messages", 429 if switches.throttled == 429 else None)
    robot.taken.append(now)


def _bad(what: str) -> Refusal:
    return Refusal(58601, f"parameter error: {what}")
