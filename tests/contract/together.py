"""Several threads, each with a store of its own, that do something to one database at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TypeVar

from storage.store import SqlStore
from suanli.domain.ports import Store

Result = TypeVar("Result")

THREADS = 6


def in_threads(url: str, work: Callable[[Store, int], Result], threads: int = THREADS) -> list[Result]:
    """What `work` gives in each of them; it is told its number."""
    start = threading.Barrier(threads)

    def run(number: int, store: Store) -> Result:
        start.wait(30)
        return work(store, number)

    with ExitStack() as stack, ThreadPoolExecutor(threads) as pool:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in range(threads)]
        return list(pool.map(run, range(threads), stores))
