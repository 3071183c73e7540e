"""What HuggingFace tells by webhook (releases.md §1.2): a hint that something is to be read, not the news itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from suanli.domain.releases import Hub, Part, Place
from suanli.sources.lists import understood

_MAIN = "refs/heads/main"

_PARTS: Mapping[str, Part] = {"model": Part.MODELS, "dataset": Part.DATASETS, "space": Part.SPACES}


class Action(StrEnum):
    """What was done to a repository. What was done to a part of it that we do not know is an UPDATE."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


class Scope(StrEnum):
    """What it was done to: a repository, or its content."""

    REPO = "repo"
    CONTENT = "repo.content"


@dataclass(frozen=True, slots=True)
class HookNews:
    """Something was done to a repository. `name` is `owner/name`; `moved_to` the one it has now, after a MOVE.

    `native_id` is that of its item. What is `private` must not be told of.
    """

    part: Part
    native_id: str
    name: str
    action: Action
    scope: Scope
    private: bool = False
    moved_to: str = ""

    @property
    def places(self) -> tuple[Place, ...]:
        """Whose lists are to be read: the owner's, and the new owner's."""
        owners = (name.rpartition("/")[0] for name in (self.name, self.moved_to))
        return tuple(dict.fromkeys(Place(Hub.HUGGINGFACE, owner) for owner in owners if owner))


def read_hook(payload: object) -> HookNews | None:
    """What a webhook says; None when it is about discussions, a side branch, or a kind of repository not read here.

    Raises Drift for a body that is not built like HuggingFace's.
    """
    body = understood(_Body, payload, "what HuggingFace sends to a webhook")
    return body.to_domain()


class _Event(BaseModel):
    action: str
    scope: str


class _Repo(BaseModel):
    type: str
    name: Annotated[str, Field(min_length=1, max_length=255)]
    id: Annotated[str, Field(min_length=1, max_length=64)]
    private: bool


class _Ref(BaseModel):
    ref: str


class _Moved(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=255)]


class _Body(BaseModel):
    event: _Event
    repo: _Repo
    updated_refs: list[_Ref] | None = Field(default=None, alias="updatedRefs")
    moved_to: _Moved | None = Field(default=None, alias="movedTo")

    def to_domain(self) -> HookNews | None:
        """What it says of a repository."""
        part = _PARTS.get(self.repo.type)
        scope, known = _scope_of(self.event.scope)
        if part is None or scope is None or self._is_aside:
            return None
        return HookNews(
            part=part,
            native_id=self.repo.id,
            name=self.repo.name,
            action=_action_of(self.event.action) if known else Action.UPDATE,
            scope=scope,
            private=self.repo.private,
            moved_to=self.moved_to.name if self.moved_to else "",
        )

    @property
    def _is_aside(self) -> bool:
        # A pull request comes as a change of content too, for it makes a branch of its own.
        return bool(self.updated_refs) and all(ref.ref != _MAIN for ref in self.updated_refs or ())


def _scope_of(text: str) -> tuple[Scope | None, bool]:
    """The narrowest scope we know that this one is in, and whether it is that one itself."""
    scopes = {scope.value: scope for scope in Scope}
    known = text
    while known and known not in scopes:
        known = known.rpartition(".")[0]
    return scopes.get(known), known == text


def _action_of(text: str) -> Action:
    return Action(text) if text in set(Action) else Action.UPDATE
