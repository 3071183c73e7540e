"""Answers as Feishu messages: card JSON 2.0 when there is a title, else text."""

import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

from bot.feishu.cards.elements import elements
from bot.feishu.cards.markdown import Pen, is_open_id, unmarked
from bot.feishu.cards.shorten import shorten
from bot.plain import as_text, clean
from suanli.domain.answer import Answer, Tone
from suanli.i18n import texts_in

MOST_BYTES = 25_000
"""Of a card, as it travels inside a request of at most 30 KB, part of which Feishu adds itself (feishu.md §3.4)."""

MOST_ELEMENTS = 200
"""Everything with a `tag` counts (feishu.md §4.2)."""

LONGEST_TEXT_BYTES = 100_000
"""Of a text message, whose request may be 150 KB (feishu.md §3.4)."""

SUMMARY_LENGTH = 100

TEMPLATES = {
    Tone.INFO: "blue",
    Tone.GOOD: "green",
    Tone.WARNING: "orange",
    Tone.BAD: "red",
    Tone.MUTED: "grey",
}


def render(answer: Answer, now: datetime, zone: tzinfo, *, plain: bool = False) -> tuple[str, str]:
    """The `msg_type` and the `content` (JSON as a string) of a message.

    `plain` writes a text message even of an answer with a title, without mentions: what a refused card becomes.
    """
    if plain or not answer.title.strip():
        return "text", _text(answer, now, zone, mention=not plain)
    summary, pen = _summary(answer, now, zone), Pen(answer.lang, now, zone)
    fitting = shorten(answer, lambda shorter: _fits(_card(shorter, summary, pen)))
    return "interactive", _compact(_card(fitting, summary, pen))


def _card(answer: Answer, summary: str, pen: Pen) -> dict[str, Any]:
    return {
        "schema": "2.0",
        "config": {
            "update_multi": True,
            "width_mode": "fill",
            "summary": {"content": summary},
        },
        "header": {
            "title": {"tag": "plain_text", "content": clean(answer.title)},
            "template": TEMPLATES[answer.tone],
        },
        "body": {"elements": elements(answer.blocks, pen)},
    }


def _summary(answer: Answer, now: datetime, zone: tzinfo) -> str:
    """What the list of chats shows: the title and the first line."""
    lines = (line.strip() for line in as_text(answer, now, zone).split("\n") if line.strip())
    return " · ".join(islice(lines, 2))[:SUMMARY_LENGTH]


def _fits(card: dict[str, Any]) -> bool:
    return _bytes(card) <= MOST_BYTES and sum(1 for _ in _tagged(card)) <= MOST_ELEMENTS


def _tagged(part: Any) -> Iterator[None]:
    if isinstance(part, dict):
        if "tag" in part:
            yield
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _tagged(each)


def _text(answer: Answer, now: datetime, zone: tzinfo, *, mention: bool) -> str:
    text = as_text(answer, now, zone, escape=unmarked, mention=_mention if mention else str)
    if _bytes({"text": text}) > LONGEST_TEXT_BYTES:
        text = _shortened(text, texts_in(answer.lang)("card.text_truncated"))
    return _compact({"text": text})


def _shortened(text: str, mark: str) -> str:
    def too_long(length: int) -> bool:
        return _bytes({"text": text[:length] + mark}) > LONGEST_TEXT_BYTES

    return text[: bisect_left(range(len(text)), True, key=too_long) - 1] + mark  # noqa: FBT003 what to look for


def _mention(open_id: str) -> str:
    return f'<at user_id="{open_id}"></at>' if is_open_id(open_id) else open_id


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _bytes(content: dict[str, Any]) -> int:
    """The size as it travels: the content is a JSON string inside JSON, so its quotes are escaped once more."""
    return len(json.dumps(_compact(content), ensure_ascii=False).encode())
