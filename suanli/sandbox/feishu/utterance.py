"""What a person types, as it arrives: mentions become placeholders, formatted text becomes a post (feishu.md §2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from suanli.sandbox.feishu.people import EVERYONE, Human, Json
from suanli.sandbox.feishu.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Utterance:
    """Typed text with its mentions replaced: `keys` says who stands behind each `@_user_N`, in order."""

    text: str
    keys: dict[str, Human]

    def as_text(self) -> Json:
        """The content of a text message."""
        return {"text": self.text}

    def as_post(self) -> Json:
        """The content of a post as it is received: without a locale, a list of nodes for each line."""
        return {"title": "", "content": [self._line(line) for line in self.text.split("\n")]}

    def mentions(self, tenant: Tenant) -> list[Json]:
        """The entries of `mentions`, as an event shows them."""
        return [_entry(tenant, key, human) for key, human in self.keys.items()]

    def _line(self, line: str) -> list[Json]:
        pieces = re.split(r"(@_user_\d+|@_all)", line)
        return [self._node(piece) for piece in pieces if piece]

    def _node(self, piece: str) -> Json:
        if piece in self.keys:
            return {"tag": "at", "user_id": piece, "user_name": self.keys[piece].name}
        return {"tag": "text", "text": piece, "style": []}


def utter(text: str, mentions: Sequence[Human]) -> Utterance:
    """Replace each `@name` of the mentioned by their placeholder, numbered as they appear.

    ValueError when one of them does not appear in the text, or when two have the same name.
    """
    named = {human.name: human for human in mentions}
    keys: dict[str, str] = {}
    if named:
        names = sorted(named, key=len, reverse=True)
        pattern = "@(" + "|".join(map(re.escape, names)) + ")"
        text = re.sub(pattern, lambda found: _key(keys, named[found[1]]), text)
    if len(keys) != len(mentions):
        raise ValueError(f"each of {[human.name for human in mentions]} must be mentioned, as @name, in {text!r}")
    return Utterance(text, {key: named[name] for name, key in keys.items()})


def _key(keys: dict[str, str], human: Human) -> str:
    people = sum(key != "@_all" for key in keys.values())
    return keys.setdefault(human.name, "@_all" if human is EVERYONE else f"@_user_{people + 1}")


def _entry(tenant: Tenant, key: str, human: Human) -> Json:
    return {
        "key": key,
        "id": tenant.ids_of(human),
        "mentioned_type": "bot" if human is tenant.bot else "user",
        "name": human.name,
        "tenant_key": human.tenant_key,
    }
