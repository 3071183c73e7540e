"""Answers as WeLink can show them: text of a robot in `parts`, cards of the app in `notices` (welink.md §1, §2.4)."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from bot.plain import as_text, without_controls
from bot.welink.cards.neutral import neutral
from suanli.domain.answer import Answer


def text_of(answer: Answer, now: datetime, zone: tzinfo, *, escape: Callable[[str], str] = neutral) -> str:
    """All that an answer says, with lines to be typed in place of what would be pressed or filled in."""
    return as_text(without_controls(answer), now, zone, escape=escape)
