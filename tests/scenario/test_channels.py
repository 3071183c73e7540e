"""WeLink and e-mail beside Feishu: who is told of a shortage there, and commands that come in by a bridge."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from jobs.watch_stock import ASKED
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import State
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.sandbox.welink import Robot, WelinkStandIn
from suanli.settings import Settings, load
from tests.contract.mail_kit import Box, smtp_server, text_of
from tests.welink_caller import signed

LI = "li.lei@0123456789"
BRIDGE_SECRET = "the-bridge-and-we-know-it"
CONFIG = """\
[welink]
at_accounts = ["{li}"]

[welink.connections.bridge]
mode = "signed"
secret_envs = ["BRIDGE_SECRET"]
robot = "default"
colleagues = true

[mail]
smtp_host = "127.0.0.1"
smtp_port = {port}
use_tls = false
sender = "算力 <bot@example.com>"

[stock.watch]
recipients = ["welink-robot:default", "welink:{li}", "mail:buyer@example.com"]

[stock.watch.thresholds]
4090 = {{ min_free = 100, description = "RTX 4090" }}
"""


@dataclass
class Company:
    """The product with WeLink and a mail server around it, and no Feishu at all."""

    settings: Settings
    store: SqlStore
    web: FlaskClient
    robot: Robot
    welink: WelinkStandIn
    box: Box

    def look(self) -> None:
        """Look at the stock and deliver what follows."""
        wiring.build_watch(self.settings, self.store, SystemClock()).look(ASKED)
        self.deliver()

    def deliver(self) -> None:
        """Deliver all that waits."""
        clock = SystemClock()
        delivery = wiring.build_delivery(self.settings, self.store, clock, wiring.build_courier(self.settings, clock))
        assert delivery.drain(timedelta(seconds=20))
        delivery.stop(timedelta(seconds=5))

    def say(self, text: str, message_id: str, sender: str = LI) -> int:
        """Say something in the group, as the bridge brings it; the status of the answer."""
        body = {
            "message_id": message_id,
            "chat": {"type": "group", "id": "g-9"},
            "sender": {"id": sender},
            "text": text,
            "timestamp": int(SystemClock().now().timestamp() * 1000),
        }
        request = signed(json.dumps(body).encode(), BRIDGE_SECRET, at=int(SystemClock().now().timestamp()))
        return self.web.post("/webhooks/welink/bridge", data=request.body, headers=request.headers).status_code

    @property
    def heard(self) -> str:
        """All that the group's robot said."""
        return "\n".join(said.text for said in self.robot.said)


@pytest.fixture
def company(sqlite_url: str, tmp_path: Path) -> Iterator[Company]:
    clock = SystemClock()
    fleet = SandboxFleet(clock.now())
    with ExitStack() as stack:
        box = stack.enter_context(smtp_server())
        welink = stack.enter_context(WelinkStandIn(clock))
        robot = welink.add_robot()
        welink.app.followers.add(LI)
        grafana = GrafanaStandIn(lambda: fleet.nodes(clock.now()), clock=clock)
        grafana_url = stack.enter_context(LoopbackServer(grafana.app)).url
        (tmp_path / "suanli.toml").write_text(CONFIG.format(li=LI, port=box.port), "utf-8")
        settings = load(
            {
                "FEISHU_APP_ID": "cli_unused",
                "FEISHU_APP_SECRET": "not asked for in these tests",
                "FEISHU_ENCRYPT_KEY": "k" * 32,
                "FEISHU_VERIFICATION_TOKEN": "v" * 32,
                "GRAFANA_URL": grafana_url,
                "GRAFANA_API_KEY": TOKEN,
                "GRAFANA_DATASOURCE_UID": SQL_UID,
                "SUANLI_DATABASE_URL": sqlite_url,
                "WELINK_BASE_URL": welink.url,
                "WELINK_WEBHOOK_URL": welink.url + robot.path,
                "WELINK_CLIENT_ID": welink.app.client_id,
                "WELINK_CLIENT_SECRET": welink.app.client_secret,
                "BRIDGE_SECRET": BRIDGE_SECRET,
            },
            tmp_path,
        )
        store = SqlStore(sqlite_url)
        stack.callback(store.close)
        web = wiring.build_web(settings, store, clock, lambda: None).test_client()
        yield Company(settings, store, web, robot, welink, box)


def test_a_shortage_is_told_to_a_group_a_person_and_a_mailbox(company: Company) -> None:
    company.look()
    assert f"@{LI}" in company.heard
    assert "当前空闲：85 张" in company.heard
    assert "/stock ack 4090 #1" in company.heard
    (letter,) = company.box.letters()
    assert letter["To"] == "buyer@example.com"
    assert "安全库存：100 张" in text_of(letter)
    (card,) = company.welink.app.cards
    assert card.to == LI
    assert "GPU库存预警" in card.body["msgTitle"]


def test_a_command_over_the_bridge_is_answered_by_the_groups_robot_once(company: Company) -> None:
    company.look()
    before = len(company.robot.said)
    assert company.say("@算力 /stock 4090", "m-1") == 200
    assert company.say("@算力 /stock 4090", "m-1") == 200
    company.deliver()
    assert sum("4090 库存" in said.text for said in company.robot.said[before:]) == 1


def test_a_recipient_claims_a_shortage_from_welink(company: Company) -> None:
    company.look()
    assert company.say("/stock ack 4090", "m-2") == 200
    with company.store.begin() as tx:
        episode = tx.episodes.standing(Scope(Model("4090"))).episode
    assert episode is not None
    assert episode.state is State.ACKED
    assert episode.claim is not None
    assert episode.claim.by == LI


def test_a_colleague_who_is_no_recipient_is_refused(company: Company) -> None:
    company.look()
    assert company.say("/stock ack 4090", "m-3", sender="han.meimei@0123456789") == 200
    company.deliver()
    assert "只有运维" in company.heard


def test_a_forged_request_is_refused_and_nothing_is_said(company: Company) -> None:
    request = signed(b"{}", "another secret altogether", at=int(SystemClock().now().timestamp()))
    answer = company.web.post("/webhooks/welink/bridge", data=request.body, headers=request.headers)
    assert answer.status_code == 401
    assert company.web.post("/webhooks/welink/nobody", data=b"{}").status_code == 404
    company.deliver()
    assert company.robot.said == []
