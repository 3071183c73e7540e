"""An answer that is too much for a card, without losing a word of it: coarser charts, then words for what was drawn."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.plain import in_words
from suanli.domain.answer import Answer, Block, Buttons, Chart, Form, Point
from suanli.i18n import Lang

COARSER = (2, 4, 8, 16, 32)
"""Of so many moments of a chart two are kept, step by step; the first step is only about lines that are level."""

_EXPENDABLE = (Chart, Form, Buttons)
"""What is written in words instead of being drawn, the first kind first."""


def simplified(answer: Answer, fits: Callable[[Answer], bool]) -> Answer | None:
    """The answer with as little of it simplified as makes it fit; None when even all of it would not do."""
    order = _order(answer.blocks)
    steps = len(COARSER) + len(order) if order else 0

    def does(step: int) -> bool:
        return fits(_step(answer, order, step))

    if not steps or not does(steps):
        return None
    return _step(answer, order, bisect_left(range(steps), True, lo=1, key=does))  # noqa: FBT003 what to look for


def in_words_only(answer: Answer) -> Answer:
    """The answer with no chart and no form on it."""
    blocks = (in_words(block, answer.lang) if isinstance(block, Chart | Form) else block for block in answer.blocks)
    return replace(answer, blocks=tuple(blocks))


def _order(blocks: Sequence[Block]) -> list[int]:
    """The blocks that can be given up, in that order: of each kind the last first."""
    return [at for kind in _EXPENDABLE for at in reversed(range(len(blocks))) if isinstance(blocks[at], kind)]


def _step(answer: Answer, order: Sequence[int], step: int) -> Answer:
    size = COARSER[min(step, len(COARSER)) - 1]
    given_up = set(order[: max(0, step - len(COARSER))])
    blocks = (_simpler(block, answer.lang, size, at in given_up) for at, block in enumerate(answer.blocks))
    return replace(answer, blocks=tuple(blocks))


def _simpler(block: Block, lang: Lang, size: int, given_up: bool) -> Block:  # noqa: FBT001 private, one caller
    match block:
        case Chart() | Form() | Buttons() if given_up:
            return in_words(block, lang)
        case Chart():
            return _coarser(block, size)
        case _:
            return block


def _coarser(chart: Chart, size: int) -> Chart:
    """The chart with two of each `size` moments: where its first line is lowest and highest, so no peak is lost."""
    if not chart.points:
        return chart
    lines: dict[str, list[Point]] = {}
    for point in chart.points:
        lines.setdefault(point.line, []).append(point)
    first = {point.at: point.value for point in lines[chart.points[0].line]}
    kept = _telling(list(dict.fromkeys(point.at for point in chart.points)), first, size)
    whole, *others = ([point for point in line if point.at in kept] for line in lines.values())
    return replace(chart, points=(*whole, *(point for line in others for point in _straight(line, first))))


def _telling(moments: Sequence[str], values: Mapping[str, float], size: int) -> set[str]:
    kept: set[str] = set()
    for start in range(0, len(moments), size):
        group = moments[start : start + size]
        known = [at for at in group if at in values] or group
        # Of equals the first and the last: with two of every group, the axis stays even.
        kept |= {min(known, key=lambda at: values.get(at, 0)), max(reversed(known), key=lambda at: values.get(at, 0))}
    return kept


def _straight(line: Sequence[Point], first: Collection[str]) -> Iterable[Point]:
    """A level line by its two ends, if the chart's first line is there to tell of the moments between."""
    level = len({point.value for point in line}) == 1 and all(point.at in first for point in line)
    return dict.fromkeys((line[0], line[-1])) if level else line
