"""How budgets are drawn: the whole with its bar, what is shared out and to whom, and what is nobody's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.cost.figures import Moments, amount, bar, percent
from handlers.cost.quota_card import left_part, levels, outlook
from handlers.cost.sight import Sight
from suanli.domain.answer import Paragraph, Span, Strong, Tone, line
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.quotas import Account, Scope
from suanli.domain.ports import Transaction
from suanli.i18n import Texts


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody's part of a budget, and its window of now."""

    scope: Scope
    owner: str
    account: Account


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """A budget at a moment, as far as somebody may see it; `whole` None: only these shares."""

    budget: Budget
    owner: str
    whole: Account | None
    shares: tuple[Share, ...]


def may_see(sight: Sight, budget: Budget) -> bool:
    """Whether anything of a budget is for somebody; one that is out of force only for who sees everything."""
    scopes = (budget.scope, *(share.scope for share in budget.allocations))
    return sight.sees_all or (budget.active and any(map(sight.may_see, scopes)))


def standing_of(tx: Transaction, budget: Budget, sight: Sight, now: datetime) -> BudgetStanding:
    """How a budget stands for somebody who may see something of it."""
    first, *others = (tx.quotas.accounts(each, now)[0] for each in tx.budgets.quotas(budget.id))
    scopes = [budget.scope, *(share.scope for share in budget.allocations)]
    names = tx.parties.names(scopes)
    is_whole = sight.may_see(budget.scope)
    shares = tuple(
        Share(account.scope, names.get(account.scope, account.scope.id), account)
        for account in others
        if is_whole or sight.may_see(account.scope)
    )
    return BudgetStanding(budget, names.get(budget.scope, budget.scope.id), first if is_whole else None, shares)


def drawn(texts: Texts, standing: BudgetStanding, moments: Moments, most: int | None = None) -> Paragraph:
    """A budget, with `most` of its shares, the fullest first."""
    return line(*_spans(texts, standing, moments, most))


def _spans(texts: Texts, standing: BudgetStanding, moments: Moments, most: int | None) -> Iterator[Span]:
    budget, whole = standing.budget, standing.whole
    owner = f"{texts(f'quota.kind.{budget.scope.kind.word}')} {standing.owner}"
    yield Strong(f"{budget.name} #{budget.id}")
    yield f" · {owner} · {texts(f'quota.period.{budget.period}')}"
    yield texts("budget.binds") if budget.binds else ""
    yield "" if budget.active else texts("quota.off")
    if whole is not None:
        yield "\n" + _figures(texts, whole, budget)
        resets = moments.said(whole.window.end, budget.zone)
        said = outlook(texts, whole, budget.zone, moments)
        yield "\n" + texts("quota.resets", at=resets) + (f" · {said}" if said else "")
    ranked = sorted(standing.shares, key=lambda share: left_part(share.account))
    for share in ranked[:most]:
        kind = texts(f"quota.kind.{share.scope.kind.word}")
        yield f"\n· {kind} {share.owner} " + _figures(texts, share.account, budget)
    if len(ranked) > (most or len(ranked)):
        yield "\n" + texts("quota.more", n=len(ranked) - (most or 0))
    if whole is not None:
        yield "\n" + texts("budget.unallocated", left=amount(budget.unallocated), currency=budget.currency)
    else:
        yield "\n" + texts("budget.only_yours")


def _figures(texts: Texts, account: Account, budget: Budget) -> str:
    taken = account.used + account.held
    held = texts("quota.held", held=amount(account.held)) if account.held else ""
    used = texts("budget.spent", used=amount(account.used), limit=amount(account.limit), currency=budget.currency)
    key = "quota.left" if account.left >= 0 else "quota.over"
    left = texts(key, left=amount(abs(account.left)), currency=budget.currency)
    return f"{bar(taken, account.limit)} {percent(taken, account.limit)} · {used}{held} · {left}"


def tone_of(standings: Sequence[BudgetStanding]) -> Tone:
    """What the fullest of all says: a budget that is over is worth a look, though it refuses nobody unless it binds."""
    accounts = [
        (each, account)
        for each in standings
        for account in (each.whole, *(share.account for share in each.shares))
        if account is not None
    ]
    if any(account.left < 0 or (account.left == 0 and account.used) for _, account in accounts):
        return Tone.BAD
    return Tone.WARNING if any(levels(account, each.budget) for each, account in accounts) else Tone.INFO
