"""Where settings come from, which place wins, and that every mistake is told at once and without its value."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.access import Role
from suanli.i18n import Lang
from suanli.settings import Settings, SettingsError, SourceKind, from_process, load


def write(folder: Path, **files: str) -> Path:
    names = {"dotenv": ".env", "toml": "suanli.toml"}
    for name, text in files.items():
        (folder / names[name]).write_text(text, "utf-8")
    return folder


def problems_of(environ: dict[str, str], folder: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, folder)
    return caught.value.problems


def only_problem(environ: dict[str, str], folder: Path) -> str:
    (problem,) = problems_of(environ, folder)
    return problem


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert settings.database_url.get_secret_value() == "sqlite:///data/suanli.db"
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 8080)
    assert settings.feishu.base_url == "https://open.feishu.cn"
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.lang is Lang.ZH
    assert settings.admins == frozenset()
    assert settings.access.to_domain() is Role.VIEWER
    assert settings.stock.source is SourceKind.GRAFANA_SQL
    assert (settings.stock.interval, settings.stock.keep) == (timedelta(minutes=5), timedelta(days=30))


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_toml(tmp_path: Path) -> None:
    write(
        tmp_path,
        toml='listen = "10.0.0.1:1"\nlang = "en"\ntimezone = "Europe/Paris"\n',
        dotenv="SUANLI_LISTEN=10.0.0.2:2\nSUANLI_LANG=zh\n",
    )
    settings = load({"SUANLI_LISTEN": "10.0.0.3:3"}, tmp_path)
    assert str(settings.listen) == "10.0.0.3:3"
    assert settings.lang is Lang.ZH
    assert settings.timezone == ZoneInfo("Europe/Paris")


def test_a_section_takes_each_of_its_keys_from_the_first_place_that_has_it(tmp_path: Path) -> None:
    write(tmp_path, toml='[feishu]\nbase_url = "https://a.example"\nper_second = 10\n')
    feishu = load({"FEISHU_BASE_URL": "https://b.example", "FEISHU_APP_ID": "cli_1"}, tmp_path).feishu
    assert (feishu.base_url, feishu.per_second, feishu.app_id) == ("https://b.example", 10, "cli_1")


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_variable_is_one_that_is_not_given(tmp_path: Path, empty: str) -> None:
    write(tmp_path, dotenv="FEISHU_APP_ID=cli_1\nSUANLI_LISTEN=\n")
    settings = load({"FEISHU_APP_ID": empty, "SUANLI_TIMEZONE": empty}, tmp_path)
    assert settings.feishu.app_id == "cli_1"
    assert settings.listen.port == 8080


def test_white_space_around_a_value_does_not_belong_to_it(tmp_path: Path) -> None:
    assert load({"FEISHU_ENCRYPT_KEY": " abc\n"}, tmp_path).feishu.encrypt_key.get_secret_value() == "abc"


def test_dotenv_knows_export_quotes_and_comments_and_expands_nothing(tmp_path: Path) -> None:
    write(tmp_path, dotenv="# a comment\nexport FEISHU_APP_ID='cli_1' # why\nFEISHU_APP_SECRET=\"a${HOME}b\"\n")
    feishu = load({"HOME": "/root"}, tmp_path).feishu
    assert (feishu.app_id, feishu.app_secret.get_secret_value()) == ("cli_1", "a${HOME}b")


class TestSecretsInFiles:
    def test_a_secret_may_be_in_a_file_and_its_last_line_break_goes(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s3cret\n")
        settings = load({"FEISHU_APP_SECRET_FILE": str(tmp_path / "secret")}, tmp_path)
        assert settings.feishu.app_secret.get_secret_value() == "s3cret"

    def test_dotenv_may_name_the_file_and_its_path_counts_from_the_working_directory(self, tmp_path: Path) -> None:
        (tmp_path / "db").write_text("postgresql://u:p@h/d")
        write(tmp_path, dotenv="SUANLI_DATABASE_URL_FILE=db\n")
        assert load({}, tmp_path).database_url.get_secret_value() == "postgresql+psycopg://u:p@h/d"

    def test_a_value_and_a_file_together_are_a_mistake(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("from-the-file")
        told = only_problem({"GRAFANA_API_KEY": "from-here", "GRAFANA_API_KEY_FILE": "key"}, tmp_path)
        assert told.startswith("GRAFANA_API_KEY: ")
        assert "GRAFANA_API_KEY_FILE" in told

    @pytest.mark.parametrize("content", [None, "", " \n"])
    def test_a_file_that_is_absent_or_empty_is_a_mistake(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "key").write_text(content)
        told = only_problem({"FEISHU_ENCRYPT_KEY_FILE": "key"}, tmp_path)
        assert told.startswith("FEISHU_ENCRYPT_KEY_FILE: ")
        assert str(tmp_path / "key") in told

    def test_what_is_no_secret_cannot_be_in_a_file(self, tmp_path: Path) -> None:
        write(tmp_path, dotenv="GRAFANA_URL_FILE=x\n")
        assert "GRAFANA_URL_FILE；是不是 GRAFANA_URL？" in only_problem({}, tmp_path)


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("typo", "meant"),
        [
            ("FEISHU_APPID", "FEISHU_APP_ID"),
            ("FEISHU_APP_SECERT", "FEISHU_APP_SECRET"),
            ("FEISHU_APP_SECERT_FILE", "FEISHU_APP_SECRET_FILE"),
            ("SUANLI_LSITEN", "SUANLI_LISTEN"),
            ("SUANLI_TIME_ZONE", "SUANLI_TIMEZONE"),
            ("GRAFANA_APIKEY", "GRAFANA_API_KEY"),
            ("PROMETHEUS_URLS", "PROMETHEUS_URL"),
            ("feishu_app_id", "FEISHU_APP_ID"),
        ],
    )
    def test_a_typo_in_the_environment_names_what_was_meant(self, tmp_path: Path, typo: str, meant: str) -> None:
        told = only_problem({typo: "cli_1"}, tmp_path)
        assert f"未知的配置项 {typo}；是不是 {meant}？ / unknown setting {typo}; did you mean {meant}?" in told

    @pytest.mark.parametrize(
        "name",
        [
            "PROMETHEUS_MULTIPROC_DIR",
            "GRAFANA_VERSION",
            "GRAFANA_USER",
            "FEISHU_WEBHOOK_URL",
            "SUANLI_REQUIRE_SERVICES",
        ],
    )
    def test_other_programs_variables_are_let_be(self, tmp_path: Path, name: str) -> None:
        assert load({name: "/srv/x"}, tmp_path) == load({}, tmp_path)

    def test_in_dotenv_every_unknown_name_is_a_mistake(self, tmp_path: Path) -> None:
        write(tmp_path, dotenv="GRAFANA_VERSION=11\nAPI_SERVER_URL=https://a.example\nFESIHU_APP_ID=cli_1\n")
        first, second, third = problems_of({}, tmp_path)
        assert first.startswith(".env:GRAFANA_VERSION: 未知的配置项 GRAFANA_VERSION")
        assert second.startswith(".env:API_SERVER_URL: ")
        assert third.endswith("did you mean FEISHU_APP_ID?")

    def test_an_unknown_key_of_the_toml_names_the_nearest_of_its_own_table(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            toml='listne = "x"\n[feishu]\nper_secnd = 3\n[stock]\nintervall = "1m"\n[[stock.models]]\n'
            'name = "a"\nfull_names = ["b"]\naliasses = []\n',
        )
        told = problems_of({}, tmp_path)
        places = {
            "suanli.toml:listne": "listen",
            "suanli.toml:feishu.per_secnd": "per_second",
            "suanli.toml:stock.intervall": "interval",
            "suanli.toml:stock.models[0].aliasses": "aliases",
        }
        assert len(told) == len(places)
        for place, meant in places.items():
            assert any(line.startswith(f"{place}: ") and f"did you mean {meant}?" in line for line in told)

    def test_a_name_that_resembles_nothing_is_told_without_a_guess(self, tmp_path: Path) -> None:
        write(tmp_path, toml="[zzzzzz]\n")
        assert only_problem({}, tmp_path) == (
            "suanli.toml:zzzzzz: 未知的配置项 zzzzzz，请删掉它 / unknown setting zzzzzz; remove it"
        )

    def test_a_name_with_a_line_break_stays_on_one_line(self, tmp_path: Path) -> None:
        write(tmp_path, toml='"a\\nb\\u001b[31m" = 1\n')
        assert only_problem({}, tmp_path).isprintable()


class TestMistakes:
    def test_every_mistake_of_every_place_is_told_at_once(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            dotenv="FEISHU_APPID=cli_1\nwhat is this\nGRAFANA_URL=grafana\n",
            toml='lang = "fr"\n[feishu]\nworkers = "8"\n[stock]\nkeep = 30\n',
        )
        (tmp_path / "inventory_alert_config.json").write_text("{")
        (tmp_path / ".inventory_alert_history.json").write_text('{"4090": "yesterday"}')
        told = problems_of({"SUANLI_TIMEZONE": "Asia/Shangai", "GRAFANA_APIKEY": "k"}, tmp_path)
        assert sorted(line.partition(": ")[0] for line in told) == [
            ".env:2",
            ".env:FEISHU_APPID",
            ".env:GRAFANA_URL",
            ".inventory_alert_history.json:4090",
            "GRAFANA_APIKEY",
            "SUANLI_TIMEZONE",
            "inventory_alert_config.json:1:2",
            "suanli.toml:feishu.workers",
            "suanli.toml:lang",
            "suanli.toml:stock.keep",
        ]

    def test_a_mistake_is_told_of_the_place_that_won(self, tmp_path: Path) -> None:
        write(tmp_path, dotenv="SUANLI_LISTEN=nowhere\n", toml='listen = "127.0.0.1:1"\n')
        assert only_problem({}, tmp_path).startswith(".env:SUANLI_LISTEN: ")
        assert only_problem({"SUANLI_LISTEN": "x"}, tmp_path).startswith("SUANLI_LISTEN: ")

    def test_every_line_is_in_both_languages(self, tmp_path: Path) -> None:
        write(
            tmp_path, toml='stock = 1\nadmins = 2\n[feishu]\nper_second = 0\nslash_without_mention = "yes"\n[acces]\n'
        )
        told = problems_of({"SUANLI_SECRET_KEY": "short", "FEISHU_APP_ID": "xxx"}, tmp_path)
        assert len(told) == 7
        for line in told:
            chinese, slash, english = line.partition(" / ")
            assert slash
            assert not chinese.isascii()
            assert english.replace("…", "").isascii()

    def test_no_line_shows_a_secret(self, tmp_path: Path) -> None:
        write(tmp_path, dotenv="hunter2 hunter2\n", toml='[feishu]\napp_secret = "hunter2"\n[grafana]\napi_key = 2\n')
        environ = {
            "SUANLI_SECRET_KEY": "hunter2",
            "SUANLI_DATABASE_URL": "mysql://root:hunter2@db/x",
            "GRAFANA_URL": "https://admin:hunter2@grafana.example",
            "PROMETHEUS_URL": "https://prometheus.example/?token=hunter2",
            "SUANLI_ALERTMANAGER_TOKEN": "hunter2",
            "SUANLI_FALLBACK_URL": "http://open.feishu.cn/open-apis/bot/v2/hook/hunter2",
        }
        told = problems_of(environ, tmp_path)
        assert len(told) == 9
        assert "hunter2" not in "\n".join(told)

    def test_a_secret_in_the_toml_is_refused_and_its_variable_named(self, tmp_path: Path) -> None:
        write(tmp_path, toml='database_url = "sqlite:///x.db"\n[feishu]\nencrypt_key = "k"\n')
        first, second = problems_of({}, tmp_path)
        assert first.startswith("suanli.toml:database_url: ")
        assert "SUANLI_DATABASE_URL" in first
        assert "FEISHU_ENCRYPT_KEY" in second

    def test_broken_toml_is_told_with_its_line(self, tmp_path: Path) -> None:
        write(tmp_path, toml='lang = "zh"\nlang =\n')
        assert "line 2" in only_problem({}, tmp_path)

    def test_a_file_that_is_not_text_is_told(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes("SUANLI_ADMINS=ou_1 # 管理员".encode("gbk"))
        assert "UTF-8" in only_problem({}, tmp_path)

    def test_a_file_that_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "suanli.toml").mkdir()
        assert "读不了" in only_problem({}, tmp_path)


class TestConfigFile:
    def test_another_file_can_be_named_from_the_environment_or_dotenv(self, tmp_path: Path) -> None:
        (tmp_path / "prod.toml").write_text('lang = "en"\n')
        (tmp_path / "test.toml").write_text('timezone = "Asia/Tokyo"\n')
        write(tmp_path, dotenv="SUANLI_CONFIG=test.toml\n", toml='lang = "fr"\n')
        assert load({"SUANLI_CONFIG": str(tmp_path / "prod.toml")}, tmp_path).lang is Lang.EN
        settings = load({}, tmp_path)
        assert settings.timezone == ZoneInfo("Asia/Tokyo")
        assert settings.config == tmp_path / "test.toml"

    def test_a_named_file_that_is_absent_is_a_mistake(self, tmp_path: Path) -> None:
        assert only_problem({"SUANLI_CONFIG": "nope.toml"}, tmp_path).startswith("SUANLI_CONFIG: ")

    def test_a_mark_of_a_windows_editor_does_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "suanli.toml").write_bytes(b'\xef\xbb\xbflang = "en"\n')
        assert load({}, tmp_path).lang is Lang.EN


def test_a_process_reads_its_own_environment_and_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, toml='timezone = "Asia/Tokyo"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUANLI_LANG", "en")
    settings = from_process()
    assert (settings.lang, settings.timezone) == (Lang.EN, ZoneInfo("Asia/Tokyo"))


def test_the_text_form_of_settings_shows_no_secret(tmp_path: Path) -> None:
    secrets = {
        "FEISHU_APP_SECRET": "hunter2-a",
        "FEISHU_VERIFICATION_TOKEN": "hunter2-b",
        "FEISHU_ENCRYPT_KEY": "hunter2-c",
        "GRAFANA_API_KEY": "hunter2-d",
        "SUANLI_DATABASE_URL": "postgresql://suanli:hunter2@db/suanli",
        "SUANLI_SECRET_KEY": "hunter2-" * 5,
        "SUANLI_FALLBACK_URL": "https://open.feishu.cn/open-apis/bot/v2/hook/hunter2-e",
        "SUANLI_FALLBACK_SECRET": "hunter2-f",
    }
    settings: Settings = load(secrets, tmp_path)
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.feishu.app_secret.get_secret_value() == "hunter2-a"
