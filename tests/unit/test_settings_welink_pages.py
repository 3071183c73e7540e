"""`[welink]`: where the pages behind cards are, and what they need besides."""

from pathlib import Path

import pytest

from suanli.settings import Settings, SettingsError, load
from suanli.wiring.pages import build_links

HOME = "https://bot.example.com/suanli"
KEY = {"SUANLI_SECRET_KEY": "k" * 32}
APP = {"WELINK_CLIENT_ID": "id-1", "WELINK_CLIENT_SECRET": "hunter2"}


def loaded(folder: Path, toml: str, **environ: str) -> Settings:
    (folder / "suanli.toml").write_text(f"[welink]\n{toml}\n", "utf-8")
    return load(environ, folder)


def test_with_an_address_a_key_and_the_app_there_are_pages(tmp_path: Path) -> None:
    settings = loaded(tmp_path, f'h5_url = "{HOME}/"', **KEY, **APP)
    assert settings.welink.h5_url == HOME
    assert build_links(settings) is not None
    assert len(settings.warnings()) == 1


@pytest.mark.parametrize(
    ("given", "needed"), [(APP, "SUANLI_SECRET_KEY"), (KEY, "WELINK_CLIENT_ID"), ({}, "SUANLI_SECRET_KEY")]
)
def test_without_the_key_or_the_app_there_are_none_and_that_is_told(
    tmp_path: Path, given: dict[str, str], needed: str
) -> None:
    settings = loaded(tmp_path, f'h5_url = "{HOME}"', **given)
    assert build_links(settings) is None
    (told,) = settings.warnings()[1:]
    assert told.startswith("welink.h5_url: ")
    assert needed in told


def test_without_an_address_there_are_none_and_nothing_is_missed(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "", **KEY, **APP)
    assert build_links(settings) is None
    assert len(settings.warnings()) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", HOME])
def test_an_address_is_read_by_nobody_on_the_way(tmp_path: Path, url: str) -> None:
    assert loaded(tmp_path, f'h5_url = "{url}"\nh5_script = "{url}/a.js"').welink.h5_script == f"{url}/a.js"


@pytest.mark.parametrize("key", ["h5_url", "h5_script"])
@pytest.mark.parametrize(
    "url",
    [
        "http://bot.example.com",
        "http://10.0.0.1",
        "bot.example.com",
        "https://机器人.cn",
        f"{HOME}?x=1",
        "https://u:p@h",
    ],
)
def test_another_address_is_refused(tmp_path: Path, key: str, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, f'{key} = "{url}"')
    (told,) = caught.value.problems
    assert told.startswith(f"suanli.toml:welink.{key}: ")
    assert " / " in told
