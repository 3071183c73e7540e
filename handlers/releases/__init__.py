"""/releases and its subcommands, one module for those of a kind."""

from handlers.releases import follow, past, show, tune, upkeep, why

COMMANDS = (
    show.COMMAND,
    *follow.COMMANDS,
    *tune.COMMANDS,
    *past.COMMANDS,
    why.COMMAND,
    *upkeep.COMMANDS,
)
