"""The HuggingFace source over HTTP: the stand-in refuses whatever the Hub would not understand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Hub, Part, State
from suanli.domain.releases.failures import Drift, Resting
from suanli.domain.releases.resources import Allowance
from suanli.sandbox.hubs.faults import Fault
from suanli.sandbox.hubs.huggingface import TOKEN, HuggingFaceStandIn
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from suanli.sources.huggingface import HuggingFace
from tests.fakes import FakeClock
from tests.hub_client import Follower, tracked

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hub(clock: FakeClock) -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn(clock) as stand_in:
        yield stand_in


def following(hub: HuggingFaceStandIn, clock: FakeClock, part: Part = Part.MODELS) -> Follower:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    endpoint = Endpoint("HuggingFace", hub.url, "HF_ENDPOINT", "HF_TOKEN", headers)
    http = Http(endpoint, clock=clock, timeout=(3, 0.5))
    client = Conditional(http, Gate(Allowance("huggingface.co"), clock), token_id=token_id_of(TOKEN))
    return Follower(HuggingFace(client).read, tracked(Hub.HUGGINGFACE, part, "deepseek-ai", clock.now()))


def test_models_data_sets_and_spaces_are_listed_and_then_unchanged(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.world.add_model("deepseek-ai/V4")
    hub.world.add_model("someone/else")
    hub.world.add_dataset("deepseek-ai/Proofs")
    hub.world.add_space("deepseek-ai/Chat")
    for part, name in ((Part.MODELS, "V4"), (Part.DATASETS, "Proofs"), (Part.SPACES, "Chat")):
        follower = following(hub, clock, part)
        assert [item.name for item in follower.look().items] == [f"deepseek-ai/{name}"]
        clock.advance(HOUR)
        assert follower.look().unchanged


def test_a_renamed_or_gated_model_is_the_same_one(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    repo = hub.world.add_model("deepseek-ai/V4")
    follower = following(hub, clock)
    follower.look()
    hub.world.rename(repo, "deepseek-ai/V4-Base")
    hub.world.gate(repo)
    follower.look()
    (item,) = follower.items.values()
    assert (item.name, item.state) == ("deepseek-ai/V4-Base", State.GATED)


def test_the_pages_of_a_long_list_are_followed(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    for number in range(230):
        hub.world.add_model(f"deepseek-ai/M{number}")
        clock.advance(timedelta(minutes=1))
    follower = following(hub, clock)
    reading = follower.look()
    assert (len(reading.items), reading.whole) == (230, True)


def test_files_that_are_not_for_us_do_not_fail_the_reading(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    repo = hub.world.add_model("deepseek-ai/V4")
    follower = following(hub, clock)
    follower.look()
    clock.advance(HOUR)
    hub.world.gate(repo)
    sha = hub.world.commit(repo, {"model.safetensors": 10**9})
    (item,) = follower.look().items
    assert (item.revision, item.weights_changed) == (sha, None)


def test_a_field_that_is_named_otherwise_is_a_failure(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.world.add_model("deepseek-ai/V4")
    hub.faults.drift("lastModified", "updatedAt")
    with pytest.raises(Drift, match="lastModified"):
        following(hub, clock).look()


def test_too_many_requests_let_the_host_rest(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.faults.lay(Fault.LIMITED)
    with pytest.raises(Resting):
        following(hub, clock).look()


def test_a_web_page_is_a_failure_that_names_the_setting(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.faults.keep(Fault.WEB_PAGE)
    with pytest.raises(RemoteError, match="HF_ENDPOINT"):
        following(hub, clock).look()
