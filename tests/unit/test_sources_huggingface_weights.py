"""Weights apart from cards: the files of two revisions are compared, and what cannot be is unknown."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Hub, Item, Part
from suanli.domain.releases.failures import Missing, Resting
from suanli.sources.huggingface import HuggingFace
from suanli.sources.huggingface.bodies import File, digest_of
from suanli.sources.huggingface.weights import MOST_COMPARED
from tests.fakes import NOON
from tests.hub_client import BASE, Answered, FakeClient, Follower, tracked

README = {"type": "file", "path": "README.md", "oid": "1", "size": 10}
SHARD = {"type": "file", "path": "model.safetensors", "oid": "2", "size": 9, "lfs": {"oid": "aa", "size": 9}}
FOLDER = {"type": "directory", "path": "weights.bin", "oid": "3", "size": 0}


class Repos:
    """Models with the files of each of their revisions; an error in place of files is raised."""

    def __init__(self, count: int = 1) -> None:
        self.shas = ["sha0"] * count
        self.files: dict[str, list[list[dict[str, Any]]] | RemoteError] = {"sha0": [[README, SHARD]]}
        self.names = [f"deepseek-ai/M{n}" for n in range(count)]
        self._moment = NOON
        self.client = FakeClient(self._answer)
        hub = HuggingFace(self.client)
        self.follower = Follower(hub.read, tracked(Hub.HUGGINGFACE, Part.MODELS, "deepseek-ai"))
        self.follower.look()

    @property
    def trees(self) -> list[str]:
        return [path for path in self.client.asked if "/tree/" in path]

    def commit(self, sha: str, *files: list[dict[str, Any]] | RemoteError) -> tuple[Item, ...]:
        """Every model gets this revision, with pages of files; the items of the next look."""
        self.files[sha] = next((f for f in files if isinstance(f, RemoteError)), None) or [
            f for f in files if isinstance(f, list)
        ]
        self.shas = [sha] * len(self.shas)
        self._moment += timedelta(minutes=1)
        return self.follower.look().items

    def _answer(self, path: str, _: object) -> Answered:
        if "/tree/" not in path:
            changed = f"{self._moment:%Y-%m-%dT%H:%M:%SZ}"
            shared = {"private": False, "lastModified": changed}
            return Answered(
                [{"_id": f"{n:024x}", "id": self.names[n], "sha": sha, **shared} for n, sha in enumerate(self.shas)]
            )
        sha, _, page = path.partition("/tree/")[2].partition("?")[0].partition("@")
        pages = self.files[sha]
        if isinstance(pages, RemoteError):
            raise pages
        number = int(page or 0)
        more = f"{BASE}{path.partition('/tree/')[0]}/tree/{sha}@{number + 1}" if number + 1 < len(pages) else ""
        return Answered(pages[number], more)


def changed(items: tuple[Item, ...]) -> list[bool | None]:
    return [item.weights_changed for item in items]


def other(path: str = "model.safetensors", oid: str = "bb") -> dict[str, Any]:
    return {**SHARD, "path": path, "lfs": {"oid": oid}}


def test_another_readme_is_no_other_weights() -> None:
    repos = Repos()
    assert changed(repos.commit("sha1", [{**README, "oid": "9", "size": 99}, SHARD])) == [False]


@pytest.mark.parametrize(
    "files",
    [
        [README, other()],
        [README, SHARD, other("model-2.safetensors")],
        [README],
        [README, {**SHARD, "path": "model.gguf"}],
        [README, SHARD, {**README, "path": "model.safetensors.index.json"}],
    ],
)
def test_other_added_removed_or_renamed_weights_are_seen(files: list[dict[str, Any]]) -> None:
    assert changed(Repos().commit("sha1", files)) == [True]


def test_the_earlier_revision_is_looked_at_once_and_then_remembered() -> None:
    repos = Repos()
    repos.commit("sha1", [SHARD])
    assert len(repos.trees) == 2
    assert changed(repos.commit("sha2", [other()])) == [True]
    assert len(repos.trees) == 3


def test_the_weights_of_what_did_not_change_stay_known() -> None:
    repos = Repos(2)
    weights = {item.weights for item in repos.commit("sha1", [SHARD])}
    repos.shas[0] = "sha2"
    repos.files["sha2"] = [[other()]]
    items = repos.follower.look().items
    assert {items[1].weights} == weights
    assert items[1].weights_changed is None
    assert items[0].weights_changed is True


def test_all_pages_of_the_files_count() -> None:
    repos = Repos()
    assert changed(repos.commit("sha1", [README], [SHARD])) == [False]
    assert changed(repos.commit("sha2", [README], [SHARD], [other("extra.bin")])) == [True]


def test_a_repository_of_very_many_files_stays_unknown() -> None:
    repos = Repos()
    assert changed(repos.commit("sha1", *([SHARD] for _ in range(9)))) == [None]


@pytest.mark.parametrize(
    "error",
    [
        RemoteError("GatedRepo", permanent=True, code=403),
        Missing("RevisionNotFound", permanent=True, code=404),
        RemoteError("no answer within 20 s"),
    ],
)
def test_files_that_are_not_for_us_leave_the_change_unknown_and_the_reading_whole(error: RemoteError) -> None:
    repos = Repos()
    (item,) = repos.commit("sha1", error)
    assert (item.revision, item.weights, item.weights_changed) == ("sha1", "", None)


def test_files_that_are_built_otherwise_leave_it_unknown() -> None:
    assert changed(Repos().commit("sha1", [{"path": "model.safetensors"}])) == [None]


def test_a_forgotten_earlier_revision_leaves_it_unknown() -> None:
    repos = Repos()
    repos.files["sha0"] = Missing("RevisionNotFound", permanent=True)
    assert changed(repos.commit("sha1", [SHARD])) == [None]


def test_what_is_closed_to_us_is_asked_for_each_model_and_what_hangs_only_once() -> None:
    closed, hanging = Repos(4), Repos(4)
    closed.commit("sha1", RemoteError("GatedRepo", permanent=True, code=403))
    hanging.commit("sha1", RemoteError("no answer within 20 s"))
    assert (len(closed.trees), len(hanging.trees)) == (4, 1)


def test_a_host_that_rests_fails_the_reading_so_that_it_is_made_again() -> None:
    repos = Repos()
    with pytest.raises(Resting):
        repos.commit("sha1", Resting("not now", retry_after=timedelta(seconds=30)))
    assert changed(repos.commit("sha1", [other()])) == [True]


def test_only_so_many_models_are_compared_in_one_reading() -> None:
    found = changed(Repos(MOST_COMPARED + 3).commit("sha1", [other()]))
    assert found == [True] * MOST_COMPARED + [None] * 3


def test_a_renamed_model_is_compared_under_its_present_name() -> None:
    repos = Repos()
    repos.names = ["deepseek-ai/New Name"]
    assert changed(repos.commit("sha1", [other()])) == [True]
    assert [path.partition("/tree/")[0] for path in repos.trees] == ["/api/models/deepseek-ai/New%20Name"] * 2


def test_new_models_cost_no_look_at_their_files() -> None:
    repos = Repos()
    repos.shas.append("sha1")
    repos.names.append("deepseek-ai/New")
    assert changed(repos.follower.look().items) == [None, None]
    assert repos.trees == []


def test_the_order_of_files_and_folders_do_not_matter() -> None:
    files = [File.model_validate(each) for each in (README, SHARD, other("b.bin"))]
    folder = File.model_validate(FOLDER)
    assert digest_of(files) == digest_of([folder, *reversed(files)])
    assert digest_of(files) != digest_of(files[:2])
