"""How HuggingFace writes its things in JSON (releases.md §1.2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from suanli.sandbox.hubs.huggingface_world import File, Repo, RepoKind

_OF_MODELS = """
author baseModels cardData childrenModelCount config createdAt disabled downloads downloadsAllTime evalResults gated
gguf inference inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private
resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore usedStorage widgetData
"""
_OF_DATASETS = """
author cardData citation createdAt description disabled downloads downloadsAllTime gated lastModified likes
paperswithcode_id private resourceGroup sha siblings tags trendingScore usedStorage
"""
_OF_SPACES = """
author cardData createdAt datasets disabled lastModified likes models private resourceGroup runtime sdk sha siblings
subdomain tags trendingScore usedStorage
"""
EXPANDABLE: Mapping[RepoKind, frozenset[str]] = {
    RepoKind.MODELS: frozenset(_OF_MODELS.split()),
    RepoKind.DATASETS: frozenset(_OF_DATASETS.split()),
    RepoKind.SPACES: frozenset(_OF_SPACES.split()),
}
"""What `expand[]` may name."""

USUAL: Mapping[RepoKind, Sequence[str]] = {
    RepoKind.MODELS: (
        "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name", "createdAt",
    ),
    RepoKind.DATASETS: ("likes", "trendingScore", "private", "downloads", "tags", "createdAt"),
    RepoKind.SPACES: ("likes", "trendingScore", "private", "tags", "createdAt", "sdk"),
}  # fmt: skip
"""What an item of a list has when nothing else is asked for."""

FULL = ("author", "sha", "lastModified", "disabled", "siblings")
"""What `full` adds; models and datasets are gated, too."""

_FIELDS: Mapping[str, Callable[[Repo, datetime], Any]] = {
    "author": lambda repo, _: repo.author,
    "cardData": lambda repo, _: repo.card,
    "config": lambda _, __: {"model_type": "sandbox"},
    "createdAt": lambda repo, _: millis(repo.created_at),
    "disabled": lambda repo, _: repo.disabled,
    "downloads": lambda repo, now: int((now - repo.created_at).total_seconds()),
    "downloadsAllTime": lambda repo, now: int((now - repo.created_at).total_seconds()),
    "gated": lambda repo, _: repo.gated,
    "lastModified": lambda repo, _: millis(repo.last_modified),
    "library_name": lambda repo, _: repo.library,
    "likes": lambda repo, _: repo.likes,
    "pipeline_tag": lambda repo, _: repo.pipeline,
    "private": lambda repo, _: repo.private,
    "sdk": lambda _, __: "gradio",
    "sha": lambda repo, _: repo.sha,
    "siblings": lambda repo, _: [{"rfilename": path} for path in sorted(repo.files)],
    "tags": lambda repo, _: list(repo.tags),
    "trendingScore": lambda repo, _: repo.likes,
    "usedStorage": lambda repo, _: sum(file.size for file in repo.files.values()),
}


def expanded(repo: Repo, fields: Iterable[str], now: datetime) -> dict[str, Any]:
    """An item with just these fields; those that it has nothing for are left out."""
    shape = {"_id": repo.object_id, "id": repo.name}
    held = {name: _FIELDS[name](repo, now) for name in fields if name in _FIELDS}
    return shape | {name: value for name, value in held.items() if value is not None}


def listed(repo: Repo, now: datetime, *, full: bool, more: Iterable[str] = ()) -> dict[str, Any]:
    """An item of a list, or of its own page, which is `full`."""
    fields = [*USUAL[repo.kind], *more]
    if full:
        fields += FULL if repo.kind is RepoKind.SPACES else (*FULL, "gated")
    shape = expanded(repo, fields, now)
    return shape | {"modelId": repo.name} if repo.kind is RepoKind.MODELS else shape


def tree(files: Mapping[str, File], folder: str, *, recursive: bool) -> list[dict[str, Any]]:
    """The files below a folder, by path; without `recursive` the folders in it instead of what they hold."""
    found: dict[str, dict[str, Any]] = {}
    start = f"{folder}/" if folder else ""
    for path, file in sorted(files.items()):
        rest = path.removeprefix(start)
        if not path.startswith(start):
            continue
        parts = rest.split("/")
        folders = [start + "/".join(parts[: depth + 1]) for depth in range(len(parts) - 1)]
        for name in folders if recursive else folders[:1]:
            found[name] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
        if recursive or not folders:
            found[path] = _entry(path, file)
    return [found[path] for path in sorted(found)]


def _entry(path: str, file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.large:
        entry["lfs"] = {"oid": file.large, "size": file.size, "pointerSize": 135}
    return entry


def millis(moment: datetime) -> str:
    """A moment as HuggingFace writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
