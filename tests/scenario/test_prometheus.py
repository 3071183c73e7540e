"""From a real Prometheus to a card: sampled, stored, asked for in chat."""

from datetime import timedelta
from pathlib import Path

import pytest

from jobs.work import Work
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import SystemClock
from suanli.sandbox.feishu import FeishuStandIn
from suanli.sandbox.fleet import Node, NodeState, kube_state_metrics
from suanli.sandbox.server import LoopbackServer
from suanli.settings import load
from tests.prometheus import prometheus_with

# The fleet of gpu.md §1.8: a cordoned node with idle cards, and a model without pods.
NODES = (
    Node("n1", "NVIDIA GeForce RTX 4090", "bj-a", used=3),
    Node("n2", "NVIDIA GeForce RTX 4090", "bj-a", used=1, state=NodeState.CORDONED),
    Node("n3", "NVIDIA H20", "dallas-1", cards=4, used=0),
)


@pytest.mark.service("prometheus")
def test_a_real_prometheus_is_asked_and_the_answer_reaches_the_chat(sqlite_url: str, tmp_path: Path) -> None:
    clock = SystemClock()
    with prometheus_with(kube_state_metrics(NODES), tmp_path) as url, FeishuStandIn(clock) as feishu:
        app, li = feishu.tenant.app, feishu.tenant.add_human("李雷")
        (tmp_path / "suanli.toml").write_text('[stock]\nsource = "prometheus"\n', "utf-8")
        settings = load(
            {
                "FEISHU_APP_ID": app.app_id,
                "FEISHU_APP_SECRET": app.app_secret,
                "FEISHU_ENCRYPT_KEY": app.encrypt_key,
                "FEISHU_VERIFICATION_TOKEN": app.verification_token,
                "FEISHU_BASE_URL": feishu.url,
                "PROMETHEUS_URL": url,
                "SUANLI_DATABASE_URL": sqlite_url,
            },
            tmp_path,
        )
        store = SqlStore(sqlite_url)
        work: Work = wiring.build_work(settings, store, clock)
        work.start()
        work.runner.run_once(wiring.SAMPLE_STOCK)
        with LoopbackServer(wiring.build_web(settings, store, clock, work.delivery.wake)) as web:
            feishu.connect(f"{web.url}/webhooks/feishu")
            card = feishu.ask(li, "/stock 4090")
            everything = feishu.ask(li, "/stock")
        work.stop(timedelta(seconds=5))
        store.close()
    # 16 cards, 4 held, 8 on the cordoned node: only 5 could be taken now.
    assert "国内\t普通\t5\t16\t4\t8" in card.text
    assert "H20\t4\t4\t0\t0" in everything.text
