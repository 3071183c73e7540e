"""/releases and its subcommands, one module for those of a kind."""

from handlers.releases import follow, past, show, tune, upkeep

COMMANDS = (
    show.COMMAND,
    *follow.COMMANDS,
    *tune.COMMANDS,
    *past.COMMANDS,
    *upkeep.COMMANDS,
)
