"""What deploy/ starts is what the command line has, and what it stops is only its own."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from bot.feishu.identity import Identity
from bot.feishu.signature import Gate
from bot.router import Router
from bot.webhook import MAX_BODY, feishu_blueprint
from jobs.work import GRACE
from storage.store import SqlStore
from suanli.cli import build_parser
from suanli.settings.gateway import Gateway
from suanli.web import hubs
from suanli.web.cost import ENDPOINTS
from suanli.web.gateway.app import LARGEST
from tests.dialogue import SITE
from tests.fakes import FakeClock

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))
SCRIPT = "start_inventory_alert.sh"

BASH = shutil.which("bash") or "bash"

FAKE = """#!/usr/bin/env bash
echo "$PWD: $*" >> ran
[[ "$*" == *--schedule ]] || exit 0
trap 'echo ended >> ran; exit 0' TERM
echo listening
for ((n = 0; n < 1000; n++)); do sleep 0.02; done
"""
"""Stands for `suanli`: notes how it was called, and with --schedule goes on until it is told to end, or for 20 s."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project directory with the script, and a fake program in its .venv."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(DEPLOY / SCRIPT, tmp_path / "deploy" / SCRIPT)
    program = tmp_path / ".venv" / "bin" / "suanli"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE)
    program.chmod(0o755)
    return tmp_path


def start(project: Path, *arguments: str, typed: str = "", path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    """Run the script from somewhere else, without a terminal."""
    command = [BASH, str(project / "deploy" / SCRIPT), *arguments]
    return subprocess.run(  # noqa: S603 our own script
        command, input=typed, capture_output=True, text=True, timeout=20, check=False, cwd="/", env={"PATH": path}
    )


def ran(project: Path) -> list[str]:
    return (project / "ran").read_text().splitlines()


def pid_of(project: Path) -> int:
    return int((project / ".inventory_alert.pid").read_text())


@pytest.fixture
def bystander(project: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The same program, started by somebody else."""
    command = [BASH, str(project / ".venv/bin/suanli"), "stock", "--schedule"]
    process = subprocess.Popen(command, cwd=project / "deploy")  # noqa: S603 our own
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Another program."""
    process = subprocess.Popen([BASH, "-c", "while :; do sleep 0.02; done"])  # noqa: S603 our own
    yield process
    process.kill()
    process.wait()


def test_the_script_is_bash_and_may_be_run() -> None:
    subprocess.run([BASH, "-n", DEPLOY / SCRIPT], check=True)  # noqa: S603 our own script
    assert os.access(DEPLOY / SCRIPT, os.X_OK)


@pytest.mark.parametrize(("arguments", "typed"), [(("check",), ""), ((), "1\n")])
def test_checking_once_runs_in_the_projects_directory(project: Path, arguments: tuple[str, ...], typed: str) -> None:
    assert start(project, *arguments, typed=typed).returncode == 0
    assert ran(project) == [f"{project}: stock --check"]


def test_the_second_entry_of_the_menu_watches_in_the_foreground(project: Path) -> None:
    fake = project / ".venv" / "bin" / "suanli"
    fake.write_text('#!/bin/sh\necho "$*" > ran\nexit 7\n')
    assert start(project, typed="2\n").returncode == 7
    assert ran(project) == ["stock --schedule"]
    assert not (project / ".inventory_alert.pid").exists()


def test_in_the_background_it_goes_on_until_stop_ends_it_and_nothing_else(
    project: Path, bystander: subprocess.Popen[bytes]
) -> None:
    assert start(project, typed="3\n").returncode == 0
    pid = pid_of(project)
    assert start(project, "background").returncode == 0
    assert pid_of(project) == pid, "a second start is none"
    assert ran(project) == [f"{project}: stock --schedule"]
    assert (project / "inventory_alert.log").read_text() == "listening\n"
    assert start(project, "stop").returncode == 0
    assert ran(project)[1:] == ["ended"]
    assert not (project / ".inventory_alert.pid").exists()
    assert bystander.poll() is None


def test_a_pid_that_became_another_programs_is_left_alone(project: Path, stranger: subprocess.Popen[bytes]) -> None:
    (project / ".inventory_alert.pid").write_text(f"{stranger.pid}\n")
    stopped = start(project, "stop")
    assert (stopped.returncode, stranger.poll()) == (0, None)
    assert "not running" in stopped.stdout


def test_stopping_what_does_not_run_is_no_failure(project: Path) -> None:
    assert start(project, "stop").returncode == 0


def test_a_start_that_fails_shows_the_log_and_leaves_no_pid(project: Path) -> None:
    (project / ".venv" / "bin" / "suanli").write_text("#!/bin/sh\necho no settings >&2\nexit 2\n")
    started = start(project, "background")
    assert started.returncode == 1
    assert "no settings" in started.stderr
    assert not (project / ".inventory_alert.pid").exists()


@pytest.mark.parametrize(("arguments", "typed"), [(("restart",), ""), ((), "9\n")])
def test_what_it_does_not_know_starts_nothing(project: Path, arguments: tuple[str, ...], typed: str) -> None:
    refused = start(project, *arguments, typed=typed)
    assert (refused.returncode, (project / "ran").exists()) == (2, False)
    assert "check|schedule|background|stop" in refused.stderr


def test_without_an_environment_of_its_own_the_program_on_the_path_is_taken(project: Path) -> None:
    shutil.move(project / ".venv" / "bin", project / "elsewhere")
    assert start(project, "check").returncode == 1
    assert start(project, "check", path=f"{project}/elsewhere:{os.defpath}").returncode == 0
    assert ran(project) == [f"{project}: stock --check"]


def arguments_of(command: str) -> list[str]:
    """The words after the program `suanli` of a command."""
    program, *words = shlex.split(command)
    assert Path(program).name == "suanli"
    return words


def parse(name: str) -> ConfigParser:
    """A unit or supervisor file; a setting given twice is an error."""
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.read_string((DEPLOY / name).read_text("utf-8"))
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_subcommand_and_leaves_it_time_to_stop(name: str) -> None:
    unit = parse(name)
    words = arguments_of(unit["Service"]["ExecStart"])
    build_parser().parse_args(words)
    assert name == ("suanli.service" if words == ["up"] else f"suanli-{words[0]}.service")
    # Jobs have the grace first, then messages.
    assert timedelta(seconds=int(unit["Service"]["TimeoutStopSec"])) > 2 * GRACE
    assert unit["Service"]["Type"] == "simple", "nothing tells systemd that it is ready"


@pytest.mark.parametrize("name", UNITS)
def test_units_differ_in_nothing_but_what_they_start(name: str) -> None:
    own = {"execstart", "memorymax"}
    this, first = (dict(parse(each)["Service"]) for each in (name, UNITS[0]))
    assert {k: v for k, v in this.items() if k not in own} == {k: v for k, v in first.items() if k not in own}


def test_supervisor_starts_subcommands_and_leaves_them_time_to_stop() -> None:
    programs = parse("supervisor.conf")
    for section in programs.sections():
        program = programs[section]
        words = arguments_of(program["command"])
        build_parser().parse_args(words)
        assert section == ("program:suanli" if words == ["up"] else f"program:suanli-{words[0]}")
        assert timedelta(seconds=int(program["stopwaitsecs"])) > 2 * GRACE
        assert program.getboolean("stopasgroup")
        assert program.getboolean("killasgroup")


def test_only_all_in_one_starts_by_itself_under_supervisor() -> None:
    programs = parse("supervisor.conf")
    assert [s for s in programs.sections() if programs[s].getboolean("autostart")] == ["program:suanli"]


def test_the_cron_line_checks_once_a_day() -> None:
    (line,) = (each for each in (DEPLOY / "cron").read_text("utf-8").splitlines() if not each.startswith("#"))
    found = re.fullmatch(r"\d+ \d+ \* \* \* cd \S+ && (\S+/suanli .*) >> \S+ 2>&1", line)
    assert found
    assert build_parser().parse_args(arguments_of(found[1])).check


def test_nginx_lets_through_what_the_webhook_serves_and_nothing_else(sqlite_store: SqlStore, clock: FakeClock) -> None:
    router = Router(sqlite_store, SITE, clock, wake=lambda: None)
    app = Flask("test", static_folder=None)
    app.register_blueprint(feishu_blueprint(Gate("a", "b", "c"), Identity(sqlite_store, "a", clock), router))
    text = re.sub(r"^ *#.*\n", "", (DEPLOY / "nginx.conf").read_text("utf-8"), flags=re.MULTILINE)
    locations = dict(re.findall(r"location ([^{]+) \{([^}]*)\}", text))
    passed = {name.removeprefix("= ") for name, body in locations.items() if "proxy_pass" in body}
    assert passed == {rule.rule for rule in app.url_map.iter_rules()}
    assert "return 404;" in locations["/"]
    assert f"client_max_body_size {MAX_BODY >> 20}m;" in text


def test_nginx_shows_how_to_let_other_systems_alerts_through() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert re.search(r"# location = /webhooks/alertmanager \{\n +# +allow .*\n +# +deny all;", text)


def test_nginx_shows_how_to_let_the_hubs_webhooks_through() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    (pattern,) = re.findall(r"# location ~ (\S+) \{\n +# +client_max_body_size 2m;", text)
    assert hubs.MAX_BODY == 2 << 20
    served = ["/webhooks/github", "/webhooks/huggingface"]
    assert [each for each in (*served, "/webhooks/feishu", "/x/webhooks/github") if re.search(pattern, each)] == served


def shown(pattern: str) -> str:
    """What stands in a location of nginx.conf that is commented out."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    found = re.search(rf"^ +# location {re.escape(pattern)} \{{\n((?: +#.*\n)+?) +# \}}\n", text, re.MULTILINE)
    assert found
    return found[1]


def test_nginx_shows_how_to_let_callers_of_models_through_and_keeps_nothing_back() -> None:
    body = shown("/v1/")
    assert "proxy_buffering off;" in body
    assert "proxy_next_upstream off;" in body
    assert f"client_max_body_size {LARGEST >> 20}m;" in body
    assert f"proxy_read_timeout {Gateway().whole_timeout.total_seconds():.0f}s;" in body


def test_nginx_shows_how_to_let_programs_to_the_api() -> None:
    pattern = r"^/(api/v1/|docs$|openapi\.json$)"
    body = shown(f"~ {pattern}")
    largest = max(endpoint.limit for endpoint in ENDPOINTS)
    assert f"client_max_body_size {largest >> 20}m;" in body
    served = ["/docs", "/openapi.json", *(endpoint.path for endpoint in ENDPOINTS)]
    assert [path for path in served if not re.search(pattern, path)] == []
    assert not re.search(pattern, "/webhooks/feishu")


def test_each_part_that_serves_has_a_unit_and_a_program() -> None:
    parts = {"up", "web", "work", "gateway"}
    assert {arguments_of(parse(name)["Service"]["ExecStart"])[0] for name in UNITS} == parts
    programs = parse("supervisor.conf")
    assert {arguments_of(programs[each]["command"])[0] for each in programs.sections()} == parts
