"""`[welink]`: the app on WeLink, the robots of groups, and the connections that commands come in through."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from suanli.settings.addresses import is_name, is_private, is_robot_url, is_welink_person
from suanli.settings.fleet import Info
from suanli.settings.kinds import Name, Secret, Some, Switch, Text, Token, WebAddress
from suanli.settings.problems import nearest
from suanli.settings.variables import Variable, is_variable
from suanli.settings.wording import Mistake, refuse

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

DEFAULT = "default"
"""The robot that the variable `WEBHOOK` gives."""

WEBHOOK = "WELINK_WEBHOOK_URL"

_APP = ("WeLink 开发者后台 → 应用 → 凭证", "WeLink developer console → app → credentials")
_REALM = re.compile(r"[A-Za-z0-9._-]{1,100}")
_GROUP = re.compile(r"[!-~]{1,200}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_LONGEST_OWNER = 18
_MOST_ACCOUNTS = 10
_MOST_SECRETS = 2
_LONGEST_MENTIONS = 390
"""Characters: a message of a robot has 500, and is to say something too (welink.md §1.1)."""


def _robot_url(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not is_robot_url(value.get_secret_value()):
        raise ValueError(
            "要写群机器人的 Webhook 地址，带 token 和 channel：https://…/webhook/send?token=…&channel=standard"
            " / must be a group robot's webhook with token and channel: https://…/webhook/send?token=…&channel=standard"
        )
    return value


def _private(value: str) -> str:
    if value and not is_private(value):
        raise ValueError("要写 https 的网址，只用英文字符 / must be an https address, in ASCII")
    return value


def _variable(value: str) -> str:
    # Not shown: it may be the secret itself, put into the wrong place.
    if not is_variable(value):
        raise ValueError(
            "要写环境变量的名字（大写字母、数字、下划线），不是它的值"
            " / must be the name of a variable (upper case letters, digits, _), not what is in it"
        )
    return value


def _one_or_two(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > _MOST_SECRETS:
        raise ValueError(f"最多 {_MOST_SECRETS} 个 / at most {_MOST_SECRETS}")
    return values


def _account(value: str) -> str:
    if not is_welink_person(value):
        raise ValueError("要写成 名字@租户，如 li.lei@562a847505 / must be like li.lei@562a847505")
    return value


def _accounts(values: tuple[str, ...]) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(values))
    if len(once) > _MOST_ACCOUNTS:
        raise ValueError(f"最多 {_MOST_ACCOUNTS} 个 / at most {_MOST_ACCOUNTS}")
    if sum(len(each) + 2 for each in ("all", *once)) > _LONGEST_MENTIONS:
        raise ValueError(
            f"加起来太长，最多 {_LONGEST_MENTIONS} 个字符 / too long together: {_LONGEST_MENTIONS} at most"
        )
    return once


def _owner(value: str) -> str:
    if not value.strip() or len(value.encode()) > _LONGEST_OWNER:
        raise ValueError(
            f"1 到 {_LONGEST_OWNER} 字节（UTF-8，6 个汉字） / must be 1 to {_LONGEST_OWNER} bytes of UTF-8"
        )
    return value


def _realm(value: str) -> str:
    if not _REALM.fullmatch(value):
        raise ValueError("要写 ID 里 @ 后面的部分 / must be the part of ids after the @")
    return value


def _own_name(value: str) -> str:
    if not value.strip() or value.startswith("@"):
        raise ValueError("不能是空的，前面不写 @ / must not be empty, and has no @ before it")
    return value


def _pointer(value: str) -> str:
    if not _POINTER.fullmatch(value):
        raise ValueError('要写成 JSON 指针，如 "/sender/id" / must be a JSON pointer such as "/sender/id"')
    return value


RobotUrl = Annotated[Secret, AfterValidator(_robot_url)]
VariableName = Annotated[str, AfterValidator(_variable)]
Account = Annotated[str, AfterValidator(_account)]
Pointer = Annotated[str, AfterValidator(_pointer)]
PageAddress = Annotated[WebAddress, AfterValidator(_private)]


class Mentioning(BaseModel):
    """Whom a robot mentions with each message, as in the original: `is_at` None means if there are any accounts."""

    model_config = _STRICT

    at_accounts: Annotated[tuple[Account, ...], AfterValidator(_accounts)] = ()
    is_at: Switch | None = None
    is_at_all: Switch = False

    @field_validator("is_at")
    @classmethod
    def _somebody(cls, value: bool | None, info: Info) -> bool | None:  # noqa: FBT001 pydantic gives it by position
        if value and info.data.get("at_accounts") == ():
            raise ValueError("为 true 时要写 at_accounts / needs at_accounts when it is true")
        return value


class RobotEntry(Mentioning):
    """`[welink.robots.<name>]`: a group's robot. `webhook_url` is what the loader found in the variable."""

    webhook_env: VariableName
    webhook_url: RobotUrl = SecretStr("")


class FieldsEntry(BaseModel):
    """`fields` as a table: where a body says what, each as a JSON pointer; an empty one: it does not say it."""

    model_config = _STRICT

    text: Annotated[Name, AfterValidator(_pointer)]
    chat_id: Pointer = ""
    chat_kind: Pointer = ""
    sender_id: Pointer = ""
    sender_name: Pointer = ""
    message_id: Pointer = ""
    sent_at: Pointer = ""
    only: dict[Pointer, Annotated[tuple[str, ...], Some]] = {}


Mode = Literal["official", "signed", "bearer"]
_SHAPES = ("bridge", "assistant", "none")


class ConnectionEntry(BaseModel):
    """`[welink.connections.<name>]`: a way in. `secrets` are what the loader found in the variables."""

    model_config = _STRICT

    mode: Mode
    secret_envs: Annotated[tuple[VariableName, ...], Some, AfterValidator(_one_or_two)]
    secrets: Annotated[tuple[Token, ...], Field(repr=False)] = ()
    robot: str = ""
    robots: dict[str, str] = {}
    colleagues: Switch = False
    realms: tuple[Annotated[str, AfterValidator(_realm)], ...] = ()
    names: tuple[Annotated[str, AfterValidator(_own_name)], ...] = ("算力", "suanli")
    fields: Annotated[str | FieldsEntry, Field(validate_default=True)] = ""

    @field_validator("robots")
    @classmethod
    def _by_groups(cls, robots: dict[str, str]) -> dict[str, str]:
        text = "群 ID 不能有空格或中文 / the id of a group is ASCII without spaces"
        refuse(((group,), text) for group in robots if not _GROUP.fullmatch(group))
        return robots

    @field_validator("fields", mode="plain")
    @classmethod
    def _by_mode(cls, value: object, info: Info) -> str | FieldsEntry:
        """The shape; WeLink's own callback has no messages that are documented, so there it is none by default."""
        if isinstance(value, Mapping | FieldsEntry):
            return FieldsEntry.model_validate(value)
        if value == "":
            return "none" if info.data.get("mode") == "official" else "bridge"
        if not isinstance(value, str) or value not in _SHAPES:
            raise ValueError(f'可选的值 / must be: {", ".join(_SHAPES)}, {{ text = "/…", … }}')
        return value

    def spoken_by(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """The robots that answer for it, each with where it is named."""
        if self.robot:
            yield ("robot",), self.robot
        yield from ((("robots", group), robot) for group, robot in self.robots.items())


_Entry = TypeVar("_Entry")


def _named(entries: dict[str, _Entry]) -> dict[str, _Entry]:
    text = "名字只能用 a-z、0-9 和 -，最多 40 个 / must be named with up to 40 of a-z, 0-9 and -"
    refuse(((name,), text) for name in entries if not is_name(name))
    return entries


Named = AfterValidator(_named)
"""Marks a table of things by their names."""


def _not_default(robots: dict[str, RobotEntry]) -> dict[str, RobotEntry]:
    text = f"是 {WEBHOOK} 的机器人的名字；换一个 / is the name of the robot of {WEBHOOK}; take another"
    refuse([((DEFAULT,), text)] if DEFAULT in robots else ())
    return robots


class Welink(Mentioning):
    """`[welink]`: WeLink; whom its own keys mention is for the robot of `webhook_url`, which is called `default`.

    People are written to by the app (`client_id`), groups by their robots, and commands come by `connections`, and by
    the pages behind cards, which are at `h5_url` and load `h5_script`.
    """

    base_url: Annotated[WebAddress, Field(min_length=1), Variable("WELINK_BASE_URL")] = (
        "https://open.welink.huaweicloud.com"
    )
    client_id: Annotated[Text, Variable("WELINK_CLIENT_ID", *_APP)] = ""
    client_secret: Annotated[Secret, Variable("WELINK_CLIENT_SECRET", *_APP), Field(validate_default=True)] = SecretStr(
        ""
    )
    webhook_url: Annotated[RobotUrl, Variable(WEBHOOK)] = SecretStr("")
    owner: Annotated[str, AfterValidator(_owner)] = "算力"
    h5_url: PageAddress = ""
    h5_script: Annotated[PageAddress, Field(min_length=1)] = (
        "https://open-doc.welink.huaweicloud.com/docs/jsapi/2.0.4/hwh5-cloudonline.js"
    )
    robots: Annotated[dict[str, RobotEntry], Named, AfterValidator(_not_default)] = {}
    connections: Annotated[dict[str, ConnectionEntry], Named] = {}

    @field_validator("client_secret")
    @classmethod
    def _of_the_app(cls, value: SecretStr, info: Info) -> SecretStr:
        client_id = info.data.get("client_id")
        if client_id is not None and bool(client_id) != bool(value):
            raise ValueError(
                "WELINK_CLIENT_ID 和 WELINK_CLIENT_SECRET 要么都写，要么都不写"
                " / give both WELINK_CLIENT_ID and WELINK_CLIENT_SECRET, or neither"
            )
        return value

    @field_validator("connections")
    @classmethod
    def _by_known_robots(cls, connections: dict[str, ConnectionEntry], info: Info) -> dict[str, ConnectionEntry]:
        if {"webhook_url", "robots"} <= set(info.data):
            known = {*info.data["robots"], *((DEFAULT,) if info.data["webhook_url"] else ())}
            refuse(chain.from_iterable(_strange(name, each, known) for name, each in connections.items()))
        return connections

    @property
    def has_app(self) -> bool:
        """Whether people can be written to."""
        return bool(self.client_id)

    @property
    def all_robots(self) -> Mapping[str, RobotEntry]:
        """The robots by name, that of the variable among them. Their URLs are secret."""
        if not self.webhook_url:
            return self.robots
        own = RobotEntry(
            webhook_env=WEBHOOK,
            webhook_url=self.webhook_url,
            at_accounts=self.at_accounts,
            is_at=self.is_at,
            is_at_all=self.is_at_all,
        )
        return {DEFAULT: own, **self.robots}


def _strange(name: str, connection: ConnectionEntry, known: Iterable[str]) -> Iterator[Mistake]:
    for loc, robot in connection.spoken_by():
        if robot not in known:
            yield (name, *loc), no_such_robot(robot, known)


def no_such_robot(name: str, known: Iterable[str]) -> str:
    """What is wrong with a robot's name that is not among the known ones."""
    if name == DEFAULT:
        return f"没有 {WEBHOOK}，就没有机器人 {DEFAULT} / without {WEBHOOK} there is no robot {DEFAULT}"
    match = nearest(name, known)
    zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
    return f"[welink.robots] 里没有机器人 {name}{zh} / there is no robot {name} in [welink.robots]{en}"
