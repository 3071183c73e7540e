"""The settings that run the original release tracker's file: what it says, on top of what there is."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.settings import Settings, SettingsError, load
from suanli.settings.tracker import parse_tracker, tracker_settings, tracker_warnings
from suanli.settings.tracker_file import Tracker
from tests.tracker_files import GIVEN, HOOK, LI_LEI, SEED, at, email, welink

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
ROBOT = Target(Platform.WELINK, TargetKind.ROBOT, "default")
OPS = Target(Platform.MAIL, TargetKind.EMAIL, "ops@example.com")
OTHER = HOOK.replace("hunter2hunter2", "hunter2another")
LOGIN = {"U": "bot@example.com", "P": "hunter2"}


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    """Files laid over each other."""
    found: dict[str, Any] = {"watch_keywords": ["qwen"]}
    for part in parts:
        for key, value in part.items():
            found[key] = found[key] | value if isinstance(value, dict) and key in found else value
    return found


REPO = at("sources.github", {"repos": ["a/b"]})
MAIL = email(user_env="U", password_env="P")


def run(folder: Path, data: object, *, base: str = "", **environ: str) -> tuple[Tracker, Settings]:
    (folder / "suanli.toml").write_text(base, "utf-8")
    tracker = parse_tracker(data if isinstance(data, str) else json.dumps(data), environ)
    ours = {name: value for name, value in environ.items() if name in GIVEN}
    return tracker, tracker_settings(tracker, load(ours, folder))


def told(settings: Settings) -> list[tuple[str, Target, tuple[str, ...], str]]:
    watches = settings.releases.to_domain(NOW)
    return [(watch.place.word, watch.target, watch.words, watch.filter) for watch in watches]


def test_the_manuals_example_tells_the_group_of_issues_pull_requests_and_models(tmp_path: Path) -> None:
    tracker, settings = run(tmp_path, SEED, **GIVEN)
    both = "deepseek qwen"
    assert told(settings) == [
        ("vllm-project/vllm", ROBOT, ("issue", "pr", "bots"), both),
        ("sgl-project/sglang", ROBOT, ("issue", "pr", "bots"), both),
        ("hf:deepseek-ai", ROBOT, ("model",), both),
        ("ms:deepseek-ai", ROBOT, ("model",), both),
    ]
    assert settings.releases.interval == timedelta(minutes=5)
    assert settings.github.token.get_secret_value() == "hunter2-github"
    assert settings.huggingface.token.get_secret_value() == "hunter2-hf"
    robot = settings.welink.all_robots["default"]
    assert (robot.webhook_url.get_secret_value(), robot.at_accounts, robot.is_at) == (HOOK, (), False)
    assert tracker_warnings(tracker, settings) == ()


def test_what_the_file_does_not_say_is_as_the_settings_have_it(tmp_path: Path) -> None:
    base = 'lang = "en"\n[github]\napi_url = "https://ghe.example/api/v3"\n[releases]\nkeep = "30d"\n'
    _, settings = run(tmp_path, SEED, base=base, **GIVEN)
    assert (settings.lang, settings.github.api_url) == ("en", "https://ghe.example/api/v3")
    assert settings.releases.keep == timedelta(days=30)
    assert settings.database_url.get_secret_value() == "sqlite:///data/suanli.db"


@pytest.mark.parametrize(
    ("monitor", "words"),
    [
        ({"issues": True, "pulls": False}, [("issue", "bots")]),
        ({"issues": False, "pulls": True}, [("pr", "bots")]),
        ({"issues": False, "pulls": False}, []),
    ],
)
def test_only_what_is_monitored_is_told(tmp_path: Path, monitor: dict[str, bool], words: list[tuple[str, ...]]) -> None:
    source = at("sources.github", {"repos": ["a/b"], "monitor": monitor})
    tracker, settings = run(tmp_path, merged(source, welink()), WELINK_WEBHOOK_URL=HOOK)
    assert [each[2] for each in told(settings)] == words
    warned = [line.partition(": ")[0] for line in tracker_warnings(tracker, settings)]
    assert warned == ([] if words else ["sources"])


def test_every_place_is_told_to_the_robot_and_to_every_address(tmp_path: Path) -> None:
    notify = {
        "notify": {**welink()["notify"], **email(to_list=["ops@example.com", "b@c.example"], user_env="U")["notify"]}
    }
    source = {"sources": {"github": {"repos": ["a/b"]}, "modelscope": {"orgs": ["c"]}}}
    _, settings = run(tmp_path, merged(source, notify), WELINK_WEBHOOK_URL=HOOK, **LOGIN)
    found = [(place, target.id) for place, target, _, _ in told(settings)]
    assert found == [(p, t) for p in ("a/b", "ms:c") for t in ("default", "ops@example.com", "b@c.example")]


class TestRobot:
    def test_it_may_be_in_another_variable_and_mentions_whom_the_file_says(self, tmp_path: Path) -> None:
        said = welink(webhook_env="H", at_accounts=[LI_LEI], is_at_all=True)
        base = '[welink]\nat_accounts = ["a@b"]\n'
        _, settings = run(tmp_path, merged(REPO, said), base=base, H=OTHER, WELINK_WEBHOOK_URL=HOOK)
        robot = settings.welink.all_robots["default"]
        assert robot.webhook_url.get_secret_value() == OTHER
        assert (robot.at_accounts, robot.is_at, robot.is_at_all) == ((LI_LEI,), None, True)

    def test_the_usual_variable_may_be_in_dotenv(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text(f"WELINK_WEBHOOK_URL={HOOK}\n")
        _, settings = run(tmp_path, merged(REPO, welink(is_at_all=True)))
        assert [target for _, target, _, _ in told(settings)] == [ROBOT]
        assert settings.welink.is_at_all

    def test_another_groups_robot_never_stands_in(self, tmp_path: Path) -> None:
        tracker, settings = run(tmp_path, merged(REPO, welink(webhook_env="H")), WELINK_WEBHOOK_URL=HOOK)
        assert told(settings) == []
        assert settings.welink.webhook_url.get_secret_value() == HOOK
        warned = [line.partition(": ")[0] for line in tracker_warnings(tracker, settings)]
        assert warned == ["notify.welink.webhook_env", "notify"]

    def test_it_is_told_only_when_the_file_says_so(self, tmp_path: Path) -> None:
        _, settings = run(tmp_path, merged(REPO, MAIL), WELINK_WEBHOOK_URL=HOOK, **LOGIN)
        assert [target for _, target, _, _ in told(settings)] == [OPS]


class TestMail:
    def test_letters_go_through_the_files_server_with_its_login(self, tmp_path: Path) -> None:
        base = '[mail]\nsmtp_host = "other.example.com"\nsmtp_port = 25\nsender = "Bot <bot@b.example>"\n'
        _, settings = run(
            tmp_path, merged(REPO, email(user_env="U", password_env="P", use_tls=False)), base=base, **LOGIN
        )
        mail = settings.mail
        assert (mail.smtp_host, mail.smtp_port, mail.use_tls) == ("smtp.example.com", 587, False)
        assert (mail.user.get_secret_value(), mail.password.get_secret_value()) == ("bot@example.com", "hunter2")
        assert mail.sender == "Bot <bot@b.example>"

    def test_the_user_is_the_sender_unless_the_settings_have_one(self, tmp_path: Path) -> None:
        _, settings = run(tmp_path, merged(REPO, MAIL), **LOGIN)
        assert settings.mail.sender == ""
        data = merged(REPO, MAIL)
        with pytest.raises(SettingsError, match=r"^notify\.email\.user_env: .*mail\.sender"):
            run(tmp_path, data, U="bot", P="hunter2")
        with pytest.raises(SettingsError, match=r"^notify\.email\.user_env: "):
            run(tmp_path, data)
        _, named = run(tmp_path, data, base='[mail]\nsender = "bot@b.example"\n', U="bot")
        assert [target for _, target, _, _ in told(named)] == [OPS]

    @pytest.mark.parametrize("missing", ["smtp_host", "to_list"])
    def test_without_a_server_or_anybody_there_is_none(self, tmp_path: Path, missing: str) -> None:
        tracker, settings = run(tmp_path, merged(REPO, email(**{missing: None})))
        assert (told(settings), settings.mail.is_on) == ([], False)
        warned = [line.partition(": ")[0] for line in tracker_warnings(tracker, settings)]
        assert warned == ["notify.email", "notify"]


class TestNothing:
    def test_an_empty_file_runs_and_tells_nobody(self, tmp_path: Path) -> None:
        tracker, settings = run(tmp_path, {})
        assert settings == load({}, tmp_path)
        warned = [line.partition(": ")[0] for line in tracker_warnings(tracker, settings)]
        assert warned == ["watch_keywords", "sources", "notify"]
        assert all(" / " in line for line in tracker_warnings(tracker, settings))

    def test_without_keywords_nothing_was_told_and_is_told(self, tmp_path: Path) -> None:
        data = merged(REPO, welink(), {"watch_keywords": [" "]})
        tracker, settings = run(tmp_path, data, WELINK_WEBHOOK_URL=HOOK)
        assert told(settings) == []
        assert [line.partition(": ")[0] for line in tracker_warnings(tracker, settings)] == ["watch_keywords"]


class TestTheRest:
    def test_watches_of_the_settings_stay(self, tmp_path: Path) -> None:
        base = '[[releases.watches]]\nplaces = ["c/d"]\ntell = ["oc_1"]\n'
        _, settings = run(tmp_path, SEED, base=base, **GIVEN)
        assert [place for place, *_ in told(settings)][:2] == ["c/d", "vllm-project/vllm"]

    @pytest.mark.parametrize(("seconds", "interval"), [(1, 60), (60, 60), (61, 61), (86400, 86400)])
    def test_nothing_is_read_more_often_than_once_a_minute(self, tmp_path: Path, seconds: int, interval: int) -> None:
        _, settings = run(tmp_path, {"poll_interval_seconds": seconds})
        assert settings.releases.interval == timedelta(seconds=interval)

    def test_a_token_that_the_file_does_not_name_stays_the_settings_own(self, tmp_path: Path) -> None:
        _, settings = run(tmp_path, merged(REPO), **GIVEN)
        assert settings.github.token.get_secret_value() == "hunter2-github"

    def test_the_same_file_names_its_watches_the_same_each_time(self, tmp_path: Path) -> None:
        runs = [run(tmp_path, SEED, **GIVEN)[1].releases.to_domain(NOW) for _ in range(2)]
        assert runs[0] == runs[1]
        assert None not in {watch.declared for watch in runs[0]}
