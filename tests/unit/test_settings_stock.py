"""The stock section: the original's tables without a suanli.toml, and what a suanli.toml makes of them."""

from pathlib import Path

import pytest

from suanli.domain.stock import Fleet, Group, Model, Product, Threshold, Watch, find_group, group_of
from suanli.settings import Settings, SettingsError, SourceKind, Stock, load
from suanli.settings.watch import unlisted

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


class TestWatch:
    def test_the_toml_can_stand_in_for_the_json_file(self, tmp_path: Path) -> None:
        (tmp_path / "inventory_alert_config.json").write_text("this is not read")
        text = (
            TWO_MODELS
            + '[stock.watch]\nrecipients = ["ou_1", "ou_1", "a@b.example"]\n'
            + "[stock.watch.thresholds]\nrtx4090.min_free = 5\n"
        )
        assert from_toml(tmp_path, text).watch() == Watch(
            (Threshold(Model("4090"), 5, "RTX 4090"),), ("ou_1", "a@b.example"), "10:00"
        )

    def test_without_either_there_is_no_watch_and_a_warning_says_so(self, tmp_path: Path) -> None:
        settings = load({}, tmp_path)
        assert settings.watch() is None
        (warning,) = settings.warnings()
        assert "inventory_alert_config.json" in warning

    def test_two_thresholds_of_one_model_are_a_mistake(self, tmp_path: Path) -> None:
        text = TWO_MODELS + (
            '[stock.watch]\nrecipients = ["ou_1"]\n[stock.watch.thresholds]\n4090.min_free = 5\nrtx4090.min_free = 6\n'
        )
        (told,) = refused(tmp_path, text)
        assert told.startswith("suanli.toml:stock: watch.thresholds.rtx4090: 和 4090 是同一个型号")

    def test_a_watch_that_could_tell_nobody_of_nothing_is_a_mistake(self, tmp_path: Path) -> None:
        told = refused(tmp_path, "[stock.watch]\nrecipients = []\nthresholds = {}\n")
        assert sorted(line.partition(": ")[0] for line in told) == [
            "suanli.toml:stock.watch.recipients",
            "suanli.toml:stock.watch.thresholds",
        ]

    def test_a_bad_recipient_is_one_mistake_and_not_two(self, tmp_path: Path) -> None:
        (told,) = refused(tmp_path, '[stock.watch]\nrecipients = ["xxx"]\nthresholds = { 4090 = { min_free = 1 } }\n')
        assert told.startswith("suanli.toml:stock.watch.recipients[0]: ")

    def test_a_model_outside_of_the_fleet_is_warned_of_with_the_nearest(self) -> None:
        watch = Watch(
            (Threshold(Model("H20"), 1, ""), Threshold(Model("L40"), 1, ""), Threshold(Model("TPU"), 1, "")), ()
        )
        l40, tpu = unlisted(watch, Stock().to_domain())
        assert l40.startswith("L40: ")
        assert "是不是 L40S？" in l40
        assert "did you mean" not in tpu

    def test_paths_count_from_the_working_directory(self, tmp_path: Path) -> None:
        (tmp_path / "old").mkdir()
        settings = from_toml(tmp_path, '[stock]\nalert_config = "old/alert.json"\nalert_history = "/var/told.json"\n')
        assert settings.stock.alert_config == tmp_path / "old" / "alert.json"
        assert settings.stock.alert_history == Path("/var/told.json")
