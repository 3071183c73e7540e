"""Who there is: the app as the developer console shows it, people, and the chats they are in."""

import uuid
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class App:
    """An app's credentials. Without an `encrypt_key` events are neither encrypted nor signed (feishu.md §1.3)."""

    app_id: str = "cli_5a6d0b0c5eedb07a"
    app_secret: str = "sandbox-app-secret"
    encrypt_key: str = "sandbox-encrypt-key"
    verification_token: str = "sandbox-verification-token"
    name: str = "算力"


@dataclass(frozen=True, slots=True)
class Human:
    """A person, as this app sees them; `tenant_key` is that of the company they belong to."""

    open_id: str
    user_id: str
    union_id: str
    name: str
    tenant_key: str
    email: str = ""
    mobile: str = ""


EVERYONE = Human(open_id="", user_id="", union_id="", name="所有人", tenant_key="")
"""To be mentioned: `@所有人` arrives as `@_all`."""


@dataclass(slots=True, eq=False)
class Chat:
    """A group, or with `partner` the private chat of that person and the bot."""

    chat_id: str
    name: str
    members: list[Human] = field(default_factory=list)
    partner: Human | None = None
    bot_inside: bool = True
    dissolved: bool = False


def new_id(prefix: str) -> str:
    """A fresh platform id such as `om_…`: never seen before, not even by a database of an earlier run."""
    return prefix + uuid.uuid4().hex
