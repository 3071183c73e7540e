"""Following, following again, and names that change while somebody reads: nobody misses news, or hears of old ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.read_releases import ReadReleases
from storage.store import SqlStore
from suanli.domain.chat import ChatKind
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Upstream
from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Hub, Part, Reading, Tracked
from suanli.sandbox.hubs import Repository
from tests.dialogue import BOSS
from tests.fakes import FakeClock
from tests.release_machine_world import Overtaken
from tests.releasedesk import LI_ALONE, ReleaseDesk, open_desk

REPO, NEW_NAME = "vllm-project/vllm", "vllm/next"


@pytest.fixture
def desk(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[ReleaseDesk]:
    with open_desk(tmp_path, sqlite_store, clock) as opened:
        yield opened


@pytest.fixture
def vllm(desk: ReleaseDesk) -> Repository:
    made = desk.github.world.add(REPO)
    made.open_issue("as old as the hills")
    return made


def ask(desk: ReleaseDesk, text: str) -> str:
    return desk.talk.ask(text, sender=BOSS, kind=ChatKind.GROUP)


def issues(desk: ReleaseDesk, **more: Any) -> list[str]:
    """What the next look tells of issues, by their names."""
    return [title.rsplit("：", 1)[1] for title in desk.titles(desk.look(**more)) if "新 Issue" in title]


def test_whoever_comes_to_an_idle_place_hears_of_nothing_that_happened_before(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    ask(desk, f"/releases watch {REPO} issue")
    desk.begin()
    ask(desk, "/releases unwatch 1")
    desk.look()
    vllm.open_issue("while nobody followed")
    desk.clock.advance(timedelta(days=20))
    ask(desk, f"/releases watch {REPO} issue")
    vllm.open_issue("from now on")
    assert issues(desk) == ["#3"]
    vllm.open_issue("and so on")
    assert issues(desk) == ["#4"]


def test_whoever_comes_between_two_looks_hears_of_what_the_first_could_not_show(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    desk.follow(REPO, ("issue",), target=LI_ALONE)
    desk.begin()
    vllm.open_issue("not read yet")
    desk.clock.advance(timedelta(minutes=4))
    assert "not read yet" not in ask(desk, f"/releases watch {REPO} issue")
    assert issues(desk, after=timedelta(minutes=1)) == ["#2", "#2"]


def test_a_run_says_how_much_was_read_and_changed_however_many_threads_it_had(desk: ReleaseDesk) -> None:
    for number in range(8):
        desk.github.world.add(f"owner/repo-{number}")
        desk.follow(f"owner/repo-{number}", ("issue",))
    desk.begin()
    for number in range(8):
        repository = desk.github.world.named(f"owner/repo-{number}")
        assert repository is not None
        repository.open_issue("news")
    desk.look()
    assert desk.said == "8 read, 0 failed, 8 changes of 8 due"
    desk.look(timedelta(seconds=30))
    assert desk.said == ""


@dataclass
class Elsewhere:
    """A hub of which only the releases can be read."""

    upstream: Upstream

    def read(self, tracked: Tracked, validators: Any, recall: Recall) -> Reading:
        if tracked.part is Part.ISSUES:
            raise RemoteError("not now")
        return self.upstream.read(tracked, validators, recall)


def test_news_that_were_read_under_an_old_name_are_told_though_another_part_learnt_the_new_one_meanwhile(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    desk.follow(REPO, ("issue", "release"))
    desk.begin()
    vllm.open_issue("read under the old name")
    desk.clock.advance(timedelta(minutes=5))
    source = desk.reading.sources[Hub.GITHUB]
    others = ReadReleases(desk.store, {Hub.GITHUB: replace(source, upstream=Elsewhere(source.upstream))},
                          desk.reading.site, desk.clock, desk.reading.interval)  # fmt: skip

    def rename() -> None:
        if vllm.name == REPO:
            desk.github.world.rename(vllm, NEW_NAME)
            others.run(desk.clock.now())

    slow = replace(source, upstream=Overtaken(source.upstream, rename), threads=1)
    replace(desk.reading, sources={Hub.GITHUB: slow}).run(desk.clock.now())
    told = desk.titles(desk.talk.parcels())
    assert sum("#2" in title for title in told) == 1
    with desk.store.begin() as tx:
        assert {each.place.name for each in tx.resources.all()} == {NEW_NAME}
    assert issues(desk) == []
