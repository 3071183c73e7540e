"""The command line as an operator uses it: real processes, the original's files, stand-ins on loopback."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.domain.cost.money import Currency
from suanli.sandbox.feishu import Fault, FeishuStandIn, Human
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, GrafanaStandIn
from suanli.sandbox.grafana import Fault as GrafanaFault
from suanli.sandbox.hubs import GithubStandIn, github_gate
from suanli.sandbox.server import LoopbackServer
from tests.contract.record_kit import costs
from tests.fakes import NOON

PROGRAM = Path(sys.executable).with_name("suanli")


@dataclass
class Site:
    """A folder with the original program's files, and the outside it talks to."""

    folder: Path
    feishu: FeishuStandIn
    grafana: GrafanaStandIn
    buyer: Human
    environment: dict[str, str]

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `suanli` with only the original's variables, and these."""
        return subprocess.run(  # noqa: S603 ours
            [PROGRAM, *arguments], cwd=self.folder, env={**self.environment, **changes}, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip

    @contextmanager
    def running(self, *arguments: str, **changes: str) -> Iterator[subprocess.Popen[str]]:
        """`suanli` in the background, stopped at the end as a service manager does."""
        log = (self.folder / "output.log").open("w")
        process = subprocess.Popen(  # noqa: S603 ours
            [PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.environment, **changes},
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(40)
            log.close()
            assert code == 0, (self.folder / "output.log").read_text()[-3000:]

    def watch(self, recipients: list[str]) -> None:
        """Write the original's configuration."""
        config = {
            "gpu_thresholds": {"4090": {"min_free": 100, "description": "RTX 4090"}},
            "notification": {"user_ids": recipients, "check_time": "10:00"},
        }
        (self.folder / "inventory_alert_config.json").write_text(json.dumps(config), "utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = SystemClock()
    fleet = SandboxFleet(clock.now())
    grafana = GrafanaStandIn(lambda: fleet.nodes(clock.now()), clock=clock)
    with FeishuStandIn(clock) as feishu, LoopbackServer(grafana.app) as server:
        app = feishu.tenant.app
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 what a child process needs
            "FEISHU_APP_ID": app.app_id,
            "FEISHU_APP_SECRET": app.app_secret,
            "FEISHU_BASE_URL": feishu.url,
            "GRAFANA_URL": server.url,
            "GRAFANA_API_KEY": TOKEN,
            "GRAFANA_DATASOURCE_UID": SQL_UID,
        }
        made = Site(tmp_path, feishu, grafana, feishu.tenant.add_human("李雷"), environment)
        made.watch([made.buyer.open_id])
        yield made


def web_settings(site: Site) -> Mapping[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = site.feishu.tenant.app
    return {
        "FEISHU_ENCRYPT_KEY": app.encrypt_key,
        "FEISHU_VERIFICATION_TOKEN": app.verification_token,
        "SUANLI_LISTEN": f"127.0.0.1:{port}",
    }


def test_check_with_only_the_originals_files_sends_the_originals_message(site: Site) -> None:
    done = site.run("stock", "--check")
    assert done.returncode == 0, done.stderr
    assert "🔴 RTX 4090 (4090): 空闲 85/504 张，低于阈值 100" in done.stdout
    assert "已发送 1 条，失败 0 条" in done.stdout
    (sent,) = site.feishu.tenant.sent
    assert sent.receiver == site.buyer.open_id
    assert "当前空闲：85 张" in sent.text


def test_checking_again_sends_nothing_again(site: Site) -> None:
    site.run("stock", "--check")
    done = site.run("stock", "--check")
    assert done.returncode == 0
    assert "没有需要发送的提醒" in done.stdout
    assert len(site.feishu.tenant.sent) == 1


def test_a_recipient_by_user_id_is_reached_too(site: Site) -> None:
    site.watch([site.buyer.user_id])
    assert site.run("stock", "--check").returncode == 0
    assert site.feishu.tenant.sent[0].receiver == site.buyer.user_id


def test_the_originals_history_is_honoured(site: Site) -> None:
    local = SystemClock().now().astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None) - timedelta(hours=1)
    (site.folder / ".inventory_alert_history.json").write_text(json.dumps({"4090": local.isoformat()}), "utf-8")
    assert "没有需要发送的提醒" in site.run("stock", "--check").stdout
    assert site.feishu.tenant.sent == []


def test_a_source_that_fails_is_an_error_and_no_zero(site: Site) -> None:
    site.grafana.break_with(GrafanaFault.LOGIN_PAGE)
    done = site.run("stock", "--check", SUANLI_ADMINS=site.buyer.open_id)
    assert done.returncode == 1
    assert "取不到库存数据" in done.stdout
    (sent,) = site.feishu.tenant.sent
    assert "看不到库存数据" in sent.text


def test_a_message_that_nobody_can_receive_is_reported(site: Site) -> None:
    site.feishu.faults.lay(Fault.person_out_of_range(), times=None)
    done = site.run("stock", "--check")
    assert done.returncode == 1
    assert "失败 1 条" in done.stdout


def test_every_mistake_is_reported_at_once_with_its_remedy(site: Site) -> None:
    (site.folder / "suanli.toml").write_text("[stok]\n[stock]\nintervall = '5m'\n", "utf-8")
    done = site.run("check", FEISHU_APPID="x", SUANLI_TIMEZONE="Asia/Shangai")
    assert done.returncode == 2
    for expected in ("FEISHU_APP_ID", "Asia/Shanghai", "stock", "interval"):
        assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 4


def test_check_asks_feishu_the_source_and_the_database(site: Site) -> None:
    web = web_settings(site)
    site.run("migrate")
    done = site.run("check", **web)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"its open_id is {site.feishu.tenant.bot.open_id}" in done.stdout
    assert "columns: gpu_product_name, idc, total, free, used, unavailable" in done.stdout
    assert "✓ database: up to date" in done.stdout


def test_check_says_what_is_wrong_with_each_and_shows_no_secret(site: Site) -> None:
    done = site.run("check", **web_settings(site), FEISHU_APP_SECRET="a-wrong-secret", GRAFANA_API_KEY="glsa_wrong")
    assert done.returncode == 1
    assert done.stdout.count("✗") == 2
    assert "suanli migrate" in done.stdout
    assert "GRAFANA_API_KEY" in done.stdout
    assert "a-wrong-secret" not in done.stdout + done.stderr
    assert "glsa_wrong" not in done.stdout + done.stderr


def test_check_asks_the_hubs_that_there_is_a_token_for(site: Site) -> None:
    web = web_settings(site)
    with GithubStandIn(SystemClock()) as github:
        well = site.run("check", **web, GITHUB_API_URL=github.url, GITHUB_TOKEN=github_gate.TOKEN)
        ill = site.run("check", **web, GITHUB_API_URL=github.url, GITHUB_TOKEN="ghp_wrong_and_secret")
    assert "✓ github: answers; 5000 of 5000 requests are left" in well.stdout
    assert "huggingface" not in well.stdout
    assert (well.returncode, ill.returncode) == (0, 1)
    assert "✗ github: GitHub: HTTP 401" in ill.stdout
    assert "GITHUB_TOKEN" in ill.stdout
    assert "ghp_wrong_and_secret" not in ill.stdout + ill.stderr


def test_commands_are_registered_once(site: Site) -> None:
    assert site.run("commands", "sync").returncode == 0
    names = sorted(command["command"] for command in site.feishu.tenant.slash_commands.values())
    assert names == ["budget", "cost", "help", "lang", "quota", "releases", "role", "status", "stock", "userid"]
    ids = set(site.feishu.tenant.slash_commands)
    assert site.run("commands", "sync").returncode == 0
    assert set(site.feishu.tenant.slash_commands) == ids


def test_up_serves_answers_and_stops_cleanly(site: Site) -> None:
    web = web_settings(site)
    with site.running("up", **web):
        wait_for(web["SUANLI_LISTEN"], "/healthz")
        wait_for(web["SUANLI_LISTEN"], "/readyz")
        site.feishu.connect(f"http://{web['SUANLI_LISTEN']}/webhooks/feishu")
        assert "命令一览" in site.feishu.ask(site.buyer, "/help").text


def test_web_and_work_apart_do_the_same(site: Site) -> None:
    web = web_settings(site)
    site.run("migrate")
    with site.running("work", **web), site.running("web", **web):
        wait_for(web["SUANLI_LISTEN"], "/readyz")
        site.feishu.connect(f"http://{web['SUANLI_LISTEN']}/webhooks/feishu")
        assert "命令一览" in site.feishu.ask(site.buyer, "/help", timeout=10).text


def test_web_does_not_start_on_a_database_of_another_version(site: Site) -> None:
    done = site.run("web", **web_settings(site))
    assert done.returncode == 2
    assert "suanli migrate" in done.stderr


@pytest.mark.parametrize("role", ["up", "web", "work"])
def test_nothing_starts_in_another_currency_than_that_of_its_records(site: Site, role: str) -> None:
    site.run("migrate")
    with closing(SqlStore(f"sqlite:///{site.folder}/data/suanli.db")) as store, store.begin() as tx:
        tx.records.write([costs("r", 1)], Currency("USD"), NOON)
    done = site.run(role, **web_settings(site))
    assert done.returncode == 2
    assert "CNY" in done.stderr
    assert "USD" in done.stderr


def wait_for(address: str, path: str) -> None:
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + 20
    while not _is_well(address, path):
        assert clock.elapsed() < deadline, f"{path} did not become well"
        clock.wait(never, 0.05)


def _is_well(address: str, path: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
