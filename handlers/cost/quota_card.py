"""How quotas are drawn: each limit with its bar, what is left, when it begins anew, and how long it lasts like this."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from handlers.cost.figures import Moments, amount, bar, percent
from handlers.cost.reach import name_of
from handlers.cost.sight import Sight
from suanli.domain.answer import Paragraph, Span, Strong, Tone, line
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.forecasts import pace
from suanli.domain.cost.quotas import WHOLE, Account, Level, Quota, QuotaGrant, reached
from suanli.domain.cost.quotas import Span as Limit
from suanli.domain.ports import Transaction
from suanli.i18n import Texts


@dataclass(frozen=True, slots=True)
class Standing:
    """A quota at a moment, with its windows and what is granted on top of it.

    Not `whole`: for somebody whom it binds, but whom it is no business what others spent of it. They are told what is
    left, for otherwise nobody could see why they are refused.
    """

    quota: Quota
    owner: str
    accounts: tuple[Account, ...]
    grants: tuple[QuotaGrant, ...]
    whole: bool

    @property
    def worst(self) -> Account | None:
        """The window with the least part left; of equals the longest."""
        return min(self.accounts, key=left_part, default=None)


def left_part(account: Account) -> Fraction:
    """How much of a limit is left, as a part of it; nothing of a limit of nothing."""
    return Fraction(account.left, account.limit) if account.limit else Fraction(min(account.left, 0))


def standing_of(tx: Transaction, quota: Quota, sight: Sight, now: datetime) -> Standing:
    """How a quota stands for somebody."""
    grants = (each for each in tx.quotas.grants(quota.id) if each.ended_at is None and now < each.expires_at)
    accounts = tuple(tx.quotas.accounts(quota.id, now)) if quota.active else ()
    return Standing(quota, name_of(tx, quota.scope), accounts, tuple(grants), sight.may_see(quota.scope))


def head(texts: Texts, standing: Standing) -> str:
    """Whose quota it is, its name and its number."""
    quota = standing.quota
    named = "" if quota.name in (standing.owner, quota.scope.id) else f" · {quota.name}"
    kind = texts(f"quota.kind.{quota.scope.kind.word}")
    return f"{kind} {standing.owner}{named} #{quota.id}"


def drawn(texts: Texts, standing: Standing, moments: Moments) -> Paragraph:
    """A quota, a line for each of its windows and of what was granted on top."""
    quota = standing.quota
    spans: list[Span] = [Strong(head(texts, standing))]
    if quota.soft:
        spans.append(texts("quota.soft"))
    if not quota.active:
        spans.append(texts("quota.off"))
    for account in standing.accounts:
        spans += ["\n", *_window(texts, standing, account, moments)]
    for grant in standing.grants if standing.whole else ():
        spans += ["\n", granted(texts, quota, grant, moments)]
    return line(*spans)


def granted(texts: Texts, quota: Quota, grant: QuotaGrant, moments: Moments) -> str:
    """What is granted on top of a limit, and up to when."""
    return texts(
        "quota.granted",
        amount=amount(grant.amount),
        currency=quota.currency,
        limit=limit_name(texts, quota, grant.span),
        until=moments.said(grant.expires_at, quota.zone),
    )


def limit_name(texts: Texts, quota: Quota, limit: Limit) -> str:
    """Which of a quota's limits it is, by how long its windows are."""
    spans = quota.spans()
    return texts(f"quota.period.{spans[limit][0]}" if limit in spans else "quota.no_limit")


def _window(texts: Texts, standing: Standing, account: Account, moments: Moments) -> Iterator[Span]:
    quota, taken = standing.quota, account.used + account.held
    yield f"{bar(taken, account.limit)} {percent(taken, account.limit)} "
    yield Strong(limit_name(texts, quota, account.span))
    yield " · "
    yield figures(texts, account, quota) if standing.whole else _left(texts, account, quota)
    yield " · " + texts("quota.resets", at=moments.said(account.window.end, quota.zone))
    if standing.whole:
        said = outlook(texts, account, quota.zone, moments)
        yield f" · {said}" if said else ""


def figures(texts: Texts, account: Account, quota: Quota) -> str:
    """What is used, held and left of a limit."""
    held = texts("quota.held", held=amount(account.held)) if account.held else ""
    used = texts("quota.used", used=amount(account.used), limit=amount(account.limit), currency=quota.currency)
    return f"{used}{held} · {_left(texts, account, quota)}"


def _left(texts: Texts, account: Account, quota: Quota) -> str:
    key = "quota.left" if account.left >= 0 else "quota.over"
    return texts(key, left=amount(abs(account.left)), currency=quota.currency)


def outlook(texts: Texts, account: Account, zone: ZoneInfo, moments: Moments) -> str:
    """How long a limit lasts at this pace; nothing is said where nothing was spent."""
    if account.left <= 0:
        return texts("quota.used_up")
    if account.used <= 0:
        return ""
    ends_at = pace(account, moments.now)
    return texts("quota.lasts") if ends_at is None else texts("quota.until", at=moments.said(ends_at, zone))


def tone_of(standings: Sequence[Standing]) -> Tone:
    """What the fullest of hard limits says."""
    accounts = [(each, one) for each in standings if not each.quota.soft for one in each.accounts]
    if any(one.left <= 0 for _, one in accounts):
        return Tone.BAD
    return Tone.WARNING if any(levels(one, each.quota) for each, one in accounts) else Tone.INFO


def levels(account: Account, of: Quota | Budget) -> Sequence[Level]:
    """The levels that what is taken has come to, be it used or held."""
    thresholds = (round(part * WHOLE) for part in (of.warning, of.critical))
    return reached(account.limit, account.used + account.held, *thresholds)
