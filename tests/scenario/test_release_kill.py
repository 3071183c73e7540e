"""`suanli releases` is killed with SIGKILL while it reads, and what it had read and what it had not is told once."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.releases import Hub
from suanli.sandbox.hubs import Fault
from tests.tracker_site import TrackerSite, open_site, wait_until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TrackerSite]:
    """Three news since the original stopped, on three hubs, of which one does not answer."""
    with open_site(tmp_path) as opened:
        opened.take_over(SystemClock().now() - timedelta(hours=1))
        opened.news()
        opened.modelscope.faults.keep(Fault.HANGING)
        yield opened


def test_a_single_run_that_is_killed_between_two_hubs_is_finished_by_the_next(site: TrackerSite) -> None:
    with site.running("--once") as process:
        wait_until(lambda: site.modelscope.record.present > 0 and was_read(site) == 3, "all but one hub")
        os.kill(process.pid, signal.SIGKILL)
    assert site.heard == []
    site.modelscope.faults.mend()
    assert site.once().returncode == 0
    assert sorted(first_lines(site)) == [
        "🆕 hf:deepseek-ai 新模型：deepseek-ai/DeepSeek-V4",
        "🆕 ms:deepseek-ai 新模型：deepseek-ai/DeepSeek-V4",
        "🟢 vllm-project/vllm 新 PR：#2",
    ]


def test_one_in_the_foreground_that_is_killed_between_two_hubs_repeats_nothing(site: TrackerSite) -> None:
    with site.running("--daemon") as process:
        wait_until(lambda: len(site.heard) == 2 and nothing_waits(site), "two messages")
        os.kill(process.pid, signal.SIGKILL)
    site.modelscope.faults.mend()
    assert site.once().returncode == 0
    assert len(set(first_lines(site))) == len(site.heard) == 3


def first_lines(site: TrackerSite) -> list[str]:
    return [text.splitlines()[0] for text in site.heard]


def was_read(site: TrackerSite) -> int:
    """How many lists were read and written down."""
    store = SqlStore(site.database_url)
    try:
        with store.begin() as tx:
            return sum(each.read_at is not None and each.place.hub is not Hub.MODELSCOPE for each in tx.resources.all())
    finally:
        store.close()


def nothing_waits(site: TrackerSite) -> bool:
    """Whether the store knows, too, that everything arrived."""
    store = SqlStore(site.database_url)
    try:
        with store.begin() as tx:
            return tx.outbox.depth().waiting == 0
    finally:
        store.close()
