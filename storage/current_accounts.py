"""Windows that limits have at a moment, of many quotas at once.

Each is looked up by its whole name, which is in an index: those that are over cost nothing, however many they are.
Most quotas have the same few windows. A statement asks for several of these, each with all the quotas that have it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    literal_column,
    select,
    type_coerce,
    union_all,
)

from storage.accounts import limit_at, written_grants
from storage.bulk import one_of
from storage.prepared import Prepared
from storage.tables import AccountRow, QuotaGrantRow
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import WHOLE, Account, Level, Quota, QuotaId, Span, reached
from suanli.domain.cost.windows import Period, Window, window_at

_AT_ONCE = 40
"""Windows in one statement; SQLite takes 500 parts."""

# As the driver gives it: a conversion of every cell would cost as much as all the rest.
_STANDING = (
    AccountRow.quota, AccountRow.limit, AccountRow.granted, AccountRow.used, AccountRow.held,
    type_coerce(AccountRow.soft, Integer), AccountRow.warning, AccountRow.critical,
)  # fmt: skip
# Rounded down twice, so it cannot become too large to count; only what comes near is looked at closer. With grants on
# top of its limit an account comes to its levels later, never sooner.
_NEARLY_WARNED = (
    AccountRow.used > literal_column("0"),
    AccountRow.used >= AccountRow.limit // literal_column(str(WHOLE), Integer) * AccountRow.warning,
)
_RUNNING = Prepared(
    select(QuotaGrantRow.quota, QuotaGrantRow.span, QuotaGrantRow.amount, QuotaGrantRow.expires_at)
    .where(one_of(QuotaGrantRow.quota, "quotas"), QuotaGrantRow.ended_at.is_(None))
    .order_by(QuotaGrantRow.id)
)
_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class _Place:
    """A window, and the quotas that have it for one of their limits."""

    span: Span
    window: Window
    quotas: Sequence[QuotaId]


def current_accounts(
    connection: Connection, quotas: Sequence[Quota], now: datetime
) -> Mapping[QuotaId, Sequence[Account]]:
    """The windows of now of each quota's limits, by span; one that nothing was held in yet is empty."""
    places = _places(quotas, now)
    windows = {(quota, place.span): place.window for place in places for quota in place.quotas}
    rows = {(QuotaId(row[0]), place.span): row for place, row in _rows(connection, places)}
    granted = _granted(connection, sorted({quota for quota, _ in windows.keys() - rows.keys()}))

    def account(quota: Quota, span: Span, own: Nano) -> Account:
        known = rows.get((quota.id, span))
        if known is None:
            known = (quota.id, own, granted.get((quota.id, span), ""), 0, 0, quota.soft)
        _, limit, grants, used, held, soft, *_ = known
        return Account(
            quota.id, quota.name, quota.scope, span, windows[quota.id, span],
            Nano(limit_at(limit, grants, now)), Nano(used), Nano(held), bool(soft),
        )  # fmt: skip

    return {
        quota.id: tuple([account(quota, span, own) for span, (_, own) in sorted(quota.spans().items())])
        for quota in quotas
    }


def current_levels(connection: Connection, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Level]:
    """The highest level that any limit of each has come to in its window of now; nothing where that is none."""
    found: dict[QuotaId, Level] = {}
    for _, (quota, limit, granted, used, _, _, warning, critical) in _rows(
        connection, _places(quotas, now), warned=True
    ):
        for level in reached(limit_at(limit, granted, now), used, warning, critical)[-1:]:
            found[quota] = max(found.get(quota, level), level, key=_LEVELS.index)
    return found


def _places(quotas: Sequence[Quota], now: datetime) -> Sequence[_Place]:
    """The windows of now. Each is worked out once, whoever has it."""
    found: dict[tuple[Span, Period, ZoneInfo], list[QuotaId]] = defaultdict(list)
    for quota in quotas:
        for span, (period, _) in quota.spans().items():
            found[span, period, quota.zone].append(quota.id)
    return [_Place(span, window_at(period, zone, now), these) for (span, period, zone), these in found.items()]


def _rows(
    connection: Connection, places: Sequence[_Place], *, warned: bool = False
) -> Iterator[tuple[_Place, Sequence[Any]]]:
    """The accounts that are open, each with its window; of `warned` ones only those that may have come to a level."""
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        values: dict[str, Any] = {}
        for n, place in enumerate(some):
            values[f"quotas_{n}"], values[f"span_{n}"] = place.quotas, place.span
            values[f"starts_{n}"], values[f"ends_{n}"] = place.window.start, place.window.end
        for n, *row in _standing(len(some), warned=warned).run(connection, values):
            yield some[n], row


@lru_cache(2 * _AT_ONCE)
def _standing(places: int, *, warned: bool) -> Prepared:
    """The statement for so many windows."""
    parts = [_of_place(n).where(*(_NEARLY_WARNED if warned else ())) for n in range(places)]
    return Prepared(select(union_all(*parts).subquery()))


def _of_place(n: int) -> Select[*tuple[Any, ...]]:
    number: ColumnElement[int] = literal_column(str(n), Integer)
    return select(number.label("place"), *_STANDING).where(
        one_of(AccountRow.quota, f"quotas_{n}"),
        AccountRow.span == bindparam(f"span_{n}"),
        AccountRow.starts_at == bindparam(f"starts_{n}"),
        AccountRow.ends_at == bindparam(f"ends_{n}"),
    )


def _granted(connection: Connection, quotas: Sequence[QuotaId]) -> Mapping[tuple[QuotaId, Span], str]:
    """What is granted on top of the limits of these, as their accounts would have it."""
    found = defaultdict(list)
    if quotas:
        for quota, span, amount, expires_at in _RUNNING.run(connection, {"quotas": quotas}):
            found[QuotaId(quota), span].append((amount, expires_at))
    return {of: written_grants(grants) for of, grants in found.items()}
