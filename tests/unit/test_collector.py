"""The garbage collector of a process that serves."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from suanli import collector


class Loop:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_a_process_was_built_of_is_not_looked_through_again() -> None:
    loop = Loop()
    collector.settle_down()
    assert not any(each is loop for each in gc.get_objects())
    assert gc.get_freeze_count() > 0


def test_what_makes_thousands_of_objects_that_it_needs_is_not_disturbed() -> None:
    collector.settle_down()
    collections = gc.get_stats()[0]["collections"]
    kept = [[number] for number in range(10_000)]
    assert len(kept) == 10_000
    assert gc.get_stats()[0]["collections"] == collections


def test_garbage_is_freed_all_the_same() -> None:
    collector.settle_down()
    freed = weakref.ref(Loop())
    kept = [[number] for number in range(200_000)]
    assert len(kept) == 200_000
    assert freed() is None
