"""`suanli cost`: what tending the cost of AI takes on a command line."""

import argparse

from suanli.cli import prices

SAID = "what AI costs: prices, rates of exchange"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand with those below it."""
    group = commands.add_parser("cost", help=SAID, description=SAID)
    prices.add_to(group.add_subparsers(required=True, metavar="what"))
