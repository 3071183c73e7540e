"""The original release tracker's JSON file: read as it stands, or refused with every reason."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from suanli.domain.releases import Hub, Place
from suanli.settings import SettingsError
from suanli.settings.tracker import parse_tracker, read_tracker
from suanli.settings.tracker_file import Letters, Robot, Tracker
from tests.tracker_files import GIVEN, HOOK, LI_LEI, SEED, at, email, welink

NONE = SecretStr("")


def tracker(data: object, **environ: str) -> Tracker:
    return parse_tracker(json.dumps(data), environ)


def problems_of(data: object, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        tracker(data, **environ)
    assert all(" / " in line for line in caught.value.problems)
    assert "hunter2" not in str(caught.value)
    return caught.value.problems


def test_the_manuals_example_is_read_as_it_stands() -> None:
    assert parse_tracker(SEED, GIVEN) == Tracker(
        interval=timedelta(minutes=5),
        keywords=("deepseek", "qwen"),
        state=Path("mrt_state.sqlite3"),
        repositories=(Place(Hub.GITHUB, "vllm-project/vllm"), Place(Hub.GITHUB, "sgl-project/sglang")),
        issues=True,
        pulls=True,
        organisations=(Place(Hub.HUGGINGFACE, "deepseek-ai"), Place(Hub.MODELSCOPE, "deepseek-ai")),
        github_token=SecretStr("hunter2-github"),
        huggingface_token=SecretStr("hunter2-hf"),
        robot=Robot("WELINK_WEBHOOK_URL", SecretStr(HOOK), (), is_at=False, is_at_all=False),
        letters=None,
    )


def test_an_empty_file_has_every_default() -> None:
    assert tracker({}, **GIVEN) == Tracker(
        interval=timedelta(seconds=300),
        keywords=(),
        state=Path("./mrt_state.sqlite3"),
        repositories=(),
        issues=True,
        pulls=True,
        organisations=(),
        github_token=NONE,
        huggingface_token=NONE,
        robot=None,
        letters=None,
    )


def test_each_section_has_its_defaults() -> None:
    data = {"sources": {"github": {"repos": ["a/b"]}}, "notify": {"welink": {}, "email": {}}, "state": {}}
    found = tracker(data, **GIVEN)
    assert (found.issues, found.pulls, found.github_token) == (True, True, NONE)
    assert found.robot == Robot("WELINK_WEBHOOK_URL", SecretStr(HOOK), (), is_at=None, is_at_all=False)
    assert found.letters == Letters("", 587, NONE, NONE, (), use_tls=True)
    assert found.state == Path("./mrt_state.sqlite3")


def test_null_is_the_same_as_nothing() -> None:
    nothing = {"poll_interval_seconds": None, "watch_keywords": None, "state": None, "sources": None, "notify": None}
    assert tracker(nothing) == tracker({})
    assert tracker(at("sources.github", None)) == tracker({})
    assert tracker(at("sources.github", {"repos": None, "monitor": None, "token_env": None})) == tracker({})
    assert tracker(welink(webhook_env=None, is_at=None, at_accounts=None), **GIVEN) == tracker(welink(), **GIVEN)


def test_the_file_may_say_otherwise_throughout() -> None:
    data = {
        "poll_interval_seconds": 60,
        "state": {"sqlite_path": "/var/lib/mrt.db"},
        "sources": {"github": {"repos": ["a/b"], "monitor": {"issues": False, "pulls": True}, "token_env": "gh_token"}},
        "notify": {
            "welink": {"webhook_env": "OPS_HOOK", "is_at": True, "is_at_all": True, "at_accounts": [LI_LEI]},
            "email": {
                "smtp_host": "smtp.example.com",
                "smtp_port": 465,
                "user_env": "SMTP_USER",
                "password_env": "SMTP_PASSWORD",
                "to_list": ["ops@example.com", "运维 <night@example.com>"],
                "use_tls": False,
            },
        },
    }
    found = tracker(data, gh_token=" t1\n", OPS_HOOK=HOOK, SMTP_USER="bot@example.com", SMTP_PASSWORD="hunter2")
    assert (found.interval, found.state) == (timedelta(minutes=1), Path("/var/lib/mrt.db"))
    assert (found.issues, found.pulls, found.github_token) == (False, True, SecretStr("t1"))
    assert found.robot == Robot("OPS_HOOK", SecretStr(HOOK), (LI_LEI,), is_at=True, is_at_all=True)
    assert found.letters == Letters(
        "smtp.example.com",
        465,
        SecretStr("bot@example.com"),
        SecretStr("hunter2"),
        ("ops@example.com", "night@example.com"),
        use_tls=False,
    )


def test_a_variable_that_is_not_set_is_as_good_as_none() -> None:
    found = parse_tracker(SEED, {"GITHUB_TOKEN": "  "})
    assert (found.github_token, found.huggingface_token) == (NONE, NONE)
    assert found.robot is not None
    assert found.robot.webhook_url == NONE


def test_keys_that_the_original_did_not_look_at_do_no_harm() -> None:
    data = json.loads(SEED)
    more = {"note": 1, "token": 5, "webhook_url": 5, "ca_bundle": 5, "user": 5}
    data["sources"]["github"] |= more
    data["notify"]["welink"] |= more
    assert tracker(data | {"language": "zh"}, **GIVEN) == parse_tracker(SEED, GIVEN)


@pytest.mark.parametrize(
    ("way", "value", "where"),
    [
        *(("poll_interval_seconds", value, "") for value in (0, -1, 1.5, "300", True, [1], 10**9)),
        ("watch_keywords", "qwen", ""),
        ("watch_keywords", ["qwen", 1], "[1]"),
        ("watch_keywords", ["qwen", "\u200b"], "[1]"),
        ("watch_keywords", [f"keyword{n}" for n in range(500)], ""),
        ("state", [], ""),
        ("state.sqlite_path", 1, ""),
        ("sources", [], ""),
        ("sources.github", [], ""),
        ("sources.github.repos", "a/b", ""),
        *(("sources.github.repos", [value], "[0]") for value in ("vllm", "a/b/c", "hf:a", "", "https://x.com/a/b", 1)),
        ("sources.github.monitor", True, ""),
        *((f"sources.github.monitor.{key}", value, "") for key in ("issues", "pulls") for value in (1, "yes", "")),
        *(("sources.github.token_env", value, "") for value in (1, "hunter2-token", "ghp hunter2")),
        *((f"sources.{hub}.orgs", "a", "") for hub in ("huggingface", "modelscope")),
        *((f"sources.{hub}.orgs", ["a", "b/c"], "[1]") for hub in ("huggingface", "modelscope")),
        ("sources.huggingface.token_env", {}, ""),
        ("notify", "welink", ""),
        ("notify.welink", True, ""),
        ("notify.welink.webhook_env", HOOK, ""),
        *((f"notify.welink.{key}", value, "") for key in ("is_at", "is_at_all") for value in (1, "no")),
        ("notify.welink.is_at", True, ""),
        ("notify.welink.at_accounts", LI_LEI, ""),
        ("notify.welink.at_accounts", [f"a{n}@b" for n in range(11)], ""),
        ("notify.welink.at_accounts", [LI_LEI, "@li.lei"], "[1]"),
        ("notify.email.smtp_host", "smtp.example.com:25", ""),
        *(("notify.email.smtp_port", value, "") for value in (0, 65536, "587", True)),
        ("notify.email.user_env", "hunter2@example.com", ""),
        ("notify.email.password_env", "hunter2 hunter2", ""),
        ("notify.email.to_list", "ops@example.com", ""),
        *(
            ("notify.email.to_list", ["ops@example.com", value], "[1]")
            for value in ("ops", "", 1, "Ops <ops>", "a@b\nc")
        ),
        ("notify.email.use_tls", "yes", ""),
    ],
)
def test_a_wrong_value_is_told_where_it_is(way: str, value: object, where: str) -> None:
    (told,) = problems_of(at(way, value))
    assert told.startswith(f"{way}{where}: ")


@pytest.mark.parametrize(
    ("data", "variable", "value"),
    [
        (at("sources.github", {"token_env": "T"}), "T", "hunter2 hunter2"),
        (at("sources.huggingface", {"token_env": "T"}), "T", "令牌hunter2"),
        (welink(), "WELINK_WEBHOOK_URL", "https://open.example/?hunter2"),
        (welink(webhook_env="H"), "H", HOOK.replace("https", "http")),
        (email(user_env="U"), "U", "用户hunter2"),
        (email(password_env="P"), "P", "密码hunter2"),
    ],
)
def test_what_is_wrong_in_a_variable_is_told_by_its_name_and_not_shown(data: object, variable: str, value: str) -> None:
    (told,) = problems_of(data, **{variable: value})
    assert told.startswith(f"{variable}: ")


def test_every_mistake_is_told_at_once() -> None:
    data = {"poll_interval_seconds": 0, "watch_keywords": 1, **at("sources.github", {"repos": ["x", "y"]}), "notify": 1}
    assert len(problems_of(data)) == 5


@pytest.mark.parametrize("data", [[], "x", None, 1])
def test_a_file_is_a_table(data: object) -> None:
    (told,) = problems_of(data)
    assert told.startswith("(root): ")


def test_broken_json_and_a_name_that_stands_twice_are_told() -> None:
    for text, where in (('{"a": }', "1:7: "), ('{"notify": {}, "notify": {}}', "notify: "), ("", "1:1: ")):
        with pytest.raises(SettingsError) as caught:
            parse_tracker(text, {})
        assert str(caught.value).startswith(where)


class TestReading:
    def test_the_file_is_read_and_named_in_its_mistakes(self, tmp_path: Path) -> None:
        path = tmp_path / "mrt.json"
        path.write_text("\N{ZERO WIDTH NO-BREAK SPACE}" + SEED, "utf-8")
        assert read_tracker(path, GIVEN) == parse_tracker(SEED, GIVEN)
        path.write_text('{"poll_interval_seconds": "x"}')
        with pytest.raises(SettingsError, match=r"^mrt\.json:poll_interval_seconds: "):
            read_tracker(path, GIVEN)

    def test_without_the_file_there_is_nothing_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="no such file"):
            read_tracker(tmp_path / "mrt.json", {})

    def test_nothing_secret_is_shown(self) -> None:
        found = tracker(email(user_env="U", password_env="P"), U="hunter2", P="hunter2")
        assert "hunter2" not in f"{found} {parse_tracker(SEED, GIVEN)!r}"
