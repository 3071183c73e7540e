"""What is on ModelScope, and what people do to it."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from suanli.clock import Clock


@dataclass(slots=True, eq=False)
class Entry:
    """A model or a dataset, `owner/name`. There is no commit's id, only the moment of the last change of anything."""

    number: int
    name: str
    is_dataset: bool
    created_at: datetime
    last_modified: datetime
    file_size: int
    display_name: str | None = None
    description: str | None = None
    license: str | None = "apache-2.0"
    tasks: tuple[str, ...] = ("text-generation",)
    readme: str = ""
    gated: bool = False
    private: bool = False
    downloads: int = 98
    likes: int = 25

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.name.partition("/")[0]


class World:
    """All of it. Every change is made at the clock's present moment; `lock` is held meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._entries: dict[tuple[bool, str], Entry] = {}
        self._numbers = itertools.count(665_336)

    def add_model(
        self,
        name: str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tasks: Sequence[str] = ("text-generation",),
        file_size: int = 61_081_671_123,
        created_at: datetime | None = None,
    ) -> Entry:
        """A new model; its words are nothing at all unless they are given. Raises ValueError when there is one."""
        model = self._add(name, created_at, file_size, is_dataset=False)
        model.display_name, model.description, model.tasks = display_name, description, tuple(tasks)
        return model

    def add_dataset(self, name: str, *, file_size: int = 10**8) -> Entry:
        """A new dataset."""
        return self._add(name, None, file_size, is_dataset=True)

    def touch(self, entry: Entry) -> None:
        """Change a setting: nothing of it can be seen but the moment."""
        entry.last_modified = self._clock.now()

    def edit_card(self, entry: Entry, readme: str) -> None:
        """Change the words of the card."""
        with self.lock:
            entry.readme = readme
            self.touch(entry)

    def update_weights(self, entry: Entry, file_size: int) -> None:
        """Upload other weights, so that all files together have this size."""
        with self.lock:
            entry.file_size = file_size
            self.touch(entry)

    def gate(self, entry: Entry, *, gated: bool = True) -> None:
        """Let people ask for access first, or not any more; a setting."""
        with self.lock:
            entry.gated = gated
            self.touch(entry)

    def hide(self, entry: Entry, *, private: bool = True) -> None:
        """Let nobody see it."""
        entry.private = private

    def delete(self, entry: Entry) -> None:
        """Let it be there no more."""
        with self.lock:
            del self._entries[entry.is_dataset, entry.name]

    def find(self, name: str, *, is_dataset: bool) -> Entry | None:
        """What bears a name and can be seen."""
        entry = self._entries.get((is_dataset, name))
        return entry if entry and not entry.private else None

    def all(self, *, datasets: bool) -> list[Entry]:
        """Every model, or every dataset, that can be seen, the oldest number first."""
        return [entry for entry in self._entries.values() if entry.is_dataset is datasets and not entry.private]

    def _add(self, name: str, created_at: datetime | None, file_size: int, *, is_dataset: bool) -> Entry:
        with self.lock:
            if (is_dataset, name) in self._entries:
                raise ValueError(f"{name} exists")
            now = self._clock.now()
            entry = Entry(next(self._numbers), name, is_dataset, created_at or now, now, file_size)
            self._entries[is_dataset, name] = entry
            return entry
