"""What the stock check says: the original's low-stock message, and what it could not find out."""

from collections.abc import Sequence
from datetime import datetime

from suanli.domain.answer import Answer, Paragraph, Strong, Tone, line
from suanli.domain.stock import LowStock
from suanli.i18n import Texts


def low_stock(texts: Texts, items: Sequence[LowStock], checked_at: datetime) -> Answer:
    """The original's message, letter by letter when read as text; `checked_at` is local time."""
    checked = line(texts("alert.checked", at=f"{checked_at:%Y-%m-%d %H:%M:%S}"))
    blocks = (line(Strong(texts("alert.intro"))), *(_item(texts, item) for item in items), checked)
    return Answer(texts.lang, blocks, texts("alert.title"), Tone.WARNING)


def blind(texts: Texts, cause: str) -> Answer:
    """The check could not be done; for operators, with the cause."""
    known = (line(texts("alert.blind_cause", error=cause)),) if cause else ()
    return Answer(texts.lang, (line(texts("alert.blind")), *known), texts("alert.blind_title"), Tone.BAD)


def unseen(texts: Texts, models: str) -> Answer:
    """Models with a threshold that the source does not name; for operators."""
    return Answer(texts.lang, (line(texts("alert.unseen", models=models)),), texts("alert.unseen_title"), Tone.WARNING)


def _item(texts: Texts, item: LowStock) -> Paragraph:
    rule = item.threshold
    return line(
        "\n".join(
            (
                texts("alert.head", description=rule.description, model=rule.model),
                texts("alert.free", n=item.free),
                texts("alert.threshold", n=rule.min_free),
                texts("alert.suggest", n=item.shortage),
            )
        )
    )
