"""Kinds of arguments of /cost, and whose figures somebody gets who types them."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from handlers.cost.analysis import EVERYTHING, PAYERS, Figures, Whose
from handlers.cost.arguments import ScopeArgument
from handlers.cost.sight import Sight, sight
from suanli.domain.commands import Param, Turn
from suanli.domain.cost.dates import Dates, last_days, month_of, same_days_before, week_of
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.sums import Dimension
from suanli.domain.errors import Forbidden, UserError

_WEEK = 7


class When(StrEnum):
    """The time that is asked about; each goes up to now."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"

    def dates(self, today: date) -> Dates:
        """Its days."""
        match self:
            case When.TODAY:
                return last_days(today, 1)
            case When.WEEK:
                return week_of(today)
            case When.MONTH:
                return month_of(today)

    def before(self, today: date) -> Dates:
        """The days that it compares with: as many of those before."""
        if self is When.MONTH:
            return same_days_before(today)
        dates = self.dates(today)
        back = dates.first - last_days(dates.first, _WEEK + 1 if self is When.WEEK else 2).first
        return Dates(dates.first - back, dates.last - back)


_WHEN: Mapping[str, When] = MappingProxyType(
    {
        "today": When.TODAY, "day": When.TODAY, "今天": When.TODAY, "今日": When.TODAY,
        "week": When.WEEK, "本周": When.WEEK, "这周": When.WEEK,
        "month": When.MONTH, "本月": When.MONTH, "这个月": When.MONTH,
    }
)  # fmt: skip
_BY: Mapping[str, Dimension] = MappingProxyType(
    {
        "model": Dimension.MODEL, "模型": Dimension.MODEL, "user": Dimension.USER, "用户": Dimension.USER,
        "provider": Dimension.PROVIDER, "供应商": Dimension.PROVIDER, "type": Dimension.REQUEST_TYPE,
        "类型": Dimension.REQUEST_TYPE, "request_type": Dimension.REQUEST_TYPE, "请求类型": Dimension.REQUEST_TYPE,
        "project": Dimension.PROJECT, "项目": Dimension.PROJECT, "department": Dimension.DEPARTMENT,
        "部门": Dimension.DEPARTMENT, "organization": Dimension.ORGANIZATION, "组织": Dimension.ORGANIZATION,
        "cost_type": Dimension.COST_TYPE, "成本类型": Dimension.COST_TYPE,
    }
)  # fmt: skip
_FILLERS = ("by", "按")
_FRESH = ("new", "重新", "刷新")


class WhenArgument:
    """today, week or month."""

    def read(self, word: str, turn: Turn) -> When | None:  # noqa: ARG002 the port's shape
        """The time that a word names."""
        return _WHEN.get(word.casefold())

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The three."""
        return tuple(When)


class ByArgument:
    """`by model`, in one word or two, with or without its `by`: that word alone stands for nothing."""

    def read(self, word: str, turn: Turn) -> Dimension | str | None:  # noqa: ARG002 the port's shape
        """The dimension; an empty word for `by`."""
        folded = word.casefold()
        if folded in _FILLERS:
            return ""
        return _BY.get(folded.removeprefix("按"))

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """One word for each that is asked for often."""
        return ("model", "user", "provider", "type", "project", "department")


class FreshArgument:
    """`new`: what is kept will not do."""

    def read(self, word: str, turn: Turn) -> bool | None:  # noqa: ARG002 the port's shape
        """True for this word."""
        return True if word.casefold() in _FRESH else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """It."""
        return _FRESH[:1]


WHEN = Param("when", WhenArgument(), optional=True)
BY = Param("by", ByArgument(), optional=True, many=True)
WHOSE = Param("whose", ScopeArgument(), optional=True)
FRESH = Param("fresh", FreshArgument(), optional=True)


def dimension(turn: Turn, said: Sequence[Dimension | str]) -> Dimension | None:
    """What to tell apart by; None: nobody says. Raises UserError for two of them."""
    found = [each for each in said if isinstance(each, Dimension)]
    if len(found) > 1 or (said and not found):
        raise UserError(turn.texts("cost.one_by"))
    return found[0] if found else None


def figures_for(turn: Turn, scope: Scope | None) -> Figures:
    """The figures of a scope; of none, everybody's for who may see them, and one's own for others. Raises Forbidden."""
    return Figures(turn.tx, turn.site, _whose(turn, sight(turn), scope), turn.now)


def _whose(turn: Turn, seen: Sight, scope: Scope | None) -> Whose:
    if scope is None and seen.sees_all:
        return EVERYTHING
    if scope is None:
        if seen.user is None:
            raise Forbidden(turn.texts("cost.unknown_person"))
        scope = seen.user.scope
    elif not seen.may_see(scope):
        raise Forbidden(turn.texts("cost.not_yours"))
    return {next(each for each, kind in PAYERS.items() if kind is scope.kind): scope.id}
