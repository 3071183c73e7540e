"""`suanli cost`: what tending the cost of AI takes on a command line."""

import argparse

from suanli.cli import prices, spending

SAID = "what AI costs: prices, who pays, tokens, and whether the books agree"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand with those below it."""
    group = commands.add_parser("cost", help=SAID, description=SAID)
    commands = group.add_subparsers(required=True, metavar="what")
    prices.add_to(commands)
    spending.add_to(commands)
