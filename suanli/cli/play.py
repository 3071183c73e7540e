"""Seeing the product at work without any platform: a tour and a chat among stand-ins."""

import argparse
import logging
import sys

import structlog
from rich.console import Console

from suanli import wiring
from suanli.clock import SystemClock
from suanli.sandbox.drawing import WIDTH
from suanli.sandbox.terminal import Terminal
from suanli.sandbox.tour import tour
from suanli.sandbox.world import World, open_world


def demo(_: argparse.Namespace) -> int:
    """The tour; on a terminal it stays as a chat."""
    return _play(with_tour=True, with_chat=sys.stdin.isatty() and sys.stdout.isatty())


def chat(_: argparse.Namespace) -> int:
    """The chat alone."""
    return _play(with_tour=False, with_chat=True)


def _play(*, with_tour: bool, with_chat: bool) -> int:
    # What the product logs would stand between the lines of the chat; only what is wrong is shown.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock, console = SystemClock(), Console(width=None if sys.stdout.isatty() else WIDTH)
    with open_world(clock) as world:
        terminal = Terminal(world, console, clock)
        if with_tour:
            tour(terminal, console, lambda: _check(world))
        if with_chat:
            terminal.run(console.input, lambda: _check(world))
    return 0


def _check(world: World) -> str:
    return world.work.runner.run_once(wiring.CHECK_STOCK)
