"""The original tracker's folder, and all that it talks to: `suanli releases` runs in it as a process of its own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from suanli.clock import SystemClock
from suanli.sandbox.hubs import (
    GithubStandIn,
    HuggingFaceStandIn,
    ModelScopeStandIn,
    Repository,
    github_gate,
    huggingface,
)
from suanli.sandbox.welink import Robot, WelinkStandIn
from tests.tracker_files import SEED

_STATE = """
CREATE TABLE cursors (source_key TEXT PRIMARY KEY, cursor TEXT, updated_at TEXT);
CREATE TABLE seen_events (fingerprint TEXT PRIMARY KEY, source TEXT, seen_at TEXT);
CREATE TABLE alerts (id INTEGER PRIMARY KEY, fingerprint TEXT, title TEXT, raw TEXT, created_at TEXT);
CREATE TABLE notify_failures (id INTEGER PRIMARY KEY, channel TEXT, error TEXT, created_at TEXT);
"""

PROGRAM = Path(sys.executable).with_name("suanli")
CONFIG = "tracker.json"
DAY = timedelta(days=1)


@dataclass
class TrackerSite:
    """A folder with the original's file, the hubs that it names, and a group of WeLink with a robot."""

    folder: Path
    github: GithubStandIn
    huggingface: HuggingFaceStandIn
    modelscope: ModelScopeStandIn
    welink: WelinkStandIn
    robot: Robot
    vllm: Repository
    environment: dict[str, str]

    def write(self, text: str) -> None:
        """Write the original's file."""
        (self.folder / CONFIG).write_text(text, "utf-8")

    def change(self, **tables: Mapping[str, Any] | int) -> None:
        """Write the original's example with some of its tables otherwise."""
        self.write(json.dumps({**json.loads(SEED), **tables}))

    def once(self, *, without: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run it once, without one of the variables or with more of them."""
        environment = {name: value for name, value in {**self.environment, **more}.items() if name != without}
        return subprocess.run(  # noqa: S603 ours
            [PROGRAM, "releases", "--config", CONFIG, "--once"], cwd=self.folder, env=environment, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip

    @contextmanager
    def running(self, how: str) -> Iterator[subprocess.Popen[bytes]]:
        """It in the background; what is still there at the end is killed."""
        with (self.folder / "output.log").open("a") as log:
            process = subprocess.Popen(  # noqa: S603 ours
                [PROGRAM, "releases", "--config", CONFIG, how],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                process.wait(20)

    @property
    def output(self) -> str:
        """What it said in the background."""
        return (self.folder / "output.log").read_text("utf-8")

    @property
    def database_url(self) -> str:
        """Where it remembers what it read."""
        return f"sqlite:///{self.folder / 'data' / 'suanli.db'}"

    @property
    def heard(self) -> list[str]:
        """What the group heard."""
        return [said.text for said in self.robot.said]

    def take_over(self, told_until: datetime) -> None:
        """Leave the original's state there, as it was when that had told of everything up to a moment."""
        at = told_until.isoformat()
        cursors = {
            "github:vllm-project/vllm:issues": {"updated_after": at},
            "github:vllm-project/vllm:pulls": {"updated_after": at},
            "github:sgl-project/sglang:issues": {"updated_after": at},
            "github:sgl-project/sglang:pulls": {"updated_after": at},
            "huggingface:deepseek-ai:models": {"last_modified_after": at},
            "modelscope:deepseek-ai:models": {"seen": ["deepseek-ai/DeepSeek-V3"]},
        }
        with closing(sqlite3.connect(self.folder / "mrt_state.sqlite3")) as connection, connection:
            connection.executescript(_STATE)
            rows = [(key, json.dumps(cursor), at) for key, cursor in cursors.items()]
            connection.executemany("INSERT INTO cursors VALUES (?, ?, ?)", rows)
            connection.execute("INSERT INTO seen_events VALUES ('f', 'github', ?)", (at,))
            connection.execute("INSERT INTO alerts VALUES (1, 'f', 'DeepSeek-V3 is slow', '{}', ?)", (at,))

    def news(self) -> None:
        """Something of each hub that the example's keywords are about, and something that they are not about."""
        self.vllm.open_pull("Support DeepSeek-V4", "x " * 300)
        self.vllm.open_issue("Crash in the scheduler")
        self.huggingface.world.add_model("deepseek-ai/DeepSeek-V4")
        self.modelscope.world.add_model("deepseek-ai/DeepSeek-V4")


@contextmanager
def open_site(folder: Path) -> Iterator[TrackerSite]:
    """A site with the original's example, and hubs that have a little of everything since yesterday."""
    clock = SystemClock()
    with ExitStack() as stack:
        github = stack.enter_context(GithubStandIn(clock))
        hugging = stack.enter_context(HuggingFaceStandIn(clock))
        scope = stack.enter_context(ModelScopeStandIn(clock))
        welink = stack.enter_context(WelinkStandIn(clock))
        robot = welink.add_robot()
        vllm = github.world.add("vllm-project/vllm")
        sglang = github.world.add("sgl-project/sglang")
        for repository in (vllm, sglang):
            issue = repository.issue(repository.open_issue("DeepSeek-V3 is slow"))
            repository.put_issue(replace(issue, created_at=clock.now() - DAY, updated_at=clock.now() - DAY))
        hugging.world.add_model("deepseek-ai/DeepSeek-V3", created_at=clock.now() - DAY).last_modified -= DAY
        scope.world.add_model("deepseek-ai/DeepSeek-V3", created_at=clock.now() - DAY).last_modified -= DAY
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 what a child process needs
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": github_gate.TOKEN,
            "HF_ENDPOINT": hugging.url,
            "HF_TOKEN": huggingface.TOKEN,
            "MODELSCOPE_ENDPOINT": scope.url,
            "WELINK_WEBHOOK_URL": welink.url + robot.path,
        }
        site = TrackerSite(folder, github, hugging, scope, welink, robot, vllm, environment)
        site.write(SEED)
        yield site


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Wait for what another process does."""
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + 20
    while not happened():
        assert clock.elapsed() < deadline, f"not within 20 s: {what}"
        clock.wait(never, 0.01)
