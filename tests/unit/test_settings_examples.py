"""The example files name every setting, show its default, and load as they stand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from dotenv.parser import parse_stream
from pydantic import BaseModel, SecretStr

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Rule, Watch
from suanli.settings import Settings, SettingsError, Stock, load, parse_watch
from suanli.settings.layers import read_toml
from suanli.settings.releases import WatchEntry
from suanli.settings.schema import VARIABLES
from suanli.settings.variables import keys_at
from suanli.settings.welink import ConnectionEntry, FieldsEntry

ROOT = Path(__file__).parents[2]
DOTENV = (ROOT / ".env.example").read_text("utf-8")
TOML = (ROOT / "suanli.example.toml").read_text("utf-8")


def with_defaults(text: str) -> str:
    """Each `#key = value` made to count; prose has a space after its #."""
    return re.sub(r"^#(?=[^# ])", "", text, flags=re.MULTILINE)


def with_examples(text: str) -> str:
    return re.sub(r"^##(?=[^# ])", "", with_defaults(text), flags=re.MULTILINE)


NAMED = {
    "WELINK_ROBOT_OPS": "https://open.example/api/werobot/v1/webhook/send?token=0123456789abcdef&channel=standard",
    "WELINK_RELAY_SECRET": "k" * 32,
    "DEEPSEEK_API_KEY": "sk-0123456789abcdef",
}
"""What the variables hold that the examples name."""


def loaded(folder: Path, toml: str) -> Settings:
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load(NAMED, folder)


def written(value: object) -> str:
    """A default as .env writes it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def default_of(path: tuple[str, ...]) -> object:
    value: object = Settings.model_construct()
    for step in path:
        value = getattr(value, step)
    return value


def test_dotenv_names_every_variable_with_its_default() -> None:
    shown = {line.key: line.value for line in parse_stream(StringIO(DOTENV)) if line.key}
    expected = {name: written(default_of(spot.way)) for name, spot in VARIABLES.items()}
    assert shown == {**expected, "SUANLI_CONFIG": ""}


def test_dotenv_explains_every_variable_in_both_languages_and_marks_the_secret_ones() -> None:
    for name, spot in VARIABLES.items():
        chinese, english = re.findall(rf"^# (.*)\n# (.*)\n{name}=", DOTENV, re.MULTILINE)[0]
        assert not chinese.isascii()
        assert english.replace("🔑", "").replace("→", "").replace("…", "").isascii()
        assert chinese.startswith("🔑") == english.startswith("🔑") == spot.secret


def test_the_variables_are_the_agreed_ones() -> None:
    assert set(VARIABLES) == {
        "FEISHU_APP_ID",
        "FEISHU_APP_SECRET",
        "FEISHU_VERIFICATION_TOKEN",
        "FEISHU_ENCRYPT_KEY",
        "FEISHU_BASE_URL",
        "GRAFANA_URL",
        "GRAFANA_API_KEY",
        "GRAFANA_DATASOURCE_UID",
        "PROMETHEUS_URL",
        "SUANLI_DATABASE_URL",
        "SUANLI_LISTEN",
        "SUANLI_ADMINS",
        "SUANLI_TIMEZONE",
        "SUANLI_SECRET_KEY",
        "SUANLI_CONFIG",
        "SUANLI_LANG",
        "SUANLI_ALERTMANAGER_TOKEN",
        "SUANLI_FALLBACK_URL",
        "SUANLI_FALLBACK_SECRET",
        "SUANLI_SMTP_USER",
        "SUANLI_SMTP_PASSWORD",
        "GITHUB_API_URL",
        "GITHUB_TOKEN",
        "HF_ENDPOINT",
        "HF_TOKEN",
        "MODELSCOPE_ENDPOINT",
        "MODELSCOPE_TOKEN",
        "SUANLI_GITHUB_WEBHOOK_SECRET",
        "SUANLI_HUGGINGFACE_WEBHOOK_SECRET",
        "WELINK_BASE_URL",
        "WELINK_CLIENT_ID",
        "WELINK_CLIENT_SECRET",
        "WELINK_WEBHOOK_URL",
    }


def test_dotenv_loads_as_it_is_copied(tmp_path: Path) -> None:
    bare = load({}, tmp_path)
    (tmp_path / ".env").write_text(DOTENV, "utf-8")
    assert load({}, tmp_path) == bare


@pytest.mark.parametrize("text", [TOML, with_defaults(TOML)], ids=["as copied", "with every default"])
def test_the_toml_changes_nothing(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) == load({}, tmp_path / "elsewhere").model_copy(
        update={"stock": Stock().anchored(tmp_path), "config": tmp_path / "suanli.toml"}
    )


def test_the_toml_with_its_examples_loads(tmp_path: Path) -> None:
    settings = loaded(tmp_path, with_examples(TOML))
    assert settings.warnings() == ()
    watch = settings.watch()
    assert watch is not None
    scopes = [Scope(Model("H100")), Scope(Model("4090"), "国内", "高主频")]
    assert [rule.scope for rule in watch.rules] == scopes
    assert [recipient.id for recipient in watch.recipients] == ["ou_0123456789abcdef", "ou_fedcba9876543210"]


def test_the_tomls_rule_shows_the_defaults(tmp_path: Path) -> None:
    watch = loaded(tmp_path, with_examples(TOML)).watch()
    assert watch is not None
    shown, bare = watch.rules[1], Rule(watch.rules[1].scope, 100)
    assert (shown.critical, shown.recover) == (bare.critical_below, bare.recovered_at)
    assert shown == replace(
        bare,
        description=shown.description,
        critical=shown.critical,
        recover=shown.recover,
        hold=shown.hold,
        recipients=shown.recipients,
    )
    assert watch.check_time == Watch().check_time


def test_the_tomls_panel_for_promql_loads_too(tmp_path: Path) -> None:
    (refs,) = re.findall(r"^# (refs = .*)$", TOML, re.MULTILINE)
    text = with_examples(TOML).replace('source = "grafana-sql"', 'source = "grafana-promql"')
    panel = loaded(tmp_path, text.replace('ref_id = "A"', refs)).stock.panel
    assert panel is not None
    assert panel.refs is not None
    assert set(panel.refs.model_dump()) == set(re.findall(r"(\w+) = \"", refs))


THRESHOLDS = ("stock", "watch", "thresholds")
"""Each shows only what is different from the rules below it, which show everything."""

REFS = ("stock", "panel", "refs")
"""For another source than the default one, so only a comment shows it."""

NAMES = (
    THRESHOLDS,
    ("welink", "robots"),
    ("welink", "connections"),
    ("welink", "connections", "relay", "robots"),
    ("gateway", "providers"),
)
"""Their keys are names that people give."""

RESOLVED = {
    ("welink", "robots", "ops", "webhook_url"),
    ("welink", "connections", "relay", "secrets"),
    ("gateway", "providers", "deepseek", "key"),
}
"""What the loader puts there."""


def tables(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Each table of the file by its way, tables of one list and of one mapping taken together."""
    yield path, set(data)
    for key, value in data.items():
        if isinstance(value, dict):
            yield from tables(value, (*path, key))
        elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            yield (*path, key), {name for entry in value if isinstance(entry, dict) for name in entry}


def test_the_tomls_connection_shows_the_defaults_and_takes_pointers_too(tmp_path: Path) -> None:
    (pointers,) = re.findall(r"^# (\{ text = .*\})$", TOML, re.MULTILINE)
    shown = loaded(tmp_path, with_examples(TOML)).welink.connections["relay"]
    bare = ConnectionEntry(mode="signed", secret_envs=("A",))
    assert (shown.colleagues, shown.names, shown.fields) == (bare.colleagues, bare.names, bare.fields)
    text = with_examples(TOML).replace('fields = "bridge"', f"fields = {pointers}")
    fields = loaded(tmp_path, text).welink.connections["relay"].fields
    assert isinstance(fields, FieldsEntry)
    assert set(FieldsEntry.model_fields) == fields.model_fields_set


def test_the_tomls_watch_shows_the_defaults_and_its_aliases_load_too(tmp_path: Path) -> None:
    (aliases,) = re.findall(r"^# (aliases = .*)$", TOML, re.MULTILINE)
    before, section, after = with_examples(TOML).partition("[releases]")
    releases = loaded(tmp_path, before + section + after.replace("aliases = []", aliases)).releases
    (shown,) = releases.watches
    bare = WatchEntry(places=shown.places, tell=shown.tell, filter=shown.filter)
    assert shown == bare
    assert releases.names.others("kunlun") == ("昆仑",)


def test_the_toml_leaves_no_key_out(tmp_path: Path) -> None:
    path = tmp_path / "suanli.toml"
    path.write_text(with_examples(TOML), "utf-8")
    shown = dict(tables(read_toml(path, []).values))
    only_variables = {spot.way for spot in VARIABLES.values() if spot.secret} | {("config",)}
    for table, keys in shown.items():
        if table in NAMES:
            continue
        known = {key for key in keys_at(Settings, table) if (*table, key) not in only_variables | {REFS} | RESOLVED}
        assert keys < known if table[:-1] == THRESHOLDS else keys == known
    sections = {name for name, field in Settings.model_fields.items() if is_table(field.annotation)}
    assert sections <= {table[0] for table in shown if table}


def is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def test_the_json_example_asks_only_for_the_recipient() -> None:
    text = (ROOT / "inventory_alert_config.example.json").read_text("utf-8")
    with pytest.raises(SettingsError) as caught:
        parse_watch(text, Stock().to_domain())
    (told,) = caught.value.problems
    assert told.startswith("notification.user_ids[0]: ")
    filled = parse_watch(text.replace("替换为实际的用户ID", "ou_1"), Stock().to_domain())
    assert [(rule.scope.model, rule.min_free) for rule in filled.rules] == [("4090", 100), ("H100", 20)]
