"""The whole product among stand-ins, as the demo runs it, and somebody new in each test."""

import itertools
from collections.abc import Iterator

import pytest

from suanli.clock import SystemClock
from suanli.sandbox.feishu import Human
from suanli.sandbox.world import World, open_world

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One company for a module."""
    with open_world(SystemClock(), rate=None) as opened:
        yield opened


@pytest.fixture
def somebody(world: World) -> Human:
    """A colleague of whom nothing was heard before, so that what reaches them belongs to the test."""
    return world.feishu.tenant.add_human(f"同事{next(_NUMBERS)}")
