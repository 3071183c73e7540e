"""What is on HuggingFace, and what people do to it."""

import hashlib
import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from suanli.clock import Clock

FLOOR = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)
"""Nothing is older, as far as `createdAt` says."""

LARGE = (".safetensors", ".bin", ".gguf", ".pt", ".onnx", ".parquet", ".msgpack", ".h5")
"""Names of files that are kept apart from git (LFS)."""

Gated = Literal[False, "auto", "manual"]


class RepoKind(StrEnum):
    """What a repository is, as the API's paths call it."""

    MODELS = "models"
    DATASETS = "datasets"
    SPACES = "spaces"


@dataclass(frozen=True, slots=True)
class File:
    """A file: `oid` names its content in git, `large` the content of one that is kept apart."""

    size: int
    oid: str
    large: str = ""


@dataclass(slots=True, eq=False)
class Repo:
    """A model, a dataset or a space. `object_id` stays when it is renamed; `past` has the files of each commit."""

    kind: RepoKind
    name: str
    object_id: str
    created_at: datetime
    last_modified: datetime
    tags: tuple[str, ...]
    pipeline: str | None
    library: str | None
    sha: str = ""
    files: dict[str, File] = field(default_factory=dict)
    past: dict[str, dict[str, File]] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    gated: Gated = False
    disabled: bool = False
    private: bool = False
    likes: int = 7

    @property
    def author(self) -> str:
        """The organisation or person, empty for one of the first models."""
        return self.name.rpartition("/")[0]


class World:
    """All of it. Every change is made at the clock's present moment; `lock` is held meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._repos: dict[tuple[RepoKind, str], Repo] = {}
        self._moved: dict[tuple[RepoKind, str], Repo] = {}
        self._numbers = itertools.count(1)

    def add_model(
        self,
        name: str,
        *,
        files: Mapping[str, str | int] | None = None,
        tags: Sequence[str] = ("transformers", "safetensors", "text-generation", "license:mit", "region:us"),
        pipeline: str | None = "text-generation",
        library: str | None = "transformers",
        created_at: datetime | None = None,
    ) -> Repo:
        """A new model with its first commit; see `commit` for the files. Raises ValueError when there is one."""
        usual: Mapping[str, str | int] = {"README.md": f"# {name}", "config.json": "{}", "model.safetensors": 10**9}
        repo = self._add(RepoKind.MODELS, name, tags, pipeline, library, created_at)
        return self._begun(repo, usual if files is None else files)

    def add_dataset(self, name: str, *, tags: Sequence[str] = ("license:mit", "region:us")) -> Repo:
        """A new dataset."""
        repo = self._add(RepoKind.DATASETS, name, tags, None, None, None)
        return self._begun(repo, {"README.md": f"# {name}", "data/train.parquet": 10**8})

    def add_space(self, name: str, *, tags: Sequence[str] = ("gradio", "region:us")) -> Repo:
        """A new space."""
        return self._begun(
            self._add(RepoKind.SPACES, name, tags, None, None, None), {"README.md": "", "app.py": "run()"}
        )

    def commit(self, repo: Repo, files: Mapping[str, str | int | None]) -> str:
        """Write files; the commit's id. A number is the size of a file whose bytes are new; None deletes one."""
        with self.lock:
            seed = f"{repo.object_id}/{next(self._numbers)}"
            for path, content in files.items():
                if content is None:
                    del repo.files[path]
                else:
                    repo.files[path] = _file(path, content, seed)
            repo.sha = _sha1(seed)
            repo.past[repo.sha] = dict(repo.files)
            repo.last_modified = self._clock.now()
            return repo.sha

    def gate(self, repo: Repo, gated: Gated = "manual") -> None:
        """Let people ask for access first, or not any more."""
        repo.gated = gated

    def disable(self, repo: Repo, *, disabled: bool = True) -> None:
        """Close it for a breach of the rules."""
        repo.disabled = disabled

    def hide(self, repo: Repo, *, private: bool = True) -> None:
        """Let nobody see it."""
        repo.private = private

    def rename(self, repo: Repo, name: str) -> None:
        """Give it another name, maybe with another owner; whoever asks for the old one is sent on."""
        with self.lock:
            del self._repos[repo.kind, repo.name]
            self._moved[repo.kind, repo.name] = repo
            repo.name = name
            self._repos[repo.kind, name] = repo

    def delete(self, repo: Repo) -> None:
        """Let it be there no more, under any name."""
        with self.lock:
            del self._repos[repo.kind, repo.name]
            self._moved = {key: moved for key, moved in self._moved.items() if moved is not repo}

    def find(self, kind: RepoKind, name: str) -> Repo | None:
        """What bears a name."""
        return self._repos.get((kind, name))

    def moved(self, kind: RepoKind, name: str) -> Repo | None:
        """What bore a name before."""
        return self._moved.get((kind, name))

    def all(self, kind: RepoKind) -> list[Repo]:
        """Everything of a kind that can be seen."""
        return [repo for repo in self._repos.values() if repo.kind is kind and not repo.private]

    def _add(
        self,
        kind: RepoKind,
        name: str,
        tags: Sequence[str],
        pipeline: str | None,
        library: str | None,
        created_at: datetime | None,
    ) -> Repo:
        with self.lock:
            if (kind, name) in self._repos:
                raise ValueError(f"{name} exists")
            now = self._clock.now()
            born = max(created_at or now, FLOOR)
            object_id = f"{int(born.timestamp()):08x}{next(self._numbers):016x}"
            repo = Repo(kind, name, object_id, born, now, tuple(tags), pipeline, library)
            self._repos[kind, name] = repo
            return repo

    def _begun(self, repo: Repo, files: Mapping[str, str | int]) -> Repo:
        self.commit(repo, files)
        return repo


def _file(path: str, content: str | int, seed: str) -> File:
    words = content if isinstance(content, str) else f"{seed}/{path}"
    size = len(content.encode()) if isinstance(content, str) else content
    if not path.endswith(LARGE):
        return File(size, _sha1(f"blob {size}\0{words}"))
    large = hashlib.sha256(words.encode()).hexdigest()
    return File(size, _sha1(f"pointer {large}"), large)


def _sha1(words: str) -> str:
    return hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()
