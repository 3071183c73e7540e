"""Feishu's native slash commands made those of the bot: `application/v7/app_slash_commands` (feishu.md §6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from bot.feishu.courier.api import FeishuApi
from suanli.domain.errors import RemoteError

MOST_COMMANDS = 100

_URI = "/open-apis/application/v7/app_slash_commands"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command without its slash, and what it does in Chinese and in English."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The names of commands by what was done about them; `others` are not ours and were left alone."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    others: tuple[str, ...]

    def __str__(self) -> str:
        """A line for each kind that there is."""
        kinds = ((kind, getattr(self, kind)) for kind in self.__slots__)
        return "\n".join(f"{kind}: {' '.join(f'/{name}' for name in names)}" for kind, names in kinds if names)


class Description(BaseModel):
    """What a command does; `i18n` may have locales that nobody wrote."""

    default_value: str = ""
    i18n: dict[str, str | None] = Field(default_factory=dict)


class Registered(BaseModel):
    """A command as the platform has it."""

    command_id: str
    command: str
    description: Description = Field(default_factory=Description)

    def says(self, wanted: SlashCommand) -> bool:
        """Whether its description is the one that is wanted."""
        there, ours = self.description, _description(wanted)
        return there.default_value == ours.default_value and ours.i18n.items() <= there.i18n.items()


class Commands(BaseModel):
    """The `data` of the list."""

    items: list[Registered] = Field(default_factory=list)


def sync_commands(api: FeishuApi, wanted: Sequence[SlashCommand], retired: Collection[str] = ()) -> SyncReport:
    """Create what is missing and correct descriptions; doing it again changes nothing. Raises RemoteError.

    Of commands that are not wanted, only the `retired` ones are deleted, which an earlier version of the bot had: the
    platform does not say who made a command, and an administrator may have added one, such as an alias, by hand.
    """
    there = {each.command: each for each in _registered(api)}
    ours = {each.name: each for each in wanted}
    report = _plan(there, ours, retired)
    if len(there) + len(report.created) - len(report.deleted) > MOST_COMMANDS:
        raise RemoteError(f"Feishu takes {MOST_COMMANDS} slash commands at most", permanent=True)
    for name in report.deleted:
        api.ask("DELETE", f"{_URI}/:id", paths={"id": there[name].command_id})
    for name in report.created:
        api.ask("POST", _URI, body={"command": name, "description": _description(ours[name]).model_dump()})
    for name in report.updated:
        body = {"description": _description(ours[name]).model_dump()}
        api.ask("PATCH", f"{_URI}/:id", paths={"id": there[name].command_id}, body=body)
    return report


def _plan(there: Mapping[str, Registered], ours: Mapping[str, SlashCommand], retired: Collection[str]) -> SyncReport:
    shared = [name for name in ours if name in there]
    foreign = [name for name in there if name not in ours]
    return SyncReport(
        created=tuple(name for name in ours if name not in there),
        updated=tuple(name for name in shared if not there[name].says(ours[name])),
        deleted=tuple(name for name in foreign if name in retired),
        unchanged=tuple(name for name in shared if there[name].says(ours[name])),
        others=tuple(name for name in foreign if name not in retired),
    )


def _registered(api: FeishuApi) -> list[Registered]:
    try:
        return Commands.model_validate(api.ask("GET", _URI).get("data")).items
    except ValidationError as error:
        raise RemoteError("Feishu said nothing usable about its slash commands") from error


def _description(command: SlashCommand) -> Description:
    return Description(default_value=command.en, i18n={"zh_cn": command.zh, "en_us": command.en})
