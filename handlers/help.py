"""/help: what the bot can do for the person who asks."""

from handlers.arguments import CommandArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Buttons, Code, Divider, Facts, Span, line, note, run_button
from suanli.domain.commands import Command, Param, Risk, Turn


def run(turn: Turn, command: tuple[Command, ...] | None) -> Answer:
    """The commands that this person may run, or all about one of them."""
    return _all(turn) if command is None else _one(turn, command)


def _all(turn: Turn) -> Answer:
    texts = turn.texts
    allowed = turn.site.registry.allowed(turn.role)
    listed = tuple(line(Code(c.usage(texts)), "  ", texts(f"{c.help_key}.summary")) for c in allowed)
    plain = tuple(c for c in allowed if c.risk is Risk.READ and all(p.optional for p in c.params) and c.name != "help")
    buttons = Buttons(tuple(run_button(f"/{c.name}", f"/{c.name}") for c in plain))
    blocks: tuple[Block, ...] = (*listed, *((buttons,) if plain else ())) or (line(texts("help.none")),)
    return Answer(texts.lang, (*blocks, note(texts("help.footer"))), texts("help.title"))


def _one(turn: Turn, commands: tuple[Command, ...]) -> Answer:
    blocks: list[Block] = []
    for command in commands:
        blocks += [*([Divider()] if blocks else []), *_about(turn, command)]
    title = turn.texts("help.title_one", command=commands[0].name.split()[0])
    return Answer(turn.texts.lang, tuple(blocks), title)


def _about(turn: Turn, command: Command) -> tuple[Block, ...]:
    texts = turn.texts
    aliases = tuple(span for alias in command.aliases for span in (Code(f"/{alias}"), " "))
    pairs: list[tuple[str, tuple[Span, ...]]] = [
        (texts("help.usage"), (Code(command.usage(texts)),)),
        (texts("help.example"), (Code(command.example),)),
        (texts("help.needs"), (texts(f"role.{command.role.word}"),)),
    ]
    if aliases:
        pairs.insert(1, (texts("help.aliases"), aliases))
    return (line(texts(f"{command.help_key}.detail")), Facts(tuple(pairs)))


COMMAND = Command(
    name="help",
    run=run,
    role=Role.NONE,
    risk=Risk.READ,
    example="/help stock",
    aliases=("帮助", "?"),
    params=(Param("command", CommandArgument(), optional=True),),
)
