"""Names of the small things that one process learns and another reads."""

BEAT = "scheduler.beat"
"""Renewed by the scheduler while its thread lives."""


def bot_open_id(app_id: str) -> str:
    """The bot's own open_id on Feishu; an open_id belongs to one app."""
    return f"feishu.bot_open_id:{app_id}"
