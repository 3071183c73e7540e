"""Kinds of arguments of /quota and /budget."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from handlers.arguments import PersonArgument
from handlers.cost.reach import in_reach, user_scope
from handlers.cost.sight import sight
from suanli.domain.commands import Turn
from suanli.domain.cost.money import Currency, MoneyError, Nano, nano
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.requests import QuotaRequestId
from suanli.domain.cost.rules import CNY
from suanli.domain.cost.windows import Period

LONGEST_NAME = 60
"""Characters of the name of a quota or a budget."""

_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,12})(\.\d{1,9})?([k千w万亿]?)", re.ASCII | re.IGNORECASE)
_TIMES = {"": 1, "k": 1_000, "千": 1_000, "w": 10_000, "万": 10_000, "亿": 100_000_000}
_NUMBER = re.compile(r"#([1-9]\d{0,8})", re.ASCII)
_BARE_NUMBER = re.compile(r"#?([1-9]\d{0,8})", re.ASCII)

_KINDS: Mapping[str, ScopeKind] = MappingProxyType(
    {
        "user": ScopeKind.USER, "用户": ScopeKind.USER, "project": ScopeKind.PROJECT, "项目": ScopeKind.PROJECT,
        "department": ScopeKind.DEPARTMENT, "dept": ScopeKind.DEPARTMENT, "部门": ScopeKind.DEPARTMENT,
        "organization": ScopeKind.ORGANIZATION, "organisation": ScopeKind.ORGANIZATION,
        "org": ScopeKind.ORGANIZATION, "组织": ScopeKind.ORGANIZATION, "公司": ScopeKind.ORGANIZATION,
    }
)  # fmt: skip
_PERIODS: Mapping[Period, tuple[str, ...]] = MappingProxyType(
    {
        Period.HOURLY: ("hour", "每小时", "小时"),
        Period.DAILY: ("day", "每天", "每日", "天", "日"),
        Period.WEEKLY: ("week", "每周", "周"),
        Period.MONTHLY: ("month", "每月", "月", "月度"),
        Period.YEARLY: ("year", "每年", "年", "年度"),
    }
)


def read_amount(word: str, currency: Currency) -> Nano | None:
    """An amount of a currency as people write it: `500`, `1,000.50`, `1.5万`, `¥500`, `500元`, `500CNY`.

    Exact: None for what has more than nine digits after the point, is more than can be kept, or is no amount.
    """
    bare = word.casefold().removesuffix(currency.casefold()).removeprefix(currency.casefold())
    if currency == CNY:
        bare = bare.removeprefix("¥").removesuffix("元")
    found = _AMOUNT.fullmatch(bare)
    if found is None:
        return None
    try:
        return nano(Decimal(found[1].replace(",", "") + (found[2] or "")) * _TIMES[found[3].casefold()])
    except MoneyError:
        return None


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as somebody gave it, which may be nothing at all."""

    nano: Nano


class AmountArgument:
    """An amount of money, in the site's currency."""

    def read(self, word: str, turn: Turn) -> Amount | None:
        """The amount."""
        found = read_amount(word, turn.site.money.currency)
        return None if found is None else Amount(found)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: any amount will do."""
        return ()


class PeriodArgument:
    """How long a window is."""

    def read(self, word: str, turn: Turn) -> Period | None:  # noqa: ARG002 the port's shape
        """The period that a word names."""
        folded = word.casefold()
        return next((period for period, words in _PERIODS.items() if folded in (period.value, *words)), None)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The periods."""
        return tuple(Period)


class ModeArgument:
    """Whether a limit only warns (`soft`) or refuses (`hard`)."""

    def read(self, word: str, turn: Turn) -> "Mode | None":  # noqa: ARG002 the port's shape
        """What a word says."""
        return _MODES.get(word.casefold())

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """Both."""
        return tuple(Mode)


class Mode(StrEnum):
    """What a limit does when it is reached."""

    SOFT = "soft"
    HARD = "hard"


_MODES = {"soft": Mode.SOFT, "只提醒": Mode.SOFT, "hard": Mode.HARD, "强制": Mode.HARD}


class ScopeArgument:
    """Whose money: somebody mentioned, or `department:sales`, by id or by name."""

    def read(self, word: str, turn: Turn) -> Scope | None:
        """The scope, whether anybody knows of it or not."""
        person = PersonArgument().read(word, turn)
        if person is not None:
            return user_scope(turn, person.open_id)
        kind_word, colon, name = word.partition(":")
        kind = _KINDS.get(kind_word.casefold())
        if not colon or kind is None or not name.strip():
            return None
        named = [party.scope for party in turn.tx.parties.all() if party.scope.kind is kind and party.name == name]
        exact = Scope(kind, name.strip())
        return named[0] if len(named) == 1 and turn.tx.parties.find(exact) is None else exact

    def choices(self, turn: Turn) -> Sequence[str]:
        """Those that are known, people left out."""
        scopes = (party.scope for party in turn.tx.parties.all() if party.scope.kind is not ScopeKind.USER)
        return tuple(f"{scope.kind.word}:{scope.id}" for scope in scopes)


@dataclass(frozen=True, slots=True)
class Which:
    """The quotas that a word stands for, of those that somebody may ask about; maybe none."""

    word: str
    quotas: tuple[Quota, ...]


@dataclass(frozen=True, slots=True)
class QuotaArgument:
    """A quota by its number or name, or by whose it is. `numbers`: `3` is one too, not only `#3`."""

    numbers: bool = True

    def read(self, word: str, turn: Turn) -> Which | None:
        """What it stands for; a number or a person may stand for none, any other word is a quota's or not read."""
        reach = in_reach(turn.tx, sight(turn))
        number = (_BARE_NUMBER if self.numbers else _NUMBER).fullmatch(word)
        if number:
            return Which(word, tuple(quota for quota in reach if quota.id == QuotaId(int(number[1]))))
        scope = ScopeArgument().read(word, turn)
        if scope is not None:
            return Which(word, tuple(quota for quota in reach if quota.scope == scope))
        names = turn.tx.parties.names([quota.scope for quota in reach])
        folded = word.casefold()
        found = tuple(q for q in reach if folded in map(str.casefold, (q.name, q.scope.id, names.get(q.scope, q.name))))
        return Which(word, found) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:
        """The names of all that somebody may ask about."""
        return tuple(dict.fromkeys(quota.name for quota in in_reach(turn.tx, sight(turn))))


class RequestArgument:
    """The number of a request for more."""

    def read(self, word: str, turn: Turn) -> QuotaRequestId | None:  # noqa: ARG002 the port's shape
        """The number, whether there is such a request or not."""
        found = _BARE_NUMBER.fullmatch(word)
        return QuotaRequestId(int(found[1])) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:
        """Those that wait."""
        return tuple(str(request.id) for request in turn.tx.quota_requests.pending())


class Field(StrEnum):
    """What else of a quota can be set."""

    DAILY = "daily"
    HOURLY = "hourly"
    WARNING = "warning"
    CRITICAL = "critical"
    ZONE = "zone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Setting:
    """A field and what it is to be; an amount is None when there is to be no such limit."""

    field: Field
    value: Nano | float | ZoneInfo | str | None


class SettingArgument:
    """`daily=100`, `hourly=off`, `warning=80%`, `zone=America/New_York`, `name=…`."""

    def read(self, word: str, turn: Turn) -> Setting | None:
        """The field and its value; None for a field that is none, or a value of another kind."""
        name, equals, text = word.partition("=")
        field = next((each for each in Field if each == name.casefold()), None)
        if not equals or not text or field is None:
            return None
        if field in (Field.DAILY, Field.HOURLY) and text.casefold() == "off":
            return Setting(field, None)
        value = _value(field, text, turn.site.money.currency)
        return None if value is None else Setting(field, value)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """One of each."""
        return ("daily=100", "hourly=20", "warning=80%", "critical=95%", "zone=Asia/Shanghai", "name=…")


def _value(field: Field, text: str, currency: Currency) -> Nano | float | ZoneInfo | str | None:
    match field:
        case Field.DAILY | Field.HOURLY:
            return read_amount(text, currency)
        case Field.WARNING | Field.CRITICAL:
            digits = text.removesuffix("%")
            return int(digits) / 100 if re.fullmatch(r"[1-9]\d?|100", digits, re.ASCII) else None
        case Field.ZONE:
            return _zone(text)
        case Field.NAME:
            return text[:LONGEST_NAME]


def _zone(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    # For what is no key, or is a folder of them, it raises whatever the system says of such a file.
    except (ValueError, KeyError, OSError):
        return None
