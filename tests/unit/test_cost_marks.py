"""How far records can be read when transactions end in another order than they took their numbers."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.marks import Mark, reach
from suanli.domain.cost.records import RecordId


def mark(last: int, *writers: str) -> Mark:
    return Mark(RecordId(last), frozenset(writers))


def test_where_nobody_writes_everything_is_there() -> None:
    assert reach(None, mark(7)) == (7, mark(7))
    assert reach(mark(3, "a"), mark(7)) == (7, mark(7))


def test_what_may_still_come_is_waited_for_and_those_who_came_later_are_not() -> None:
    assert reach(None, mark(7, "a")) == (None, mark(7, "a"))
    assert reach(mark(7, "a"), mark(9, "a", "b")) == (None, mark(7, "a"))
    assert reach(mark(7, "a"), mark(9, "b")) == (7, mark(9, "b"))
    assert reach(mark(7), mark(9, "b")) == (7, mark(9, "b"))


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_whoever_reads_up_to_there_sees_every_record_whatever_order_transactions_end_in(seed: int, most: int) -> None:
    dice = Random(seed)  # noqa: S311 made-up writers
    number = 0
    there: set[int] = set()
    open_now: dict[str, set[int]] = {}
    read: set[int] = set()
    after, known = 0, None
    for step in range(200):
        deed = dice.randrange(4) if step < 190 else 3
        if deed == 0 and len(open_now) < most:
            open_now[f"{step}"] = set()
        elif deed == 1 and open_now:
            number += 1
            open_now[dice.choice(sorted(open_now))].add(number)
        elif (deed == 2 or step >= 190) and open_now:
            ended = open_now.pop(dice.choice(sorted(open_now)))
            there |= ended if dice.random() < 0.8 else set()
        else:
            bound, known = reach(known, mark(max(there, default=0), *open_now))
            if bound is not None:
                read |= {each for each in there if after < each <= bound}
                after = max(after, bound)
    assert not open_now
    bound, _ = reach(known, mark(max(there, default=0)))
    read |= {each for each in there if after < each <= (bound or 0)}
    assert read == there
