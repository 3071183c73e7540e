"""Tending an installation: is it set up right, is its database of this version, does Feishu know its commands."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain.errors import RemoteError
from suanli.settings import Process, Settings, SettingsError, from_process, missing


def migrate(_: argparse.Namespace) -> int:
    """Bring the database up to this version."""
    wiring.upgrade(from_process())
    print("✓ database")
    return 0


def check(_: argparse.Namespace) -> int:
    """Report every mistake of the settings at once; if there is none, ask everything outside whether it is well."""
    logs.configure(sys.stderr)
    settings = from_process()
    lacking = missing(settings, Process.ALL)
    if lacking:
        raise SettingsError(lacking)
    for warning in settings.warnings():
        print(f"! {warning}")
    probes: tuple[tuple[str, Callable[[Settings], Sequence[str]]], ...] = (
        ("feishu", _feishu),
        (settings.stock.source, _stock),
        ("database", _database),
    )
    # Every probe is made, whatever the ones before it found.
    well = [_probe(name, partial(probe, settings)) for name, probe in probes]
    well += [_probe(name, probe) for name, probe in wiring.probe_hubs(settings, SystemClock())]
    return 0 if all(well) else 1


def _probe(name: str, probe: Callable[[], Sequence[str]]) -> bool:
    try:
        found = probe()
    except (RemoteError, SettingsError) as error:
        print(f"✗ {name}: {error}")
        return False
    for line in found:
        print(f"✓ {name}: {line}")
    return True


def _feishu(settings: Settings) -> Sequence[str]:
    bot = wiring.build_courier(settings, SystemClock()).bot_info()
    if not bot.active:
        raise RemoteError("the bot is not active: enable the bot capability and publish a version of the app")
    return ("token ok", f"bot {bot.name} is active", f"its open_id is {bot.open_id}")


def _stock(settings: Settings) -> Sequence[str]:
    return wiring.build_source(settings, SystemClock()).probe()


def _database(settings: Settings) -> Sequence[str]:
    if wiring.needs_upgrade(settings):
        print("! database: 还没有升级到这个版本；suanli up 会自动升级，也可以运行 suanli migrate")
        return ("reachable; suanli up or suanli migrate brings it up to this version",)
    return ("up to date",)


def sync_commands(_: argparse.Namespace) -> int:
    """Register the commands as Feishu's native slash commands; doing it again changes nothing."""
    logs.configure(sys.stderr)
    settings = from_process()
    lacking = missing(settings, Process.WORK)
    if lacking:
        raise SettingsError(lacking)
    try:
        report = wiring.build_courier(settings, SystemClock()).sync_commands(wiring.slash_commands())
    except RemoteError as error:
        print(f"✗ feishu: {error}", file=sys.stderr)
        return 1
    print(report)
    return 0
