"""The rules of `[stock.watch]`: how few cards are too few, of which, and what follows."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Rule, Watch
from suanli.settings import Settings, SettingsError, load
from tests.watch_tables import RULE, rule, table, wrong

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


def test_it_needs_a_model_and_a_minimum_only() -> None:
    assert rule() == Rule(
        Scope(Model("4090")),
        100,
        "4090",
        samples=2,
        repeat=timedelta(hours=24),
        keep=timedelta(minutes=15),
        lead_days=0,
    )


def test_it_may_say_everything(tmp_path: Path) -> None:
    text = """
    [stock.watch]
    recipients = ["ou_1", "ou_2"]
    [[stock.watch.rules]]
    model = "nvidia geforce rtx 4090"
    region = "domestic"
    clock = "HIGH-CLOCK"
    min_free = 100
    description = " Fast ones "
    critical = 20
    recover = 150
    samples = 3
    for = "10m"
    repeat = "12h"
    keep = "1h"
    lead_days = 14
    recipients = ["ou_2"]
    """
    assert watch_of(tmp_path, text).rules == (
        Rule(
            Scope(Model("4090"), "国内", "高主频"),
            100,
            "Fast ones",
            20,
            150,
            3,
            timedelta(minutes=10),
            timedelta(hours=12),
            timedelta(hours=1),
            14,
            ("ou_2",),
        ),
    )


def test_a_threshold_may_say_the_same_of_a_whole_model() -> None:
    terms = {"critical": 20, "samples": 3, "for": "10m", "lead_days": 14, "recipients": ["ou_1"]}
    (short,) = table(rules=[], thresholds={"4090": {"min_free": 100} | terms}).rules
    assert short == rule(**terms)


def test_without_a_description_it_goes_by_the_models_title_and_its_part(tmp_path: Path) -> None:
    text = MODEL + (
        '[stock.watch]\nrecipients = ["ou_1"]\n'
        '[[stock.watch.rules]]\nmodel = "4090"\nregion = "cn"\nmin_free = 1\n'
        '[[stock.watch.rules]]\nmodel = "B300"\nmin_free = 1\n'
    )
    assert [each.description for each in watch_of(tmp_path, text).rules] == ["RTX 4090 国内", "B300"]


def test_an_empty_region_means_all_of_them() -> None:
    assert rule(region="", clock=" ") == rule()


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("region", "oversea", "did you mean overseas?"),
        ("region", "内地", "国内、海外"),
        ("clock", "高主", "是不是 高主频？"),
        ("clock", "turbo", "普通、高主频"),
        ("region", "高主频", "国内、海外"),
    ],
)
def test_an_unknown_region_or_clock_names_the_nearest_or_all(key: str, value: str, hint: str) -> None:
    ((loc, told),) = wrong(rules=[RULE | {key: value}])
    assert loc == ("rules", 0, key)
    assert hint in told


def test_a_companys_own_regions_are_the_ones_that_count(tmp_path: Path) -> None:
    text = (
        '[stock.watch]\nrecipients = ["ou_1"]\nrules = [{ model = "4090", region = "tokyo", min_free = 1 }]\n'
        '[[stock.regions]]\nnames = ["东京", "Tokyo"]\n'
    )
    assert watch_of(tmp_path, text).rules[0].scope.region == "东京"


def test_while_a_companys_regions_have_mistakes_those_of_rules_are_not_judged(tmp_path: Path) -> None:
    text = (
        '[stock.watch]\nrecipients = ["ou_1"]\nrules = [{ model = "4090", region = "tokyo", min_free = -1 }]\n'
        '[[stock.regions]]\nnames = ["Tokyo", 5]\n'
    )
    assert [line.partition(": ")[0] for line in refused(tmp_path, text)] == [
        "suanli.toml:stock.regions[0].names[1]",
        "suanli.toml:stock.watch.rules[0].min_free",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_free", -1),
        ("min_free", 1.0),
        ("min_free", "100"),
        ("critical", 101),
        ("critical", -1),
        ("critical", True),
        ("recover", 99),
        ("samples", 0),
        ("samples", 101),
        ("samples", "2"),
        ("for", "0s"),
        ("for", 5),
        ("repeat", "59s"),
        ("repeat", "1"),
        ("keep", "never"),
        ("lead_days", -1),
        ("lead_days", 366),
        ("lead_days", 1.5),
        ("recipients", []),
        ("recipients", "ou_1"),
        ("model", ""),
        ("model", 4090),
        ("region", 1),
    ],
)
def test_a_value_out_of_bounds_is_one_mistake(key: str, value: object) -> None:
    ((loc, _),) = wrong(rules=[RULE | {key: value}])
    assert loc == ("rules", 0, key)


@pytest.mark.parametrize(
    "bounds",
    [{"critical": 0}, {"critical": 100}, {"recover": 100}, {"samples": 1}, {"samples": 100}, {"lead_days": 365}],
)
def test_its_bounds_are_allowed(bounds: dict[str, int]) -> None:
    ((field, value),) = bounds.items()
    assert getattr(rule(**bounds), field) == value


def test_a_reminder_a_minute_is_allowed() -> None:
    assert rule(repeat="1m").repeat == timedelta(minutes=1)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_critical_least_and_recover_come_in_order_or_not_at_all(critical: int, least: int, over: int) -> None:
    bounds = {"min_free": least, "critical": critical, "recover": over}
    wrong_ones = {name for name, bad in (("critical", critical > least), ("recover", over < least)) if bad}
    if wrong_ones:
        assert {loc[-1] for loc, _ in wrong(rules=[RULE | bounds])} == wrong_ones
    else:
        found = rule(**bounds)
        assert found.critical_below <= found.min_free <= found.recovered_at


class TestRulesTogether:
    def test_a_model_and_each_of_its_parts_may_have_rules_of_their_own(self) -> None:
        parts: list[dict[str, str]] = [
            {},
            {"region": "国内"},
            {"clock": "普通"},
            {"region": "国内", "clock": "普通"},
            {"region": "海外"},
        ]
        assert len({each.scope for each in table(rules=[RULE | part for part in parts]).rules}) == len(parts)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({}, {"model": "NVIDIA-GeForce-RTX-4090"}),
            ({"region": "cn"}, {"region": "国内"}),
            ({"model": "B300", "clock": "standard"}, {"model": " B300 ", "clock": "普通"}),
        ],
    )
    def test_two_of_one_scope_are_a_mistake_that_names_both(
        self, first: dict[str, str], second: dict[str, str]
    ) -> None:
        other = RULE | {"model": "H20"}
        ((loc, told),) = wrong(rules=[RULE | first, other, RULE | second])
        assert loc == ("rules", 2)
        assert "和 rules[0] " in told
        assert "just as rules[0]" in told

    def test_a_threshold_and_a_rule_of_one_model_are_a_mistake_that_names_both(self) -> None:
        ((loc, told),) = wrong(thresholds={"nvidia-geforce-rtx-4090": {"min_free": 1}})
        assert loc == ("rules", 0)
        assert "thresholds.nvidia-geforce-rtx-4090" in told

    def test_whom_a_rule_tells_is_on_the_watch_list(self) -> None:
        told = wrong(
            recipients=["ou_1", {"id": "ou_2"}],
            thresholds={"H20": {"min_free": 1, "recipients": ["ou_2", "ou_3"]}},
            rules=[RULE | {"recipients": ["ou_4", "ou_1"]}],
        )
        assert [loc for loc, _ in told] == [
            ("thresholds", "H20", "recipients", 1),
            ("rules", 0, "recipients", 0),
        ]
