"""What a message may contain, by its type (feishu.md §2, §3.2, §3.4)."""

import json
from typing import Any

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.card.linter import flaw_of
from suanli.sandbox.feishu.people import Json
from suanli.sandbox.feishu.refusal import Refusal, card_rejected

KIB = 1024
TEXT_LIMIT = 150 * KIB
RICH_LIMIT = 30 * KIB

_NEEDS = {
    "text": "text",
    "image": "image_key",
    "file": "file_key",
    "audio": "file_key",
    "media": "file_key",
    "sticker": "file_key",
    "share_chat": "chat_id",
    "share_user": "user_id",
    "system": "type",
}
_POST_TAGS = frozenset({"text", "a", "at", "img", "media", "emotion", "code_block", "hr", "md"})
_LOCALES = frozenset({"zh_cn", "zh_hk", "zh_tw", "en_us", "ja_jp"})


def checked_content(msg_type: str, content: str, request_size: int) -> Json:
    """The parsed `content` of a message. Refused: its size (230025), a card (230099), anything else (230001).

    `request_size` is that of the whole request body in bytes, which is what the platform measures.
    """
    if msg_type not in _NEEDS and msg_type not in ("post", "interactive"):
        raise Refusal(230001, f"invalid msg_type {msg_type!r}")
    check_size(msg_type, request_size)
    if msg_type == "interactive":
        return _card(content)
    parsed = _object(content)
    if msg_type == "post":
        _check_post(parsed)
    elif not isinstance(parsed.get(_NEEDS[msg_type]), str) or not parsed[_NEEDS[msg_type]]:
        raise Refusal(230001, f"content of a {msg_type} needs {_NEEDS[msg_type]!r}")
    return parsed


def check_size(msg_type: str, request_size: int) -> None:
    """Refuse with 230025 a request of more than 150 KB for a text, 30 KB for a post or a card."""
    if request_size > (TEXT_LIMIT if msg_type == "text" else RICH_LIMIT):
        raise Refusal(230025)


def _object(content: str) -> Json:
    try:
        parsed = json.loads(content, parse_constant=_refuse)
    except ValueError:
        raise Refusal(230001, "content is not valid JSON") from None
    if not isinstance(parsed, dict):
        raise Refusal(230001, "content is not a JSON object")
    return parsed


def _card(content: str) -> Json:
    try:
        card = json.loads(content, parse_constant=_refuse)
    except ValueError:
        raise card_rejected(Flaw(200621, "ROOT", "parse card json err")) from None
    flaw = flaw_of(card)
    if flaw:
        raise card_rejected(flaw)
    return dict(card)


def _refuse(constant: str) -> None:
    """NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(constant)


def _check_post(post: Json) -> None:
    if not post or not set(post) <= _LOCALES:
        raise Refusal(230001, "a post is wrapped in its locales, such as zh_cn")
    for text in post.values():
        lines = text.get("content") if isinstance(text, dict) else None
        if not isinstance(lines, list) or not all(_is_post_line(line) for line in lines):
            raise Refusal(230001, "content of a post is a list of lines of known tags")


def _is_post_line(line: Any) -> bool:
    return isinstance(line, list) and all(isinstance(node, dict) and node.get("tag") in _POST_TAGS for node in line)
