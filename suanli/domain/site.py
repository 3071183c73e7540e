"""What a command may know of this installation: values from the settings, fixed while the process runs."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suanli.domain.access import Role
from suanli.domain.cost.rules import MoneyRules
from suanli.domain.releases.filters import SHIPPED, Aliases
from suanli.domain.stock import Fleet
from suanli.domain.stock.rules import Watch
from suanli.i18n import Lang

if TYPE_CHECKING:
    from suanli.domain.commands import Registry


@dataclass(frozen=True, slots=True)
class Site:
    """This installation. `stale_after`: figures older than this are shown as old and never acted on.

    `aliases` are names for the same thing in filters. `watch` holds the rules of the settings; `operators` are the ids
    that hear of what nobody else would.
    """

    version: str
    zone: ZoneInfo
    lang: Lang
    admins: frozenset[str]
    default_role: Role
    fleet: Fleet
    stock_source: str
    stale_after: timedelta
    registry: "Registry"
    watch: Watch = field(default_factory=Watch)
    operators: tuple[str, ...] = ()
    aliases: Aliases = SHIPPED
    money: MoneyRules = field(default_factory=MoneyRules)
