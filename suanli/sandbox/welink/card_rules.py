"""What a card must be (welink.md §2.4): limits are bytes, and a text is plain or JSON in two languages."""

import json
from collections.abc import Mapping
from typing import Any

MOST_LINES = 5
MOST_BUTTONS = {"horizontal": 2, "vertical": 3}


def flaw_of(kind: str, body: Mapping[str, Any]) -> str:
    """The first field that is not as it should be, or nothing."""
    if type(body.get("isForceTips", 0)) is not int or body.get("isForceTips", 0) not in (0, 1):
        return "isForceTips"
    return _common_flaw(body) if kind == "common" else _wecode_flaw(body)


def _common_flaw(body: Mapping[str, Any]) -> str:
    for name, most in (("msgOwner", 18), ("msgTitle", 128), ("msgContent", 512)):
        if not _is_text(body.get(name), most):
            return name
    return "urlType" if "urlPath" in body and body.get("urlType") != "html" else ""


def _wecode_flaw(body: Mapping[str, Any]) -> str:
    if not _is_text(body.get("msgTitle"), 128):
        return "msgTitle"
    lines = body.get("contentList")
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
        return "contentList"
    for line in lines:
        if not isinstance(line, dict) or not _is_text(line.get("key"), 128) or not _is_text(line.get("value"), 256):
            return "contentList"
    if not _is_address(body.get("urlPath")) or body.get("urlType") != "html":
        return "urlPath"
    return _buttons_flaw(body)


def _buttons_flaw(body: Mapping[str, Any]) -> str:
    buttons = body.get("btnList", [])
    if not isinstance(buttons, list) or len(buttons) > MOST_BUTTONS.get(str(body.get("btnType")), 0):
        return "btnList"
    for button in buttons:
        if not isinstance(button, dict) or not button.get("btnTitle") or not isinstance(button["btnTitle"], str):
            return "btnTitle"
        if not _is_address(button.get("btnUrl")) or button.get("urlType") != "html":
            return "btnUrl"
    return ""


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://")) and value.isascii() and " " not in value


def _is_text(value: Any, most: int) -> bool:
    """A text of at most so many bytes; one that is a JSON object has both languages."""
    if not isinstance(value, str) or not value or len(value.encode()) > most:
        return False
    try:
        languages = json.loads(value)
    except ValueError:
        return True
    if not isinstance(languages, dict):
        return True
    return set(languages) == {"CN", "EN"} and all(isinstance(each, str) and each for each in languages.values())
