"""What HuggingFace answers with: the entries of its lists (releases.md §1.2) and the files of a repository."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field, RootModel

from suanli.domain.releases import Item, Kind, State
from suanli.sources.lists import labels_of

PREFIXES = {Kind.MODEL: "", Kind.DATASET: "datasets/", Kind.SPACE: "spaces/"}
"""What stands before a name in the address of its page."""

_WEIGHTS = re.compile(r"\.(safetensors|bin|gguf|pt|pth|ckpt|onnx|onnx_data|h5|msgpack|index\.json)$", re.IGNORECASE)


class Entry(BaseModel):
    """A model, a dataset or a space in a list.

    Strict where its meaning would be lost: without `private` nobody could tell what may be shown, and without `sha`
    and `lastModified`, which a list has only when it is asked for them, changes would not be seen.
    """

    native_id: Annotated[str, Field(alias="_id", min_length=1, max_length=64)]
    name: Annotated[str, Field(alias="id", min_length=1, max_length=255)]
    sha: str | None
    last_modified: AwareDatetime = Field(alias="lastModified")
    private: bool
    created_at: AwareDatetime | None = Field(default=None, alias="createdAt")
    author: str | None = None
    gated: bool | str | None = None
    disabled: bool | None = None
    tags: list[str] | None = None
    pipeline_tag: str | None = None
    library_name: str | None = None
    sdk: str | None = None
    description: str | None = None

    def to_domain(self, kind: Kind, site: str) -> Item:
        """The item; `site` is the address under which people find it."""
        return Item(
            kind=kind,
            native_id=self.native_id,
            name=self.name,
            title=self.name,
            url=f"{site}/{PREFIXES[kind]}{quote(self.name)}",
            state=self._state,
            body=self._text,
            author=self.author or self.name.rpartition("/")[0],
            labels=labels_of(self.tags or ()),
            created_at=self.created_at,
            updated_at=self.last_modified,
            revision=self.sha or "",
        )

    @property
    def _state(self) -> State:
        if self.disabled:
            return State.DISABLED
        return State.GATED if self.gated else State.PUBLIC

    @property
    def _text(self) -> str:
        licences = (tag.removeprefix("license:") for tag in self.tags or () if tag.startswith("license:"))
        words = (self.pipeline_tag, self.library_name, self.sdk, *licences)
        facts = ", ".join(word for word in words if word)
        return "\n".join(text for text in (facts, (self.description or "").strip()) if text)


class Entries(RootModel[list[Entry]]):
    """A page of a list."""


class _Pointer(BaseModel):
    oid: str


class File(BaseModel):
    """A file or a folder of a repository; the content of a large file is named by `lfs`."""

    type: str
    path: str
    oid: str
    size: int = 0
    lfs: _Pointer | None = None

    def to_domain(self) -> str | None:
        """The name of its content, if it holds weights or says where in which file they are."""
        if self.type != "file" or not _WEIGHTS.search(self.path):
            return None
        return f"{self.path}\0{self.lfs.oid if self.lfs else self.oid}\0{self.size}"


class Files(RootModel[list[File]]):
    """A page of the files of a repository."""


def digest_of(files: Iterable[File]) -> str:
    """A name for the weights among these files: the same for the same weights, whatever else there is."""
    weights = sorted(name for file in files if (name := file.to_domain()))
    return sha256("\n".join(weights).encode(errors="surrogatepass")).hexdigest()[:32]
