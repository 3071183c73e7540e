"""What ModelScope answers with on its three ways (releases.md §1.3), and one form for all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.failures import Missing
from suanli.sources.lists import labels_of

PREFIXES = {Kind.MODEL: "models/", Kind.DATASET: "datasets/"}

_PUBLIC = 5
_OK = 200
_PASSING = frozenset({"RateLimitExceed", "QuotaLimitExceed", "InternalServerError", "ServiceUnavailable"})

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Epoch = Annotated[int, Field(gt=0, lt=10**11)]  # seconds; a larger one would be milliseconds


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list. `is_full`: this way says all that there is to say, such as who has to ask for access."""

    item: Item
    is_public: bool = True
    is_full: bool = True

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.item.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of a list, with what its makers say is the number of entries of all pages."""

    entries: tuple[Entry, ...]
    total: int


class _Repo(BaseModel):
    id: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$", max_length=255)]
    private: bool
    gated: bool
    last_modified: AwareDatetime
    created_at: AwareDatetime | None = None
    display_name: str | None = None
    description: str | None = None
    license: str | None = None
    tasks: list[str] | None = None
    tags: list[str] | None = None
    file_size: int | None = None
    params: int | None = None

    def to_domain(self, kind: Kind, site: str) -> Entry:
        """The entry; `site` is the address under which people find it."""
        weights = f"{self.params or 0}:{self.file_size}" if kind is Kind.MODEL and self.file_size else ""
        item = Item(
            kind=kind,
            native_id=self.id,
            name=self.id,
            title=self.id,
            url=f"{site}/{PREFIXES[kind]}{quote(self.id)}",
            state=State.GATED if self.gated else State.PUBLIC,
            body=_text(self.id, self.display_name, self.description),
            author=self.id.partition("/")[0],
            labels=labels_of([*(self.tags or ()), *(self.tasks or ()), self.license or ""]),
            created_at=self.created_at,
            updated_at=self.last_modified,
            revision=self.last_modified.astimezone(UTC).isoformat(),
            weights=weights,
        )
        return Entry(item, is_public=not self.private)


# A list may be null where there is nothing in it; that it says otherwise itself is noticed by who reads it.
class _ModelPage(BaseModel):
    models: list[_Repo] | None
    total_count: int


class _DatasetPage(BaseModel):
    datasets: list[_Repo] | None
    total_count: int


class Models(BaseModel):
    """A page of models of the OpenAPI."""

    data: _ModelPage

    def to_domain(self, site: str) -> Slice:
        """The page."""
        return Slice(tuple(repo.to_domain(Kind.MODEL, site) for repo in self.data.models or ()), self.data.total_count)


class Datasets(BaseModel):
    """A page of data sets of the OpenAPI."""

    data: _DatasetPage

    def to_domain(self, site: str) -> Slice:
        """The page."""
        return Slice(
            tuple(repo.to_domain(Kind.DATASET, site) for repo in self.data.datasets or ()), self.data.total_count
        )


class _Task(BaseModel):
    name: str | None = Field(default=None, alias="Name")
    chinese: str | None = Field(default=None, alias="ChineseName")


class _Model(BaseModel):
    owner: _Name = Field(alias="Path")
    name: _Name = Field(alias="Name")
    changed: _Epoch = Field(alias="LastUpdatedTime")
    created: _Epoch | None = Field(default=None, alias="CreatedTime")
    chinese: str | None = Field(default=None, alias="ChineseName")
    license: str | None = Field(default=None, alias="License")
    tasks: list[_Task] | None = Field(default=None, alias="Tasks")
    tags: list[Any] | None = Field(default=None, alias="Tags")
    visibility: int | None = Field(default=None, alias="Visibility")

    def to_domain(self, site: str) -> Entry:
        """The entry."""
        name = f"{self.owner}/{self.name}"
        changed = datetime.fromtimestamp(self.changed, UTC)
        tasks = [word for task in self.tasks or () for word in (task.name, task.chinese) if word]
        tags = [tag for tag in self.tags or () if isinstance(tag, str)]
        item = Item(
            kind=Kind.MODEL,
            native_id=name,
            name=name,
            title=name,
            url=f"{site}/models/{quote(name)}",
            state=State.PUBLIC,
            body=_text(name, self.chinese),
            author=self.owner,
            labels=labels_of([*tags, *tasks, self.license or ""]),
            created_at=datetime.fromtimestamp(self.created, UTC) if self.created else None,
            updated_at=changed,
            revision=changed.isoformat(),
        )
        return Entry(item, is_public=self.visibility in {None, _PUBLIC}, is_full=False)


class _LegacyPage(BaseModel):
    models: list[_Model] | None = Field(alias="Models")
    total: int = Field(alias="TotalCount")


class Legacy(BaseModel):
    """A page of what older programs of ModelScope's ask for."""

    data: _LegacyPage = Field(alias="Data")

    def to_domain(self, site: str) -> Slice:
        """The page."""
        return Slice(tuple(model.to_domain(site) for model in self.data.models or ()), self.data.total)


class _WebsiteData(BaseModel):
    page: _LegacyPage = Field(alias="Model")


class Website(BaseModel):
    """A page of the website's own search."""

    data: _WebsiteData = Field(alias="Data")

    def to_domain(self, site: str) -> Slice:
        """The page."""
        return Slice(tuple(m.to_domain(site) for m in self.data.page.models or ()), self.data.page.total)


def refusal(body: Any) -> RemoteError | None:
    """The error that a good status may hide: `success` or `Success` is false, or `Code` is not 200."""
    if not isinstance(body, Mapping):
        return None
    code = body.get("code", body.get("Code"))
    if body.get("success", body.get("Success")) is not False and body.get("Code", _OK) in {_OK, str(_OK)}:
        return None
    said = " ".join(str(body.get("message") or body.get("Message") or "").split())[:200]
    text = f"ModelScope refuses: {str(code)[:80]}: {said}"
    if code == "ResourceNotFound":
        return Missing(text, permanent=True)
    return RemoteError(text, permanent=code not in _PASSING)


def _text(name: str, *texts: str | None) -> str:
    """What is said besides the name."""
    own = name.partition("/")[2]
    return "\n".join(text.strip() for text in texts if text and text.strip() not in {own, name, ""})
