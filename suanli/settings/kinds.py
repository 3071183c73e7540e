"""What the value of a setting may be: each kind reads what a person wrote, or says in two languages what is wrong."""

import re
from collections.abc import Sized
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from suanli.settings.addresses import form_of, is_loopback
from suanli.settings.problems import nearest

_PLACEHOLDER = re.compile(
    r"替换为|请填写|请输入"  # anywhere: no real value has these words
    r"|^(?:[a-z]{1,6}[_-])?x{3,}$|^your[-_ ]|^change[-_]?me|^<.*>$|^[.…*]+$",
    re.IGNORECASE,
)
_DURATION = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CHECK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_DATABASES = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_PORTS = range(65536)
_Entries = TypeVar("_Entries", bound=Sized)
_SECRET_KEY_LENGTH = 32
_TOKEN = re.compile(r"[!-~]{16,}")
_HOOK = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/open-apis/bot/v2/hook/[A-Za-z0-9_-]+")
_DASHBOARD = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHORTEST_REPEAT = timedelta(minutes=1)


def is_placeholder(value: str) -> bool:
    """Whether a value is what an example has in place of one: `xxx`, `cli_xxxx`, `替换为…`, `<token>`."""
    return _PLACEHOLDER.search(value.strip()) is not None


def _real(value: str) -> str:
    if is_placeholder(value):
        raise ValueError("还是示例里的占位文字，请填真实的值 / still the example's placeholder; give the real value")
    return value


def _real_secret(value: SecretStr) -> SecretStr:
    _real(value.get_secret_value())
    return value


def _signing_key(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < _SECRET_KEY_LENGTH:
        raise ValueError(
            f"至少 {_SECRET_KEY_LENGTH} 个字符，可用 openssl rand -hex 32 生成"
            f" / needs at least {_SECRET_KEY_LENGTH} characters; make one with: openssl rand -hex 32"
        )
    return value


def _token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError(
            "至少 16 个字符，只用英文字母、数字和符号，可用 openssl rand -hex 32 生成"
            " / needs at least 16 characters, ASCII and without spaces; make one with: openssl rand -hex 32"
        )
    return value


def _hook(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _is_hook(value.get_secret_value()):
        raise ValueError(
            "要写自定义机器人的 Webhook 地址：https://open.feishu.cn/open-apis/bot/v2/hook/…"
            " / must be a custom bot's webhook: https://open.feishu.cn/open-apis/bot/v2/hook/…"
        )
    return value


def _is_hook(url: str) -> bool:
    if not _HOOK.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and port != 0 and (parts.scheme == "https" or is_loopback(host))


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('时长要写成 "30s"、"5m"、"24h" 或 "30d" / write a duration as "30s", "5m", "24h" or "30d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _repeat(value: timedelta) -> timedelta:
    if value < _SHORTEST_REPEAT:
        raise ValueError('不能短于 "1m" / must be "1m" or longer')
    return value


def _web_address(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or any(char.isspace() for char in value):
        raise ValueError("要写完整的网址，如 https://host:3000 / must be a whole address such as https://host:3000")
    if "@" in parts.netloc:
        raise ValueError("网址里不要写用户名和密码 / must not hold a user name or a password")
    if parts.query or parts.fragment:
        raise ValueError("网址里不要有 ? 或 # / must not hold ? or #")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    scheme, mark, rest = value.get_secret_value().partition("://")
    if not mark or not rest or scheme not in _DATABASES or (scheme == "sqlite" and not rest.startswith("/")):
        raise ValueError(
            "要写成 sqlite:///data/suanli.db 或 postgresql://user:password@host/name"
            " / must be like sqlite:///data/suanli.db or postgresql://user:password@host/name"
        )
    return SecretStr(f"{_DATABASES[scheme]}://{rest}")


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the web server listens. An IPv6 `host` has no brackets here; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written in the settings."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _dashboard(value: str) -> str:
    if not _DASHBOARD.fullmatch(value):
        raise ValueError(
            "要写面板所在页网址里 /d/ 后面的那一段 / must be the part after /d/ of the address of the panel's page"
        )
    return value


def _certificates(value: str) -> str:
    if value and not Path(value).is_file():
        raise ValueError(f"没有这个文件：{value} / no such file: {value}")
    return value


def _listen(value: object) -> Listen:
    if isinstance(value, Listen):
        return value
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not (_is_host(host) and port.isascii() and port.isdecimal() and int(port) in _PORTS):
        raise ValueError("要写成 127.0.0.1:8080 或 [::1]:8080 / must be like 127.0.0.1:8080 or [::1]:8080")
    return Listen(host.removeprefix("[").removesuffix("]"), int(port))


def _listen_or_off(value: object) -> Listen | None:
    return None if value in {None, ""} else _listen(value)


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return re.fullmatch(r"[A-Za-z0-9._-]+", host) is not None
    try:
        IPv6Address(host[1:].removesuffix("]"))
    except ValueError:
        return False
    return host.endswith("]")


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        match = nearest(str(value), available_timezones()) or "Asia/Shanghai"
    raise ValueError(f"没有这个时区；是不是 {match}？ / no such time zone; did you mean {match}?")


def _ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [word.strip() for word in value.replace("，", ",").split(",") if word.strip()]


def person(value: str) -> str:
    """The id of somebody to tell. Raises ValueError when it is none, or an example's."""
    value = value.strip()
    if not value or is_placeholder(value) or "飞书用户" in value:
        raise ValueError(
            "请填真实的飞书用户 ID；在飞书里向机器人发送 /userid 就能查到"
            " / give a real Feishu user id; send /userid to the bot and it tells it"
        )
    form = form_of(value)
    if form:
        raise ValueError(f'要写成 "{form}" / must be like "{form}"')
    return value


def _check_time(value: str) -> str:
    if not _CHECK_TIME.fullmatch(value):
        raise ValueError('时间要写成 "HH:MM"，如 "09:30" / write the time as "HH:MM", such as "09:30"')
    return value


def _once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _some(values: _Entries) -> _Entries:
    if not values:
        raise ValueError("至少要有一项 / needs at least one entry")
    return values


def _or_none(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str, AfterValidator(_real)]
Name = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, AfterValidator(_real_secret)]
SigningKey = Annotated[Secret, AfterValidator(_signing_key)]
Token = Annotated[Secret, AfterValidator(_token)]
HookUrl = Annotated[Secret, AfterValidator(_hook)]
DatabaseUrl = Annotated[Secret, AfterValidator(_database_url)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
DashboardUid = Annotated[Text, AfterValidator(_dashboard)]
CertificateFile = Annotated[str, AfterValidator(_certificates)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
RepeatEvery = Annotated[Duration, AfterValidator(_repeat)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
ListenAt = Annotated[Listen, BeforeValidator(_listen)]
ListenOrOff = Annotated[Listen | None, BeforeValidator(_listen_or_off)]
Query = Annotated[Name | None, BeforeValidator(_or_none)]
CheckTime = Annotated[str, AfterValidator(_check_time)]
PersonId = Annotated[str, AfterValidator(person)]
People = Annotated[frozenset[PersonId], BeforeValidator(_ids)]
Some = AfterValidator(_some)
"""Marks a list or a table that is no use empty. (pydantic's own min_length complains twice of one bad entry.)"""
Chats = Annotated[tuple[PersonId, ...], AfterValidator(_once_each)]
Recipients = Annotated[tuple[PersonId, ...], Some, AfterValidator(_once_each)]
Switch = Annotated[bool, Field(strict=True)]
CardCount = Annotated[int, Field(strict=True, ge=0)]
