"""Kinds of arguments that commands take; each reads one word and knows the words it would have read."""

from collections.abc import Sequence
from dataclasses import dataclass

from suanli.domain.access import GRANTABLE, Role
from suanli.domain.chat import OpenId, Person
from suanli.domain.commands import Command, Turn
from suanli.domain.stock import Fleet, Group, Model, find_group
from suanli.i18n import Lang


class PersonArgument:
    """Somebody, mentioned in the message or named by open_id."""

    def read(self, word: str, turn: Turn) -> Person | None:
        """The person behind `@_user_1` or `ou_…`."""
        if word.startswith("ou_"):
            return Person(OpenId(word))
        return next((m.person for m in turn.message.mentions if m.key == word), None)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape; people are not listed
        """None: people are picked from the platform's own list."""
        return ()


class ModelArgument:
    """A GPU model: of the table, or any other that the newest data names."""

    def read(self, word: str, turn: Turn) -> Model | None:
        """The model's short name. Exact: H20 is not H200."""
        return turn.site.fleet.find_model(word) or next((m for m in _unlisted(turn) if m == word), None)

    def choices(self, turn: Turn) -> Sequence[str]:
        """Every model there is."""
        return (*(p.model for p in turn.site.fleet.products), *_unlisted(turn))


@dataclass(frozen=True, slots=True)
class Place:
    """A region or clock class as a person chose it."""

    name: str


class RegionArgument:
    """A region of the fleet."""

    def read(self, word: str, turn: Turn) -> Place | None:
        """The region that a word stands for."""
        return _find(word, turn.site.fleet.regions)

    def choices(self, turn: Turn) -> Sequence[str]:
        """Every region's first name."""
        return tuple(group.name for group in turn.site.fleet.regions)


class ClockArgument:
    """A clock class of the fleet."""

    def read(self, word: str, turn: Turn) -> Place | None:
        """The clock class that a word stands for."""
        return _find(word, turn.site.fleet.clocks)

    def choices(self, turn: Turn) -> Sequence[str]:
        """Every clock class's first name."""
        return tuple(group.name for group in turn.site.fleet.clocks)


_LANGS = {"zh": Lang.ZH, "中文": Lang.ZH, "cn": Lang.ZH, "en": Lang.EN, "英文": Lang.EN, "english": Lang.EN}


class LangArgument:
    """A language the bot speaks."""

    def read(self, word: str, turn: Turn) -> Lang | None:  # noqa: ARG002 the port's shape
        """The language that a word names."""
        return _LANGS.get(word.casefold())

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The languages."""
        return tuple(Lang)


class RoleArgument:
    """A role that can be granted, by its English word or its name in either language."""

    def read(self, word: str, turn: Turn) -> Role | None:
        """The role that a word names."""
        folded = word.casefold()
        return next((r for r in GRANTABLE if folded in (r.word, turn.texts(f"role.{r.word}").casefold())), None)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The roles' words."""
        return tuple(role.word for role in GRANTABLE)


class CommandArgument:
    """The first word of a command's name, with or without its slash."""

    def read(self, word: str, turn: Turn) -> tuple[Command, ...] | None:
        """The commands that begin with this word, or that it is another name of."""
        first = word.lstrip("/").casefold()
        found = tuple(c for c in turn.site.registry.commands if any(w[0] == first for w in c.words))
        return found or None

    def choices(self, turn: Turn) -> Sequence[str]:
        """Every first word that the person may use."""
        return tuple(dict.fromkeys(c.name.split()[0] for c in turn.site.registry.allowed(turn.role)))


def _find(word: str, groups: Sequence[Group]) -> Place | None:
    name = find_group(word, groups)
    return Place(name) if name else None


def _unlisted(turn: Turn) -> tuple[Model, ...]:
    fleet: Fleet = turn.site.fleet
    listed = {product.model for product in fleet.products}
    snapshot = turn.tx.samples.latest(turn.site.stock_source)
    return tuple(sorted({s.model for s in snapshot.samples} - listed))
