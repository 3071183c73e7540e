"""The original program's JSON files: read as they stand, or refused with every reason."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.stock import Fleet, Model, Product, Scope
from suanli.domain.stock.rules import Recipient, Rule, Watch
from suanli.settings import SettingsError, Stock, load, parse_history, parse_watch

FLEET = Stock().to_domain()
SHANGHAI = ZoneInfo("Asia/Shanghai")


SEED = """{
  "gpu_thresholds": {
    "4090": {
      "min_free": 100,
      "description": "RTX 4090"
    },
    "H100": {
      "min_free": 20,
      "description": "H100"
    }
  },
  "notification": {
    "user_ids": ["替换为实际的用户ID"],
    "check_time": "10:00"
  }
}"""
"""The file as the original program's readme prints it, letter by letter."""


def alert(thresholds: Any = None, **notification: Any) -> str:
    return json.dumps(
        {
            "gpu_thresholds": {"4090": {"min_free": 100}} if thresholds is None else thresholds,
            "notification": {"user_ids": ["ou_1"], **notification},
        }
    )


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_watch(text, FLEET)
    return caught.value.problems


class TestAlertFile:
    def test_the_seeds_file_is_read_as_it_stands(self) -> None:
        text = SEED.replace("替换为实际的用户ID", "ou_1").replace("10:00", "09:30")
        assert parse_watch(text, FLEET) == Watch(
            (
                Rule(Scope(Model("4090")), 100, "RTX 4090", samples=1),
                Rule(Scope(Model("H100")), 20, "H100", samples=1),
            ),
            (Recipient("ou_1"),),
            "09:30",
        )

    def test_the_seeds_file_asks_only_for_the_recipient(self) -> None:
        (told,) = problems_of(SEED)
        assert told.startswith("notification.user_ids[0]: ")

    def test_the_time_is_ten_unless_said(self) -> None:
        assert parse_watch(alert(), FLEET).check_time == "10:00"

    def test_a_model_is_found_whatever_its_case_or_alias(self) -> None:
        fleet = Fleet((Product(Model("H100"), ("NVIDIA H100",), ("hopper",)),), (), ())
        for name in ("h100", "Hopper", "NVIDIA H100"):
            assert parse_watch(alert({name: {"min_free": 1}}), fleet).rules[0].scope == Scope(Model("H100"))

    def test_without_a_description_the_title_or_the_name_stands_in(self) -> None:
        fleet = Fleet((Product(Model("A"), ("a1",), title="Card A"), Product(Model("B"), ("b1",))), (), ())
        limits = {"A": {"min_free": 1}, "B": {"min_free": 1, "description": " "}, "C": {"min_free": 1}}
        described = [rule.description for rule in parse_watch(alert(limits), fleet).rules]
        assert described == ["Card A", "B", "C"]

    def test_a_model_outside_of_the_table_keeps_its_name(self) -> None:
        (rule,) = parse_watch(alert({"B300": {"min_free": 1}}), FLEET).rules
        assert (rule.scope, rule.description) == (Scope(Model("B300")), "B300")

    def test_a_part_of_a_name_is_not_a_model(self) -> None:
        assert parse_watch(alert({"H2": {"min_free": 1}}), FLEET).rules[0].scope.model == "H2"

    def test_a_recipient_named_twice_is_told_once(self) -> None:
        watch = parse_watch(alert(user_ids=["ou_2", "ou_1", " ou_2 "]), FLEET)
        assert watch.recipients == (Recipient("ou_2"), Recipient("ou_1"))

    def test_zero_is_a_threshold(self) -> None:
        assert parse_watch(alert({"4090": {"min_free": 0}}), FLEET).rules[0].min_free == 0

    def test_keys_that_the_original_did_not_look_at_do_no_harm(self) -> None:
        text = alert({"4090": {"min_free": 1, "note": "x", "for": "x", "recipients": 1, "region": 2}}, language="zh")
        assert parse_watch(text, FLEET) == parse_watch(alert({"4090": {"min_free": 1}}), FLEET)

    def test_a_threshold_may_say_what_a_rule_may(self) -> None:
        terms = {"critical": 20, "recover": 110, "samples": 3, "repeat": "12h", "keep": "1h", "lead_days": 14}
        (rule,) = parse_watch(alert({"4090": {"min_free": 100, **terms}}), FLEET).rules
        assert rule == Rule(
            Scope(Model("4090")),
            100,
            "4090",
            critical=20,
            recover=110,
            samples=3,
            repeat=timedelta(hours=12),
            keep=timedelta(hours=1),
            lead_days=14,
        )

    def test_what_a_threshold_says_more_is_checked_too(self) -> None:
        limit = {"min_free": 5, "critical": 6, "recover": 4, "samples": 0, "repeat": "1s", "keep": 1, "lead_days": -1}
        assert [line.partition(": ")[0] for line in problems_of(alert({"4090": limit}))] == [
            f"gpu_thresholds.4090.{key}" for key in ("critical", "recover", "samples", "repeat", "keep", "lead_days")
        ]

    @pytest.mark.parametrize("value", [-1, 1.5, 100.0, "100", True, None, [1]])
    def test_a_minimum_is_a_whole_number_of_cards(self, value: object) -> None:
        (told,) = problems_of(alert({"4090": {"min_free": value}}))
        assert told.startswith("gpu_thresholds.4090.min_free: ")

    def test_a_threshold_without_a_minimum_is_a_mistake(self) -> None:
        assert problems_of(alert({"4090": {"min_fre": 5}})) == (
            "gpu_thresholds.4090.min_free: 缺少这一项 / is required",
        )

    @pytest.mark.parametrize("value", ["9:30", "24:00", "10:60", "10:00:00", "", "ten", "１0:00", 10])
    def test_a_time_is_hours_and_minutes(self, value: object) -> None:
        (told,) = problems_of(alert(check_time=value))
        assert told.startswith("notification.check_time: ")

    @pytest.mark.parametrize("value", ["替换为实际的用户ID", "请填写飞书用户ID", "飞书用户ID", "ou_xxx", "", " "])
    def test_a_placeholder_recipient_is_refused_with_the_way_to_find_the_id(self, value: str) -> None:
        (told,) = problems_of(alert(user_ids=["ou_1", value]))
        assert told.startswith("notification.user_ids[1]: ")
        assert "/userid" in told

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            (alert({}), "gpu_thresholds"),
            (alert(user_ids=[]), "notification.user_ids"),
            (alert(user_ids="ou_1"), "notification.user_ids"),
            (alert([]), "gpu_thresholds"),
            ('{"gpu_thresholds": {"4090": {"min_free": 1}}}', "notification"),
            ("[]", "(root)"),
        ],
    )
    def test_a_file_that_could_tell_nobody_of_nothing_is_refused(self, text: str, where: str) -> None:
        (told,) = problems_of(text)
        assert told.startswith(f"{where}: ")

    def test_every_mistake_is_told_at_once(self) -> None:
        text = alert({"4090": {"min_free": -1}, "H100": {}}, user_ids=["xxx"], check_time="25:00")
        assert len(problems_of(text)) == 4

    def test_broken_json_is_told_with_line_and_column(self) -> None:
        (told,) = problems_of('{\n  "gpu_thresholds": {,}\n}')
        assert told.startswith("2:22: ")
        assert "第 2 行第 22 列" in told

    def test_a_name_that_stands_twice_is_refused_and_not_lost(self) -> None:
        (told,) = problems_of('{"gpu_thresholds": {"4090": {"min_free": 1}, "4090": {"min_free": 2}}}')
        assert told.startswith("4090: ")

    def test_two_names_of_one_model_are_refused(self) -> None:
        (told,) = problems_of(alert({"H100": {"min_free": 1}, "h100": {"min_free": 2}}))
        assert told.startswith("gpu_thresholds.h100: 和 H100 是同一个型号")

    def test_settings_read_the_file_and_name_it_in_their_mistakes(self, tmp_path: Path) -> None:
        path = tmp_path / "inventory_alert_config.json"
        path.write_text(alert({"B300": {"min_free": 1}}))
        settings = load({}, tmp_path)
        assert settings.watch() == parse_watch(path.read_text(), FLEET)
        assert [line.partition(": ")[0] for line in settings.warnings()] == ["B300"]
        path.write_text(alert(check_time="late"))
        with pytest.raises(SettingsError, match=r"^inventory_alert_config\.json:notification\.check_time: "):
            load({}, tmp_path)


class TestHistory:
    def test_a_naive_moment_is_the_servers_local_time(self) -> None:
        assert parse_history('{"4090": "2026-02-26T10:00:00.123456"}', SHANGHAI) == {
            "4090": datetime(2026, 2, 26, 2, 0, 0, 123456, UTC)
        }

    def test_an_aware_moment_is_taken_at_its_word(self) -> None:
        assert parse_history('{"4090": "2026-02-26T10:00:00+00:00"}', SHANGHAI) == {
            "4090": datetime(2026, 2, 26, 10, tzinfo=UTC)
        }

    def test_an_empty_history_is_empty(self) -> None:
        assert parse_history("{}", SHANGHAI) == {}

    @pytest.mark.parametrize("text", ["", "{", '{"4090": "2026-02', "[]", "null", '"x"'])
    def test_a_corrupt_file_is_never_taken_for_an_empty_one(self, text: str) -> None:
        with pytest.raises(SettingsError, match=r"JSON|\{…\}"):
            parse_history(text, SHANGHAI)

    def test_every_bad_moment_is_told(self) -> None:
        text = '{"4090": "yesterday", "H100": null, "A100": "0001-01-01T00:00:00", "L40S": "2026-01-01T00:00:00"}'
        with pytest.raises(SettingsError) as caught:
            parse_history(text, SHANGHAI)
        assert [line.partition(": ")[0] for line in caught.value.problems] == ["4090", "H100", "A100"]

    def test_settings_bring_the_names_to_the_fleets_models(self, tmp_path: Path) -> None:
        (tmp_path / ".inventory_alert_history.json").write_text(
            '{"H100": "2026-02-27T10:00:00", "h100": "2026-02-26T10:00:00", "B300": "2026-02-26T10:00:00"}'
        )
        assert load({"SUANLI_TIMEZONE": "UTC"}, tmp_path).history() == {
            "H100": datetime(2026, 2, 27, 10, tzinfo=UTC),
            "B300": datetime(2026, 2, 26, 10, tzinfo=UTC),
        }

    def test_without_the_file_nothing_was_told(self, tmp_path: Path) -> None:
        assert load({}, tmp_path).history() == {}

    def test_a_corrupt_file_keeps_the_settings_from_loading(self, tmp_path: Path) -> None:
        (tmp_path / ".inventory_alert_history.json").write_text("{")
        with pytest.raises(SettingsError, match=r"^\.inventory_alert_history\.json:1:2: "):
            load({}, tmp_path)
