"""A store whose process can be killed at any call inside a transaction, and which remembers what was posted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from storage.store import SqlStore
from suanli.domain.delivery import Draft


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


class BrittleStore:
    """The real store; `posted` are the drafts of committed transactions since they were last taken."""

    def __init__(self, store: SqlStore) -> None:
        self.posted: list[Draft] = []
        self.drafts: list[Draft] = []
        self._store = store
        self._calls_left: int | None = None

    def crash_after(self, calls: int | None) -> None:
        """Crash instead of the call after so many; a commit counts as a call."""
        self._calls_left = calls

    def take_posted(self) -> list[Draft]:
        """What was posted and committed since the last time."""
        taken, self.posted = self.posted, []
        return taken

    def read(self) -> AbstractContextManager[Any]:
        """A transaction of the real store that only reads."""
        return self._store.read()

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """A transaction of the real store, watched."""
        self.drafts = []
        with self._store.begin() as tx:
            yield _Watched(tx, self.count)
            self.count("commit", ())
        self.posted += self.drafts

    def count(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Note a call that is about to be made, unless it comes to a crash."""
        if self._calls_left == 0:
            self._calls_left = None
            raise Crash
        if self._calls_left is not None:
            self._calls_left -= 1
        if name == "post":
            self.drafts.append(arguments[0])
        if name == "redraw":
            self.drafts += arguments[0]


class _Watched:
    """An object of which every method, and every method of its parts, is counted."""

    def __init__(self, real: Any, count: Callable[[str, tuple[Any, ...]], None]) -> None:
        self._real = real
        self._count = count

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return _Watched(found, self._count)

        def call(*arguments: Any, **named: Any) -> Any:
            self._count(name, arguments)
            return found(*arguments, **named)

        return call
