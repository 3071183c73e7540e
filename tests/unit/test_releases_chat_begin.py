"""From the command to the first reading, over HTTP: what is said when a place was read, or is not to be had."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import SqlStore
from suanli.domain.chat import ChatKind
from tests.dialogue import BOSS
from tests.fakes import FakeClock
from tests.releasedesk import GROUP, ReleaseDesk, open_desk

REPO = "vllm-project/vllm"
SECONDS = timedelta(seconds=30)


@pytest.fixture
def desk(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[ReleaseDesk]:
    with open_desk(tmp_path, sqlite_store, clock) as opened:
        yield opened


def follow(desk: ReleaseDesk, words: str) -> str:
    return desk.talk.ask(f"/releases watch {words}", sender=BOSS, kind=ChatKind.GROUP)


def test_after_the_first_reading_the_newest_matches_come_in_one_message_and_no_flood(desk: ReleaseDesk) -> None:
    repository = desk.github.world.add(REPO)
    for number in range(30):
        repository.publish_release(f"v0.{number}.0", body="qwen")
        desk.clock.advance(timedelta(minutes=1))
    assert "这是第一次读取它" in follow(desk, f"{REPO} release qwen")
    (parcel,) = desk.look(SECONDS)
    words = desk.read(parcel)
    assert parcel.target == GROUP
    assert "已开始监控 vllm-project/vllm（编号 1）" in words
    assert [n for n in range(30) if f"v0.{n}.0" in words] == [27, 28, 29]
    assert desk.look() == []


def test_a_second_watch_over_what_is_read_is_answered_at_once_and_only_then(desk: ReleaseDesk) -> None:
    desk.github.world.add(REPO).publish_release("v1", body="notes")
    follow(desk, REPO)
    desk.look(SECONDS)
    assert "• v1 " in follow(desk, f"{REPO} release notes")
    assert desk.look() == []


def test_a_name_in_another_case_is_the_same_place_and_no_renaming(desk: ReleaseDesk) -> None:
    repository = desk.github.world.add(REPO)
    follow(desk, "VLLM-Project/VLLM release")
    assert desk.titles(desk.look(SECONDS)) == ["发布动态"]
    repository.publish_release("v1")
    (parcel,) = desk.look()
    assert parcel.answer.title == "🚀 vllm-project/vllm 发布：v1"
    assert "编号 1）" in follow(desk, f"{REPO} release")


def test_a_place_that_never_was_is_said_so_after_the_first_look_and_once(desk: ReleaseDesk) -> None:
    follow(desk, "vllm-projet/vllm")
    (parcel,) = desk.look(SECONDS)
    assert "找不到 vllm-projet/vllm（404）：请检查写法" in desk.read(parcel)
    assert [parcel for _ in range(12) for parcel in desk.look(timedelta(hours=1)) if parcel.target == GROUP] == []
    assert "找不到 vllm-projet/vllm（404）" in follow(desk, "vllm-projet/vllm pr")
    assert "找不到（404）" in desk.talk.ask("/releases", sender=BOSS, kind=ChatKind.GROUP)


def test_a_place_that_is_gone_for_a_moment_is_no_news(desk: ReleaseDesk) -> None:
    repository = desk.github.world.add(REPO)
    follow(desk, REPO)
    desk.look(SECONDS)
    desk.github.world.delete(repository)
    assert desk.look() == []
