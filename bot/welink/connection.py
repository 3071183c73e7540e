"""What the settings say of a WeLink connection: who may speak through it, for whom, and where answers go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.welink.signature import Gate
from suanli.domain.chat import Platform, Target, TargetKind

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Where a body says what, each as a JSON pointer (RFC 6901); an empty one: the body does not say it.

    `only` are pointers with the values that a body must have there to be a message at all. A body that does not say in
    what kind of chat it was written counts as a group's.
    """

    text: str
    chat_id: str = ""
    chat_kind: str = ""
    sender_id: str = ""
    sender_name: str = ""
    message_id: str = ""
    sent_at: str = ""
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no pointer, and a map that does not find the words."""
        named = (self.text, self.chat_id, self.chat_kind, self.sender_id, self.sender_name, self.message_id)
        wrong = [pointer for pointer in (*named, self.sent_at, *self.only) if not _POINTER.fullmatch(pointer)]
        if wrong or not self.text:
            raise ValueError(f"not a JSON pointer: {wrong[0]!r}" if wrong else "a field map must say where the text is")


BRIDGE = FieldMap(
    text="/text",
    chat_id="/chat/id",
    chat_kind="/chat/type",
    sender_id="/sender/id",
    sender_name="/sender/name",
    message_id="/message_id",
    sent_at="/timestamp",
)
"""Our own shape, as deploy/welink_bridge.py sends it (welink.md §5.2)."""

ASSISTANT = FieldMap(
    text="/content",
    chat_id="/sessionId",
    chat_kind="/sessionType",
    only={"/businessDomain": frozenset({"im"}), "/msgType": frozenset({"text"})},
)
"""What one team's digital assistant sends inside Huawei's network; it says neither who nor when (§4.2)."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One way in. Without a `gate` it is closed; without `fields` nothing that comes is a message.

    Groups are answered by the robot that `robots` has for their id, else by `robot`, else not at all; a person in
    private. `colleagues` gives those who write through it the role that everybody of the company has. Only ids that end
    in one of `realms` (`…@realm`) are believed to be people; with none of these, every id is. `names` are those of the
    bot in a group, to speak to it as `@name`.
    """

    name: str
    gate: Gate | None = field(repr=False)
    fields: FieldMap | None = BRIDGE
    robot: str = ""
    robots: Mapping[str, str] = field(default_factory=dict)
    colleagues: bool = False
    realms: frozenset[str] = frozenset()
    names: tuple[str, ...] = ("算力", "suanli")

    def __post_init__(self) -> None:
        """Refuse a name that could not stand in an address."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name: up to 40 of a-z, 0-9 and -")

    def robot_of(self, chat: str) -> Target | None:
        """The robot that answers in a group; never anything that the request says."""
        robot = self.robots.get(chat, self.robot)
        return Target(Platform.WELINK, TargetKind.ROBOT, robot) if robot else None

    def believes(self, sender: str) -> bool:
        """Whether people with such an id may write through this connection."""
        return not self.realms or sender.rpartition("@")[2] in self.realms
