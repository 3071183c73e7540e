"""Slash commands, one module each, and COMMANDS, the tuple of all of them."""

from handlers import cost, help, lang, releases, role, status, stock, userid  # noqa: A004 a handler's file is its command's name

COMMANDS = (
    help.COMMAND,
    userid.COMMAND,
    *stock.COMMANDS,
    *releases.COMMANDS,
    *cost.COMMANDS,
    lang.COMMAND,
    *role.COMMANDS,
    status.COMMAND,
)
