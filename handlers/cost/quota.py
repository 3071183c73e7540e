"""/quota and /quota list: how much may still be spent, by whom, and until when."""

from collections.abc import Iterator, Sequence

from handlers.cost.arguments import QuotaArgument, Which
from handlers.cost.figures import amount, moments, percent
from handlers.cost.quota_card import Standing, drawn, left_part, limit_name, standing_of, tone_of
from handlers.cost.quota_past import told
from handlers.cost.quota_request import contacts
from handlers.cost.reach import binding
from handlers.cost.sight import Sight, sight
from suanli.domain.access import Role
from suanli.domain.answer import (
    Ago,
    Answer,
    Block,
    Button,
    Code,
    Column,
    Facts,
    Form,
    Input,
    Note,
    Span,
    Table,
    line,
    note,
)
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.quotas import Quota
from suanli.domain.errors import UserError

SHOWN = 50
"""Quotas in a list."""

MOST_DRAWN = 20
"""Quotas with bars on one card."""

CHANGES = 5


def run(turn: Turn, quota: Which | None) -> Answer:
    """The quotas that bind who asks; or one of them, or of what they answer for, with all that is known of it."""
    seen = sight(turn)
    if quota is None:
        return _mine(turn, seen)
    if not quota.quotas:
        raise UserError(turn.texts("quota.unknown", word=quota.word))
    standings = _standings(turn, seen, quota.quotas)
    if len(standings) > 1:
        return Answer(turn.texts.lang, tuple(_drawn(turn, standings)), quota.word, tone_of(standings))
    return _one(turn, standings[0])


def _mine(turn: Turn, seen: Sight) -> Answer:
    texts = turn.texts
    standings = _standings(turn, seen, binding(turn.tx, seen))
    if not standings:
        said = (line(texts("quota.nothing")), note(texts("quota.nothing_hint"), " ", Code(_SET)))
        return Answer(texts.lang, said, texts("quota.title"))
    hard = any(not each.quota.soft for each in standings)
    blocks = (*_drawn(turn, standings), *(_form(turn) if hard else ()))
    return Answer(texts.lang, blocks, texts("quota.title"), tone_of(standings))


_SET = "/quota set department:sales 5000 monthly"


def _standings(turn: Turn, seen: Sight, quotas: Sequence[Quota]) -> list[Standing]:
    return [standing_of(turn.tx, each, seen, turn.now) for each in quotas[:SHOWN]]


def _drawn(turn: Turn, standings: Sequence[Standing]) -> Iterator[Block]:
    for each in standings[:MOST_DRAWN]:
        yield drawn(turn.texts, each, moments(turn))
    if len(standings) > MOST_DRAWN:
        yield note(turn.texts("quota.more", n=len(standings) - MOST_DRAWN))
    if not all(each.whole for each in standings):
        yield note(turn.texts("quota.others"))
    yield _now(turn)


def _now(turn: Turn) -> Note:
    return note(turn.texts("quota.now"), Ago(turn.now))


def _form(turn: Turn) -> Iterator[Block]:
    texts = turn.texts
    yield Form(
        "more",
        (
            Input(
                "more_amount", texts("quota.more_amount", currency=turn.site.money.currency), "number", required=True
            ),
            Input("more_why", texts("quota.more_why"), required=True),
        ),
        (Button(texts("quota.ask_more"), {"run": "/quota request", "fields": "more_amount more_why"}, "primary"),),
    )


def _one(turn: Turn, standing: Standing) -> Answer:
    texts, quota = turn.texts, standing.quota
    blocks: list[Block] = [drawn(texts, standing, moments(turn))]
    pairs: list[tuple[str, tuple[Span, ...]]] = []
    if standing.whole:
        pairs.append((texts("quota.thresholds"), (f"{quota.warning:.0%} / {quota.critical:.0%}",)))
        pairs.append((texts("quota.zone"), (quota.zone.key,)))
    if not quota.soft and quota.active:
        pairs.append((texts("quota.approvers"), contacts(turn, quota)))
    blocks += [Facts(tuple(pairs))] if pairs else []
    if standing.whole:
        changes = turn.tx.changes.newest(CHANGES, f"quota {quota.id}")
        blocks += [line(texts("quota.changes"))] if changes else []
        blocks += [told(turn, each, quota) for each in changes]
    else:
        blocks.append(note(texts("quota.others")))
    return Answer(texts.lang, (*blocks, _now(turn)), texts("quota.title_one", id=quota.id), tone_of([standing]))


def listed(turn: Turn) -> Answer:
    """Every quota but those of budgets, the fullest first; those out of force last."""
    texts, seen = turn.texts, sight(turn)
    quotas = [each for each in turn.tx.quotas.all() if each.budget is None]
    if not quotas:
        return Answer(texts.lang, (line(texts("quota.none_at_all")), note(Code(_SET))), texts("quota.title_list", n=0))
    standings = [standing_of(turn.tx, each, seen, turn.now) for each in quotas]
    ranked = sorted(standings, key=lambda each: (each.worst is None, left_part(each.worst) if each.worst else 0))
    columns = (
        Column("#", number=True), Column(texts("quota.column.who")), Column(texts("quota.column.limit")),
        Column(texts("quota.column.percent"), number=True), Column(texts("quota.column.left"), number=True),
        Column(texts("quota.column.of"), number=True), Column(texts("quota.column.resets")),
    )  # fmt: skip
    more = (note(texts("quota.more", n=len(ranked) - SHOWN)),) if len(ranked) > SHOWN else ()
    rows = tuple(_row(turn, each) for each in ranked[:SHOWN])
    return Answer(
        texts.lang, (Table(columns, rows), *more, _now(turn)), texts("quota.title_list", n=len(ranked)), tone_of(ranked)
    )


def _row(turn: Turn, standing: Standing) -> tuple[str, ...]:
    texts, quota, worst = turn.texts, standing.quota, standing.worst
    kind = texts(f"quota.kind.{quota.scope.kind.word}")
    named = "" if quota.name in (standing.owner, quota.scope.id) else f" · {quota.name}"
    who = f"{kind} {standing.owner}{named}"
    if worst is None:
        return str(quota.id), who + texts("quota.off"), texts(f"quota.period.{quota.period}"), "", "", "", ""
    mark = texts("quota.soft") if quota.soft else ""
    resets = moments(turn).said(worst.window.end, quota.zone)
    taken = percent(worst.used + worst.held, worst.limit)
    limit = limit_name(texts, quota, worst.span)
    return (
        str(quota.id),
        who + mark,
        limit,
        taken,
        amount(worst.left),
        f"{amount(worst.limit)} {quota.currency}",
        resets,
    )


COMMANDS = (
    Command(
        name="quota",
        run=run,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/quota",
        aliases=("配额", "额度"),
        params=(Param("quota", QuotaArgument(), optional=True),),
    ),
    Command(
        name="quota list",
        run=listed,
        role=Role.OPERATOR,
        risk=Risk.READ,
        example="/quota list",
        aliases=("配额 列表",),
    ),
)
