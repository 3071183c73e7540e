"""Places that are renamed, taken by somebody else, deleted, closed or archived, as those who follow them see it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.releases import Hub, Part, Place, Tracked
from suanli.domain.releases.resources import Status
from suanli.sandbox.hubs import Repository
from tests.fakes import FakeClock
from tests.releasedesk import GROUP, LI_ALONE, ReleaseDesk, open_desk

REPO, NEW_NAME, ORG = "vllm-project/vllm", "vllm/next", "deepseek-ai"
OPERATOR = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_operator")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[ReleaseDesk]:
    with open_desk(tmp_path, sqlite_store, clock) as opened:
        opened.grant(OPERATOR.id, Role.OPERATOR)
        yield opened


@pytest.fixture
def vllm(desk: ReleaseDesk) -> Repository:
    """A repository that a group and somebody alone follow."""
    made = desk.github.world.add(REPO)
    made.open_issue("as old as the hills")
    desk.follow(REPO, ("issue", "release"))
    desk.follow(REPO, ("issue",), target=LI_ALONE)
    desk.begin()
    return made


def looks(desk: ReleaseDesk, times: int, every: timedelta = timedelta(minutes=5)) -> list[Parcel]:
    """Look several times; all that is to be sent for it."""
    return [parcel for _ in range(times) for parcel in desk.look(every)]


def heard(desk: ReleaseDesk, parcels: list[Parcel], words: str) -> list[Target]:
    """Who gets a message with these words in it."""
    return [parcel.target for parcel in parcels if words in f"{parcel.answer.title}\n{desk.read(parcel)}"]


def tracked(desk: ReleaseDesk, name: str = REPO, part: Part = Part.ISSUES, hub: Hub = Hub.GITHUB) -> Tracked:
    """Where the reading of a place stands."""
    with desk.store.begin() as tx:
        found = tx.resources.find(Place(hub, name), part)
    assert found is not None
    return found


def asked(desk: ReleaseDesk) -> int:
    """How often GitHub was asked since the last time."""
    total = desk.github.record.total
    desk.github.record.clear()
    return total


# Renamed


def test_watches_follow_a_renamed_repository_and_their_people_hear_of_it_once(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    vllm.open_issue("before")
    assert sorted(heard(desk, desk.look(), "before"), key=str) == sorted([GROUP, LI_ALONE], key=str)
    desk.github.world.rename(vllm, NEW_NAME)
    vllm.open_issue("after")
    vllm.publish_release("v1.0")
    told = looks(desk, 3)
    assert sorted(heard(desk, told, "改名为"), key=str) == sorted([GROUP, LI_ALONE], key=str)
    assert len(heard(desk, told, f"{NEW_NAME} 新 Issue")) == 2
    assert heard(desk, told, f"{NEW_NAME} 发布：v1.0") == [GROUP]
    assert len(told) == 5
    with desk.store.begin() as tx:
        assert {watch.place.name for watch in tx.watches.all()} == {NEW_NAME}
        assert {each.place.name for each in tx.resources.all()} == {NEW_NAME}


def test_a_renamed_repository_is_asked_by_its_new_name_from_then_on(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.github.world.rename(vllm, NEW_NAME)
    desk.look()
    desk.github.record.clear()
    looks(desk, 2)
    assert desk.github.record.by_status[301] == 0
    assert all(each.path.startswith(f"/repos/{NEW_NAME}/") for each in desk.github.record.asked)


def test_whoever_follows_both_names_of_a_repository_is_told_once(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.github.world.rename(vllm, NEW_NAME)
    desk.follow(NEW_NAME, ("issue",))
    desk.begin()
    desk.look()
    vllm.open_issue("news")
    told = looks(desk, 3)
    assert sorted(heard(desk, told, "news"), key=str) == sorted([GROUP, LI_ALONE], key=str)


# Taken by somebody else


def test_a_repository_that_somebody_else_took_is_read_no_more_and_everybody_hears_once(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    desk.github.world.rename(vllm, NEW_NAME)
    stranger = desk.github.world.seize(REPO)
    for number in range(40):
        stranger.open_issue(f"buy coins {number}")
    told = looks(desk, 30, HOUR)
    assert heard(desk, told, "buy coins") == []
    assert sorted(heard(desk, told, "可能被人占用"), key=str) == sorted([GROUP, LI_ALONE], key=str)
    assert heard(desk, told, f"{REPO} issues").count(OPERATOR) == 1
    assert tracked(desk).status is Status.STRANGE


def test_a_stranger_with_few_issues_is_noticed_within_a_day(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.github.world.rename(vllm, NEW_NAME)
    desk.github.world.seize(REPO)
    told = looks(desk, 30, HOUR)
    assert sorted(heard(desk, told, "可能被人占用"), key=str) == sorted([GROUP, LI_ALONE], key=str)


# Gone, or not for us


def test_a_deleted_repository_is_asked_ever_more_rarely_and_its_people_hear_once(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    desk.github.world.delete(vllm)
    told = looks(desk, 36)
    assert sorted(heard(desk, told, "找不到了（404）"), key=str) == sorted([GROUP, LI_ALONE], key=str)
    assert heard(desk, told, "上游读取失败").count(OPERATOR) == 1
    asked(desk)
    looks(desk, 72, HOUR)
    assert asked(desk) <= 12  # two parts, in the end once a day each
    with desk.store.begin() as tx:
        assert len(tx.watches.all()) == 2


def test_a_repository_that_comes_back_is_told_of_again(desk: ReleaseDesk, vllm: Repository) -> None:
    vllm.block()
    told = looks(desk, 12)
    assert sorted(heard(desk, told, "法律原因"), key=str) == sorted([GROUP, LI_ALONE], key=str)
    assert tracked(desk).status is Status.BLOCKED
    vllm.block(blocked=False)
    vllm.open_issue("opened while nobody could look")
    told = looks(desk, 30, HOUR)
    assert len(heard(desk, told, "opened while nobody could look")) == 2
    assert heard(desk, told, "恢复正常").count(OPERATOR) == 1
    assert tracked(desk).status is Status.WELL


def test_a_place_that_is_gone_after_other_trouble_is_told_of_all_the_same(desk: ReleaseDesk, vllm: Repository) -> None:
    vllm.block()
    looks(desk, 2)
    vllm.block(blocked=False)
    desk.github.world.delete(vllm)
    told = looks(desk, 12)
    assert sorted(heard(desk, told, "找不到了（404）"), key=str) == sorted([GROUP, LI_ALONE], key=str)


def test_pull_requests_are_told_of_where_issues_are_switched_off(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.follow(REPO, ("pr",), target=OPERATOR)
    vllm.disable_issues(410)
    desk.look()
    number = vllm.open_pull("Support DeepSeek-V4")
    assert heard(desk, desk.look(), "新 PR：#2") == [OPERATOR]
    vllm.merge(number)
    assert heard(desk, looks(desk, 2), "PR 合入") == [OPERATOR]
    vllm.disable_issues(None)
    vllm.open_issue("issues are back")
    assert len(heard(desk, looks(desk, 25, HOUR), "issues are back")) == 2
    assert tracked(desk).failures == 0


def test_an_archived_repository_is_read_once_a_day(desk: ReleaseDesk, vllm: Repository) -> None:
    vllm.archive()
    looks(desk, 25, HOUR)
    assert tracked(desk).status is Status.ARCHIVED
    asked(desk)
    assert looks(desk, 48, HOUR) == []
    assert asked(desk) <= 8  # twice, each time two parts that are asked for what they are besides
    vllm.archive(archived=False)
    vllm.open_issue("open again")
    assert len(heard(desk, looks(desk, 25, HOUR), "open again")) == 2
    assert tracked(desk).status is Status.WELL


# Models


def test_a_model_that_gets_another_name_is_renamed_and_none_is_new(desk: ReleaseDesk) -> None:
    world = desk.huggingface.world
    model = world.add_model(f"{ORG}/DeepSeek-V4-preview")
    desk.follow(f"hf:{ORG}", ("model",))
    desk.begin()
    world.rename(model, f"{ORG}/DeepSeek-V4")
    (told,) = looks(desk, 3)
    assert "改名" in told.answer.title
    assert "DeepSeek-V4-preview" in desk.read(told)


def test_a_model_that_moves_to_another_organisation_is_gone_here_and_new_there(desk: ReleaseDesk) -> None:
    world = desk.huggingface.world
    model = world.add_model(f"{ORG}/DeepSeek-V4")
    world.add_model(f"{ORG}/DeepSeek-V3")
    desk.follow(f"hf:{ORG}", ("model",))
    desk.follow("hf:other-lab", ("model",), target=LI_ALONE)
    desk.begin()
    world.rename(model, "other-lab/DeepSeek-V4")
    told = [parcel for parcel in looks(desk, 5) if not parcel.redraws]
    assert heard(desk, told, "被删除") == [GROUP]
    assert heard(desk, told, "新模型") == [LI_ALONE]
    assert len(told) == 2
