"""The ModelScope source over HTTP: the stand-in refuses whatever ModelScope would not understand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Hub, Part, State
from suanli.domain.releases.failures import Drift, Resting
from suanli.domain.releases.resources import Allowance
from suanli.sandbox.hubs.faults import Fault
from suanli.sandbox.hubs.modelscope import LIBRARY, OFFICIAL, TOKEN, ModelScopeStandIn
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from suanli.sources.modelscope import ModelScope
from tests.fakes import FakeClock
from tests.hub_client import Follower, tracked

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hub(clock: FakeClock) -> Iterator[ModelScopeStandIn]:
    with ModelScopeStandIn(clock) as stand_in:
        yield stand_in


def following(hub: ModelScopeStandIn, clock: FakeClock, part: Part = Part.MODELS, token: str = TOKEN) -> Follower:
    gate = Gate(Allowance("modelscope.cn"), clock)

    def client(headers: dict[str, str]) -> Conditional:
        endpoint = Endpoint("ModelScope", hub.url, "MODELSCOPE_ENDPOINT", "MODELSCOPE_TOKEN", headers)
        return Conditional(Http(endpoint, clock=clock, timeout=(3, 0.5)), gate, token_id=token_id_of(token))

    source = ModelScope(client({"Authorization": f"Bearer {token}"}), clock=clock, older=client({}))
    return Follower(source.read, tracked(Hub.MODELSCOPE, part, "deepseek-ai", clock.now()))


def test_models_and_data_sets_are_listed(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    hub.world.add_model("deepseek-ai/V4", display_name="深度求索 V4", description="A model.")
    hub.world.add_model("not-deepseek-ai/V4")
    hub.world.add_dataset("deepseek-ai/Proofs")
    (model,) = following(hub, clock).look().items
    (dataset,) = following(hub, clock, Part.DATASETS).look().items
    assert (model.name, model.body) == ("deepseek-ai/V4", "深度求索 V4\nA model.")
    assert dataset.name == "deepseek-ai/Proofs"


def test_the_pages_of_a_long_list_are_followed(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    for number in range(120):
        hub.world.add_model(f"deepseek-ai/M{number}")
        clock.advance(timedelta(minutes=1))
    reading = following(hub, clock).look()
    assert (len(reading.items), reading.whole) == (120, True)


@pytest.mark.parametrize("drifts", [0, 3, 6])
def test_each_way_lists_the_same_models(hub: ModelScopeStandIn, clock: FakeClock, drifts: int) -> None:
    for number in range(130):
        hub.world.add_model(f"deepseek-ai/M{number}")
    follower = following(hub, clock)
    follower.drifted(drifts)
    reading = follower.look()
    assert (len(reading.items), reading.whole, reading.via) == (130, True, "abc"[drifts // 3])


def test_without_the_official_interface_changes_are_still_seen(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    model = hub.world.add_model("deepseek-ai/V4")
    hub.world.gate(model)
    follower = following(hub, clock)
    follower.look()
    known = follower.items["deepseek-ai/V4"]
    hub.faults.keep(Fault.WEB_PAGE, OFFICIAL)
    with pytest.raises(Drift):
        follower.look()
    follower.drifted(3)
    follower.look()
    assert follower.items["deepseek-ai/V4"] == known
    clock.advance(HOUR)
    hub.world.edit_card(model, "# V4")
    follower.look()
    assert follower.items["deepseek-ai/V4"].revision > known.revision
    assert follower.items["deepseek-ai/V4"].state is State.GATED


def test_a_refusal_with_a_good_status_is_one(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    hub.faults.keep(Fault.UNSUCCESSFUL, LIBRARY)
    follower = following(hub, clock)
    follower.drifted(3)
    with pytest.raises(RemoteError, match="system busy"):
        follower.look()


def test_too_many_requests_let_the_host_rest(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    hub.faults.lay(Fault.LIMITED)
    with pytest.raises(Resting):
        following(hub, clock).look()


def test_a_bad_token_is_named_by_its_setting_and_not_shown(hub: ModelScopeStandIn, clock: FakeClock) -> None:
    with pytest.raises(RemoteError, match="MODELSCOPE_TOKEN") as caught:
        following(hub, clock, token="ms-very-secret-token").look()
    assert "very-secret" not in str(caught.value)
