"""`[stock.watch]` as a whole; every mistake at its own place, all of them at once."""

from pathlib import Path

import pytest

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Recipient, Rule, Watch
from suanli.settings import Settings, SettingsError, Stock, load
from suanli.settings.watch import unlisted

FLEET = Stock().to_domain()
MODEL = """
[[stock.models]]
name = "4090"
full_names = ["NVIDIA GeForce RTX 4090"]
aliases = ["rtx4090"]
title = "RTX 4090"
"""


def from_toml(folder: Path, text: str) -> Settings:
    (folder / "suanli.toml").write_text(text, "utf-8")
    return load({}, folder)


def watch_of(folder: Path, text: str) -> Watch:
    found = from_toml(folder, text).watch()
    assert found is not None
    return found


def refused(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        from_toml(folder, text)
    return caught.value.problems


def test_it_stands_in_for_the_json_file(tmp_path: Path) -> None:
    (tmp_path / "inventory_alert_config.json").write_text("this is not read")
    text = (
        MODEL
        + '[stock.watch]\nrecipients = ["ou_1", "ou_1", "a@b.example"]\n'
        + "[stock.watch.thresholds]\nrtx4090.min_free = 5\n"
    )
    assert watch_of(tmp_path, text) == Watch(
        (Rule(Scope(Model("4090")), 5, "RTX 4090"),), (Recipient("ou_1"), Recipient("a@b.example")), "10:00"
    )


def test_the_json_file_is_not_read_when_the_toml_has_mistakes_either(tmp_path: Path) -> None:
    (tmp_path / "inventory_alert_config.json").write_text("this is not read")
    (told,) = refused(tmp_path, "[stock.watch]\nrecipients = []\nthresholds = { 4090 = { min_free = 1 } }\n")
    assert told.startswith("suanli.toml:stock.watch.recipients: ")


def test_without_either_there_is_no_watch_and_a_warning_says_so(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert settings.watch() is None
    (warning,) = settings.warnings()
    assert "inventory_alert_config.json" in warning


def test_two_thresholds_of_one_model_are_a_mistake(tmp_path: Path) -> None:
    text = MODEL + (
        '[stock.watch]\nrecipients = ["ou_1"]\n[stock.watch.thresholds]\n4090.min_free = 5\nrtx4090.min_free = 6\n'
    )
    (told,) = refused(tmp_path, text)
    assert told.startswith("suanli.toml:stock.watch.thresholds.rtx4090: 和 4090 是同一个型号")


@pytest.mark.parametrize("more", ["", "thresholds = {}\n", "rules = []\n", "thresholds = {}\nrules = []\n"])
def test_a_watch_that_could_tell_nobody_of_nothing_is_a_mistake(tmp_path: Path, more: str) -> None:
    told = refused(tmp_path, "[stock.watch]\nrecipients = []\n" + more)
    assert sorted(line.partition(": ")[0] for line in told) == [
        "suanli.toml:stock.watch.recipients",
        "suanli.toml:stock.watch.rules",
    ]


def test_every_mistake_is_told_at_once_each_at_its_own_place_in_both_languages(tmp_path: Path) -> None:
    told = refused(
        tmp_path,
        """
        [stock]
        keep = 3
        [stock.watch]
        check_time = "late"
        recipients = [
          "xxx", "ou_1", 5, {},
          { id = "ou_2", hours = "9-5", weekdays = ["mon", "someday"], severities = ["bad"], models = [], x = 1 },
        ]
        [stock.watch.thresholds]
        4090 = { min_free = 5, critical = 6, samples = 0, repeat = "30s", for = "x", recipients = [] }
        H20 = { min_free = 5, recover = 4, keep = 1, lead_days = 366 }
        [[stock.watch.rules]]
        model = " "
        region = "内地"
        clock = "高主"
        hold = "5m"
        """,
    )
    watch = "suanli.toml:stock.watch."
    assert sorted(line.partition(": ")[0] for line in told) == sorted(
        [
            "suanli.toml:stock.keep",
            f"{watch}check_time",
            *(f"{watch}recipients{place}" for place in ("[0]", "[2]", "[3].id")),
            *(f"{watch}recipients[4].{key}" for key in ("hours", "weekdays[1]", "severities[0]", "models", "x")),
            *(f"{watch}thresholds.4090.{key}" for key in ("critical", "samples", "repeat", "for", "recipients")),
            *(f"{watch}thresholds.H20.{key}" for key in ("recover", "keep", "lead_days")),
            *(f"{watch}rules[0].{key}" for key in ("model", "region", "clock", "min_free", "hold")),
        ]
    )
    for line in told:
        chinese, slash, english = line.partition(" / ")
        assert slash
        assert not chinese.isascii()
        assert english


def test_a_model_outside_of_the_fleet_is_warned_of_with_the_nearest() -> None:
    rules = tuple(Rule(Scope(Model(name)), 1) for name in ("H20", "L40", "TPU"))
    picky = Recipient("ou_1", models=frozenset({Model("409"), Model("TPU")}))
    l40, tpu, picked = unlisted(Watch(rules, (picky,)), FLEET)
    assert l40.startswith("L40: ")
    assert "是不是 L40S？" in l40
    assert "did you mean" not in tpu
    assert picked.startswith("409: ")
