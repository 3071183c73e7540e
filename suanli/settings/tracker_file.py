"""The original release tracker's JSON file as it is written (seed release-tracker, "配置参数说明")."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from suanli.domain.releases import Hub, Place
from suanli.domain.releases.filters import SHIPPED
from suanli.domain.releases.places import read_place
from suanli.settings.addresses import is_mail_address
from suanli.settings.filters import any_of, misread
from suanli.settings.hubs import AccessToken
from suanli.settings.kinds import Switch
from suanli.settings.mail import Host, Login, Port
from suanli.settings.welink import WEBHOOK, Mentioning, RobotUrl
from suanli.settings.wording import refuse

_LENIENT = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
"""Keys that the original did not look at stay without effect."""

_STATE = "./mrt_state.sqlite3"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMED_ADDRESS = re.compile(r"[^<>]*<([^<>]*)>\s*")
_LONGEST = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Robot:
    """The WeLink group's robot, and whom it mentions; without a URL, the variable that should have it has none."""

    webhook_env: str
    webhook_url: SecretStr
    at_accounts: tuple[str, ...]
    is_at: bool | None
    is_at_all: bool


@dataclass(frozen=True, slots=True)
class Letters:
    """The server that takes letters, the login to it, and whom they are to."""

    smtp_host: str
    smtp_port: int
    user: SecretStr
    password: SecretStr
    to: tuple[str, ...]
    use_tls: bool


@dataclass(frozen=True, slots=True)
class Tracker:
    """What the file says, with what its variables hold. `state` is the path as it stands there."""

    interval: timedelta
    keywords: tuple[str, ...]
    state: Path
    repositories: tuple[Place, ...]
    issues: bool
    pulls: bool
    organisations: tuple[Place, ...]
    github_token: SecretStr
    huggingface_token: SecretStr
    robot: Robot | None
    letters: Letters | None

    @property
    def filter(self) -> str:
        """The keywords as a filter.

        The original found them anywhere in a text, `rl` in "world" too; a filter wants words (releases.md §2.8).
        """
        return any_of(self.keywords)


def _variable(value: str) -> str:
    # Not shown: it may be the secret itself, put into the wrong place.
    if value and not _VARIABLE.fullmatch(value):
        raise ValueError("要写环境变量的名字，不是它的值 / must be the name of a variable, not what is in it")
    return value


def _repository(value: object) -> Place:
    return _place(Hub.GITHUB, value, '要写成 "owner/repo" / must be like "owner/repo"')


def _on_huggingface(value: object) -> Place:
    return _place(Hub.HUGGINGFACE, value, _NO_ORGANISATION)


def _on_modelscope(value: object) -> Place:
    return _place(Hub.MODELSCOPE, value, _NO_ORGANISATION)


_NO_ORGANISATION = '要写组织的名字，如 "deepseek-ai" / must be the name of an organisation such as "deepseek-ai"'


def _place(hub: Hub, value: object, otherwise: str) -> Place:
    found = read_place(f"{hub}:{value}") if isinstance(value, str) else None
    if found is None:
        raise ValueError(otherwise)
    return found


def _keywords(words: tuple[str, ...]) -> tuple[str, ...]:
    """Each once in one case. Blank ones had no effect."""
    stripped = tuple(word.strip() for word in words)
    wrong = [((n,), _wrong(word)) for n, word in enumerate(stripped) if word]
    refuse((loc, text) for loc, text in wrong if text)
    once: dict[str, str] = {}
    for word in filter(None, stripped):
        once.setdefault(word.casefold(), word)
    text = misread(any_of(once.values()), SHIPPED)
    if text:
        raise ValueError(text)
    return tuple(once.values())


def _wrong(keyword: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in keyword):
        # JSON can spell half of a character, which nothing can be written with.
        return "不是完整的文字 / is no whole text"
    return misread(any_of([keyword]), SHIPPED)


def _address(value: str) -> str:
    """The address alone, of `Ops <ops@example.com>` too."""
    named = _NAMED_ADDRESS.fullmatch(value)
    found = (named[1] if named else value).strip()
    if not is_mail_address(found):
        raise ValueError("要写邮箱地址，如 ops@example.com / must be an e-mail address such as ops@example.com")
    return found


VariableName = Annotated[str, AfterValidator(_variable)]


class _File(BaseModel):
    """A table of the file, in which null is the same as nothing."""

    model_config = _LENIENT

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return {key: each for key, each in value.items() if each is not None} if isinstance(value, dict) else value


class _State(_File):
    sqlite_path: str = ""


class _Monitor(_File):
    issues: Switch = True
    pulls: Switch = True


class _Github(_File):
    repos: tuple[Annotated[Place, BeforeValidator(_repository)], ...] = ()
    monitor: _Monitor = _Monitor()
    token_env: VariableName = ""
    token: AccessToken = SecretStr("")


class _Huggingface(_File):
    orgs: tuple[Annotated[Place, BeforeValidator(_on_huggingface)], ...] = ()
    token_env: VariableName = ""
    token: AccessToken = SecretStr("")


class _Modelscope(_File):
    orgs: tuple[Annotated[Place, BeforeValidator(_on_modelscope)], ...] = ()


class _Sources(_File):
    github: _Github = _Github()
    huggingface: _Huggingface = _Huggingface()
    modelscope: _Modelscope = _Modelscope()


class _Welink(_File, Mentioning):
    model_config = _LENIENT

    webhook_env: VariableName = ""
    webhook_url: RobotUrl = SecretStr("")

    def to_domain(self) -> Robot:
        variable = self.webhook_env or WEBHOOK
        return Robot(variable, self.webhook_url, self.at_accounts, self.is_at, self.is_at_all)


class _Email(_File):
    smtp_host: Host = ""
    smtp_port: Port = 587
    user_env: VariableName = ""
    password_env: VariableName = ""
    user: Login = SecretStr("")
    password: Login = SecretStr("")
    to_list: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    use_tls: Switch = True

    def to_domain(self) -> Letters:
        return Letters(self.smtp_host, self.smtp_port, self.user, self.password, self.to_list, self.use_tls)


class _Notify(_File):
    welink: _Welink | None = None
    email: _Email | None = None


class TrackerFile(_File):
    """The file. Its token, user, password and webhook are what the variables hold that it names."""

    poll_interval_seconds: Annotated[int, Field(strict=True, ge=1, le=_LONGEST)] = 300
    watch_keywords: Annotated[tuple[str, ...], AfterValidator(_keywords)] = ()
    state: _State = _State()
    sources: _Sources = _Sources()
    notify: _Notify = _Notify()

    def to_domain(self) -> Tracker:
        """What it says, without its form."""
        github, huggingface = self.sources.github, self.sources.huggingface
        return Tracker(
            interval=timedelta(seconds=self.poll_interval_seconds),
            keywords=self.watch_keywords,
            state=Path(self.state.sqlite_path or _STATE),
            repositories=github.repos,
            issues=github.monitor.issues,
            pulls=github.monitor.pulls,
            organisations=(*huggingface.orgs, *self.sources.modelscope.orgs),
            github_token=github.token,
            huggingface_token=huggingface.token,
            robot=self.notify.welink.to_domain() if self.notify.welink else None,
            letters=self.notify.email.to_domain() if self.notify.email else None,
        )
