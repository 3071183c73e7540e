"""What tests of the Feishu stand-in share: it, on a clock that stands still, the app, and somebody to talk to."""

from collections.abc import Iterator

import pytest

from suanli.sandbox.feishu import FeishuStandIn, Human
from tests.fakes import FakeClock
from tests.feishu_client import Client


@pytest.fixture
def feishu(clock: FakeClock) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as feishu:
        yield feishu


@pytest.fixture
def client(feishu: FeishuStandIn) -> Client:
    return Client(feishu)


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice")
