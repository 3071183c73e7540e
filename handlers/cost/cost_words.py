"""Figures of spending in words: amounts with what is not in them, names, their age, and what to press next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from handlers.cost.analysis import PAYERS, Figures
from handlers.cost.cost_arguments import When
from handlers.cost.figures import amount
from handlers.cost.sight import sight
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Block, Button, Buttons, Column, Note, Span, Table, line, note, run_button
from suanli.domain.chat import ChatKind
from suanli.domain.commands import Turn
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.reports import Share, Shares
from suanli.domain.cost.sums import Dimension, Outlay, Sum
from suanli.domain.lines import write

MOST_ROWS = 10


def money(turn: Turn, nano: int) -> str:
    """An amount with its currency."""
    return f"{amount(nano)} {turn.site.money.currency}"


def cost_of(turn: Turn, of: Sum | Outlay) -> str:
    """What is known of a cost: a least amount when some calls have no price, and unknown when none has one."""
    if of.unpriced <= 0:
        return money(turn, of.total_cost)
    known = of.requests > of.unpriced
    return turn.texts("cost.at_least", amount=money(turn, of.total_cost)) if known else turn.texts("cost.unknown")


def average(turn: Turn, of: Decimal | None) -> str:
    """What one costs."""
    if of is None:
        return turn.texts("cost.unknown")
    return f"{of.quantize(Decimal('0.000001')):f} {turn.site.money.currency}"


def signed(percent: Decimal) -> str:
    """A change: +25.0."""
    return f"{percent:+}"


def title_of(turn: Turn, figures: Figures, key: str, when: When | None = None) -> str:
    """A card's title, which says whose figures it has."""
    words = {"when": turn.texts(f"cost.when.{when}")} if when else {}
    return turn.texts(key, whose=_owner(turn, figures), **words)


def _owner(turn: Turn, figures: Figures) -> str:
    scopes = figures.scopes
    if scopes is None:
        return turn.texts("cost.everybody")
    user = sight(turn).user
    if user is not None and scopes[0] == user.scope:
        return turn.texts("cost.mine")
    by = next(each for each, kind in PAYERS.items() if kind is scopes[0].kind)
    return names_shown(turn, figures, by, [scopes[0].id])[scopes[0].id]


def hides(turn: Turn) -> bool:
    """Whether other people's names are to be hidden here: in a group, from who does not operate this."""
    return turn.message.origin.chat_kind is ChatKind.GROUP and turn.role < Role.OPERATOR


def names_shown(turn: Turn, figures: Figures, by: Dimension, values: Iterable[str]) -> Mapping[str, str]:
    """What to call each of these here; other people are numbered where their names are hidden."""
    known = tuple(dict.fromkeys(values))
    names, own = figures.names(by, known), sight(turn).user
    shown: dict[str, str] = {}
    for number, value in enumerate(known, 1):
        is_other = by is Dimension.USER and (own is None or own.scope != Scope(ScopeKind.USER, value))
        if not value:
            shown[value] = turn.texts("cost.unsaid")
        else:
            shown[value] = turn.texts("cost.masked", n=number) if is_other and hides(turn) else names[value]
    return shown


def table(turn: Turn, found: Shares, names: Mapping[str, str], title: str) -> Table:
    """Who, or what, has how much; the last row is all the others."""
    texts = turn.texts
    columns = (
        Column(title),
        Column(texts("cost.spent"), number=True),
        Column(texts("cost.share"), number=True),
        Column(texts("cost.calls"), number=True),
    )
    rows = [_row(turn, names[share.value], share) for share in found.most]
    if found.fewer:
        name = texts("cost.others", n=found.fewer)
        rows.append((name, cost_of(turn, found.others), "", f"{found.others.requests:,}"))
    return Table(columns, tuple(rows))


def _row(turn: Turn, name: str, share: Share) -> tuple[str, ...]:
    percent = "" if share.percent is None else f"{share.percent}%"
    return name, cost_of(turn, share.sum), percent, f"{share.sum.requests:,}"


def unpriced_note(turn: Turn, unpriced: int) -> tuple[Block, ...]:
    """That some calls are in no amount."""
    return (line(turn.texts("cost.unpriced", n=f"{unpriced:,}")),) if unpriced > 0 else ()


def age(turn: Turn, newest: datetime | None) -> Note:
    """How old figures are: of now, for sums are exact; and when the last call was told of, which may be long ago."""
    said: tuple[Span, ...] = (turn.texts("cost.newest"), Ago(newest)) if newest else (turn.texts("cost.never"),)
    return note(turn.texts("cost.as_of"), Ago(turn.now), " · ", *said)


def button(label: str, words: Sequence[str], scope: Scope | None) -> Button:
    """A button for another question about the same figures."""
    rest = (f"{scope.kind.word}:{scope.id}",) if scope else ()
    return run_button(label, write((*words, *rest)))


def next_steps(turn: Turn, scope: Scope | None, *steps: str) -> Buttons:
    """Buttons for what else there is: `top`, `forecast`, `suggest`."""
    return Buttons(tuple(button(turn.texts(f"cost.button.{each}"), ("cost", each), scope) for each in steps))
