"""Hubs that are down, answer otherwise than they did, leave things out or want to rest: nothing is lost or made up."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import SqlStore
from suanli import wiring
from suanli.domain.access import Role
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.releases import Hub, Part, Place, State, Tracked
from suanli.sandbox.hubs import Fault, RepoKind, Repository
from tests.fakes import FakeClock
from tests.releasedesk import ReleaseDesk, open_desk

REPO, ORG = "vllm-project/vllm", "deepseek-ai"
OPERATOR = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_operator")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FAILING, WELL = "上游读取失败", "恢复正常"


@pytest.fixture
def desk(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[ReleaseDesk]:
    with open_desk(tmp_path, sqlite_store, clock) as opened:
        opened.grant(OPERATOR.id, Role.OPERATOR)
        yield opened


@pytest.fixture
def vllm(desk: ReleaseDesk) -> Repository:
    """A repository; somebody follows it, and an organisation on the other two hubs."""
    made = desk.github.world.add(REPO)
    for number in range(5):
        desk.huggingface.world.add_model(f"{ORG}/Hugging-V{number}")
        desk.modelscope.world.add_model(f"{ORG}/Scope-V{number}")
    desk.follow(REPO, ("issue",))
    desk.follow(f"hf:{ORG}", ("model", "card"))
    desk.follow(f"ms:{ORG}", ("model", "card"))
    desk.begin()
    return made


def looks(desk: ReleaseDesk, times: int, every: timedelta = 5 * MINUTE) -> list[Parcel]:
    """Look several times; all that is to be sent for it, but for cards that are drawn anew."""
    return [parcel for _ in range(times) for parcel in desk.look(every) if not parcel.redraws]


def heard(parcels: list[Parcel], words: str) -> list[Target]:
    """Who gets a message with these words in its title."""
    return [parcel.target for parcel in parcels if words in parcel.answer.title]


def tracked(desk: ReleaseDesk, place: Place, part: Part) -> Tracked:
    """Where the reading of a place stands."""
    with desk.store.begin() as tx:
        found = tx.resources.find(place, part)
    assert found is not None
    return found


def models(desk: ReleaseDesk, hub: Hub) -> list[State]:
    """How the models of the organisation stand, as they are remembered."""
    with desk.store.begin() as tx:
        found = tx.resources.find(Place(hub, ORG), Part.MODELS)
        assert found is not None
        return [known.item.state for known in tx.resources.items(found.id).values()]


def everything(desk: ReleaseDesk, vllm: Repository, name: str) -> None:
    """Something new everywhere."""
    vllm.open_issue(f"about {name}")
    desk.huggingface.world.add_model(f"{ORG}/Hugging-{name}")
    desk.modelscope.world.add_model(f"{ORG}/Scope-{name}")


# Down


def test_a_hub_that_is_down_is_told_once_and_so_is_its_recovery_and_the_others_go_on(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    desk.huggingface.faults.keep(Fault.BAD_GATEWAY)
    everything(desk, vllm, "one")
    first = looks(desk, 2)
    assert [len(heard(first, words)) for words in ("新 Issue", "Hugging-one", "Scope-one", FAILING)] == [1, 0, 1, 0]
    outage = looks(desk, 30)
    assert heard(outage, FAILING).count(OPERATOR) == 1
    desk.huggingface.faults.mend()
    after = looks(desk, 15)
    assert heard(after, WELL).count(OPERATOR) == 1
    assert len(heard(after, "Hugging-one")) == 1
    assert heard(after, FAILING) == []


@pytest.mark.parametrize("fault", [Fault.WEB_PAGE, Fault.DROPPED, Fault.TRUNCATED, Fault.BAD_GATEWAY])
def test_whatever_a_hub_answers_while_it_is_ill_its_news_are_told_once_when_it_is_well(
    desk: ReleaseDesk, vllm: Repository, fault: Fault
) -> None:
    for hub in (desk.github, desk.huggingface, desk.modelscope):
        hub.faults.keep(fault)
    everything(desk, vllm, "one")
    ill = looks(desk, 6)
    assert len(ill) == len(heard(ill, FAILING))
    for hub in (desk.github, desk.huggingface, desk.modelscope):
        hub.faults.mend()
    told = looks(desk, 15)
    assert [len(heard(told, words)) for words in ("新 Issue", "Hugging-one", "Scope-one")] == [1, 1, 1]
    assert heard(told, "被删除") == []


# Built otherwise


@pytest.mark.parametrize("field", ["updated_at", "number", "html_url", "state"])
def test_a_field_that_is_gone_from_github_is_a_failure_and_no_empty_list(
    desk: ReleaseDesk, vllm: Repository, field: str
) -> None:
    desk.github.faults.drift(field)
    vllm.open_issue("opened meanwhile")
    told = looks(desk, 5)
    assert heard(told, "新 Issue") == []
    assert heard(told, FAILING).count(OPERATOR) == 1
    failing = tracked(desk, Place(Hub.GITHUB, REPO), Part.ISSUES)
    assert field in failing.error
    assert failing.drifts == failing.failures > 2
    desk.github.faults.mend()
    assert len(heard(looks(desk, 12), "新 Issue")) == 1


def test_models_stay_while_their_list_cannot_be_understood(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.huggingface.faults.drift("sha", "commit")
    everything(desk, vllm, "one")
    told = looks(desk, 12)
    assert heard(told, "Hugging") == []
    assert set(models(desk, Hub.HUGGINGFACE)) == {State.PUBLIC}
    desk.huggingface.faults.mend()
    assert len(heard(looks(desk, 13), "Hugging-one")) == 1


def test_an_empty_list_once_or_twice_removes_nothing_and_three_times_it_does(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    del vllm
    world = desk.huggingface.world
    hidden = world.all(RepoKind.MODELS)
    for repo in hidden:
        world.hide(repo)
    told = looks(desk, 2)
    for repo in hidden:
        world.hide(repo, private=False)
    told += looks(desk, 3)
    assert told == []
    for repo in hidden[:2]:
        world.hide(repo)
    assert len(heard(looks(desk, 6), "被删除")) == 2
    assert sorted(models(desk, Hub.HUGGINGFACE)) == sorted([State.GONE] * 2 + [State.PUBLIC] * 3)


def test_modelscope_is_read_on_another_way_when_its_first_is_built_otherwise_and_on_the_first_again_later(
    desk: ReleaseDesk, vllm: Repository
) -> None:
    place = Place(Hub.MODELSCOPE, ORG)
    first_way = tracked(desk, place, Part.MODELS).via
    desk.modelscope.faults.drift("total_count")
    everything(desk, vllm, "one")
    told = looks(desk, 12)
    assert len(heard(told, "Scope-one")) == 1
    other_way = tracked(desk, place, Part.MODELS).via
    assert other_way != first_way
    everything(desk, vllm, "two")
    told = looks(desk, 12)
    assert len(heard(told, "Scope-two")) == 1
    desk.modelscope.faults.mend()
    everything(desk, vllm, "three")
    told = looks(desk, 26, HOUR)
    assert tracked(desk, place, Part.MODELS).via == first_way
    assert len(heard(told, "Scope-three")) == 1
    assert [title for title in desk.titles(told) if "ms:" in title and "新模型" not in title] == []


# Limits


def test_a_spent_allowance_lets_its_hub_rest_and_the_others_go_on(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.github.gate.spend(5000)
    everything(desk, vllm, "one")
    told = looks(desk, 3)
    assert heard(told, "新 Issue") == []
    assert (len(heard(told, "Hugging-one")), len(heard(told, "Scope-one"))) == (1, 1)
    desk.github.record.clear()
    looks(desk, 3)
    assert desk.github.record.total == 0
    assert tracked(desk, Place(Hub.GITHUB, REPO), Part.ISSUES).failures == 0
    assert heard(looks(desk, 12), "新 Issue") != []
    assert heard(looks(desk, 12), FAILING) == []


def test_a_tenth_of_the_allowance_is_left_for_others(desk: ReleaseDesk, vllm: Repository) -> None:
    before = desk.github.record.charged
    desk.github.gate.spend(4490 - before)
    for number in range(11):
        vllm.open_issue(f"issue {number}")
        looks(desk, 1)
    assert desk.github.record.charged - before <= 10
    assert desk.github.record.by_status[403] == 0
    assert len(desk.titles(looks(desk, 3))) > 0
    resource = tracked(desk, Place(Hub.GITHUB, REPO), Part.ISSUES)
    with desk.store.begin() as tx:
        assert len(tx.resources.items(resource.id)) == 11


@pytest.mark.parametrize("fault", [Fault.LIMITED, Fault.LIMITED_SILENTLY])
def test_a_hub_that_says_too_fast_is_left_alone_for_as_long_as_it_wants_and_nothing_is_lost(
    desk: ReleaseDesk, vllm: Repository, fault: Fault
) -> None:
    desk.github.faults.lay(fault)
    vllm.open_issue("one")
    assert desk.look() == []
    asked = desk.github.record.total
    assert looks(desk, 3, timedelta(seconds=15)) == []
    assert desk.github.record.total == asked
    assert len(heard(looks(desk, 2, MINUTE), "新 Issue")) == 1


def test_the_rest_that_a_hub_wants_is_kept_by_the_next_process_too(desk: ReleaseDesk, vllm: Repository) -> None:
    desk.github.gate.spend(5000)
    vllm.open_issue("one")
    desk.look()
    asked = desk.github.record.total
    desk.reading = wiring.build_reading(desk.settings, desk.store, desk.reading.site, desk.clock)
    desk.look()
    assert desk.github.record.total == asked
