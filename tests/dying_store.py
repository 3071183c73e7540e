"""A store whose process dies."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from suanli.domain.ports import Store, Transaction


class Died(Exception):  # noqa: N818 what happened
    """The process is no more."""


@dataclass
class DyingStore:
    """A store whose process dies right before so many transactions from now are committed."""

    store: Store
    left: int

    def read(self) -> AbstractContextManager[Transaction]:
        return self.store.read()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self.store.begin() as tx:
            yield tx
            self.left -= 1
            if self.left <= 0:
                raise Died
