"""`suanli releases` with the original tracker's own file, as a process of its own, against stand-ins of all it asks."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.clock import SystemClock
from suanli.sandbox.hubs import Fault
from tests.contract.mail_kit import PASSWORD, USER, make_certificate, smtp_server, text_of
from tests.tracker_files import LI_LEI, SEED
from tests.tracker_site import CONFIG, TrackerSite, open_site, wait_until

NOTHING = "没有新的动态需要通知"
HOUR = timedelta(hours=1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TrackerSite]:
    with open_site(tmp_path) as opened:
        yield opened


def test_the_originals_example_tells_the_group_what_is_new_once_and_why(site: TrackerSite) -> None:
    assert (site.folder / CONFIG).read_text("utf-8") == SEED
    first = site.once()
    assert (first.returncode, site.heard) == (0, [])
    assert NOTHING in first.stdout
    site.news()
    second = site.once()
    assert second.returncode == 0, second.stderr
    assert "已发送 3 条，失败 0 条" in second.stdout
    beginnings = ("🟢", "🆕 hf:", "🆕 ms:")  # the hubs are read side by side, so these come in any order
    pull, hugging, scope = (next(text for text in site.heard if text.startswith(each)) for each in beginnings)
    assert pull.startswith("🟢 vllm-project/vllm 新 PR：#2\n")
    for said in ("Support DeepSeek-V4", "https://github.com/vllm-project/vllm/pull/2", "octocat", "命中：deepseek"):
        assert said in pull
    assert "🆕 hf:deepseek-ai 新模型：deepseek-ai/DeepSeek-V4" in hugging
    assert "https://huggingface.co/deepseek-ai/DeepSeek-V4" in hugging
    assert "🆕 ms:deepseek-ai 新模型：deepseek-ai/DeepSeek-V4" in scope
    assert "https://modelscope.cn/models/deepseek-ai/DeepSeek-V4" in scope
    assert not any("Crash in the scheduler" in text for text in site.heard)
    third = site.once()
    assert NOTHING in third.stdout
    assert len(site.heard) == 3


@pytest.fixture
def taken_over(site: TrackerSite) -> TrackerSite:
    """A site where the original stopped an hour ago, and there are three news since."""
    site.take_over(SystemClock().now() - HOUR)
    site.news()
    return site


def test_what_the_original_had_told_is_not_told_again_and_what_happened_since_is_told_once(
    taken_over: TrackerSite,
) -> None:
    done = taken_over.once()
    assert done.returncode == 0, done.stderr
    assert "4 个来源从原程序停下的地方继续" in done.stdout
    told = "\n".join(taken_over.heard)
    assert (told.count("Support DeepSeek-V4"), told.count("新模型：deepseek-ai/DeepSeek-V4")) == (1, 2)
    assert "DeepSeek-V3" not in told
    again = taken_over.once()
    assert NOTHING in again.stdout
    assert "继续" not in again.stdout
    assert len(taken_over.heard) == 3


def test_messages_that_do_not_arrive_are_counted_and_no_secret_is_said(taken_over: TrackerSite) -> None:
    taken_over.welink.robots.clear()
    done = taken_over.once()
    assert done.returncode == 1
    assert "失败 3 条" in done.stdout
    for name in ("GITHUB_TOKEN", "HF_TOKEN"):
        assert taken_over.environment[name] not in done.stdout + done.stderr
    assert taken_over.robot.token not in done.stdout + done.stderr


def test_a_hub_that_fails_is_named_and_the_others_are_told_of(taken_over: TrackerSite) -> None:
    taken_over.huggingface.faults.keep(Fault.WEB_PAGE)
    done = taken_over.once()
    assert done.returncode == 1
    assert "✗ hf:deepseek-ai models" in done.stdout
    assert len(taken_over.heard) == 2


@pytest.mark.parametrize(
    ("welink", "highlighted"),
    [({"at_accounts": [LI_LEI]}, (LI_LEI,)), ({"is_at_all": True}, ("all",)), ({"is_at": False}, ())],
)
def test_those_are_mentioned_whom_the_file_names_and_nobody_whom_a_title_names(
    taken_over: TrackerSite, welink: dict[str, Any], highlighted: tuple[str, ...]
) -> None:
    taken_over.change(notify={"welink": {"webhook_env": "WELINK_WEBHOOK_URL", **welink}})
    taken_over.vllm.edit(2, title="Support DeepSeek-V4 @all @所有人")
    assert taken_over.once().returncode == 0
    assert [said.highlighted for said in taken_over.robot.said] == [highlighted] * 3


def test_letters_go_over_tls_with_the_login_that_the_variables_name(taken_over: TrackerSite, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "tls")
    (tmp_path / "suanli.toml").write_text(f'[mail]\nca_bundle = "{certificate.file}"\n', "utf-8")
    with smtp_server(starttls=certificate, auth=True) as box:
        server = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "user_env": "MY_USER", "password_env": "MY_PASSWORD"}
        to = ["ops@example.com", "dev@example.com"]
        taken_over.change(notify={"email": {**server, "to_list": to}})
        done = taken_over.once(MY_USER=USER, MY_PASSWORD=PASSWORD)
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(str(letter["To"]) for letter in box.letters()) == sorted(to * 3)
        texts = [text_of(letter) for letter in box.letters()]
        assert sum("https://github.com/vllm-project/vllm/pull/2" in text for text in texts) == 2
        assert set(box.logins) == {(USER, PASSWORD)}
        assert all(box.encrypted)
    assert taken_over.heard == []


def test_without_a_way_to_tell_anybody_it_warns_and_nothing_is_lost(taken_over: TrackerSite) -> None:
    done = taken_over.once(without="WELINK_WEBHOOK_URL")
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if line.startswith("! ")]
    assert "notify.welink.webhook_env" in warned[0]
    assert "Traceback" not in done.stderr
    assert taken_over.once().returncode == 0
    assert len(taken_over.heard) == 3


def test_without_a_token_it_reads_what_everybody_may(taken_over: TrackerSite) -> None:
    assert taken_over.once(without="GITHUB_TOKEN").returncode == 0
    assert len(taken_over.heard) == 3
    assert all("Authorization" not in each.headers for each in taken_over.github.record.asked)


def test_a_file_that_is_not_json_is_reported_with_the_line_and_nothing_is_asked(site: TrackerSite) -> None:
    site.write(SEED.replace('"sources": {', '"sources" {'))
    done = site.once()
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith("✗ tracker.json:5:")
    assert site.github.record.total == 0


# In the foreground


def test_in_the_foreground_it_tells_what_is_due_and_stops_when_it_is_told_to(taken_over: TrackerSite) -> None:
    taken_over.change(poll_interval_seconds=120)
    with taken_over.running("--daemon") as process:
        wait_until(lambda: len(taken_over.heard) == 3, "three messages")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, taken_over.output
    assert "每 120 秒" in taken_over.output
    assert "Traceback" not in taken_over.output
    store = SqlStore(taken_over.database_url)
    with store.begin() as tx:
        assert {each.next_at - each.read_at for each in tx.resources.all() if each.read_at} == {timedelta(minutes=2)}
    store.close()
