"""What a card offers to do, as bytes short enough to stand in an address, and back."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from bot.plain import clean
from bot.welink.cards.neutral import visible
from suanli.domain.answer import Answer, Button, Buttons, Form, Input
from suanli.i18n import Lang

LONGEST_WORDS = 60
"""Characters of a title or a label that an address carries."""

MOST_BUTTONS = 40
"""More of them make no page that anybody reads."""

_RAW = -15  # deflate without header and checksum: what is unpacked was signed


@dataclass(frozen=True, slots=True)
class Panel:
    """Buttons, and the inputs whose values they may take."""

    buttons: tuple[Button, ...]
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done from one card until a moment, by whom it may concern.

    `card` is the uuid of the message and `realm` what stands behind the @ of the person it was sent to. It is `whole`
    unless buttons were left out.
    """

    card: str
    until: datetime
    lang: Lang
    realm: str
    title: str
    panels: tuple[Panel, ...]
    whole: bool = True

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons; their places here are their numbers."""
        return tuple(button for panel in self.panels for button in panel.buttons)

    def inputs_of(self, number: int) -> tuple[Input, ...]:
        """The inputs whose values a button takes."""
        panels = [panel for panel in self.panels for _ in panel.buttons]
        named = self.buttons[number].value.get("fields", "").split()
        return tuple(each for each in panels[number].inputs if each.name in named)

    def first(self, count: int) -> Self:
        """The same with no more than so many buttons."""
        return replace(self, panels=tuple(_first(self.panels, count)), whole=count >= len(self.buttons))


def panels_of(answer: Answer) -> tuple[Panel, ...]:
    """What can be pressed in an answer, with what can be filled in for it. A button without a command is none."""
    found: list[Panel] = []
    for block in answer.blocks:
        if isinstance(block, Buttons | Form):
            buttons = tuple(_short(button) for button in block.buttons if button.value.get("run"))
            inputs = block.inputs if isinstance(block, Form) else ()
            found += (
                [Panel(buttons, tuple(replace(each, label=words(each.label)) for each in inputs))] if buttons else []
            )
    return tuple(found)


def words(text: str) -> str:
    """Text as it is shown: in one line, with nothing hidden in it, and not long."""
    shown = " ".join(visible(clean(text)).split())
    return shown if len(shown) <= LONGEST_WORDS else shown[: LONGEST_WORDS - 1] + "…"


def pack(offer: Offer) -> bytes:
    """An offer as bytes."""
    said: list[Any] = [offer.card, int(offer.until.timestamp()), offer.lang, offer.realm, offer.title, int(offer.whole)]
    for panel in offer.panels:
        buttons = [[each.label, each.value["run"], each.value.get("fields", "")] for each in panel.buttons]
        said.append([buttons, [[each.name, each.label, each.content, int(each.required)] for each in panel.inputs]])
    squeeze = zlib.compressobj(9, wbits=_RAW)
    # Halves of surrogate pairs, which no UTF-8 holds, become `?`.
    written = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return squeeze.compress(written) + squeeze.flush()


def unpack(packed: bytes) -> Offer:
    """The offer that `pack` made bytes of; only for bytes that are known to be its."""
    card, until, lang, realm, title, whole, *panels = json.loads(zlib.decompress(packed, _RAW))
    return Offer(
        card,
        datetime.fromtimestamp(until, UTC),
        Lang(lang),
        realm,
        title,
        tuple(Panel(tuple(map(_button, buttons)), tuple(map(_input, inputs))) for buttons, inputs in panels),
        bool(whole),
    )


def _short(button: Button) -> Button:
    kept = {name: button.value[name] for name in ("run", "fields") if button.value.get(name)}
    return Button(words(button.label) or words(button.value["run"]), kept)


def _first(panels: tuple[Panel, ...], count: int) -> Iterator[Panel]:
    for panel in panels:
        if count > 0:
            yield replace(panel, buttons=panel.buttons[:count])
        count -= len(panel.buttons)


def _button(written: list[str]) -> Button:
    label, run, fields = written
    return Button(label, {"run": run, "fields": fields} if fields else {"run": run})


def _input(written: list[Any]) -> Input:
    name, label, content, required = written
    return Input(name, label, content, bool(required))
