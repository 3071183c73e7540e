"""Rules: when the cards of a scope run low, who hears of it, and what was changed in chat."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from suanli.domain.chat import OpenId, Person, Platform, Target, TargetKind
from suanli.domain.stock.fleet import Model
from suanli.domain.stock.scope import Scope


class Severity(IntEnum):
    """How bad a shortage is."""

    WARNING = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """The name used in settings and in the store."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """Tell people when fewer than `min_free` cards of `scope` are free.

    `critical` and `recover` None mean half of `min_free`, and `min_free` and a tenth (at least two cards) more.
    A shortage fires after `samples` low samples in a row, or once it has lasted for `hold`; it is over when
    `recover` cards have been free for `keep`. With `lead_days`, a shortage is critical as soon as the cards would be
    gone before new ones could come. `recipients` empty means everybody on the watch list.
    """

    scope: Scope
    min_free: int
    description: str = ""
    critical: int | None = None
    recover: int | None = None
    samples: int = 2
    hold: timedelta | None = None
    repeat: timedelta = timedelta(hours=24)
    keep: timedelta = timedelta(minutes=15)
    lead_days: int = 0
    recipients: tuple[str, ...] = ()

    @property
    def critical_below(self) -> int:
        """Fewer free cards than this are critical."""
        return -(-self.min_free // 2) if self.critical is None else self.critical

    @property
    def recovered_at(self) -> int:
        """With this many free cards the shortage is over."""
        margin = max(2, -(-self.min_free // 10))
        return self.min_free + margin if self.recover is None else self.recover

    @property
    def title(self) -> str:
        """The rule's name for reading."""
        return self.description or " ".join(self.scope.words)

    def severity(self, free: int, days_left: float | None) -> Severity:
        """How bad `free` cards are, `days_left` days before the last is gone (None: nobody knows)."""
        too_late = days_left is not None and days_left < self.lead_days
        return Severity.CRITICAL if free < self.critical_below or too_late else Severity.WARNING


class Field(StrEnum):
    """What of a rule can be changed in chat."""

    MIN_FREE = "min_free"
    CRITICAL = "critical"
    RECOVER = "recover"
    SAMPLES = "samples"
    REPEAT = "repeat"
    KEEP = "keep"
    LEAD_DAYS = "lead_days"


DURATIONS = frozenset({Field.REPEAT, Field.KEEP})
"""Fields whose value is a duration; the others are whole numbers."""


@dataclass(frozen=True, slots=True)
class Override:
    """A field of a rule as somebody set it in chat. `value` is a number of cards, samples, days, or of seconds."""

    scope: Scope
    field: Field
    value: int
    set_by: OpenId
    set_at: datetime

    @property
    def worth(self) -> int | timedelta:
        """The value as the rule takes it."""
        return timedelta(seconds=self.value) if self.field in DURATIONS else self.value


def in_force(rules: Iterable[Rule], overrides: Iterable[Override]) -> tuple[Rule, ...]:
    """The rules of the settings with what was changed in chat; one made in chat alone needs a `min_free`."""
    changed: dict[Scope, dict[str, Any]] = {}
    for each in overrides:
        changed.setdefault(each.scope, {})[each.field.value] = each.worth
    known = {rule.scope: rule for rule in rules}
    made = {scope: Rule(scope, 0) for scope, values in changed.items() if scope not in known and "min_free" in values}
    return tuple(replace(rule, **changed.get(scope, {})) for scope, rule in (known | made).items())


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody on the watch list. Empty `weekdays` (Monday is 0), `models` and `severities` mean all of them.

    `hours` are local, from–to; a span that ends before it begins reaches over midnight. What happens outside of them
    is told when they begin.
    """

    id: str
    hours: tuple[time, time] | None = None
    weekdays: frozenset[int] = field(default_factory=frozenset)
    models: frozenset[Model] = field(default_factory=frozenset)
    severities: frozenset[Severity] = field(default_factory=frozenset)

    @property
    def target(self) -> Target:
        """Where their messages go."""
        return target_of(self.id)

    def listens(self, local: datetime) -> bool:
        """Whether they want to hear at this local time. A span over midnight belongs to the day it began on."""
        day, clock = local.weekday(), local.time()
        if self.hours is None:
            return not self.weekdays or day in self.weekdays
        begin, end = self.hours
        if begin < end:
            inside = begin <= clock < end
        else:
            inside = clock >= begin or clock < end
            day = (day - 1) % 7 if clock < end else day
        return inside and (not self.weekdays or day in self.weekdays)

    def wants(self, rule: Rule, severity: Severity) -> bool:
        """Whether a shortage by this rule is any of their business."""
        return self.minds(rule) and (not self.severities or severity in self.severities)

    def minds(self, rule: Rule) -> bool:
        """Whether one of some severity would be."""
        named = not rule.recipients or self.id in rule.recipients
        return named and (not self.models or rule.scope.model in self.models)

    def is_person(self, person: Person) -> bool:
        """Whether this is `person`. WeLink's people have an @ in their ids, which no open_id of Feishu has.

        So nobody there can be taken for a recipient by the id of a Feishu account, or by an e-mail address.
        """
        named = f"{_WELINK}:{person.open_id}" if "@" in person.open_id else person.open_id
        return self.id in {named, person.user_id, person.union_id}


_KINDS: Mapping[str, TargetKind] = {
    "ou_": TargetKind.OPEN_ID,
    "on_": TargetKind.UNION_ID,
    "oc_": TargetKind.CHAT,
}
_WELINK = "welink"
_ELSEWHERE: Mapping[str, tuple[Platform, TargetKind]] = {
    _WELINK: (Platform.WELINK, TargetKind.USER_ID),
    "welink-robot": (Platform.WELINK, TargetKind.ROBOT),
    "mail": (Platform.MAIL, TargetKind.EMAIL),
}


def target_of(recipient: str) -> Target:
    """Where a notice to `recipient` goes, by what its id looks like (feishu.md §0, "ID prefixes").

    Who is not on Feishu has a word for the way before the id: `welink:`, `welink-robot:`, `mail:`.
    """
    way, colon, rest = recipient.partition(":")
    if colon and way in _ELSEWHERE:
        return Target(*_ELSEWHERE[way], rest)
    kind = _KINDS.get(recipient[:3]) or (TargetKind.EMAIL if "@" in recipient else TargetKind.USER_ID)
    return Target(Platform.FEISHU, kind, recipient)


@dataclass(frozen=True, slots=True)
class Watch:
    """The rules and the watch list of the settings, and when each day (HH:MM, local) a check is made come what may."""

    rules: tuple[Rule, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    check_time: str = "10:00"
    _named: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _minding: Mapping[Model | None, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the watch list by id and by model: a look asks it for every rule, mostly for a few of many people."""
        named: dict[str, list[int]] = {}
        minding: dict[Model | None, list[int]] = {}
        for place, each in enumerate(self.recipients):
            named.setdefault(each.id, []).append(place)
            for model in each.models or (None,):
                minding.setdefault(model, []).append(place)
        object.__setattr__(self, "_named", {name: tuple(places) for name, places in named.items()})
        object.__setattr__(self, "_minding", {model: tuple(places) for model, places in minding.items()})

    def listeners(self, rule: Rule, operators: Sequence[str]) -> tuple[Recipient, ...]:
        """Who hears of a rule's shortages of whatever severity: the watch list; the operators if nobody there does."""
        if rule.recipients:
            places = {place for name in rule.recipients for place in self._named.get(name, ())}
        else:
            places = {*self._minding.get(None, ()), *self._minding.get(rule.scope.model, ())}
        found = tuple(each for each in (self.recipients[place] for place in sorted(places)) if each.minds(rule))
        return found or tuple(Recipient(operator) for operator in operators)
