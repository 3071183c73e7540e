"""A store that remembers what is asked for while it writes, and in which something happens between two transactions."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from suanli.domain.ports import Store, Transaction


@dataclass
class _Asked:
    """A transaction that remembers which of its parts were asked for."""

    tx: Transaction
    parts: set[str]

    def __getattr__(self, name: str) -> Any:
        self.parts.add(name)
        return getattr(self.tx, name)


@dataclass
class WatchedStore:
    """`writing` are the parts that transactions which write were asked for; `meanwhile` is done before the next one."""

    store: Store
    meanwhile: Callable[[], object] | None = None
    writing: set[str] = field(default_factory=set)
    writes: int = 0

    def read(self) -> AbstractContextManager[Transaction]:
        return self.store.read()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        deed, self.meanwhile = self.meanwhile, None
        if deed is not None:
            deed()
        self.writes += 1
        with self.store.begin() as tx:
            yield cast("Transaction", _Asked(tx, self.writing))
