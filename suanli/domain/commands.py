"""What a slash command is: declared once, and from that come help, checks, suggestions and the README's table."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from suanli.domain.access import Role
from suanli.domain.answer import Answer
from suanli.domain.chat import Message
from suanli.i18n import Texts

if TYPE_CHECKING:
    from suanli.domain.ports import Transaction
    from suanli.domain.site import Site


class Risk(StrEnum):
    """What a command can do to the world; a button on a card runs those that read, and the `clickable` that change."""

    READ = "read"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of one command: who asks, where, in which language, and the transaction it all happens in.

    `people` are those mentioned in the message, in order, the bot left out.
    """

    tx: "Transaction"
    message: Message
    role: Role
    texts: Texts
    now: datetime
    site: "Site"


class Argument(Protocol):
    """A kind of argument: it reads one word, and knows what could have been meant by a wrong one."""

    def read(self, word: str, turn: Turn) -> Any | None:
        """The value that `word` stands for, or None when it is not of this kind."""
        ...

    def choices(self, turn: Turn) -> Sequence[str]:
        """The words that would be right, for help and for suggestions; empty when there is no such list."""
        ...


@dataclass(frozen=True, slots=True)
class Param:
    """An argument of a command, shown as the text `argument.<name>`. A `many` one may be given often, as a tuple.

    A `rest` is `many` and free text: from its first word on, every word is its own, whatever else it could mean.
    """

    name: str
    argument: Argument
    optional: bool = False
    many: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command. `name` may have two words (`role grant`); help is found under `help.<name>` in the texts.

    `run` takes the turn and the parameters by name; a parameter that was not given arrives as None (as an empty
    tuple, if `many`). What it may not do it says with a UserError. A `clickable` command may be run by a button though
    it changes something: whoever presses is asked for their rights, and the answer is a toast.
    """

    name: str
    run: Callable[..., Answer]
    role: Role
    risk: Risk
    example: str
    aliases: tuple[str, ...] = ()
    params: tuple[Param, ...] = field(default=())
    clickable: bool = False

    def __post_init__(self) -> None:
        """Refuse, at import, a command whose function does not take what the command declares."""
        takes = list(inspect.signature(self.run).parameters)
        if takes != ["turn", *(p.name for p in self.params)]:
            raise TypeError(f"/{self.name}: {self.run} takes {takes}, its parameters say otherwise")
        if not self.example.startswith("/"):
            raise TypeError(f"/{self.name}: the example shows what a person types")

    @property
    def help_key(self) -> str:
        """The key of this command's texts: `help.role_grant`."""
        return "help." + self.name.replace(" ", "_")

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Every way to type it, each as its words."""
        return tuple(tuple(name.split()) for name in (self.name, *self.aliases))

    def usage(self, texts: Texts) -> str:
        """How to type it: `/stock [model] [region]`."""
        shown = (texts(f"argument.{p.name}") + ("…" if p.many else "") for p in self.params)
        wrapped = (f"[{name}]" if p.optional else f"<{name}>" for name, p in zip(shown, self.params, strict=True))
        return " ".join((f"/{self.name}", *wrapped))


LONGEST_NAME = 3
"""Words in the longest command name."""


class Registry:
    """Every command by every way to type it."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = tuple(commands)
        self._by_words: dict[tuple[str, ...], Command] = {}
        for command in commands:
            for words in command.words:
                if self._by_words.setdefault(words, command) is not command or len(words) > LONGEST_NAME:
                    raise ValueError(f"/{' '.join(words)} is two commands, or its name is too long")

    def find(self, words: Sequence[str]) -> tuple[Command, tuple[str, ...]] | None:
        """The command that a line names, by its longest name, and the words after the name."""
        folded = tuple(word.casefold() for word in words[:LONGEST_NAME])
        for size in range(len(folded), 0, -1):
            command = self._by_words.get(folded[:size])
            if command:
                return command, tuple(words[size:])
        return None

    def near(self, words: Sequence[str], role: Role) -> tuple[tuple[str, ...], ...]:
        """Up to three lines that may have been meant: a name close to the first words, with the rest kept."""
        typed = [word.casefold() for word in words]
        likely: list[tuple[float, tuple[str, ...]]] = []
        for name, command in self._by_words.items():
            if command.role <= role and typed:
                likely.append((_likeness(name, typed[: len(name)]), (*name, *words[len(name) :])))
                if "".join(name) == typed[0]:
                    likely.append((1, (*name, *words[1:])))
        ranked = sorted((each for each in likely if each[0] >= LIKELY), key=lambda each: -each[0])
        return tuple(dict.fromkeys(line for _, line in ranked))[:3]

    def allowed(self, role: Role) -> tuple[Command, ...]:
        """The commands that a role may run."""
        return tuple(c for c in self.commands if c.role <= role)


LIKELY = 0.6
"""Words that are less alike than this are not taken for each other."""


def _likeness(name: Sequence[str], typed: Sequence[str]) -> float:
    """How much words look like a name: as much as the worst of them does."""
    if len(name) != len(typed):
        return 0
    return min(difflib.SequenceMatcher(None, a, b).ratio() for a, b in zip(name, typed, strict=True))


def close(word: str, choices: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The choices that look like `word`, the likeliest first, whatever the case."""
    folded: Mapping[str, str] = {choice.casefold(): choice for choice in choices}
    return tuple(folded[f] for f in difflib.get_close_matches(word.casefold(), folded, limit, cutoff=LIKELY))
