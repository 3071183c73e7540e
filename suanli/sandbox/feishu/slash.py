"""Native slash commands: `application/v7/app_slash_commands` (feishu.md §6).

What a creation answers is not on the sheet; here it is the stored command, as the list shows it.
"""

from typing import Annotated

from pydantic import Field

from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, milliseconds, ok
from suanli.sandbox.feishu.people import Json, new_id
from suanli.sandbox.feishu.refusal import Refusal

MOST_COMMANDS = 100

Name = Annotated[str, Field(min_length=1, pattern=r"^[^/\s]\S*$")]


class Description(Body):
    """What a command does, with translations by locale."""

    default_value: str = Field(min_length=1)
    i18n: dict[str, str] = Field(default_factory=dict)


class Icon(Body):
    """An uploaded picture."""

    icon_key: str


class CreateBody(Body):
    """A new command, its name without the slash."""

    command: Name
    description: Description
    icon: Icon | None = None


class PatchBody(Body):
    """The parts of a command to change."""

    command: Name | None = None
    description: Description | None = None
    icon: Icon | None = None


def create(call: Call) -> Json:
    """Add a command: 40000000 for a name in use, or for one more than 100 (that code is not on the sheet)."""
    body = call.body(CreateBody)
    stored = call.tenant.slash_commands
    if len(stored) >= MOST_COMMANDS:
        raise Refusal(40000000, "too many commands")
    _check(call, "", body.command, body.icon)
    command_id = new_id("cmd_")
    now = milliseconds(call.now)
    stored[command_id] = _fields(body) | {"command_id": command_id, "create_time": now, "update_time": now}
    return ok(stored[command_id])


def listing(call: Call) -> Json:
    """Every command of the app."""
    return ok({"items": list(call.tenant.slash_commands.values())})


def change(call: Call, command_id: str) -> Json:
    """Change the parts that are given."""
    body = call.body(PatchBody)
    _check(call, command_id, body.command, body.icon)
    stored = _stored(call, command_id)
    stored.update(_fields(body), update_time=milliseconds(call.now))
    return ok(stored)


def remove(call: Call, command_id: str) -> Json:
    """Remove a command."""
    _stored(call, command_id)
    del call.tenant.slash_commands[command_id]
    return ok()


def _fields(body: CreateBody | PatchBody) -> Json:
    return body.model_dump(exclude_none=True)


def _stored(call: Call, command_id: str) -> Json:
    if command_id not in call.tenant.slash_commands:
        raise Refusal(40000000, "no such command")
    return call.tenant.slash_commands[command_id]


def _check(call: Call, command_id: str, name: str | None, icon: Icon | None) -> None:
    others = (item for key, item in call.tenant.slash_commands.items() if key != command_id)
    if any(item["command"] == name for item in others):
        raise Refusal(40000000, "the command exists already")
    if icon and not icon.icon_key.startswith("img_"):
        raise Refusal(40000031)


_PATH = "/application/v7/app_slash_commands"
_READ = ("application:app_slash_command:read",)
_WRITE = ("application:app_slash_command:write",)
ENDPOINTS = (
    Endpoint("POST", _PATH, create, _WRITE),
    Endpoint("GET", _PATH, listing, _READ),
    Endpoint("PATCH", f"{_PATH}/<command_id>", change, _WRITE),
    Endpoint("DELETE", f"{_PATH}/<command_id>", remove, _WRITE),
)
