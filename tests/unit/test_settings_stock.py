"""The stock section: the original's tables without a suanli.toml, and what a suanli.toml makes of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from suanli.domain.stock import Fleet, Group, Model, Product, find_group, group_of
from suanli.settings import Settings, SettingsError, SourceKind, Stock, load
from suanli.settings.panel import Panel, Refs

TWO_MODELS = """
[[stock.models]]
name = "4090"
full_names = ["NVIDIA GeForce RTX 4090"]
aliases = ["rtx4090"]
title = "RTX 4090"
[[stock.models]]
name = "H20"
full_names = ["NVIDIA H20"]
"""


def from_toml(folder: Path, text: str) -> Settings:
    (folder / "suanli.toml").write_text(text, "utf-8")
    return load({}, folder)


def refused(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        from_toml(folder, text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("5090", "NVIDIA GeForce RTX 5090"),
        ("4090", "NVIDIA GeForce RTX 4090"),
        ("3090", "NVIDIA GeForce RTX 3090"),
        ("H100", "NVIDIA H100 80GB HBM3"),
        ("H20", "NVIDIA H20"),
        ("H200", "NVIDIA H200"),
        ("A100", "NVIDIA A100-SXM4-80GB"),
        ("L40S", "NVIDIA L40S"),
        ("5880", "NVIDIA RTX 5880 Ada Generation"),
        ("6000", "NVIDIA RTX 6000 Ada Generation"),
    ],
)
def test_the_default_fleet_is_the_originals_table(short: str, full: str) -> None:
    fleet = Stock().to_domain()
    assert fleet.model_of(full) == short
    assert fleet.find_model(short) == short
    assert len(fleet.products) == 10


@pytest.mark.parametrize(
    ("place", "region", "clock"),
    [
        ("Dallas-1", "海外", "普通"),
        ("gcore-lux", "海外", "普通"),
        ("hangzhou-bingte", "国内", "高主频"),
        ("beijing", "国内", "普通"),
    ],
)
def test_the_default_groups_read_a_place_as_the_original_did(place: str, region: str, clock: str) -> None:
    fleet = Stock().to_domain()
    assert (group_of(place, fleet.regions), group_of(place, fleet.clocks)) == (region, clock)


@pytest.mark.parametrize(("word", "name"), [("国外", "海外"), ("Overseas", "海外"), ("中国", "国内"), ("cn", "国内")])
def test_a_region_has_other_names(word: str, name: str) -> None:
    assert find_group(word, Stock().to_domain().regions) == name


def test_a_company_brings_its_own_tables(tmp_path: Path) -> None:
    text = (
        TWO_MODELS
        + '[[stock.regions]]\nnames = ["东京", "tokyo"]\nkeywords = ["tyo"]\n[[stock.clocks]]\nnames = ["all"]\n'
    )
    assert from_toml(tmp_path, text).stock.to_domain() == Fleet(
        (
            Product(Model("4090"), ("NVIDIA GeForce RTX 4090",), ("rtx4090",), "RTX 4090"),
            Product(Model("H20"), ("NVIDIA H20",)),
        ),
        (Group(("东京", "tokyo"), ("tyo",)),),
        (Group(("all",)),),
    )


@pytest.mark.parametrize("shared", ['aliases = ["RTX4090"]', 'aliases = ["nvidia geforce rtx 4090"]'])
def test_two_models_cannot_answer_to_one_name_whatever_its_case(tmp_path: Path, shared: str) -> None:
    (told,) = refused(tmp_path, TWO_MODELS + shared)
    assert told.startswith("suanli.toml:stock.models: 名称重复：")


def test_a_model_may_say_its_own_name_twice(tmp_path: Path) -> None:
    assert from_toml(tmp_path, TWO_MODELS + 'aliases = ["h20"]').stock.to_domain().find_model("h20") == "H20"


@pytest.mark.parametrize("groups", ["regions", "clocks"])
def test_at_most_one_group_takes_the_rest(tmp_path: Path, groups: str) -> None:
    (told,) = refused(tmp_path, f'[[stock.{groups}]]\nnames = ["a"]\n[[stock.{groups}]]\nnames = ["b"]\n')
    assert told.startswith(f"suanli.toml:stock.{groups}: 最多只有一组")


def test_two_groups_cannot_share_a_name(tmp_path: Path) -> None:
    text = '[[stock.regions]]\nnames = ["A"]\n[[stock.regions]]\nnames = ["b", "a"]\nkeywords = ["x"]\n'
    assert "名称重复：a " in refused(tmp_path, text)[0]


def test_models_and_groups_need_names(tmp_path: Path) -> None:
    text = '[[stock.models]]\nname = ""\nfull_names = []\n[[stock.clocks]]\nnames = [""]\n'
    assert [line.partition(": ")[0] for line in refused(tmp_path, text)] == [
        "suanli.toml:stock.models[0].name",
        "suanli.toml:stock.models[0].full_names",
        "suanli.toml:stock.clocks[0].names[0]",
    ]


def test_an_empty_query_means_the_originals(tmp_path: Path) -> None:
    assert from_toml(tmp_path, '[stock]\nquery = ""\n').stock.query is None
    assert from_toml(tmp_path, '[stock]\nquery = "SELECT 1"\n').stock.query == "SELECT 1"


def test_an_unknown_source_is_told_the_ones_there_are(tmp_path: Path) -> None:
    (told,) = refused(tmp_path, '[stock]\nsource = "mysql"\n')
    assert all(kind in told for kind in SourceKind)


def test_promql_is_whole_or_absent(tmp_path: Path) -> None:
    (told,) = refused(tmp_path, '[stock.promql]\ntotal = "count(up)"\n')
    assert told.startswith("suanli.toml:stock.promql: total 和 free")
    promql = from_toml(tmp_path, '[stock.promql]\ntotal = "a"\nfree = "b"\n').stock.promql
    assert (promql.total, promql.free, promql.used) == ("a", "b", "")


def test_hourly_figures_stay_for_two_years_unless_said(tmp_path: Path) -> None:
    assert load({}, tmp_path).stock.keep_hourly == timedelta(days=730)
    assert from_toml(tmp_path, '[stock]\nkeep_hourly = "90d"\n').stock.keep_hourly == timedelta(days=90)


def test_paths_count_from_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    settings = from_toml(tmp_path, '[stock]\nalert_config = "old/alert.json"\nalert_history = "/var/told.json"\n')
    assert settings.stock.alert_config == tmp_path / "old" / "alert.json"
    assert settings.stock.alert_history == Path("/var/told.json")


PANEL = '[stock.panel]\ndashboard_uid = "gpu_Stock-1"\npanel_id = 2\n'
REFS = 'refs = { total = "A", free = "B", used = "C" }\n'


class TestPanel:
    def test_without_one_the_sources_own_queries_are_asked(self, tmp_path: Path) -> None:
        assert load({}, tmp_path).stock.panel is None

    def test_sql_takes_one_query_the_first_unless_said(self, tmp_path: Path) -> None:
        assert from_toml(tmp_path, PANEL).stock.panel == Panel(dashboard_uid="gpu_Stock-1", panel_id=2, ref_id="A")
        assert from_toml(tmp_path, PANEL + 'ref_id = "Stock"').stock.panel == Panel(
            dashboard_uid="gpu_Stock-1", panel_id=2, ref_id="Stock"
        )

    def test_promql_takes_a_query_for_each_count(self, tmp_path: Path) -> None:
        text = '[stock]\nsource = "grafana-promql"\npromql.place_label = "idc"\n' + PANEL + REFS
        panel = from_toml(tmp_path, text).stock.panel
        assert panel is not None
        assert panel.refs == Refs(total="A", free="B", used="C")

    @pytest.mark.parametrize(
        ("stock", "more", "where"),
        [
            ('query = "SELECT 1"', "", ""),
            ("", REFS, ".refs"),
            ('source = "grafana-promql"', "", ".refs"),
            ('source = "grafana-promql"', REFS + 'ref_id = "A"', ".ref_id"),
            ('source = "grafana-promql"\npromql = { total = "a", free = "b" }', REFS, ""),
            ('source = "grafana-promql"', 'refs = { total = "A" }', ".refs.free"),
            ('source = "grafana-promql"', 'refs = { total = "A", free = "A" }', ".refs"),
            ('source = "grafana-promql"', 'refs = { total = "A", free = "" }', ".refs.free"),
            ('source = "grafana-promql"', 'refs = { total = "A", free = "B", fre = "C" }', ".refs.fre"),
            ('source = "grafana-proxy"', "", ""),
            ('source = "prometheus"', "", ""),
            ("", 'ref_id = ""', ".ref_id"),
            ("", 'title = "x"', ".title"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, tmp_path: Path, stock: str, more: str, where: str) -> None:
        (told,) = refused(tmp_path, f"[stock]\n{stock}\n{PANEL}{more}\n")
        assert told.startswith(f"suanli.toml:stock.panel{where}: ")
        assert " / " in told

    @pytest.mark.parametrize("uid", ["", "a/b", "../x", "a?b", "面板", "x" * 41, "xxx", "a b", "a\\n"])
    def test_a_dashboard_is_a_part_of_an_address_and_not_more(self, tmp_path: Path, uid: str) -> None:
        (told,) = refused(tmp_path, f'[stock.panel]\ndashboard_uid = "{uid}"\npanel_id = 2\n')
        assert told.startswith("suanli.toml:stock.panel.dashboard_uid: ")

    @pytest.mark.parametrize("number", ["-1", '"2"', "2.0", "true"])
    def test_a_panel_is_a_number(self, tmp_path: Path, number: str) -> None:
        (told,) = refused(tmp_path, f'[stock.panel]\ndashboard_uid = "a"\npanel_id = {number}\n')
        assert told.startswith("suanli.toml:stock.panel.panel_id: ")

    def test_panel_zero_is_a_panel(self, tmp_path: Path) -> None:
        panel = from_toml(tmp_path, '[stock.panel]\ndashboard_uid = "a"\npanel_id = 0\n').stock.panel
        assert panel is not None
        assert panel.panel_id == 0
