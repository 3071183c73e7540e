"""/stock and its subcommands, one module each."""

from handlers.stock import alerts, purchase, rule, shortage, show, trend

COMMANDS = (
    show.COMMAND,
    trend.COMMAND,
    alerts.COMMAND,
    *rule.COMMANDS,
    *shortage.COMMANDS,
    *purchase.COMMANDS,
)
