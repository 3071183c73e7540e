"""A click on a card: asked of the app once, answered at once, and what the person sees of it (feishu.md §4.4-4.7)."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from suanli.sandbox.feishu.card.linter import downgrade_of, flaw_of
from suanli.sandbox.feishu.contents import RICH_LIMIT
from suanli.sandbox.feishu.people import Json
from suanli.sandbox.feishu.push import Try

NO_ANSWER = 200341
NO_CONNECTION = 200342
NOT_200 = 200671
WRONG_BODY = 200672
WRONG_CARD = 200673
DOWNGRADED = 200830


@dataclass(frozen=True, slots=True)
class Clicked:
    """What came of a click. `shown` is the error code on the person's screen, 0 when there is none.

    `answer` is None when the app was not asked: the client itself refuses a form that is not filled in, with a toast.
    """

    answer: Try | None
    toast: Json | None = None
    card: Json | None = None
    shown: int = 0


class _Toast(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["info", "success", "error", "warning"] = "info"
    content: str = ""
    i18n: dict[str, str] | None = None


class _NewCard(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["raw", "template"]
    data: dict[str, Any]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    toast: _Toast | None = None
    card: _NewCard | None = None


def outcome(answer: Try, shown_card: Json) -> Clicked:
    """What the client makes of the app's answer to a click on `shown_card`."""
    if answer.status is None:
        return Clicked(answer, shown=NO_ANSWER if answer.error == "timeout" else NO_CONNECTION)
    if not answer.ok:
        return Clicked(answer, shown=NOT_200)
    try:
        parsed = _Answer.model_validate_json(answer.body)
    except ValidationError:
        return Clicked(answer, shown=WRONG_BODY)
    return _with_card(answer, parsed, shown_card)


def _with_card(answer: Try, parsed: _Answer, shown_card: Json) -> Clicked:
    toast = parsed.toast.model_dump(exclude_none=True) if parsed.toast else None
    if parsed.card is None or parsed.card.type == "template":
        return Clicked(answer, toast)
    card = parsed.card.data
    if downgrade_of(shown_card, card):
        return Clicked(answer, toast, shown=DOWNGRADED)
    if flaw_of(card) or len(json.dumps(card, ensure_ascii=False).encode()) > RICH_LIMIT:
        return Clicked(answer, toast, shown=WRONG_CARD)
    return Clicked(answer, toast, card)
