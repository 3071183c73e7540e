"""What hubs publish: issues, pull requests, releases, tags, models, datasets and spaces, as they were last read."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class Hub(StrEnum):
    """A place where models and the software around them are published."""

    GITHUB = "github"
    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"

    @property
    def prefix(self) -> str:
        """What stands before a name in chat: nothing for GitHub, `hf:` and `ms:` for the others."""
        return {Hub.GITHUB: "", Hub.HUGGINGFACE: "hf:", Hub.MODELSCOPE: "ms:"}[self]


class Part(StrEnum):
    """What of a repository or an organisation is read at once; pull requests come with the issues."""

    ISSUES = "issues"
    RELEASES = "releases"
    TAGS = "tags"
    MODELS = "models"
    DATASETS = "datasets"
    SPACES = "spaces"


PARTS: dict[Hub, tuple[Part, ...]] = {
    Hub.GITHUB: (Part.ISSUES, Part.RELEASES, Part.TAGS),
    Hub.HUGGINGFACE: (Part.MODELS, Part.DATASETS, Part.SPACES),
    Hub.MODELSCOPE: (Part.MODELS, Part.DATASETS),
}
"""What there is to read on each hub."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A GitHub repository (`owner/name`), or an organisation or person of a model hub. Letters count as written."""

    hub: Hub
    name: str

    @property
    def word(self) -> str:
        """How it is written in chat: `vllm-project/vllm`, `hf:deepseek-ai`."""
        return f"{self.hub.prefix}{self.name}"


class Kind(StrEnum):
    """What an item is."""

    ISSUE = "issue"
    PULL = "pull"
    RELEASE = "release"
    TAG = "tag"
    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"


class State(StrEnum):
    """Where an item stands; which of these are possible depends on its kind."""

    OPEN = "open"
    DRAFT = "draft"
    CLOSED = "closed"
    MERGED = "merged"
    PRERELEASE = "prerelease"
    STABLE = "stable"
    PUBLIC = "public"
    GATED = "gated"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a hub.

    `native_id` is the hub's own name for it, the same through renames and unique in its resource: `#3045` for issues
    and pull requests, the numeric id of a release, the name of a tag, `_id` on HuggingFace, `owner/name` on ModelScope.
    `name` is what people call it. `ended_at` is when it was closed or merged, `published_at` when a release went
    public. `revision` changes with every change of content (a commit, or the moment of the last change), `weights`
    with the weights only; empty where nobody knows. `weights` of an item that was only listed is empty.
    `weights_changed` is no part of the item: it is what a reading found out about `weights` and those of the revision
    that was remembered, None where it found out nothing.
    """

    kind: Kind
    native_id: str
    name: str
    title: str
    url: str
    state: State
    body: str = ""
    author: str = ""
    by_bot: bool = False
    labels: tuple[str, ...] = ()
    reason: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    published_at: datetime | None = None
    revision: str = ""
    weights: str = ""
    weights_changed: bool | None = field(default=None, compare=False)

    @property
    def text(self) -> tuple[str, str]:
        """Title and body, whole."""
        return self.title, self.body

    @property
    def is_from_hub(self) -> bool:
        """Whether it is a model, a dataset or a space."""
        return self.kind in {Kind.MODEL, Kind.DATASET, Kind.SPACE}


@dataclass(frozen=True, slots=True)
class Known:
    """An item as it is remembered: since when, how often in a row it was missing, and until when cards rest.

    `quiet_until`: changes of the model card alone are not told before (releases.md §2.9).
    """

    item: Item
    first_seen_at: datetime
    missing: int = 0
    quiet_until: datetime | None = None

    @classmethod
    def new(cls, item: Item, now: datetime) -> Self:
        """An item that is seen for the first time."""
        return cls(item, now)
