"""/stock rule, rule set and rule unset: when people are told, by the settings and as changed in chat."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from handlers.arguments import Place
from handlers.stock import board
from handlers.stock.arguments import ANY_SCOPE, SCOPE, FieldArgument, Setting, SettingArgument, scope_of
from handlers.stock.ledger import rules_of
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, At, Block, Code, Column, Facts, Span, Table, Tone, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import DURATIONS, Field, Override, Recipient, Rule

LEAST: Mapping[Field, int] = {Field.SAMPLES: 1, Field.REPEAT: 60, Field.KEEP: 60}
MOST: Mapping[Field, int] = {Field.SAMPLES: 100, Field.LEAD_DAYS: 365, Field.REPEAT: 30 * 86400, Field.KEEP: 7 * 86400}


def show(turn: Turn, model: Model | None, region: Place | None, clock: Place | None) -> Answer:
    """Every rule in a table; of one model, each field with what the settings say and who changed it."""
    rules = rules_of(turn.tx, turn.site)
    asked = scope_of(model or Model(""), region, clock)
    found = [rule for scope, rule in rules.items() if _covers(asked, scope)]
    if not asked.words or (model is None and found):
        return _table(turn, found)
    if not found:
        raise UserError(turn.texts("act.no_rule", name=" ".join(asked.words)))
    blocks = tuple(block for rule in found for block in _whole(turn, rule))
    return Answer(turn.texts.lang, blocks, turn.texts("rule.title_one", name=" ".join(asked.words)))


def _covers(asked: Scope, scope: Scope) -> bool:
    return (
        asked.model in ("", scope.model)
        and asked.region in ("", scope.region)
        and asked.clock in ("", scope.clock)
    )  # fmt: skip


def _table(turn: Turn, rules: Sequence[Rule]) -> Answer:
    texts = turn.texts
    if not rules:
        return Answer(texts.lang, (line(texts("rule.none")), note(Code("/stock rule set 4090 min_free=100"))))
    changed = {each.scope for each in turn.tx.overrides.all()}
    columns = (
        Column(texts("rule.scope")),
        *(Column(texts(f"rule.{field}"), number=field not in DURATIONS) for field in _SHOWN),
        Column(texts("rule.people"), number=True),
    )
    rows = tuple(
        (
            " ".join(rule.scope.words) + ("*" if rule.scope in changed else ""),
            *(_value(rule, field) for field in _SHOWN),
            str(len(_listeners(turn, rule))),
        )
        for rule in sorted(rules, key=lambda rule: rule.scope)
    )
    marked = (note(texts("rule.changed_mark")),) if changed else ()
    return Answer(texts.lang, (Table(columns, rows), *marked), texts("rule.title"))


_SHOWN = (Field.MIN_FREE, Field.CRITICAL, Field.RECOVER, Field.SAMPLES, Field.REPEAT, Field.LEAD_DAYS)


def _whole(turn: Turn, rule: Rule) -> tuple[Block, ...]:
    texts = turn.texts
    declared = next((each for each in turn.site.watch.rules if each.scope == rule.scope), None)
    changes = {each.field: each for each in turn.tx.overrides.all() if each.scope == rule.scope}
    pairs = tuple((texts(f"rule.{field}"), _told(turn, rule, field, declared, changes.get(field))) for field in Field)
    people: tuple[Span, ...] = tuple(
        span for each in _listeners(turn, rule) for span in (At(each.id) if each.id[:3] == "ou_" else each.id, " ")
    )
    named = (texts("rule.people"), people or (texts("rule.nobody"),))
    return (line(Code(" ".join(rule.scope.words)), " ", rule.description), Facts((*pairs, named)))


def _told(turn: Turn, rule: Rule, field: Field, declared: Rule | None, change: Override | None) -> tuple[Span, ...]:
    if change is None:
        return (_value(rule, field),)
    before = _value(declared, field) if declared else turn.texts("rule.not_declared")
    who = turn.texts("rule.changed_by", before=before)
    return (_value(rule, field), " ", who, At(change.set_by), " ", Ago(change.set_at))


def _value(rule: Rule, field: Field) -> str:
    """A field as people read it: what is worked out where the rule says nothing, durations in their unit."""
    worked_out = {Field.CRITICAL: rule.critical_below, Field.RECOVER: rule.recovered_at}
    value = worked_out.get(field, getattr(rule, field))
    return _span(value) if isinstance(value, timedelta) else str(value)


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    # A day reads as 24h, as the settings write it.
    for unit, size, least in (("d", 86400, 2), ("h", 3600, 1), ("m", 60, 1)):
        if seconds % size == 0 and seconds >= size * least:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _listeners(turn: Turn, rule: Rule) -> Sequence[Recipient]:
    return turn.site.watch.listeners(rule, board.operators_of(turn.tx, turn.site))


def change(turn: Turn, model: Model, region: Place | None, clock: Place | None, setting: tuple[Setting, ...]) -> Answer:
    """Change fields of a rule, or make one where there is none."""
    scope = scope_of(model, region, clock)
    turn.tx.lock(board.LOCK)
    for each in setting:
        _refuse_range(turn, each)
        turn.tx.overrides.put(Override(scope, each.field, each.value, turn.message.sender.open_id, turn.now))
    rule = rules_of(turn.tx, turn.site).get(scope)
    if rule is None:
        raise UserError(turn.texts("rule.needs_min_free", name=" ".join(scope.words)))
    _refuse_odd(turn, rule)
    return Answer(turn.texts.lang, _whole(turn, rule), turn.texts("rule.changed_title"), Tone.GOOD)


def _refuse_odd(turn: Turn, rule: Rule) -> None:
    if rule.critical_below > rule.min_free:
        raise UserError(turn.texts("rule.critical_above", critical=rule.critical_below, min_free=rule.min_free))
    if rule.recovered_at < rule.min_free:
        raise UserError(turn.texts("rule.recover_below", recover=rule.recovered_at, min_free=rule.min_free))


def _refuse_range(turn: Turn, setting: Setting) -> None:
    least, most = LEAST.get(setting.field, 0), MOST.get(setting.field, 999_999)
    if not least <= setting.value <= most:
        shown = [_span(timedelta(seconds=v)) if setting.field in DURATIONS else str(v) for v in (least, most)]
        raise UserError(turn.texts("rule.range", field=setting.field, least=shown[0], most=shown[1]))


def unset(turn: Turn, model: Model, region: Place | None, clock: Place | None, field: tuple[Field, ...]) -> Answer:
    """Take changes back: these fields, or all."""
    scope = scope_of(model, region, clock)
    turn.tx.lock(board.LOCK)
    dropped = turn.tx.overrides.drop(scope, field)
    name = " ".join(scope.words)
    if not dropped:
        return Answer(turn.texts.lang, (line(turn.texts("rule.unchanged", name=name)),))
    rule = rules_of(turn.tx, turn.site).get(scope)
    if rule is None:
        # What else was set goes with it: a rule made later begins anew.
        turn.tx.overrides.drop(scope)
        return Answer(turn.texts.lang, (line(turn.texts("rule.gone", name=name)),))
    _refuse_odd(turn, rule)
    return Answer(turn.texts.lang, _whole(turn, rule), turn.texts("rule.restored_title"), Tone.GOOD)


COMMANDS = (
    Command(
        name="stock rule",
        run=show,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/stock rule 4090",
        aliases=("库存 规则",),
        params=ANY_SCOPE,
    ),
    Command(
        name="stock rule set",
        run=change,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/stock rule set 4090 min_free=100",
        aliases=("库存 规则 设置",),
        params=(*SCOPE, Param("setting", SettingArgument(), many=True)),
    ),
    Command(
        name="stock rule unset",
        run=unset,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/stock rule unset 4090 min_free",
        aliases=("库存 规则 恢复",),
        params=(*SCOPE, Param("field", FieldArgument(), optional=True, many=True)),
    ),
)
