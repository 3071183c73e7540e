"""An answer made short enough for a card, which then says how many rows were left out."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.feishu.cards.simplify import in_words_only, simplified
from suanli.domain.answer import Answer, Block, Buttons, Code, Facts, Link, Note, Paragraph, Span, Strong, Table, note
from suanli.i18n import Lang, texts_in

LONGEST_TEXT = 2000
"""Characters of a line in an answer that is too long; escaped, one such line always fits."""

MOST_BLOCKS = 90
"""Blocks of an answer that is too long: each with a note below it, they stay within a card's 200 elements."""

WORTH_DRAWING = 30_000
"""Characters, about, beyond which an answer is cut without trying whether it fits."""


def shorten(answer: Answer, fits: Callable[[Answer], bool]) -> Answer:
    """`answer` itself if it fits, else with words instead of pictures and fields, else cut at its longest blocks' ends.

    `fits` must accept an answer of a title and one note.
    """
    if fits(answer):
        return answer
    simpler = simplified(answer, fits)
    if simpler:
        return simpler
    answer = in_words_only(answer)
    blocks = tuple(_clip_block(block, answer.lang) for block in answer.blocks)
    answer = replace(answer, title=_clip(answer.title, answer.lang), blocks=blocks)
    return _cut(answer, _kept(answer, fits))


def _kept(answer: Answer, fits: Callable[[Answer], bool]) -> list[int]:
    """Rows to keep of each block: the longest is halved until all fits; the last one halved gets back what it can."""
    kept = [_count(block) if at < MOST_BLOCKS else 0 for at, block in enumerate(answer.blocks)]
    lengths = list(map(_length, answer.blocks, kept))
    at, too_many = 0, 0
    while any(kept) and (sum(lengths) > WORTH_DRAWING or not fits(_cut(answer, kept))):
        at = lengths.index(max(lengths))
        too_many, kept[at] = kept[at], kept[at] // 2
        lengths[at] = _length(answer.blocks[at], kept[at])
    if too_many:
        kept[at] = _most(answer, kept, at, too_many, fits)
    return kept


def _most(answer: Answer, kept: list[int], at: int, too_many: int, fits: Callable[[Answer], bool]) -> int:
    """The most rows of block `at` that fit beside the others: `kept` fits, `too_many` of it do not."""

    def too_long(rows: int) -> bool:
        return not fits(_cut(answer, [*kept[:at], rows, *kept[at + 1 :]]))

    return bisect_left(range(too_many), True, lo=kept[at] + 1, key=too_long) - 1  # noqa: FBT003 what to look for


def _cut(answer: Answer, kept: Sequence[int]) -> Answer:
    """The answer with the first rows of each block, and notes of how many are missing at that place."""
    blocks: list[Block] = []
    missing = 0
    for block, rows in zip(answer.blocks, kept, strict=True):
        if rows:
            blocks += [*_left_out(answer.lang, missing), _first(block, rows)]
            missing = 0
        missing += _count(block) - rows
    return replace(answer, blocks=(*blocks, *_left_out(answer.lang, missing)))


def _left_out(lang: Lang, rows: int) -> Iterator[Note]:
    if rows:
        yield note(texts_in(lang)("card.truncated", n=rows))


def _count(block: Block) -> int:
    match block:
        case Table():
            return len(block.rows)
        case Facts():
            return len(block.pairs)
        case Buttons():
            return len(block.buttons)
        case Paragraph() | Note():
            return len(_lines(block.spans))
        case _:
            return 1


def _first(block: Block, rows: int) -> Block:
    match block:
        case Table():
            return replace(block, rows=block.rows[:rows])
        case Facts():
            return replace(block, pairs=block.pairs[:rows])
        case Buttons():
            return replace(block, buttons=block.buttons[:rows])
        case Paragraph() | Note():
            first, *others = _lines(block.spans)[:rows]
            return replace(block, spans=(*first, *(span for line in others for span in ("\n", *line))))
        case _:
            return block


def _length(block: Block, rows: int) -> int:
    """How long the first rows of a block are, near enough to find the longest."""
    return len(repr(_first(block, rows))) if rows else 0


def _lines(spans: Sequence[Span]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for span in spans:
        if isinstance(span, str):
            head, *others = span.split("\n")
            lines[-1].append(head)
            lines += [[each] for each in others]
        else:
            lines[-1].append(span)
    return lines


def _clip_block(block: Block, lang: Lang) -> Block:
    match block:
        case Table():
            return replace(block, rows=tuple(tuple(_clip(cell, lang) for cell in row) for row in block.rows))
        case Facts():
            pairs = (
                (_clip(name, lang), tuple(_clip_span(span, lang) for span in spans)) for name, spans in block.pairs
            )
            return replace(block, pairs=tuple(pairs))
        case Paragraph() | Note():
            return replace(block, spans=tuple(_clip_span(span, lang) for span in block.spans))
        case _:
            return block


def _clip_span(span: Span, lang: Lang) -> Span:
    match span:
        case str():
            return "\n".join(_clip(line, lang) for line in span.split("\n"))
        case Strong() | Code() | Link():
            return replace(span, text=_clip(span.text, lang))
        case _:
            return span


def _clip(text: str, lang: Lang) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + texts_in(lang)("card.text_truncated")
