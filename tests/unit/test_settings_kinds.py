"""What each setting takes and what it refuses."""

from datetime import timedelta
from pathlib import Path

import pytest

from suanli.settings import Settings, SettingsError, load
from suanli.settings.kinds import Listen


def from_toml(folder: Path, text: str) -> Settings:
    (folder / "suanli.toml").write_text(text, "utf-8")
    return load({}, folder)


def refused(environ: dict[str, str], folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, folder)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(hours=24)),
        ("30d", timedelta(days=30)),
    ],
)
def test_a_duration_has_one_unit(tmp_path: Path, written: str, meant: timedelta) -> None:
    assert from_toml(tmp_path, f'[stock]\ninterval = "{written}"\n').stock.interval == meant


@pytest.mark.parametrize(
    "written", ['"5"', "5", '"0m"', '"-5m"', '"5 m"', '"1h30m"', '"5M"', '"999999d"', "true", '""']
)
def test_what_is_no_duration_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(SettingsError, match=r"^suanli.toml:stock.interval: .*时长"):
        from_toml(tmp_path, f"[stock]\ninterval = {written}\n")


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:8080", "::1", 8080), ("localhost:0", "localhost", 0)],
)
def test_a_listening_place_is_host_and_port(tmp_path: Path, written: str, host: str, port: int) -> None:
    listen = load({"SUANLI_LISTEN": written}, tmp_path).listen
    assert listen == Listen(host, port)
    assert str(listen) == written


@pytest.mark.parametrize(
    "written",
    [
        "8080",
        ":8080",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:８",
        "::1:8080",
        "[::1:80",
        "[x]:80",
        "a b:80",
        "h:-1",
    ],
)
def test_what_is_no_listening_place_is_refused(tmp_path: Path, written: str) -> None:
    assert refused({"SUANLI_LISTEN": written}, tmp_path).startswith("SUANLI_LISTEN: ")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://grafana.example/", "https://grafana.example"),
        ("http://10.0.0.1:3000/grafana//", "http://10.0.0.1:3000/grafana"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_address_loses_its_last_slash(tmp_path: Path, written: str, kept: str) -> None:
    settings = load({"GRAFANA_URL": written, "PROMETHEUS_URL": written}, tmp_path)
    assert (settings.grafana.url, settings.prometheus.url) == (kept, kept)


@pytest.mark.parametrize(
    "written",
    [
        "grafana.example",
        "ftp://grafana.example",
        "https://",
        "https://:3000",
        "https://user:password@grafana.example",
        "https://user@grafana.example",
        "https://grafana.example/?orgId=1",
        "https://grafana.example/#x",
        "https://grafana.example:99999",
        "https://grafana .example",
        "https://[::1",
    ],
)
@pytest.mark.parametrize("name", ["GRAFANA_URL", "PROMETHEUS_URL", "FEISHU_BASE_URL"])
def test_what_is_no_plain_address_is_refused(tmp_path: Path, name: str, written: str) -> None:
    assert refused({name: written}, tmp_path).startswith(f"{name}: ")


def test_feishu_has_an_address_in_any_case(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"feishu\.base_url"):
        from_toml(tmp_path, '[feishu]\nbase_url = ""\n')


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("sqlite:////var/lib/suanli/suanli.db", "sqlite:////var/lib/suanli/suanli.db"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p%2F@h:5432/d?sslmode=require", "postgresql+psycopg://u:p%2F@h:5432/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_a_database_is_sqlite_or_postgresql_through_the_installed_driver(
    tmp_path: Path, written: str, kept: str
) -> None:
    assert load({"SUANLI_DATABASE_URL": written}, tmp_path).database_url.get_secret_value() == kept


@pytest.mark.parametrize(
    "written", ["mysql://h/d", "suanli.db", "sqlite://", "sqlite://data/x.db", "postgresql:", "://"]
)
def test_another_database_is_refused(tmp_path: Path, written: str) -> None:
    assert refused({"SUANLI_DATABASE_URL": written}, tmp_path).startswith("SUANLI_DATABASE_URL: ")


@pytest.mark.parametrize(
    ("written", "nearest"),
    [("Asia/Shanghi", "Asia/Shanghai"), ("asia/tokio", "Asia/Tokyo"), ("../etc", "Asia/Shanghai")],
)
def test_an_unknown_time_zone_names_the_nearest(tmp_path: Path, written: str, nearest: str) -> None:
    assert f"did you mean {nearest}?" in refused({"SUANLI_TIMEZONE": written}, tmp_path)


def test_admins_are_ids_with_commas_between_them(tmp_path: Path) -> None:
    expected = {"ou_1", "on_2", "e33ggbyz"}
    assert load({"SUANLI_ADMINS": "ou_1, on_2，e33ggbyz,,"}, tmp_path).admins == expected
    assert from_toml(tmp_path, 'admins = ["ou_1", "on_2", "e33ggbyz"]\n').admins == expected


def test_a_placeholder_among_the_admins_is_refused_with_the_way_to_find_an_id(tmp_path: Path) -> None:
    assert "/userid" in refused({"SUANLI_ADMINS": "ou_1,替换为实际的用户ID"}, tmp_path)


@pytest.mark.parametrize("name", ["FEISHU_APP_ID", "FEISHU_APP_SECRET", "GRAFANA_API_KEY", "GRAFANA_DATASOURCE_UID"])
@pytest.mark.parametrize(
    "value", ["xxx", "XXXXXX", "cli_xxxx", "替换为真实的值", "请填写", "<token>", "your-secret", "***"]
)
def test_a_placeholder_is_refused(tmp_path: Path, name: str, value: str) -> None:
    assert "占位" in refused({name: value}, tmp_path)


@pytest.mark.parametrize("value", ["cli_a1b2xxxc3", "dskLLdkasdjlasdKKxxx9", "changes", "glsa_abcXXX_1"])
def test_a_real_value_is_not_taken_for_a_placeholder(tmp_path: Path, value: str) -> None:
    assert load({"FEISHU_APP_SECRET": value}, tmp_path).feishu.app_secret.get_secret_value() == value


def test_a_signing_key_is_long_or_absent(tmp_path: Path) -> None:
    assert "32" in refused({"SUANLI_SECRET_KEY": "k" * 31}, tmp_path)
    assert load({"SUANLI_SECRET_KEY": "k" * 32}, tmp_path).secret_key.get_secret_value() == "k" * 32
    assert load({"SUANLI_SECRET_KEY": ""}, tmp_path).secret_key.get_secret_value() == ""


@pytest.mark.parametrize(
    "line",
    [
        "per_second = 51",
        "per_minute = 1001",
        "lane_per_second = 6",
        "workers = 0",
        "per_second = true",
        'workers = "8"',
    ],
)
def test_sending_stays_within_the_platforms_limits(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=rf"^suanli.toml:feishu.{line.split(maxsplit=1)[0]}: "):
        from_toml(tmp_path, f"[feishu]\n{line}\n")
