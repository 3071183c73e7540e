"""What stands in a repository of GitHub."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or a pull request, which is one of GitHub's issues too, with an id as such (`id`) and one of its own."""

    number: int
    id: int
    title: str
    body: str | None
    login: str
    created_at: datetime
    updated_at: datetime
    pull_id: int | None = None
    labels: tuple[str, ...] = ()
    state: str = "open"
    reason: str | None = None
    draft: bool = False
    comments: int = 0
    closed_at: datetime | None = None
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A release; `created_at` is its commit's date. Nobody sees a draft, for that takes the right to push."""

    id: int
    tag: str
    name: str | None
    body: str | None
    login: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    prerelease: bool = False
    draft: bool = False
    assets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and the commit it points to."""

    name: str
    sha: str
