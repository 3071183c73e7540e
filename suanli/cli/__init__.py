"""The console script `suanli`: every way to run the product, and what to type for it."""

import argparse
import sys
from collections.abc import Callable, Sequence

from suanli.cli import cost, gateway, releases, serve, stock, tend
from suanli.settings.problems import SettingsError
from suanli.version import VERSION

BAD_SETTINGS = 2
"""The exit code for mistakes in the settings, as for mistakes on the command line."""

Run = Callable[[argparse.Namespace], int]


def _demo(options: argparse.Namespace) -> int:
    from suanli.cli import play  # noqa: PLC0415 the sandbox is for these two commands alone

    return play.demo(options)


def _chat(options: argparse.Namespace) -> int:
    from suanli.cli import play  # noqa: PLC0415 the same

    return play.chat(options)


_PLAIN: tuple[tuple[str, str, Run], ...] = (
    ("up", "run everything in one process: webhook, jobs and delivery", serve.up),
    ("web", "run the webhook alone, under gunicorn", serve.web),
    ("work", "run jobs and delivery alone", serve.work),
    ("gateway", "run the gateway to models alone, under gunicorn", gateway.run),
    ("migrate", "bring the database up to this version", tend.migrate),
    ("check", "report every mistake of the settings, then ask Feishu, the stock source and the database", tend.check),
    ("demo", "see it work: a tour against stand-ins on this machine, then a chat on a terminal", _demo),
    ("chat", "chat with it on this terminal, against stand-ins on this machine", _chat),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SettingsError as error:
        for line in error.problems:
            print(f"✗ {line}", file=sys.stderr)
        return BAD_SETTINGS


def build_parser() -> argparse.ArgumentParser:
    """Every subcommand with its flags."""
    parser = argparse.ArgumentParser(prog="suanli", description="算力: a chatbot that runs a company's AI compute")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, said, run in _PLAIN:
        commands.add_parser(name, help=said, description=said).set_defaults(run=run)

    said = "the original program: low-stock messages"
    alerts = commands.add_parser("stock", help=said, description=said)
    alerts.set_defaults(run=stock.run)
    how = alerts.add_mutually_exclusive_group(required=True)
    how.add_argument("--check", action="store_true", help="look once, send what is to be sent, and exit")
    how.add_argument("--schedule", action="store_true", help="look each day at check_time, in the foreground")
    how.add_argument("--export-purchases", action="store_true", help="write every purchase as CSV to standard output")

    said = "the original release tracker: its JSON file, unchanged"
    tracker = commands.add_parser("releases", help=said, description=said)
    tracker.set_defaults(run=releases.run)
    tracker.add_argument("--config", required=True, metavar="FILE", help="the JSON file of the original")
    when = tracker.add_mutually_exclusive_group()
    when.add_argument("--once", action="store_true", help="read once, send what is to be sent, and exit (the default)")
    when.add_argument("--daemon", action="store_true", help="read every poll_interval_seconds, in the foreground")

    cost.add_to(commands)

    said = "the bot's commands as Feishu's own slash commands"
    slash = commands.add_parser("commands", help=said, description=said).add_subparsers(required=True, metavar="what")
    slash.add_parser("sync", help="register them; run it again after an upgrade").set_defaults(run=tend.sync_commands)
    return parser
