"""From a real Alertmanager to messages that wait to be sent: fired, repeated, retried, resolved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Response

from bot.plain import as_text
from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Rate, Rates
from suanli.domain.ports import Store
from suanli.sandbox.server import LoopbackServer
from suanli.web.alertmanager import alertmanager_blueprint
from suanli.web.app import build_app
from tests.alertmanager import alertmanager_posting_to
from tests.dialogue import SITE
from tests.fakes import FaultyStore, eventually

GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_ops")
TOKEN = "correct-horse"
CLOCK = SystemClock()
NODE_DOWN = {
    "labels": {"alertname": "GpuNodeDown", "severity": "critical", "instance": "gpu-07"},
    "annotations": {"summary": "节点 gpu-07 掉线"},
}


class Desk:
    """Our application with its store, and what was posted to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.posts: list[int] = []
        self._texts: list[str] = []
        blueprint = alertmanager_blueprint(TOKEN, store, SITE, CLOCK, [GROUP], lambda: None)
        self.app = build_app(store, CLOCK, [blueprint])
        self.app.after_request(self._note)

    def texts(self) -> list[str]:
        """Every message so far, in order; what waits is taken as sent."""
        fast = Rate(1000, timedelta(seconds=1), burst=900)
        rates = {Platform.FEISHU: Rates(fast, (fast,))}
        now = CLOCK.now()
        with self.store.begin() as tx:
            for parcel in tx.outbox.claim(owner="t", now=now, lease=timedelta(minutes=1), limit=10, rates=rates):
                tx.outbox.sent(parcel, None, now)
                self._texts.append(as_text(parcel.answer, now, SITE.zone))
        return self._texts

    def hears(self, *, more: int = 1, status: int = 200) -> bool:
        """Whether this many more requests are answered so."""
        enough = self.posts.count(status) + more
        return eventually(lambda: self.posts.count(status) >= enough)

    def _note(self, response: Response) -> Response:
        self.posts.append(response.status_code)
        return response


@contextmanager
def serving(store: Store) -> Iterator[tuple[Desk, str]]:
    desk = Desk(store)
    with LoopbackServer(desk.app) as server:
        yield desk, f"{server.url}/webhooks/alertmanager"


@pytest.mark.service("alertmanager")
def test_a_real_pair_tells_of_an_alert_once_and_of_its_end_once(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with (
        serving(sqlite_store) as (desk, url),
        alertmanager_posting_to(url, TOKEN, tmp_path / "a") as one,
        alertmanager_posting_to(url, TOKEN, tmp_path / "b") as other,
    ):
        began = CLOCK.now() - timedelta(minutes=3)
        firing = NODE_DOWN | {"startsAt": began.isoformat()}
        one.tell(firing)
        other.tell(firing)
        assert desk.hears(more=6)  # both, and at least one of them again and again
        (text,) = desk.texts()
        assert "节点 gpu-07 掉线" in text
        assert "instance=gpu-07" in text
        over = firing | {"endsAt": CLOCK.now().isoformat(), "annotations": {}}
        one.tell(over)
        assert eventually(lambda: len(desk.texts()) == 2)
        assert desk.hears(more=2)  # for the other it still fires
        before = len(desk.posts)
        other.tell(over)
        assert eventually(lambda: len(desk.posts) > before)
        assert "已恢复：GpuNodeDown" in desk.texts()[1]
        assert "持续 3 分钟" in desk.texts()[1]
    assert len(desk.texts()) == 2
    assert set(desk.posts) == {200}


@pytest.mark.service("alertmanager")
def test_what_met_a_broken_database_is_posted_again_and_then_told(sqlite_store: SqlStore, tmp_path: Path) -> None:
    store = FaultyStore(sqlite_store)
    with serving(store) as (desk, url), alertmanager_posting_to(url, TOKEN, tmp_path / "a") as alertmanager:
        store.broken = True
        alertmanager.tell(NODE_DOWN)
        assert desk.hears(status=500)
        store.broken = False
        assert desk.hears(status=200)
        assert len(desk.texts()) == 1


@pytest.mark.service("alertmanager")
def test_a_real_alertmanager_with_another_secret_is_not_heard(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with serving(sqlite_store) as (desk, url), alertmanager_posting_to(url, "wrong", tmp_path / "a") as alertmanager:
        alertmanager.tell(NODE_DOWN)
        assert desk.hears(status=401)
        assert desk.texts() == []
