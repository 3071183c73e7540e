"""Alerts that a pair of Alertmanagers posts at the same moment, to several web processes, on every database."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from storage.store import SqlStore
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.stock.external import Fingerprint
from suanli.web.alertmanager import alertmanager_blueprint
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock

GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_ops")
ALERTS = [
    {"status": "firing", "labels": {"n": str(n)}, "startsAt": "2026-11-20T03:00:00Z", "fingerprint": f"f{n}"}
    for n in range(20)
]


def test_each_alert_is_told_once_whoever_posts_it_first(database_url: str, clock: FakeClock) -> None:
    with ExitStack() as closing_time, ThreadPoolExecutor(6) as pool:
        stores = [closing_time.enter_context(closing(SqlStore(database_url))) for _ in range(2)]
        blueprints = [alertmanager_blueprint("t", store, SITE, clock, [GROUP], lambda: None) for store in stores]
        apps = [build_app(store, clock, [each]) for store, each in zip(stores, blueprints, strict=True)]

        def post(n: int) -> int:
            # The pair need not agree on the order, nor on all of the alerts.
            alerts = (ALERTS if n % 2 else ALERTS[::-1])[: 10 + n % 11]
            body = json.dumps({"version": "4", "alerts": alerts})
            answer = apps[n % 2].test_client().post(
                "/webhooks/alertmanager", data=body, headers={"Authorization": "Bearer t"}
            )  # fmt: skip
            assert answer.status_code == 200, answer.json
            assert answer.json is not None
            return int(answer.json["told"])

        assert sum(pool.map(post, range(24))) == len(ALERTS)
        with stores[0].begin() as tx:
            known = tx.alerts.known([Fingerprint(f"f{n}") for n in range(len(ALERTS))])
        assert [alert.count for alert in known.values()] == [1] * len(ALERTS)
