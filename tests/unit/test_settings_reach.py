"""Recipients and admins who are not on Feishu: WeLink's people, groups' robots, and e-mail."""

from pathlib import Path

import pytest

from suanli.domain.chat import OpenId, Person, Platform, Target, TargetKind
from suanli.domain.stock.rules import Recipient, target_of
from suanli.settings import Settings, SettingsError, load

LI_LEI = "li.lei@562a847505"
ROBOT = '[welink.robots.ops]\nwebhook_env = "OPS_HOOK"\n'
GIVEN = {"OPS_HOOK": "https://open.example/api/werobot/v1/webhook/send?token=0123456789abcdef&channel=standard"}
APP = {"WELINK_CLIENT_ID": "id-1", "WELINK_CLIENT_SECRET": "hunter2"}


def loaded(folder: Path, toml: str = "", **environ: str) -> Settings:
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load(environ, folder)


def refused(folder: Path, toml: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, toml, **GIVEN)
    (told,) = caught.value.problems
    assert " / " in told
    return told


@pytest.mark.parametrize(
    ("recipient", "target"),
    [
        (f"welink:{LI_LEI}", Target(Platform.WELINK, TargetKind.USER_ID, LI_LEI)),
        ("welink-robot:ops", Target(Platform.WELINK, TargetKind.ROBOT, "ops")),
        ("mail:li@example.com", Target(Platform.MAIL, TargetKind.EMAIL, "li@example.com")),
        ("li@example.com", Target(Platform.FEISHU, TargetKind.EMAIL, "li@example.com")),
        ("welink", Target(Platform.FEISHU, TargetKind.USER_ID, "welink")),
        ("mailto:li@example.com", Target(Platform.FEISHU, TargetKind.EMAIL, "mailto:li@example.com")),
    ],
)
def test_a_word_before_the_id_says_the_way(recipient: str, target: Target) -> None:
    assert target_of(recipient) == target


def test_a_person_of_welink_is_known_by_the_word_and_their_id_alone() -> None:
    person = Person(OpenId(LI_LEI))
    assert Recipient(f"welink:{LI_LEI}").is_person(person)
    assert not Recipient("welink:han.mei@562a847505").is_person(person)
    assert not any(Recipient(f"{word}{LI_LEI}").is_person(person) for word in ("", "mail:", "welink-robot:"))


LISTS = (
    '[stock.watch]\nthresholds.H100.min_free = 1\nrecipients = ["ou_1", "%s"]\n',
    'admins = ["ou_1", "%s"]\n',
    '[alertmanager]\nchats = ["oc_1", "%s"]\n',
)


@pytest.mark.parametrize("listed", LISTS)
def test_one_that_has_a_way_is_nothing_to_warn_of(tmp_path: Path, listed: str) -> None:
    # Without a watch list of their own, the lists that are not one are warned of for other reasons.
    for recipient in (f"welink:{LI_LEI}", "welink-robot:ops", "mail:li@example.com"):
        toml = f'{listed % recipient}{ROBOT}[mail]\nsmtp_host = "smtp"\nsender = "bot@example.com"\n'
        lines = loaded(tmp_path, toml, **GIVEN | APP).warnings()
        assert not any(recipient in line for line in lines)


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(
    ("recipient", "needed"), [(f"welink:{LI_LEI}", "WELINK_CLIENT_ID"), ("mail:li@example.com", "mail.smtp_host")]
)
def test_one_without_a_way_is_warned_of(tmp_path: Path, listed: str, recipient: str, needed: str) -> None:
    lines = loaded(tmp_path, listed % recipient).warnings()
    (line,) = [line for line in lines if line.startswith(f"{recipient}: ")]
    assert needed in line


@pytest.mark.parametrize(
    ("listed", "place"), list(zip(LISTS, ("watch.recipients[1]", "admins", "chats[1]"), strict=True))
)
@pytest.mark.parametrize("name", ["opps", "default"])
def test_a_robot_that_there_is_not_is_a_mistake(tmp_path: Path, listed: str, place: str, name: str) -> None:
    told = refused(tmp_path, (listed % f"welink-robot:{name}") + ROBOT)
    assert told.partition(": ")[0].endswith(place)
    assert ("did you mean ops?" if name == "opps" else "WELINK_WEBHOOK_URL") in told


def test_one_of_the_originals_file_is_warned_of(tmp_path: Path) -> None:
    text = '{"gpu_thresholds": {"H100": {"min_free": 1}}, "notification": {"user_ids": ["welink-robot:ops"]}}'
    (tmp_path / "inventory_alert_config.json").write_text(text)
    (line,) = loaded(tmp_path).warnings()
    assert line.startswith("welink-robot:ops: ")


@pytest.mark.parametrize(
    "recipient",
    ["welink:", "welink:li.lei", "welink:李雷@t", "welink-robot:", "welink-robot:A", "mail:", "mail:li"],
)
@pytest.mark.parametrize("listed", LISTS)
def test_one_that_is_badly_written_is_shown_how(tmp_path: Path, listed: str, recipient: str) -> None:
    assert f'"{recipient.partition(":")[0]}:' in refused(tmp_path, listed % recipient)


def test_admins_are_known_by_the_ids_under_which_they_write(tmp_path: Path) -> None:
    admins = f"ou_1,e33ggbyz,welink:{LI_LEI},mail:a@b.example,c@d.example,welink-robot:ops"
    settings = loaded(tmp_path, ROBOT, **GIVEN, SUANLI_ADMINS=admins)
    assert settings.admin_ids == {"ou_1", "e33ggbyz", LI_LEI}
    assert settings.admins == set(admins.split(","))
