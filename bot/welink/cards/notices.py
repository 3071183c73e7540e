"""An answer as a card to one person: `card/common` says it, `card/wecode` has buttons that open pages (welink.md §2.4).

Limits are bytes of UTF-8. Where the platform takes one language as it is, it gets the answer's; the lines of a card
with buttons are documented in two only, so these carry the same words twice.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from bot.plain import clean, in_words
from bot.welink.cards import text_of
from bot.welink.cards.neutral import GAP, visible
from suanli.domain.answer import Answer, Block, Button, Buttons, Facts, Form, Paragraph, note
from suanli.i18n import Lang, texts_in

Card = Mapping[str, Any]
"""The part of a body that says what."""

LONGEST_OWNER = 18
LONGEST_TITLE = 128
LONGEST_CONTENT = 512
MOST_LINES = 5
LONGEST_NAME = 128
LONGEST_VALUE = 256
BESIDE = 2
"""Buttons in a row; up to `MOST_BUTTONS` stand one below the other."""
MOST_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class CardPage:
    """Our page of one card in WeLink's browser, which lists `buttons`; it has no room for those that are `left`.

    Such a page asks who is there and acts only when it is told to (welink.md §5.4): an address is opened by previews
    as well.
    """

    address: str
    buttons: tuple[Button, ...]
    left: tuple[Button, ...] = ()

    def at(self, number: int) -> str:
        """The address behind one of its buttons."""
        return f"{self.address}&b={number}"


def common(answer: Answer, now: datetime, zone: tzinfo, owner: str) -> Card:
    """A plain card of `owner`; what would be pressed is said in words."""
    said = _said(answer, now, zone)
    title = _title(answer, said) or owner
    return {
        "msgOwner": clipped(owner, LONGEST_OWNER),
        "msgTitle": title,
        "msgContent": clipped(said or title, LONGEST_CONTENT, texts_in(answer.lang)("card.text_truncated")),
    }


def wecode(answer: Answer, now: datetime, zone: tzinfo, page: CardPage) -> Card:
    """A card with buttons, each of which opens `page`, as the card itself does."""
    rest = tuple(block for block in answer.blocks if not isinstance(block, Buttons | Form))
    left = (note(texts_in(answer.lang)("welink_page.rest")), in_words(Buttons(page.left), answer.lang))
    told = replace(answer, blocks=(*rest, *(left if page.left else ())))
    shown = _shown(page, answer.lang)
    return {
        "msgTitle": _title(answer, _said(told, now, zone)) or shown[0][0],
        "contentList": _lines(told, now, zone),
        "urlType": "html",
        "urlPath": page.address,
        "btnType": "horizontal" if len(shown) <= BESIDE else "vertical",
        "btnList": [{"btnTitle": label, "btnUrl": address, "urlType": "html"} for label, address in shown],
    }


def _shown(page: CardPage, lang: Lang) -> list[tuple[str, str]]:
    """The buttons of the card with their addresses; the last one leads to all, if there are more."""
    buttons = [(_label(button), page.at(number)) for number, button in enumerate(page.buttons)]
    if len(buttons) <= MOST_BUTTONS:
        return buttons
    more = texts_in(lang)("welink_page.more", n=len(buttons))
    return [*buttons[: MOST_BUTTONS - 1], (more, page.address)]


def clipped(text: str, most: int, mark: str = "…") -> str:
    """`text` as one language, in at most so many bytes; `mark` stands where it was cut.

    What opens like JSON could pass for a text in two languages, so it is not let open like that.
    """
    text = f"{GAP}{text}" if text.lstrip().startswith("{") else text
    return _fitted(text, mark, lambda shown: _bytes(shown) <= most)


def _said(answer: Answer, now: datetime, zone: tzinfo) -> str:
    return text_of(replace(answer, title=""), now, zone, escape=visible).strip()


def _title(answer: Answer, said: str) -> str:
    """The answer's own title, or its first words."""
    title = " ".join(visible(clean(answer.title)).split())
    return clipped(title or said.partition("\n")[0], LONGEST_TITLE)


def _label(button: Button) -> str:
    return clipped(visible(clean(button.label)), LONGEST_NAME) or "…"


def _lines(answer: Answer, now: datetime, zone: tzinfo) -> list[dict[str, str]]:
    """Names with their values; what is beyond the last line that a card has stands in it, as far as it goes."""
    details = texts_in(answer.lang)("welink.details")
    pairs = [pair for block in answer.blocks for pair in _pairs(block, answer.lang, now, zone, details)]
    if len(pairs) > MOST_LINES:
        rest = "; ".join(value if name == details else f"{name}: {value}" for name, value in pairs[MOST_LINES - 1 :])
        pairs = [*pairs[: MOST_LINES - 1], (details, rest)]
    pairs = pairs or [(details, _title(answer, "") or "…")]
    return [{"key": _doubled(name, LONGEST_NAME), "value": _doubled(value, LONGEST_VALUE)} for name, value in pairs]


def _pairs(block: Block, lang: Lang, now: datetime, zone: tzinfo, details: str) -> Iterator[tuple[str, str]]:
    def said(block: Block) -> Sequence[str]:
        text = text_of(Answer(lang, (block,)), now, zone, escape=visible)
        return [line for line in map(str.strip, text.split("\n")) if line]

    if isinstance(block, Facts):
        for name, spans in block.pairs:
            yield visible(clean(name)) or details, " ".join(said(Paragraph(spans))) or "–"
    else:
        yield from ((details, line) for line in said(block))


def _doubled(text: str, most: int) -> str:
    """The same words for both languages, in at most so many bytes of JSON."""

    def both(shown: str) -> str:
        return json.dumps({"CN": shown, "EN": shown}, ensure_ascii=False, separators=(",", ":"))

    return both(_fitted(text, "…", lambda shown: _bytes(both(shown)) <= most))


def _fitted(text: str, mark: str, fits: Callable[[str], bool]) -> str:
    if fits(text):
        return text
    text = text[:LONGEST_CONTENT]  # no limit is larger
    longest = bisect_left(range(len(text)), True, key=lambda end: not fits(text[:end] + mark)) - 1  # noqa: FBT003 what to look for
    return text[: max(0, longest)] + mark


def _bytes(text: str) -> int:
    return len(text.encode())
