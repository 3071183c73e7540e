"""Targets and small mappings of text as JSON, the form in which rows keep several of them.

JSON has an escape for whatever a database refuses as text, so all of it comes back to the letter.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from suanli.domain.chat import Platform, Target, TargetKind


def dump_targets(targets: Sequence[Target]) -> str:
    """The JSON of targets."""
    return json.dumps([[each.platform, each.kind, each.id] for each in targets])


def load_targets(text: str) -> tuple[Target, ...]:
    """The targets that `dump_targets` made `text` of."""
    found: list[tuple[str, str, str]] = json.loads(text)
    return tuple(Target(Platform(platform), TargetKind(kind), name) for platform, kind, name in found)


def dump_texts(texts: Mapping[str, str]) -> str:
    """The JSON of a mapping of text."""
    return json.dumps(dict(texts))


def load_texts(text: str) -> Mapping[str, str]:
    """The mapping that `dump_texts` made `text` of."""
    found: dict[str, Any] = json.loads(text)
    return found
