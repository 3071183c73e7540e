"""GitHub's JSON as items (releases.md §1.1). What is not needed is not looked at; what is needed must be there."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.failures import Drift

Form = TypeVar("Form")


class _Adapters(dict[Any, TypeAdapter[Any]]):
    """What reads each form; it takes long to make."""

    def __missing__(self, form: Any) -> TypeAdapter[Any]:
        self[form] = TypeAdapter(form)
        return self[form]


_ADAPTERS = _Adapters()


def read(form: type[Form], body: Any, what: str) -> Form:
    """`body` as a `form`. Raises Drift, which names the first place that is not as it should be and quotes nothing."""
    try:
        found: Form = _ADAPTERS[form].validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
        where = place.removeprefix(".")[:120] or "the whole"
        raise Drift(f"GitHub's {what} are built differently: {where}: {first['msg']}", permanent=True) from None
    return found


def _storable(value: Any) -> Any:
    """Text that a database can hold, so that what is remembered equals what is read the next time."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode(errors="replace").decode().replace("\0", "?")


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a moment is text")  # noqa: TRY004 pydantic turns only this one into a place
    return value


Text = Annotated[str, BeforeValidator(_storable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_words)]
Address = Annotated[Text, Field(pattern=r"^https?://\S+$")]


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


class _User(BaseModel):
    login: Text
    type: Text = ""


class _Label(BaseModel):
    name: Text | None = None


class _Written(BaseModel):
    """What somebody wrote: issues, pull requests and releases."""

    html_url: Address
    body: Text | None = None
    created_at: Moment

    def _by(self, user: _User | None) -> dict[str, Any]:
        return {"author": user.login if user else "", "by_bot": user is not None and user.type == "Bot"}


class _Merge(BaseModel):
    merged_at: Moment | None = None


class Issue(_Written):
    """An issue or a pull request, from either list: the issues' one names the merge apart, the pulls' one itself."""

    number: StrictInt
    title: Text
    state: Literal["open", "closed"]
    state_reason: Text | None = None
    user: _User | None = None
    labels: list[Text | _Label] = []
    draft: StrictBool | None = None
    updated_at: Moment
    closed_at: Moment | None = None
    merged_at: Moment | None = None
    pull_request: _Merge | None = None

    def to_domain(self, *, is_pull: bool = False) -> Item:
        """The issue; the pull request, if it says so or the caller knows."""
        pull = is_pull or self.pull_request is not None
        merged_at = self.merged_at or (self.pull_request.merged_at if self.pull_request else None)
        labels = (label if isinstance(label, str) else label.name or "" for label in self.labels)
        return Item(
            kind=Kind.PULL if pull else Kind.ISSUE,
            native_id=f"#{self.number}",
            name=f"#{self.number}",
            title=self.title,
            url=self.html_url,
            state=self._state(merged=merged_at is not None, pull=pull),
            body=self.body or "",
            labels=tuple(label for label in labels if label),
            reason=self.state_reason or "",
            created_at=_utc(self.created_at),
            updated_at=_utc(self.updated_at),
            ended_at=_utc(merged_at or self.closed_at),
            **self._by(self.user),
        )

    def _state(self, *, merged: bool, pull: bool) -> State:
        if merged:
            return State.MERGED
        if self.state == "closed":
            return State.CLOSED
        return State.DRAFT if pull and self.draft else State.OPEN


class Release(_Written):
    """A release; a draft is seen by those only who may push."""

    id: StrictInt
    tag_name: Text
    name: Text | None = None
    draft: StrictBool
    prerelease: StrictBool
    author: _User | None = None
    published_at: Moment | None = None
    updated_at: Moment | None = None

    def to_domain(self) -> Item:
        """The release; under its tag where it has no name."""
        stable = State.PRERELEASE if self.prerelease else State.STABLE
        return Item(
            kind=Kind.RELEASE,
            native_id=str(self.id),
            name=self.tag_name,
            title=self.name or self.tag_name,
            url=self.html_url,
            state=State.DRAFT if self.draft else stable,
            body=self.body or "",
            created_at=_utc(self.created_at),
            updated_at=_utc(self.updated_at),
            published_at=None if self.draft else _utc(self.published_at),
            **self._by(self.author),
        )


class _Commit(BaseModel):
    sha: Annotated[Text, Field(min_length=7, max_length=64)]


class Tag(BaseModel):
    """A tag of a repository: a name, and the commit under it."""

    name: Annotated[Text, Field(min_length=1)]
    commit: _Commit

    def to_domain(self, site: str) -> Item:
        """The tag. `site` is the address of the repository's pages, which the list does not name."""
        return tag_item(self.name, site, self.commit.sha)


def tag_item(name: str, site: str, sha: str = "") -> Item:
    """A tag; without `sha`, one of which nobody said what is under it."""
    url = f"{site}/releases/tag/{quote(name, safe='/')}"
    return Item(Kind.TAG, name, name, title=name, url=url, state=State.PUBLIC, revision=sha)


class Repository(BaseModel):
    """A repository; its number stays, its name may change."""

    id: StrictInt
    private: StrictBool = False
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    archived: StrictBool = False
