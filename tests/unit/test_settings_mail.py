"""`[mail]`: what could never work is refused where it is set, in words."""

from pathlib import Path

import pytest

from bot.mail.courier import MailServer, tls_on
from suanli.settings import Settings, SettingsError, load

HOST = '[mail]\nsmtp_host = "smtp.example.com"\n'
LOGIN = {"SUANLI_SMTP_USER": "bot@example.com", "SUANLI_SMTP_PASSWORD": "hunter2"}


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


def server(settings: Settings) -> MailServer:
    own = settings.mail
    return MailServer(
        own.smtp_host,
        own.smtp_port,
        tls_on(own.smtp_port, use_tls=own.use_tls),
        own.user.get_secret_value(),
        own.password.get_secret_value(),
        own.sender,
        own.ca_bundle,
    )


def test_without_a_host_there_is_no_mail(tmp_path: Path) -> None:
    mail = loaded(tmp_path).mail
    assert not mail.is_on
    assert (mail.smtp_port, mail.use_tls, mail.sender) == (587, True, "")


def test_a_user_that_is_an_address_is_the_sender_unless_another_is_given(tmp_path: Path) -> None:
    own = loaded(tmp_path, HOST, **LOGIN)
    assert own.mail.is_on
    assert server(own).sent_by.addr_spec == "bot@example.com"
    named = loaded(tmp_path, HOST + 'sender = "算力 <gpu@example.com>"\n', SUANLI_SMTP_USER="bot")
    assert str(server(named).sent_by) == "算力 <gpu@example.com>"


@pytest.mark.parametrize("user", ["", "bot"])
def test_a_host_without_anybody_to_write_as_names_the_sender(tmp_path: Path, user: str) -> None:
    assert refused(tmp_path, HOST, SUANLI_SMTP_USER=user).startswith("suanli.toml:mail.sender: ")


@pytest.mark.parametrize(
    "sender", ["bot", "bot@", "算力@example.com", "a..b@example.com", "算力 <bot>", "a@b.example, c@d.example", "<>"]
)
def test_a_sender_is_one_address_with_or_without_a_name(tmp_path: Path, sender: str) -> None:
    told = refused(tmp_path, f'{HOST}sender = "{sender}"\n', **LOGIN)
    assert told.startswith("suanli.toml:mail.sender: ")


@pytest.mark.parametrize(
    "host", ["https://smtp.example.com", "smtp.example.com:587", "bot@smtp", "smtp example", "a..b", "x" * 64, "a\\tb"]
)
def test_a_host_is_a_host_alone(tmp_path: Path, host: str) -> None:
    told = refused(tmp_path, f'[mail]\nsmtp_host = "{host}"\n', **LOGIN)
    assert told.startswith("suanli.toml:mail.smtp_host: ")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "邮件.example", "smtp.example.com."])
def test_what_is_let_through_the_courier_takes_too(tmp_path: Path, host: str) -> None:
    assert server(loaded(tmp_path, f'[mail]\nsmtp_host = "{host}"\n', **LOGIN)).host == host


@pytest.mark.parametrize("name", LOGIN)
def test_user_and_password_are_ascii(tmp_path: Path, name: str) -> None:
    told = refused(tmp_path, HOST + 'sender = "bot@example.com"\n', **LOGIN | {name: "密码hunter2"})
    assert told.startswith(f"{name}: ")


@pytest.mark.parametrize("line", ["smtp_port = 0", "smtp_port = 65536", 'smtp_port = "587"', 'use_tls = "no"'])
def test_a_port_and_a_switch_are_themselves(tmp_path: Path, line: str) -> None:
    assert refused(tmp_path, f"{HOST}{line}\n", **LOGIN).startswith(f"suanli.toml:mail.{line.partition(' ')[0]}: ")


def test_a_file_of_certificates_must_be_there(tmp_path: Path) -> None:
    assert refused(tmp_path, HOST + 'ca_bundle = "/nowhere.pem"\n', **LOGIN).startswith("suanli.toml:mail.ca_bundle: ")


@pytest.mark.parametrize("key", ["user", "password"])
def test_user_and_password_do_not_go_into_the_toml(tmp_path: Path, key: str) -> None:
    assert f"SUANLI_SMTP_{key.upper()}" in refused(tmp_path, f'[mail]\n{key} = "hunter2"\n')


def test_the_text_form_shows_neither(tmp_path: Path) -> None:
    settings = loaded(tmp_path, HOST, **LOGIN)
    assert "hunter2" not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("toml", "environ", "warned"),
    [
        ("", LOGIN, "SUANLI_SMTP_USER"),
        ('[mail]\nsender = "bot@example.com"\n', {}, "mail.sender"),
        (HOST + 'sender = "bot@example.com"\n', {"SUANLI_SMTP_PASSWORD": "hunter2"}, "SUANLI_SMTP_PASSWORD"),
    ],
)
def test_what_has_no_effect_is_warned_of(tmp_path: Path, toml: str, environ: dict[str, str], warned: str) -> None:
    lines = loaded(tmp_path, toml, **environ).warnings()
    assert [line.partition(": ")[0] for line in lines][1:] == [warned]
