"""`suanli cost import-prices`, `prices`, `exchange` and `set-price`: prices looked at, taken over and set by hand."""

import argparse
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.exchange import ExchangeError
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.prices import CostType, PriceError, Unit
from suanli.domain.errors import RemoteError, UserError
from suanli.domain.ports import Store
from suanli.i18n import Texts, texts_in
from suanli.settings import Settings, from_process

WRONG = 2
"""The exit code for what was typed wrongly."""

_Command = Callable[["Desk", argparse.Namespace], int]
_MISTAKES = (ExchangeError, MoneyError, PriceError)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with; `now` is one moment for all that it does."""

    settings: Settings
    store: Store
    now: datetime
    texts: Texts

    def moment(self, said: str | None) -> datetime:
        """The moment that somebody named, in the site's zone unless it has its own; now, if none was."""
        if said is None:
            return self.now
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            raise UserError(self.texts("cost_cli.no_moment", said=said)) from None
        return found if found.tzinfo else found.replace(tzinfo=self.settings.timezone)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these subcommands."""
    _add_import(commands)
    said = "list the prices that hold, and those that did"
    shown = commands.add_parser("prices", help=said, description=said)
    shown.add_argument("name", nargs="?", default="", help="only models with this in their name")
    shown.add_argument("--provider", default="", help="only models of this provider")
    shown.set_defaults(run=run, command=_prices)

    said = "list the rates of exchange, or set one: so much of the site's currency for one of another"
    rates = commands.add_parser("exchange", help=said, description=said)
    rates.add_argument("currency", nargs="?", help="such as USD")
    rates.add_argument("rate", nargs="?", type=_number, help="such as 7.1")
    _add_moment(rates)
    rates.set_defaults(run=run, command=_exchange)
    _add_set(commands)


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    said = "compare a list of prices with those that hold, and take it over with --apply"
    taken = commands.add_parser("import-prices", help=said, description=said)
    where = taken.add_mutually_exclusive_group()
    where.add_argument("file", nargs="?", type=Path, help="LiteLLM's wheel or price map (.whl, .json), or a .csv")
    where.add_argument("--installed", action="store_true", help="the price map of the LiteLLM that is installed here")
    taken.add_argument("--apply", action="store_true", help="do it; without this, it is only shown")
    taken.add_argument(
        "--accept", action="append", default=[], metavar="PROVIDER/NAME", help="take this one although it is suspicious"
    )
    taken.add_argument(
        "--only", action="append", default=[], metavar="PROVIDER[/NAME]", help="leave everything else as it is"
    )
    taken.add_argument("--all", action="store_true", help="show every line, however many there are")
    _add_moment(taken)
    taken.set_defaults(run=run, command=_import)


def _add_set(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    said = "set the price of a model by hand; a list does not undo it unless it is told to"
    usage = "suanli cost set-price PROVIDER/NAME --input PRICE --output PRICE [options]"
    given = commands.add_parser("set-price", help=said, description=said, usage=usage)
    given.add_argument("model", nargs="?", metavar="PROVIDER/NAME")
    for name in ("input", "output", "cached"):
        given.add_argument(f"--{name}", type=_number, metavar="PRICE")
    given.add_argument("--base", type=_number, default=Decimal(0), metavar="PRICE", help="for a call, whatever it does")
    given.add_argument("--per", type=int, metavar="UNITS", help="what a price is for: 1000 tokens (1 of anything else)")
    given.add_argument("--unit", choices=[unit.value for unit in Unit], default=Unit.TOKEN.value)
    given.add_argument("--currency", help="that of the site, if none is said")
    given.add_argument("--model-type", default="chat", help="such as chat or embedding")
    given.add_argument("--cost-type", choices=[kind.value for kind in CostType], default=CostType.AI_API.value)
    _add_moment(given)
    given.set_defaults(run=run, command=_set)


def _add_moment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="since", metavar="MOMENT", help="such as 2026-12-01T00:00; now, if none is said")


def _number(said: str) -> Decimal:
    try:
        return Decimal(said)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{said!r:.40} is no number") from None


def run(options: argparse.Namespace) -> int:
    """Do what one of these subcommands is for, on the database of the settings."""
    logs.configure(sys.stderr)
    with _open(from_process()) as desk:
        return answer(desk, options)


def answer(desk: Desk, options: argparse.Namespace) -> int:
    """Do it at this desk; the exit code. What is wrong is said on standard error."""
    command: _Command = options.command
    try:
        return command(desk, options)
    except (*_MISTAKES, RemoteError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except UserError as error:
        print(f"✗ {error}", file=sys.stderr)
        return WRONG


@contextmanager
def _open(settings: Settings) -> Iterator[Desk]:
    wiring.upgrade(settings)
    store = wiring.open_store(settings)
    try:
        yield Desk(settings, store, SystemClock().now(), texts_in(settings.lang))
    finally:
        store.close()


def actor() -> Actor:
    """Who runs this, by the operating system."""
    number = os.getuid()
    try:
        return Actor(pwd.getpwuid(number).pw_name, Way.CLI)
    except KeyError:
        return Actor(f"uid {number}", Way.CLI)


def _import(desk: Desk, options: argparse.Namespace) -> int:
    from suanli.cli import price_import  # noqa: PLC0415 what draws tables is for these commands alone

    if options.file is None and not options.installed:
        raise UserError(desk.texts("cost_cli.no_file"))
    return price_import.run(desk, options, actor())


def _prices(desk: Desk, options: argparse.Namespace) -> int:
    from suanli.cli import price_tables  # noqa: PLC0415 the same

    with desk.store.begin() as tx:
        book = tx.prices.book(desk.settings.cost.currency)
    return price_tables.show_prices(desk, book, options.provider, options.name)


def _exchange(desk: Desk, options: argparse.Namespace) -> int:
    from suanli.cli import price_tables  # noqa: PLC0415 the same

    if options.rate is not None:
        wiring.set_exchange(
            desk.settings,
            desk.store,
            options.currency,
            options.rate,
            desk.moment(options.since),
            actor=actor(),
            now=desk.now,
        )
    with desk.store.begin() as tx:
        rates = tx.exchange.all()
    return price_tables.show_rates(desk, rates, options.currency)


def _set(desk: Desk, options: argparse.Namespace) -> int:
    from suanli.cli import price_import  # noqa: PLC0415 the same

    return price_import.set_by_hand(desk, options, actor())
