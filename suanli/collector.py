"""Python's garbage collector, as a process that serves wants it."""

import gc

_YOUNG = 50_000
"""New objects, before any of them is looked through. Python's 700 are less than one answer makes: in a batch of calls
that is written down, a tenth of the time went into looking through what it still needed."""


def settle_down() -> None:
    """Look seldom for garbage in cycles, and never again at what is there by now: modules, routes, statements.

    For a process that has been built and is about to serve. What nothing refers to is freed at once all the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
