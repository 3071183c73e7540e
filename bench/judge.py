"""Who spent more than there was, and who was refused although there was room: by what callers saw, whoever decided.

A caller knows when it asked and when it was answered; what happened in between is not known. So a refusal counts as
false only if there was room at every moment in between, with every doubt held against the caller: a call that was
admitted weighs all that it may cost at most from when it was asked for, and what it really cost from when the caller
was told that it is settled.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Tried:
    """A call as its caller saw it. Moments are seconds of one clock, costs are nano-units.

    It costs `most` at most, and cost `spent` in the end. `settled` is None for one that was refused.
    """

    asked: float
    answered: float
    most: int
    spent: int
    settled: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a round: calls that were admitted, how much they cost beyond the budget, and calls that were refused.

    Of these, `falsely` were although there was room.
    """

    admitted: int
    beyond: int
    refused: int
    falsely: int


def judged(tried: Sequence[Tried], budget: int) -> Verdict:
    """What came of all calls that spent one budget."""
    admitted = [call for call in tried if call.settled is not None]
    refused = [call for call in tried if call.settled is None]
    beyond = max(0, sum(call.spent for call in admitted) - budget)
    return Verdict(len(admitted), beyond, len(refused), len(falsely_refused(admitted, refused, budget)))


def falsely_refused(admitted: Sequence[Tried], refused: Sequence[Tried], budget: int) -> Sequence[Tried]:
    """Those who were refused while there was room for them all the time."""
    steps = sorted(
        step
        for call in admitted
        for step in ((call.asked, call.most), (call.settled or call.answered, call.spent - call.most))
    )
    moments = [moment for moment, _ in steps]
    taken = [0, *accumulate(more for _, more in steps)]  # taken[n] from the nth step on
    return [call for call in refused if _most_taken(moments, taken, call) + call.most <= budget]


def _most_taken(moments: Sequence[float], taken: Sequence[int], call: Tried) -> int:
    """The most that was taken at any moment from when a call was asked for until it was answered."""
    # What happened at the very moment counts both ways.
    first, last = bisect_left(moments, call.asked), bisect_right(moments, call.answered)
    return max(taken[first : last + 1])
