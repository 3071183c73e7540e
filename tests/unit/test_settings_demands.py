"""What each process cannot start without."""

from pathlib import Path

import pytest

from suanli.settings import Process, load, missing

ORIGINAL = {
    "FEISHU_APP_ID": "cli_1",
    "FEISHU_APP_SECRET": "s",
    "GRAFANA_URL": "https://grafana.example",
    "GRAFANA_API_KEY": "glsa_1",
    "GRAFANA_DATASOURCE_UID": "uid",
}
SIGNED = {"FEISHU_ENCRYPT_KEY": "k", "FEISHU_VERIFICATION_TOKEN": "v"}


def lacking(process: Process, environ: dict[str, str], folder: Path) -> list[str]:
    return [line.partition(": ")[0] for line in missing(load(environ, folder), process)]


def test_the_web_server_needs_what_proves_that_feishu_speaks_and_nothing_to_send(tmp_path: Path) -> None:
    assert lacking(Process.WEB, {}, tmp_path) == ["FEISHU_APP_ID", "FEISHU_ENCRYPT_KEY", "FEISHU_VERIFICATION_TOKEN"]
    assert lacking(Process.WEB, {"FEISHU_APP_ID": "cli_1", **SIGNED}, tmp_path) == []


def test_without_an_encrypt_key_the_web_server_does_not_start(tmp_path: Path) -> None:
    environ = {**ORIGINAL, "FEISHU_VERIFICATION_TOKEN": "v"}
    assert lacking(Process.WEB, environ, tmp_path) == ["FEISHU_ENCRYPT_KEY"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_secret_is_missing(tmp_path: Path, blank: str) -> None:
    assert lacking(Process.WORK, {**ORIGINAL, "FEISHU_APP_SECRET": blank}, tmp_path) == ["FEISHU_APP_SECRET"]


def test_the_worker_needs_the_app_and_the_stock_source(tmp_path: Path) -> None:
    assert lacking(Process.WORK, {}, tmp_path) == list(ORIGINAL)
    assert lacking(Process.WORK, ORIGINAL, tmp_path) == []


@pytest.mark.parametrize("source", ["grafana-promql", "grafana-proxy"])
def test_promql_through_grafana_needs_grafana(tmp_path: Path, source: str) -> None:
    (tmp_path / "suanli.toml").write_text(f'[stock]\nsource = "{source}"\n')
    assert lacking(Process.WORK, {}, tmp_path) == list(ORIGINAL)


def test_a_panel_names_its_data_source_itself(tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text('[stock.panel]\ndashboard_uid = "gpu"\npanel_id = 2\n')
    assert lacking(Process.WORK, {}, tmp_path) == [name for name in ORIGINAL if name != "GRAFANA_DATASOURCE_UID"]


def test_a_prometheus_asked_directly_needs_no_grafana(tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text('[stock]\nsource = "prometheus"\n')
    assert lacking(Process.WORK, {}, tmp_path) == ["FEISHU_APP_ID", "FEISHU_APP_SECRET", "PROMETHEUS_URL"]


def test_the_originals_variables_and_file_are_enough_for_its_check(tmp_path: Path) -> None:
    assert lacking(Process.STOCK, ORIGINAL, tmp_path) == [str(tmp_path / "inventory_alert_config.json")]
    (tmp_path / "inventory_alert_config.json").write_text(
        '{"gpu_thresholds": {"4090": {"min_free": 1}}, "notification": {"user_ids": ["ou_1"]}}'
    )
    assert lacking(Process.STOCK, ORIGINAL, tmp_path) == []


def test_all_in_one_needs_what_web_and_worker_need(tmp_path: Path) -> None:
    assert set(lacking(Process.ALL, {}, tmp_path)) == {*ORIGINAL, *SIGNED}
    assert lacking(Process.ALL, {**ORIGINAL, **SIGNED}, tmp_path) == []


@pytest.mark.parametrize("process", list(Process))
def test_each_line_says_in_both_languages_where_the_value_is_found(tmp_path: Path, process: Process) -> None:
    for line in missing(load({}, tmp_path), process):
        where, chinese, english = line.partition(": ")[0], *line.partition(": ")[2].split(" / ")
        assert where
        assert len(chinese.partition("；")[2]) > 4
        assert len(english.partition("; ")[2]) > 4
