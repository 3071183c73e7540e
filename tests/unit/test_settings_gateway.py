"""`[gateway]`: providers with their keys in variables, and models with their routes."""

from pathlib import Path

import pytest

from suanli.domain.gateway import Kind, Route
from suanli.settings import Process, Settings, SettingsError, load, missing

KEY = "sk-0123456789abcdef"
PROVIDER = '[gateway.providers.deepseek]\nbase_url = "https://api.deepseek.com/v1/"\nkey_env = "DEEPSEEK_KEY"\n'
MODEL = '[[gateway.models]]\nname = "chat"\nroutes = [{ provider = "deepseek", model = "deepseek-chat" }]\n'


def loaded(folder: Path, toml: str, **environ: str) -> Settings:
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load({"DEEPSEEK_KEY": KEY, **environ}, folder)


def refused(folder: Path, toml: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, toml)
    assert KEY not in str(caught.value)
    return "\n".join(caught.value.problems)


def test_without_it_the_gateway_is_off(tmp_path: Path) -> None:
    own = loaded(tmp_path, "").gateway
    assert (own.listen, own.to_domain()) == (None, ())
    names = [line.partition(": ")[0] for line in missing(loaded(tmp_path, ""), Process.GATEWAY)]
    assert names == ["gateway.listen", "gateway.models"]


def test_a_model_has_its_routes_in_order_and_the_key_is_in_no_text(tmp_path: Path) -> None:
    other = '[gateway.providers.azure-1]\nbase_url = "http://127.0.0.1:8000/v1"\npriced_as = "azure"\n'
    routes = 'routes = [{ provider = "deepseek", model = "a" }, { provider = "azure-1", model = "b/c" }]'
    models = f'[[gateway.models]]\nname = "x/y.z"\n{routes}\nkind = "embedding"\nmax_output = 5\nimage_tokens = 6\n'
    settings = loaded(tmp_path, f'[gateway]\nlisten = "127.0.0.1:8090"\n{PROVIDER}{other}{models}')
    (model,) = settings.gateway.to_domain()
    assert model.routes == (Route("deepseek", "a", "deepseek"), Route("azure-1", "b/c", "azure"))
    assert (model.name, model.kind, model.max_output, model.image_tokens) == ("x/y.z", Kind.EMBEDDING, 5, 6)
    assert settings.gateway.providers["deepseek"].key.get_secret_value() == KEY
    assert settings.gateway.providers["deepseek"].base_url == "https://api.deepseek.com/v1"
    assert settings.gateway.providers["azure-1"].key.get_secret_value() == ""
    assert KEY not in repr(settings)
    assert missing(settings, Process.GATEWAY) == ()


@pytest.mark.parametrize(
    ("toml", "where"),
    [
        (PROVIDER.replace("https://", "http://"), "gateway.providers.deepseek.base_url"),
        (PROVIDER.replace("DEEPSEEK_KEY", KEY), "gateway.providers.deepseek.key_env"),
        (PROVIDER.replace("DEEPSEEK_KEY", "NOT_SET"), "gateway.providers.deepseek.key_env"),
        (PROVIDER + f'key = "{KEY}"\n', "gateway.providers.deepseek.key"),
        (PROVIDER.replace("deepseek]", '"Deep Seek"]'), "gateway.providers.Deep Seek"),
        (PROVIDER + MODEL.replace('"deepseek",', '"deepsek",'), "did you mean deepseek?"),
        (PROVIDER + MODEL + MODEL, "gateway.models[1].name"),
        (PROVIDER + '[[gateway.models]]\nname = "chat"\nroutes = []\n', "gateway.models[0].routes"),
        (PROVIDER + MODEL + "max_output = 0\n", "gateway.models[0].max_output"),
        (PROVIDER + MODEL + 'kind = "image"\n', "gateway.models[0].kind"),
        ('[gateway]\nlisten = "8090"\n', "gateway.listen"),
        ('[gateway]\nwhole_timeout = "0s"\n', "gateway.whole_timeout"),
        ('[gateway]\nlisen = "127.0.0.1:1"\n', "listen"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_never_the_key(tmp_path: Path, toml: str, where: str) -> None:
    assert where in refused(tmp_path, toml)
