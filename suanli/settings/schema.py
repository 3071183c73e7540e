"""All settings of an installation, each with its kind, its default and the variable that may give it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from suanli.domain.access import Role
from suanli.domain.releases import Hub
from suanli.domain.stock import Model
from suanli.domain.stock.rules import Watch
from suanli.i18n import Lang
from suanli.settings.cost import Cost
from suanli.settings.fleet import Info
from suanli.settings.gateway import Gateway
from suanli.settings.hubs import GITHUB, GITHUB_TOKEN, Github, Huggingface, Modelscope
from suanli.settings.kinds import (
    CertificateFile,
    Chats,
    DatabaseUrl,
    HookUrl,
    Listen,
    ListenAt,
    People,
    Secret,
    SigningKey,
    Switch,
    Text,
    Token,
    WebAddress,
    Zone,
)
from suanli.settings.legacy import read_history, read_watch
from suanli.settings.mail import Mail
from suanli.settings.problems import problem
from suanli.settings.reach import admin_ids, strange_robots, unreachable
from suanli.settings.releases import Releases
from suanli.settings.stock import Stock
from suanli.settings.variables import Variable, variables
from suanli.settings.watch import unlisted
from suanli.settings.welink import WEBHOOK, Welink
from suanli.settings.wording import Loc, refuse

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

_CREDENTIALS = ("飞书开放平台 → 应用 → 凭证与基础信息", "Feishu developer console → app → Credentials & Basic Info")
_ENCRYPTION = ("飞书开放平台 → 应用 → 事件与回调 → 加密策略", "Feishu developer console → app → Events & Callbacks")
_ADDRESS = ("浏览器里的 Grafana 地址", "Grafana's address in a browser")
_ACCOUNT = ("Grafana → 服务账号，Viewer 就够", "Grafana → Service accounts; Viewer is enough")
_SOURCE = ("Grafana → 数据源，设置页网址的最后一段", "Grafana → Data sources, the last part of its page's address")
_SERVER = ("Prometheus 的网址", "the address of Prometheus")


class Feishu(BaseModel):
    """`[feishu]`: the app on Feishu, and how fast it speaks. The ranges are the platform's own (feishu.md §3.5)."""

    model_config = _STRICT

    app_id: Annotated[Text, Variable("FEISHU_APP_ID", *_CREDENTIALS)] = ""
    app_secret: Annotated[Secret, Variable("FEISHU_APP_SECRET", *_CREDENTIALS)] = SecretStr("")
    verification_token: Annotated[Secret, Variable("FEISHU_VERIFICATION_TOKEN", *_ENCRYPTION)] = SecretStr("")
    encrypt_key: Annotated[Secret, Variable("FEISHU_ENCRYPT_KEY", *_ENCRYPTION)] = SecretStr("")
    base_url: Annotated[WebAddress, Field(min_length=1), Variable("FEISHU_BASE_URL")] = "https://open.feishu.cn"
    slash_without_mention: Switch = False
    per_second: Annotated[int, Field(strict=True, ge=1, le=50)] = 40
    per_minute: Annotated[int, Field(strict=True, ge=1, le=1000)] = 900
    lane_per_second: Annotated[int, Field(strict=True, ge=1, le=5)] = 4
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = 8


class Grafana(BaseModel):
    """`[grafana]`: the Grafana that the stock is asked of."""

    model_config = _STRICT

    url: Annotated[WebAddress, Variable("GRAFANA_URL", *_ADDRESS)] = ""
    api_key: Annotated[Secret, Variable("GRAFANA_API_KEY", *_ACCOUNT)] = SecretStr("")
    datasource_uid: Annotated[Text, Variable("GRAFANA_DATASOURCE_UID", *_SOURCE)] = ""
    ca_bundle: CertificateFile = ""


class Prometheus(BaseModel):
    """`[prometheus]`: a Prometheus that is asked directly."""

    model_config = _STRICT

    url: Annotated[WebAddress, Variable("PROMETHEUS_URL", *_SERVER)] = ""
    ca_bundle: CertificateFile = ""


class Access(BaseModel):
    """`[access]`: what people of the company may do before anybody gave them a role."""

    model_config = _STRICT

    default_role: Literal["viewer", "none"] = "viewer"

    def to_domain(self) -> Role:
        """The default role."""
        return Role[self.default_role.upper()]


class Alertmanager(BaseModel):
    """`[alertmanager]`: alerts of Alertmanager and Grafana, told to `chats`. Without a token the webhook is off."""

    model_config = _STRICT

    token: Annotated[Token, Variable("SUANLI_ALERTMANAGER_TOKEN")] = SecretStr("")
    chats: Annotated[Chats, Field(validate_default=True)] = ()

    @field_validator("chats")
    @classmethod
    def _told_to_somebody(cls, chats: tuple[str, ...], info: Info) -> tuple[str, ...]:
        token: SecretStr | None = info.data.get("token")
        if token and not chats:
            raise ValueError(
                "有 SUANLI_ALERTMANAGER_TOKEN 就要写收通知的群或人 / needs at least one with SUANLI_ALERTMANAGER_TOKEN"
            )
        return chats


class Fallback(BaseModel):
    """A custom bot of a Feishu group, which alerts go to when the app cannot send; without a URL there is none.

    Who has its URL can write to the group, so it is secret. `secret` is empty when the bot asks for no signature.
    """

    model_config = _STRICT

    url: Annotated[HookUrl, Variable("SUANLI_FALLBACK_URL")] = SecretStr("")
    secret: Annotated[Secret, Variable("SUANLI_FALLBACK_SECRET")] = SecretStr("")


_Telling = TypeVar("_Telling", frozenset[str], Alertmanager, Stock, Releases, Cost)


def _told_by(value: frozenset[str] | Alertmanager | Stock | Releases | Cost) -> Iterator[tuple[Loc, str]]:
    """The recipients that a setting names, each with where."""
    match value:
        case Alertmanager():
            yield from ((("chats", n), chat) for n, chat in enumerate(value.chats))
        case Cost():
            yield from ((("tell", n), chat) for n, chat in enumerate(value.tell))
        case Stock():
            listed = value.watch.recipients if value.watch else ()
            yield from ((("watch", "recipients", n), entry.id) for n, entry in enumerate(listed))
        case Releases():
            yield from value.told()
        case _:
            yield from (((), admin) for admin in sorted(value))


_ANONYMOUS = 60
"""Requests that GitHub answers in an hour when it does not know who asks."""


def _too_often(asked: int) -> str:
    return (
        f"没有 {GITHUB_TOKEN}，GitHub 每小时只答 {_ANONYMOUS} 次，这里要问 {asked} 次，会变慢"
        f" / without {GITHUB_TOKEN} GitHub answers {_ANONYMOUS} requests an hour; these are {asked}, so it is slower"
    )


def _without(name: str) -> str:
    return f"没有 {name}，不起作用 / has no effect without {name}"


class Settings(BaseSettings):
    """The settings of this installation, checked. Made by `load`; what no process can do without: `missing`.

    Nothing that is secret shows in its text form. `database_url` counts as secret, for it may hold a password.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, case_sensitive=True)

    # Before all that names its robots.
    welink: Welink = Welink()
    mail: Mail = Mail()
    database_url: Annotated[DatabaseUrl, Variable("SUANLI_DATABASE_URL")] = SecretStr("sqlite:///data/suanli.db")
    listen: Annotated[ListenAt, Variable("SUANLI_LISTEN")] = Listen("127.0.0.1", 8080)
    admins: Annotated[People, Variable("SUANLI_ADMINS")] = frozenset()
    timezone: Annotated[Zone, Variable("SUANLI_TIMEZONE")] = ZoneInfo("Asia/Shanghai")
    secret_key: Annotated[SigningKey, Variable("SUANLI_SECRET_KEY")] = SecretStr("")
    lang: Annotated[Lang, Variable("SUANLI_LANG")] = Lang.ZH
    config: Annotated[Path, Variable("SUANLI_CONFIG")] = Path("suanli.toml")
    feishu: Feishu = Feishu()
    grafana: Grafana = Grafana()
    prometheus: Prometheus = Prometheus()
    access: Access = Access()
    alertmanager: Alertmanager = Alertmanager()
    fallback: Fallback = Fallback()
    stock: Stock = Stock()
    github: Github = Github()
    huggingface: Huggingface = Huggingface()
    modelscope: Modelscope = Modelscope()
    releases: Releases = Releases()
    cost: Cost = Cost()
    gateway: Gateway = Gateway()

    @field_validator("admins", "alertmanager", "stock", "cost", "releases")
    @classmethod
    def _by_known_robots(cls, value: _Telling, info: Info) -> _Telling:
        welink: Welink | None = info.data.get("welink")
        if welink:
            refuse(strange_robots(_told_by(value), welink))
        return value

    @property
    def admin_ids(self) -> frozenset[str]:
        """The admins as the platforms name those who write: who of `admins` can be told only is nobody here."""
        return admin_ids(self.admins)

    def watch(self) -> Watch | None:
        """Whom to tell of low stock: by `[stock.watch]`, else by the original's file; None when there is neither.

        Reads the file anew. Raises SettingsError.
        """
        fleet = self.stock.to_domain()
        return self.stock.watch.to_domain(fleet) if self.stock.watch else read_watch(self.stock.alert_config, fleet)

    def history(self) -> Mapping[Model, datetime]:
        """When the original program last told of each model, from its own file. Raises SettingsError."""
        return read_history(self.stock.alert_history, self.stock.to_domain(), self.timezone)

    def warnings(self) -> tuple[str, ...]:
        """What is not wrong but probably not meant either, a line each. Raises SettingsError."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        watch = self.watch()
        if watch is None:
            path = str(self.stock.alert_config)
            yield problem(path, "没有这个文件，不会发低库存提醒 / no such file; nobody is told of low stock")
        else:
            yield from unlisted(watch, self.stock.to_domain())
        listed = [recipient.id for recipient in watch.recipients] if watch else []
        listed += [
            *sorted(self.admins),
            *self.alertmanager.chats,
            *self.cost.tell,
            *(told for _, told in self.releases.told()),
        ]
        yield from unreachable(listed, self.welink, self.mail)
        yield from (problem(setting, _without(needed)) for setting, needed in self._idle())
        asked = self.releases.requests(Hub.GITHUB)
        if asked > _ANONYMOUS and self.github.api_url == GITHUB and not self.github.token:
            yield problem("releases.watches", _too_often(asked))

    def _idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing, each with what it is missing."""
        welink, mail = self.welink, self.mail
        if self.alertmanager.chats and not self.alertmanager.token:
            yield "alertmanager.chats", "SUANLI_ALERTMANAGER_TOKEN"
        if self.fallback.secret and not self.fallback.url:
            yield "SUANLI_FALLBACK_SECRET", "SUANLI_FALLBACK_URL"
        if (welink.at_accounts or welink.is_at_all) and not welink.webhook_url:
            yield "welink.at_accounts" if welink.at_accounts else "welink.is_at_all", WEBHOOK
        if welink.h5_url and not (self.secret_key and welink.has_app):
            yield "welink.h5_url", "WELINK_CLIENT_ID" if self.secret_key else "SUANLI_SECRET_KEY"
        if (mail.user or mail.sender) and not mail.is_on:
            yield "SUANLI_SMTP_USER" if mail.user else "mail.sender", "mail.smtp_host"
        if mail.password and not mail.user:
            yield "SUANLI_SMTP_PASSWORD", "SUANLI_SMTP_USER"


VARIABLES = variables(Settings)
"""Every environment variable by name."""
