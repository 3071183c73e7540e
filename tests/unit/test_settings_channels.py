"""Other systems' alerts coming in, and the custom bot that alerts go to when the app cannot send."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.settings import Settings, SettingsError, load

TOKEN = "k" * 16
HOOK = "https://open.feishu.cn/open-apis/bot/v2/hook/0b1c-2D_3e"
NOWHERE = Path("/nowhere")
"""A folder without any of the files."""


def loaded(folder: Path, toml: str = "", **environ: str) -> Settings:
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load(environ, folder)


def refused(folder: Path, toml: str = "", **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, toml, **environ)
    (told,) = caught.value.problems
    assert " / " in told
    return told


class TestAlertmanager:
    def test_without_a_token_nothing_comes_in(self, tmp_path: Path) -> None:
        assert loaded(tmp_path).alertmanager.token.get_secret_value() == ""

    def test_with_a_token_its_chats_are_told_each_once(self, tmp_path: Path) -> None:
        toml = '[alertmanager]\nchats = ["oc_1", "ou_2", "oc_1", "a@b.example"]\n'
        alertmanager = loaded(tmp_path, toml, SUANLI_ALERTMANAGER_TOKEN=TOKEN).alertmanager
        assert alertmanager.token.get_secret_value() == TOKEN
        assert alertmanager.chats == ("oc_1", "ou_2", "a@b.example")

    @pytest.mark.parametrize("toml", ["", "[alertmanager]\nchats = []\n"])
    def test_a_token_and_nobody_to_tell_is_a_mistake(self, tmp_path: Path, toml: str) -> None:
        told = refused(tmp_path, toml, SUANLI_ALERTMANAGER_TOKEN=TOKEN)
        assert told.startswith("suanli.toml:alertmanager.chats: ")

    @pytest.mark.parametrize("token", ["k" * 15, "令" * 16, "k k" * 6, "替换为真实的令牌"])
    def test_a_token_is_long_and_can_stand_in_a_header(self, tmp_path: Path, token: str) -> None:
        toml = '[alertmanager]\nchats = ["oc_1"]\n'
        told = refused(tmp_path, toml, SUANLI_ALERTMANAGER_TOKEN=token)
        assert told.startswith("SUANLI_ALERTMANAGER_TOKEN: ")

    @pytest.mark.parametrize("chat", ["xxx", "", "替换为实际的群"])
    def test_a_placeholder_among_the_chats_is_refused(self, tmp_path: Path, chat: str) -> None:
        told = refused(tmp_path, f'[alertmanager]\nchats = ["oc_1", "{chat}"]\n', SUANLI_ALERTMANAGER_TOKEN=TOKEN)
        assert told.startswith("suanli.toml:alertmanager.chats[1]: ")

    def test_the_token_does_not_go_into_the_toml(self, tmp_path: Path) -> None:
        assert "SUANLI_ALERTMANAGER_TOKEN" in refused(tmp_path, f'[alertmanager]\ntoken = "{TOKEN}"\n')

    def test_chats_without_a_token_are_warned_of(self, tmp_path: Path) -> None:
        lines = loaded(tmp_path, '[alertmanager]\nchats = ["oc_1"]\n').warnings()
        assert [line.partition(": ")[0] for line in lines][1:] == ["alertmanager.chats"]


class TestFallback:
    @pytest.mark.parametrize(
        "url",
        [
            HOOK,
            "https://open.larksuite.com:8443/open-apis/bot/v2/hook/a",
            "http://127.0.0.1:8000/open-apis/bot/v2/hook/a",
            "http://localhost/open-apis/bot/v2/hook/a",
            "http://[::1]:1/open-apis/bot/v2/hook/a",
        ],
    )
    def test_it_is_a_custom_bots_webhook_with_or_without_a_signature(self, tmp_path: Path, url: str) -> None:
        fallback = loaded(tmp_path, SUANLI_FALLBACK_URL=url).fallback
        assert (fallback.url.get_secret_value(), fallback.secret.get_secret_value()) == (url, "")
        signed = loaded(tmp_path, SUANLI_FALLBACK_URL=url, SUANLI_FALLBACK_SECRET="s3cret").fallback
        assert signed.secret.get_secret_value() == "s3cret"

    @pytest.mark.parametrize(
        "url",
        [
            "http://open.feishu.cn/open-apis/bot/v2/hook/a",
            "http://127.0.0.1.example/open-apis/bot/v2/hook/a",
            "http://10.0.0.1/open-apis/bot/v2/hook/a",
            "ftp://open.feishu.cn/open-apis/bot/v2/hook/a",
            "https:///open-apis/bot/v2/hook/a",
            "https://u:p@open.feishu.cn/open-apis/bot/v2/hook/a",
            "https://u@open.feishu.cn/open-apis/bot/v2/hook/a",
            "https://open.feishu.cn:0/open-apis/bot/v2/hook/a",
            "https://open.feishu.cn:99999/open-apis/bot/v2/hook/a",
            "https://[::1/open-apis/bot/v2/hook/a",
            "https://open.larksuite.com/open-apis/bot/v2/hook/",
            "https://:443/open-apis/bot/v2/hook/a",
            "https://open.feishu.cn/open-apis/bot/v2/hook/a/b",
            "https://open.feishu.cn/open-apis/bot/v2/hook/a?x=1",
            "https://open.feishu.cn/open-apis/bot/v2/hook/a#x",
            "https://open.feishu.cn/open-apis/bot/v2/hook/a\nb",
            "https://open.feishu.cn/open-apis/bot/hook/a",
            "https://open.feishu .cn/open-apis/bot/v2/hook/a",
            "open.feishu.cn/open-apis/bot/v2/hook/a",
            "https://open.feishu.cn/open-apis/bot/v2/hook/<token>",
        ],
    )
    def test_another_address_is_refused_and_not_shown(self, tmp_path: Path, url: str) -> None:
        told = refused(tmp_path, SUANLI_FALLBACK_URL=url)
        assert told.startswith("SUANLI_FALLBACK_URL: ")
        assert url not in told

    def test_without_an_address_there_is_none_and_a_lone_secret_is_warned_of(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, SUANLI_FALLBACK_SECRET="s3cret")
        assert settings.fallback.url.get_secret_value() == ""
        assert [line.partition(": ")[0] for line in settings.warnings()][1:] == ["SUANLI_FALLBACK_SECRET"]

    @pytest.mark.parametrize("key", ["url", "secret"])
    def test_neither_goes_into_the_toml(self, tmp_path: Path, key: str) -> None:
        told = refused(tmp_path, f'[fallback]\n{key} = "hunter2"\n')
        assert f"SUANLI_FALLBACK_{key.upper()}" in told
        assert "hunter2" not in told

    @given(st.text(max_size=20))
    def test_neither_a_mistake_nor_the_text_form_shows_an_address(self, more: str) -> None:
        try:
            shown = repr(load({"SUANLI_FALLBACK_URL": HOOK + more}, NOWHERE))
        except SettingsError as error:
            shown = str(error)
        assert HOOK not in shown
