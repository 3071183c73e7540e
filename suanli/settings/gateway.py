"""`[gateway]`: the models that are offered to callers, and the providers that they come from."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from suanli.domain.gateway import Deadlines, Kind, Offered, Route
from suanli.settings.addresses import is_name, is_private
from suanli.settings.fleet import Info
from suanli.settings.kinds import CertificateFile, Duration, ListenOrOff, Name, Secret, Some, WebAddress
from suanli.settings.problems import nearest
from suanli.settings.variables import is_variable
from suanli.settings.wording import Mistake, refuse

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

_HEADER = re.compile(r"[!-~]*")
_MOST = 10_000_000


def _variable(value: str) -> str:
    # Not shown: it may be the key itself, put into the wrong place.
    if value and not is_variable(value):
        raise ValueError(
            "要写环境变量的名字（大写字母、数字、下划线），不是它的值"
            " / must be the name of a variable (upper case letters, digits, _), not what is in it"
        )
    return value


def _for_a_header(value: SecretStr) -> SecretStr:
    if not _HEADER.fullmatch(value.get_secret_value()):
        raise ValueError("只能用英文字母、数字和符号，没有空格 / must be ASCII without spaces")
    return value


def _private(value: str) -> str:
    if not is_private(value):
        raise ValueError("要写 https 的网址，或者本机的 / must be an https address, or one of this machine")
    return value


class ProviderEntry(BaseModel):
    """`[gateway.providers.<name>]`: a provider that speaks OpenAI's API at `base_url`.

    `key` is what the loader found in the variable `key_env`; a server on this machine may need none. Its prices stand
    under the provider `priced_as`, or else under its own name.
    """

    model_config = _STRICT

    base_url: Annotated[WebAddress, Field(min_length=1), AfterValidator(_private)]
    key_env: Annotated[str, AfterValidator(_variable)] = ""
    key: Annotated[Secret, AfterValidator(_for_a_header)] = SecretStr("")
    priced_as: str = ""
    ca_bundle: CertificateFile = ""


class RouteEntry(BaseModel):
    """A way to a model: the provider's name in the settings, and its own name for the model."""

    model_config = _STRICT

    provider: Name
    model: Name


class ModelEntry(BaseModel):
    """`[[gateway.models]]`: a model by the name that callers use, with its routes in the order of fail-over."""

    model_config = _STRICT

    name: Name
    routes: Annotated[tuple[RouteEntry, ...], Some]
    kind: Literal["chat", "embedding"] = "chat"
    max_output: Annotated[int, Field(strict=True, ge=1, le=_MOST)] = 16_384
    image_tokens: Annotated[int, Field(strict=True, ge=1, le=_MOST)] = 16_384


def _once_each(models: tuple[ModelEntry, ...]) -> tuple[ModelEntry, ...]:
    names = [model.name for model in models]
    text = "这个名字写了两次 / is there twice"
    refuse(((number, "name"), text) for number, name in enumerate(names) if name in names[:number])
    return models


def _named(providers: dict[str, ProviderEntry]) -> dict[str, ProviderEntry]:
    text = "名字只能用 a-z、0-9 和 -，最多 40 个 / must be named with up to 40 of a-z, 0-9 and -"
    refuse(((name,), text) for name in providers if not is_name(name))
    return providers


class Gateway(BaseModel):
    """`[gateway]`: where it listens (nowhere: it is off), how long providers may take, and who offers what."""

    model_config = _STRICT

    listen: ListenOrOff = None
    connect_timeout: Duration = timedelta(seconds=5)
    first_byte_timeout: Duration = timedelta(minutes=3)
    between_timeout: Duration = timedelta(minutes=1)
    whole_timeout: Duration = timedelta(minutes=15)
    providers: Annotated[dict[str, ProviderEntry], AfterValidator(_named)] = {}
    models: Annotated[tuple[ModelEntry, ...], AfterValidator(_once_each)] = ()

    @field_validator("models")
    @classmethod
    def _by_known_providers(cls, models: tuple[ModelEntry, ...], info: Info) -> tuple[ModelEntry, ...]:
        if "providers" in info.data:
            refuse(_strange(models, info.data["providers"]))
        return models

    @property
    def deadlines(self) -> Deadlines:
        """How long a provider may take."""
        return Deadlines(self.connect_timeout, self.first_byte_timeout, self.between_timeout, self.whole_timeout)

    def to_domain(self) -> tuple[Offered, ...]:
        """The models, in the order in which they are listed."""
        return tuple(
            Offered(model.name, Kind(model.kind), self._routes(model), model.max_output, model.image_tokens)
            for model in self.models
        )

    def _routes(self, model: ModelEntry) -> tuple[Route, ...]:
        return tuple(
            Route(route.provider, route.model, self.providers[route.provider].priced_as or route.provider)
            for route in model.routes
        )


def _strange(models: tuple[ModelEntry, ...], known: dict[str, ProviderEntry]) -> Iterator[Mistake]:
    for number, model in enumerate(models):
        for n, route in enumerate(model.routes):
            if route.provider not in known:
                match = nearest(route.provider, known)
                zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
                text = f"[gateway.providers] 里没有它{zh} / is not in [gateway.providers]{en}"
                yield (number, "routes", n, "provider"), text
