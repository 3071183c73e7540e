"""`suanli work` is killed with SIGKILL in the middle of its deliveries, and every reply still arrives once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.answer import Answer, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import Draft
from suanli.i18n import Lang
from suanli.sandbox.feishu import Fault, FeishuStandIn
from suanli.sandbox.feishu.record import Sent
from suanli.sandbox.feishu.tenant import Tenant

REPLIES = 200


def test_every_queued_reply_arrives_exactly_once_across_a_kill(sqlite_url: str, tmp_path: Path) -> None:
    with FeishuStandIn(SystemClock()) as feishu:
        # Slow enough that some sends are under way whenever the process dies: stored there, not yet settled here.
        feishu.faults.lay(Fault.slow(timedelta(milliseconds=60)), times=None)
        expected = _queue(feishu, sqlite_url)
        first = _work(feishu, sqlite_url, tmp_path)
        try:
            feishu.wait_for(40, 30)
        finally:
            os.kill(first.pid, signal.SIGKILL)
            first.wait(10)
        at_death = len(feishu.tenant.sent)
        second = _work(feishu, sqlite_url, tmp_path)
        try:
            feishu.wait_until(lambda tenant: _all(tenant, expected), 90, "every reply")
            _settle(sqlite_url)
        finally:
            second.terminate()
            assert second.wait(30) == 0
        assert 40 <= at_death < REPLIES
        assert Counter(_texts(feishu.tenant)) == Counter(expected)


def _queue(feishu: FeishuStandIn, url: str) -> list[str]:
    """Write a reply to each of many people, as the router does."""
    store, now = SqlStore(url), SystemClock().now()
    texts = [f"reply {number}" for number in range(REPLIES)]
    with store.begin() as tx:
        for number, text in enumerate(texts):
            human = feishu.tenant.add_human(f"person {number}")
            asked = feishu.message(human, "/help")
            message_id = MessageId(asked.body["message"]["message_id"])
            chat = Target(Platform.FEISHU, TargetKind.CHAT, feishu.tenant.private_chat(human).chat_id)
            tx.outbox.post(Draft(f"reply:{number}", chat, Answer(Lang.EN, (line(text),)), message_id, urgent=True), now)
    store.close()
    return texts


def _work(feishu: FeishuStandIn, url: str, folder: Path) -> subprocess.Popen[bytes]:
    app = feishu.tenant.app
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 what a child process needs
        "FEISHU_APP_ID": app.app_id,
        "FEISHU_APP_SECRET": app.app_secret,
        "FEISHU_BASE_URL": feishu.url,
        # Nobody listens there: sampling fails, and delivery must not care.
        "GRAFANA_URL": "http://127.0.0.1:9",
        "GRAFANA_API_KEY": "glsa_nobody",
        "GRAFANA_DATASOURCE_UID": "uid",
        "SUANLI_DATABASE_URL": url,
    }
    program = Path(sys.executable).with_name("suanli")
    return subprocess.Popen([program, "work"], cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 ours


def _texts(tenant: Tenant) -> list[str]:
    return [sent.text for sent in tenant.sent]


def _all(tenant: Tenant, expected: list[str]) -> list[Sent]:
    return tenant.sent if len({sent.text for sent in tenant.sent}) == len(expected) else []


def _settle(url: str) -> None:
    """Wait until the store, too, knows of every reply; a second send would have to happen before that."""
    import threading  # noqa: PLC0415 only here

    store, clock, never = SqlStore(url), SystemClock(), threading.Event()
    deadline = clock.elapsed() + 90
    while True:
        with store.begin() as tx:
            waiting = tx.outbox.depth().waiting
        if not waiting:
            break
        assert clock.elapsed() < deadline
        clock.wait(never, 0.1)
    store.close()
