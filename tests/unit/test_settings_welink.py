"""`[welink]`: the app, the robots of groups, the connections."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.welink.cards.parts import Mentions
from bot.welink.connection import FieldMap
from bot.welink.signature import Mode
from suanli.settings import Settings, SettingsError, load
from suanli.settings.welink import ConnectionEntry, FieldsEntry, RobotEntry

TOKEN = "hunter2hunter2"
HOOK = f"https://open.example/api/werobot/v1/webhook/send?token={TOKEN}&channel=standard"
SECRET = "hunter2" * 3
ROBOT = '[welink.robots.ops]\nwebhook_env = "OPS_HOOK"\n'
RELAY = '[welink.connections.relay]\nmode = "signed"\nsecret_envs = ["RELAY_SECRET"]\n'
GIVEN = {"OPS_HOOK": HOOK, "RELAY_SECRET": SECRET}
APP = {"WELINK_CLIENT_ID": "id-1", "WELINK_CLIENT_SECRET": "hunter2"}
LI_LEI = "li.lei@562a847505"
NOWHERE = Path("/nowhere")


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


def relay(folder: Path, more: str = "", **environ: str) -> ConnectionEntry:
    return loaded(folder, ROBOT + RELAY + more, **GIVEN | environ).welink.connections["relay"]


class TestApp:
    def test_without_anything_there_is_none_of_it(self, tmp_path: Path) -> None:
        welink = loaded(tmp_path).welink
        assert welink.base_url == "https://open.welink.huaweicloud.com"
        assert (welink.has_app, dict(welink.all_robots), welink.connections) == (False, {}, {})
        assert welink.owner == "算力"

    @pytest.mark.parametrize("name", APP)
    def test_the_app_has_an_id_and_a_secret_or_neither(self, tmp_path: Path, name: str) -> None:
        assert loaded(tmp_path, **APP).welink.has_app
        told = refused(tmp_path, **{name: APP[name]})
        assert "WELINK_CLIENT_ID" in told
        assert "WELINK_CLIENT_SECRET" in told

    @pytest.mark.parametrize(("owner", "fits"), [("算力机器人们", True), ("算力机器人们a", False), (" ", False)])
    def test_the_owner_fits_into_a_card(self, tmp_path: Path, owner: str, *, fits: bool) -> None:
        toml = f'[welink]\nowner = "{owner}"\n'
        if fits:
            assert loaded(tmp_path, toml).welink.owner == owner
        else:
            assert "18" in refused(tmp_path, toml)

    def test_a_typo_names_what_was_meant(self, tmp_path: Path) -> None:
        assert "did you mean WELINK_CLIENT_ID?" in refused(tmp_path, WELINK_CLIENTID="x")

    @pytest.mark.parametrize("key", ["client_secret", "webhook_url"])
    def test_its_secrets_do_not_go_into_the_toml(self, tmp_path: Path, key: str) -> None:
        assert f"WELINK_{key.upper()}" in refused(tmp_path, f'[welink]\n{key} = "hunter2"\n')


class TestRobots:
    def test_the_variables_robot_is_called_default_and_mentions_whom_the_section_says(self, tmp_path: Path) -> None:
        toml = f'[welink]\nat_accounts = ["{LI_LEI}", "{LI_LEI}"]\n{ROBOT}'
        robots = loaded(tmp_path, toml, WELINK_WEBHOOK_URL=HOOK, OPS_HOOK=HOOK + "2").welink.all_robots
        own, ops = robots["default"], robots["ops"]
        assert (own.webhook_env, own.webhook_url.get_secret_value()) == ("WELINK_WEBHOOK_URL", HOOK)
        assert (own.at_accounts, own.is_at, own.is_at_all) == ((LI_LEI,), None, False)
        assert (ops.webhook_env, ops.webhook_url.get_secret_value(), ops.at_accounts) == ("OPS_HOOK", HOOK + "2", ())

    @pytest.mark.parametrize(
        "url",
        [
            HOOK,
            f"http://127.0.0.1:8000/x?channel=standard&token={TOKEN}",
            f"http://[::1]:1/?token={TOKEN}&channel=c&lang=zh",
        ],
    )
    def test_its_address_has_the_token_and_the_channel(self, tmp_path: Path, url: str) -> None:
        assert loaded(tmp_path, WELINK_WEBHOOK_URL=url).welink.webhook_url.get_secret_value() == url

    @pytest.mark.parametrize(
        "url",
        [
            HOOK.replace("https", "http"),
            HOOK.replace("https", "ftp"),
            HOOK.replace("open.example", "u:p@open.example"),
            HOOK.replace("open.example", "open.example:0"),
            HOOK.replace("open.example", ""),
            HOOK.replace("open.example", "[::1"),
            HOOK.replace("&channel=standard", ""),
            HOOK.replace("standard", ""),
            HOOK.replace(f"token={TOKEN}", "x=1"),
            HOOK.replace(TOKEN, "xxx"),
            f"{HOOK}&token={TOKEN}",
            f"{HOOK}#x",
            f"{HOOK} x",
            f"{HOOK}\nx",
            f"{HOOK}中",
        ],
    )
    @pytest.mark.parametrize("name", ["WELINK_WEBHOOK_URL", "OPS_HOOK"])
    def test_another_address_is_refused_under_its_variable_and_not_shown(
        self, tmp_path: Path, name: str, url: str
    ) -> None:
        told = refused(tmp_path, ROBOT, **{"OPS_HOOK": HOOK, name: url})
        assert told.startswith(f"{name}: ")

    def test_a_variable_that_is_not_set_is_named(self, tmp_path: Path) -> None:
        told = refused(tmp_path, ROBOT)
        assert told.startswith("suanli.toml:welink.robots.ops.webhook_env: ")
        assert "OPS_HOOK" in told

    def test_it_may_be_in_dotenv_or_in_a_file_and_the_environment_wins(self, tmp_path: Path) -> None:
        (tmp_path / "hook").write_text(HOOK + "1\n")
        (tmp_path / ".env").write_text("OPS_HOOK_FILE=hook\n")
        assert loaded(tmp_path, ROBOT).welink.robots["ops"].webhook_url.get_secret_value() == HOOK + "1"
        assert loaded(tmp_path, ROBOT, OPS_HOOK=HOOK).welink.robots["ops"].webhook_url.get_secret_value() == HOOK
        assert refused(tmp_path, "").startswith(".env:OPS_HOOK_FILE: ")

    @pytest.mark.parametrize("written", ["hunter2-itself", HOOK, "", "1A"])
    def test_an_address_in_place_of_a_variables_name_is_refused_unseen(self, tmp_path: Path, written: str) -> None:
        told = refused(tmp_path, f'[welink.robots.ops]\nwebhook_env = "{written}"\n')
        assert told.startswith("suanli.toml:welink.robots.ops.webhook_env: ")

    def test_the_address_itself_does_not_go_into_the_toml(self, tmp_path: Path) -> None:
        told = refused(tmp_path, f'{ROBOT}webhook_url = "{HOOK}"\n', OPS_HOOK=HOOK)
        assert told.startswith("suanli.toml:welink.robots.ops.webhook_url: ")
        assert "webhook_env" in told

    @pytest.mark.parametrize("name", ["default", "Ops", "'a b'", "-a", "a" * 41])
    def test_a_robots_name_is_plain_and_not_the_variables(self, tmp_path: Path, name: str) -> None:
        told = refused(tmp_path, ROBOT.replace("ops", name), OPS_HOOK=HOOK)
        assert told.startswith("suanli.toml:welink.robots.")

    @pytest.mark.parametrize(
        ("lines", "place"),
        [
            ("is_at = true", "is_at"),
            ('at_accounts = ["@li.lei"]', "at_accounts[0]"),
            (f"at_accounts = {[f'a{n}@b' for n in range(11)]}", "at_accounts"),
            (f"at_accounts = {[f'{n:060}@b' for n in range(7)]}", "at_accounts"),
        ],
    )
    def test_mentions_that_the_robot_would_refuse_are(self, tmp_path: Path, lines: str, place: str) -> None:
        told = refused(tmp_path, f"{ROBOT}{lines}\n", OPS_HOOK=HOOK)
        assert told.startswith(f"suanli.toml:welink.robots.ops.{place}: ")

    @given(
        st.lists(st.from_regex(r"[a-z.]{1,100}@[a-z0-9]{1,100}", fullmatch=True), max_size=11),
        st.fixed_dictionaries({"is_at_all": st.booleans()}, optional={"is_at": st.booleans()}),
    )
    def test_what_is_let_through_the_robot_takes_too(self, accounts: list[str], switches: dict[str, bool]) -> None:
        written: dict[str, Any] = {"at_accounts": accounts, **switches}
        try:
            robot = RobotEntry(webhook_env="A", **written)
        except ValueError:
            return
        mentions = Mentions(robot.at_accounts, robot.is_at, robot.is_at_all)
        assert mentions.fields["isAt"] == (bool(accounts) and switches.get("is_at", True))

    def test_mentions_without_the_variables_robot_are_warned_of(self, tmp_path: Path) -> None:
        lines = loaded(tmp_path, "[welink]\nis_at_all = true\n").warnings()
        assert [line.partition(": ")[0] for line in lines][1:] == ["welink.is_at_all"]


class TestConnections:
    def test_one_has_the_secrets_of_its_variables(self, tmp_path: Path) -> None:
        toml = RELAY.replace('"]', '", "WELINK_CLIENT_SECRET"]')
        both = loaded(tmp_path, toml, **GIVEN | APP | {"WELINK_CLIENT_SECRET": "hunter2" * 4}).welink
        found = [secret.get_secret_value() for secret in both.connections["relay"].secrets]
        assert found == [SECRET, "hunter2" * 4]

    def test_the_rest_is_as_it_is_written_or_by_default(self, tmp_path: Path) -> None:
        bare = relay(tmp_path)
        assert (bare.robot, bare.robots, bare.colleagues, bare.realms) == ("", {}, False, ())
        assert bare.names == ("算力", "suanli")
        more = 'robot = "ops"\nrobots = { g-1 = "default" }\ncolleagues = true\nrealms = ["562a"]\nnames = ["小算"]\n'
        full = relay(tmp_path, more, WELINK_WEBHOOK_URL=HOOK)
        assert (full.robot, full.robots, full.colleagues, full.realms) == ("ops", {"g-1": "default"}, True, ("562a",))
        assert full.names == ("小算",)

    @pytest.mark.parametrize("mode", list(Mode))
    def test_only_the_official_callback_has_no_messages_by_default(self, tmp_path: Path, mode: Mode) -> None:
        toml = RELAY.replace("signed", mode)
        connection = loaded(tmp_path, toml, **GIVEN).welink.connections["relay"]
        assert connection.fields == ("none" if mode is Mode.OFFICIAL else "bridge")
        shaped = loaded(tmp_path, f'{toml}fields = "assistant"\n', **GIVEN).welink.connections["relay"]
        assert shaped.fields == "assistant"

    def test_fields_may_be_pointers(self, tmp_path: Path) -> None:
        fields = relay(tmp_path, 'fields = { text = "/a~1b/0", only = { "/t" = ["text"] } }\n').fields
        assert isinstance(fields, FieldsEntry)
        values = fields.model_dump(exclude={"only"})
        made = FieldMap(**values, only={key: frozenset(allowed) for key, allowed in fields.only.items()})
        assert (made.text, made.sender_id, made.only) == ("/a~1b/0", "", {"/t": frozenset({"text"})})

    @pytest.mark.parametrize(
        ("more", "place"),
        [
            ('fields = "bridges"', "fields"),
            ("fields = 1", "fields"),
            ("fields = {}", "fields.text"),
            ('fields = { text = "" }', "fields.text"),
            ('fields = { text = "text" }', "fields.text"),
            ('fields = { text = "/a", sender_id = "/~2" }', "fields.sender_id"),
            ('fields = { text = "/a", sender = "/b" }', "fields.sender"),
            ('fields = { text = "/a", only = { "/t" = [] } }', "fields.only./t"),
            ('robot = "opps"', "robot"),
            ('robots = { g = "opps" }', "robots.g"),
            ('robot = "default"', "robot"),
            ('robots = { "群" = "ops" }', "robots.群"),
            ('realms = ["@562a"]', "realms[0]"),
            ('names = ["算力", "@suanli"]', "names[1]"),
            ('colleagues = "yes"', "colleagues"),
            ("secrets = ['hunter2']", "secrets"),
        ],
    )
    def test_a_mistake_is_told_where_it_is(self, tmp_path: Path, more: str, place: str) -> None:
        told = refused(tmp_path, f"{ROBOT}{RELAY}{more}\n", **GIVEN)
        assert told.startswith(f"suanli.toml:welink.connections.relay.{place}: ")

    def test_a_mistyped_robot_and_a_mistyped_field_name_the_nearest(self, tmp_path: Path) -> None:
        assert "did you mean ops?" in refused(tmp_path, f'{ROBOT}{RELAY}robot = "opps"\n', **GIVEN)
        told = refused(tmp_path, f'{RELAY}fields = {{ text = "/a", sender_ids = "/b" }}\n', **GIVEN)
        assert "did you mean sender_id?" in told

    @pytest.mark.parametrize("secret", ["hunter2hunter2h", "令" * 16, "hunter2 hunter2 h"])
    def test_a_secret_is_long_and_ascii_and_told_by_its_variable(self, tmp_path: Path, secret: str) -> None:
        assert refused(tmp_path, RELAY, RELAY_SECRET=secret).startswith("RELAY_SECRET: ")

    def test_a_variable_that_is_not_set_is_named(self, tmp_path: Path) -> None:
        told = refused(tmp_path, RELAY)
        assert told.startswith("suanli.toml:welink.connections.relay.secret_envs: ")
        assert "RELAY_SECRET" in told

    @pytest.mark.parametrize("written", ['["hunter2"]', "[]", '["A", "B", "C"]', "[1]", '"A"'])
    def test_what_names_no_variables_is_refused_unseen(self, tmp_path: Path, written: str) -> None:
        toml = RELAY.replace('["RELAY_SECRET"]', written)
        told = refused(tmp_path, toml, A=SECRET, B=SECRET, C=SECRET)
        assert told.startswith("suanli.toml:welink.connections.relay.secret_envs")

    @pytest.mark.parametrize("written", ["robots = 1", "connections = []", "robots.ops = 1", "connections.a = []"])
    def test_what_is_no_table_is_refused(self, tmp_path: Path, written: str) -> None:
        assert refused(tmp_path, f"[welink]\n{written}\n").startswith("suanli.toml:welink.")


class TestSecrecy:
    def test_the_text_form_shows_no_secret(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, ROBOT + RELAY, **GIVEN | APP, WELINK_WEBHOOK_URL=HOOK)
        shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
        assert "hunter2" not in f"{shown} {settings.welink.all_robots}"

    @given(st.text(max_size=20))
    def test_neither_a_mistake_nor_the_text_form_shows_an_address(self, more: str) -> None:
        try:
            shown = repr(load({"WELINK_WEBHOOK_URL": HOOK + more}, NOWHERE))
        except SettingsError as error:
            shown = str(error)
        assert TOKEN not in shown
