"""`[releases]` and the hubs: what is read how often, who follows what, and every mistake where it is."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.releases import Hub, Mode, Place, Rhythm, Watch
from suanli.domain.releases.filters import SHIPPED
from suanli.settings import Settings, SettingsError, load

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
VLLM = Place(Hub.GITHUB, "vllm-project/vllm")
ON_HF = Place(Hub.HUGGINGFACE, "deepseek-ai")
ON_MS = Place(Hub.MODELSCOPE, "deepseek-ai")
WATCH = """[[releases.watches]]
places = ["vllm-project/vllm", "hf:deepseek-ai", "https://modelscope.cn/organization/deepseek-ai"]
tell = ["oc_1"]
"""
HOOK = "https://open.example/api/werobot/v1/webhook/send?token=hunter2hunter2&channel=standard"
TOKENS = ("GITHUB_TOKEN", "HF_TOKEN", "MODELSCOPE_TOKEN")
SECRETS = ("SUANLI_GITHUB_WEBHOOK_SECRET", "SUANLI_HUGGINGFACE_WEBHOOK_SECRET")


def loaded(folder: Path, toml: str = "", **environ: str) -> Settings:
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load(environ, folder)


def refused(folder: Path, toml: str = "", **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, toml, **environ)
    (told,) = caught.value.problems
    assert " / " in told
    assert "hunter2" not in told
    return told


def watches(folder: Path, toml: str, **environ: str) -> tuple[Watch, ...]:
    return loaded(folder, toml, **environ).releases.to_domain(NOW)


class TestHubs:
    def test_without_anything_they_are_the_public_ones_and_asked_by_nobody(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path)
        assert settings.github.api_url == "https://api.github.com"
        assert settings.huggingface.endpoint == "https://huggingface.co"
        assert settings.modelscope.endpoint == "https://modelscope.cn"
        hubs = (settings.github, settings.huggingface, settings.modelscope)
        assert [(hub.token.get_secret_value(), hub.ca_bundle) for hub in hubs] == [("", "")] * 3
        assert {settings.github.webhook_secret, settings.huggingface.webhook_secret} == {SecretStr("")}

    @pytest.mark.parametrize("name", ["GITHUB_API_URL", "HF_ENDPOINT", "MODELSCOPE_ENDPOINT"])
    def test_each_may_be_a_mirror_and_never_half_an_address(self, tmp_path: Path, name: str) -> None:
        settings = loaded(tmp_path, **{name: "http://127.0.0.1:8000/mirror/"})
        hubs = (settings.github.api_url, settings.huggingface.endpoint, settings.modelscope.endpoint)
        assert "http://127.0.0.1:8000/mirror" in hubs
        assert refused(tmp_path, **{name: "hf-mirror.com"}).startswith(f"{name}: ")

    @pytest.mark.parametrize("line", ['api_url = ""', 'ca_bundle = "/nowhere.pem"', "api_url = 1"])
    def test_a_mistake_is_told_where_it_is(self, tmp_path: Path, line: str) -> None:
        told = refused(tmp_path, f"[github]\n{line}\n")
        assert told.startswith(f"suanli.toml:github.{line.partition(' ')[0]}: ")

    @pytest.mark.parametrize("name", [*TOKENS, *SECRETS])
    @pytest.mark.parametrize(
        "value", ["hunter2 hunter2 hunter2", "hunter2\nhunter2hunter2", "令牌hunter2hunter2hunter2"]
    )
    def test_what_goes_into_a_header_can_stand_in_one(self, tmp_path: Path, name: str, value: str) -> None:
        assert refused(tmp_path, **{name: value}).startswith(f"{name}: ")

    @pytest.mark.parametrize("name", SECRETS)
    def test_a_webhooks_secret_is_long(self, tmp_path: Path, name: str) -> None:
        assert refused(tmp_path, **{name: "hunter2"}).startswith(f"{name}: ")

    def test_no_secret_is_shown(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, **dict.fromkeys([*TOKENS, *SECRETS], "hunter2hunter2hunter2"))
        assert settings.huggingface.token.get_secret_value() == "hunter2hunter2hunter2"
        assert "hunter2" not in f"{settings!r} {settings.model_dump_json()}"

    @pytest.mark.parametrize("way", ["github.token", "modelscope.token", "huggingface.webhook_secret"])
    def test_secrets_do_not_go_into_the_toml(self, tmp_path: Path, way: str) -> None:
        table, _, key = way.partition(".")
        assert refused(tmp_path, f'[{table}]\n{key} = "hunter2hunter2hunter2"\n').startswith(f"suanli.toml:{way}: ")

    def test_variables_of_other_programs_that_look_alike_are_left_alone(self, tmp_path: Path) -> None:
        others = {"GITHUB_TOKENS": "x", "HF_HUB_ENDPOINT": "x", "MODELSCOPE_API_TOKEN": "x", "GITHUB_REPOSITORY": "x"}
        assert loaded(tmp_path, **others) == loaded(tmp_path)


class TestSection:
    def test_without_anything_nothing_is_followed(self, tmp_path: Path) -> None:
        releases = loaded(tmp_path).releases
        assert (releases.interval, releases.keep) == (timedelta(minutes=5), timedelta(days=180))
        assert releases.to_domain(NOW) == ()
        assert releases.names == SHIPPED

    @pytest.mark.parametrize("line", ['interval = "59s"', 'keep = "0d"', "interval = 300", 'aliases = [["a"]]'])
    def test_a_mistake_is_told_where_it_is(self, tmp_path: Path, line: str) -> None:
        told = refused(tmp_path, f"[releases]\n{line}\n")
        assert told.startswith(f"suanli.toml:releases.{line.partition(' ')[0]}")

    def test_aliases_are_added_to_what_is_shipped(self, tmp_path: Path) -> None:
        names = loaded(tmp_path, '[releases]\naliases = [["昆仑", "Kunlun"], ["DeepSeek", "DS"]]\n').releases.names
        assert names.others("kunlun") == ("昆仑",)
        assert names.others("ds") == ("DeepSeek",)
        assert set(names.others("deepseek")) == {"深度求索", "DS"}


class TestWatches:
    def test_everybody_is_told_of_each_place_by_its_own_defaults(self, tmp_path: Path) -> None:
        found = watches(tmp_path, WATCH.replace('"oc_1"', '"oc_1", "mail:a@b.example"'))
        assert [(watch.place, watch.words, watch.target.id) for watch in found] == [
            (VLLM, ("release",), "oc_1"),
            (VLLM, ("release",), "a@b.example"),
            (ON_HF, ("model",), "oc_1"),
            (ON_HF, ("model",), "a@b.example"),
            (ON_MS, ("model",), "oc_1"),
            (ON_MS, ("model",), "a@b.example"),
        ]
        assert {watch.created_at for watch in found} == {NOW}
        assert {(watch.number, watch.created_by, watch.filter, watch.rhythm) for watch in found} == {
            (0, None, "", Rhythm())
        }
        assert len({watch.declared for watch in found} - {None}) == len(found)

    def test_with_a_filter_issues_and_pull_requests_are_told_too(self, tmp_path: Path) -> None:
        found = watches(tmp_path, WATCH + 'filter = "deepseek|qwen -revert"\n')
        assert [watch.words for watch in found] == [("issue", "pr", "release"), ("model",), ("model",)]
        assert {watch.filter for watch in found} == {"deepseek|qwen -revert"}

    def test_a_watch_says_which_changes_and_when(self, tmp_path: Path) -> None:
        lines = 'changes = ["release", "model", "release"]\nmode = "每周五 17:30"\nquiet = "22:00-08:00"\n'
        found = watches(tmp_path, WATCH + lines)
        assert {watch.words for watch in found} == {("release", "model")}
        assert {watch.rhythm for watch in found} == {Rhythm(Mode.WEEKLY, time(17, 30), 4, (time(22), time(8)))}

    @pytest.mark.parametrize(
        ("recipient", "target"),
        [
            ("ou_1", Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_1")),
            ("welink-robot:default", Target(Platform.WELINK, TargetKind.ROBOT, "default")),
            ("welink:li.lei@562a", Target(Platform.WELINK, TargetKind.USER_ID, "li.lei@562a")),
            ("mail:ops@example.com", Target(Platform.MAIL, TargetKind.EMAIL, "ops@example.com")),
        ],
    )
    def test_recipients_are_written_as_everywhere(self, tmp_path: Path, recipient: str, target: Target) -> None:
        found = watches(tmp_path, WATCH.replace("oc_1", recipient), WELINK_WEBHOOK_URL=HOOK)
        assert {watch.target for watch in found} == {target}

    def test_a_robot_that_there_is_not_is_refused(self, tmp_path: Path) -> None:
        told = refused(tmp_path, WATCH.replace("oc_1", 'oc_1", "welink-robot:ops'))
        assert told.startswith("suanli.toml:releases.watches[0].tell[1]: ")

    def test_a_channel_that_is_not_set_up_is_warned_of(self, tmp_path: Path) -> None:
        warned = loaded(tmp_path, WATCH.replace("oc_1", "mail:a@b.example")).warnings()
        assert [line.partition(": ")[0] for line in warned][1:] == ["mail:a@b.example"]

    @pytest.mark.parametrize(
        ("line", "where"),
        [
            ('changes = ["realease"]', "changes[0]"),
            ('changes = ["found"]', "changes[0]"),
            ('changes = ["model"]', "changes"),
            ("changes = [1]", "changes[0]"),
            ('filter = "(("\nfilters = "x"', "filters"),
            ("filter = 1", "filter"),
            ('mode = "monthly"', "mode"),
            ("mode = 1", "mode"),
            ('quiet = "22-8"', "quiet"),
            ("quiet = []", "quiet"),
        ],
    )
    def test_a_mistake_is_told_where_it_is(self, tmp_path: Path, line: str, where: str) -> None:
        assert refused(tmp_path, f"{WATCH}{line}\n").startswith(f"suanli.toml:releases.watches[0].{where}: ")

    def test_a_mistyped_change_names_the_nearest(self, tmp_path: Path) -> None:
        assert "did you mean release?" in refused(tmp_path, f'{WATCH}changes = ["realease"]\n')

    @pytest.mark.parametrize("text", ["/x(/", "kind:x", '\\"x', "+"])
    def test_a_filter_that_is_none_is_refused_where_it_stands(self, tmp_path: Path, text: str) -> None:
        told = refused(tmp_path, f'{WATCH}filter = "{text}"\n')
        assert told.startswith("suanli.toml:releases.watches[0].filter: ")

    @pytest.mark.parametrize(
        "place", ['"vllm"', '"hf:deepseek-ai/DeepSeek-V3"', '"https://gitlab.com/a/b"', "1", '"a/../b"']
    )
    def test_what_names_no_place_is_refused(self, tmp_path: Path, place: str) -> None:
        told = refused(tmp_path, WATCH.replace('"hf:deepseek-ai"', place))
        assert told.startswith("suanli.toml:releases.watches[0].places[1]: ")

    @pytest.mark.parametrize("key", ["places", "tell"])
    def test_a_watch_has_a_place_and_somebody(self, tmp_path: Path, key: str) -> None:
        lines = WATCH.splitlines()
        bare = [line if not line.startswith(key) else f"{key} = []" for line in lines]
        assert refused(tmp_path, "\n".join(bare)).startswith(f"suanli.toml:releases.watches[0].{key}: ")
        without = [line for line in lines if not line.startswith(key)]
        assert refused(tmp_path, "\n".join(without)).startswith(f"suanli.toml:releases.watches[0].{key}: ")

    def test_every_mistake_is_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            loaded(tmp_path, '[[releases.watches]]\nplaces = ["x", "y"]\ntell = ["ou_xxx"]\nmode = "x"\nquiet = "x"\n')
        assert len(caught.value.problems) == 5
