"""/stock ack, mute and unmute: somebody sees to a shortage, or does not want to hear of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.arguments import Place
from handlers.stock import board
from handlers.stock.arguments import (
    SCOPE,
    EpisodeArgument,
    EpisodeNumber,
    ReasonArgument,
    Until,
    UntilArgument,
    scope_of,
)
from handlers.stock.ledger import rules_of
from suanli.domain.access import Role
from suanli.domain.answer import Answer, At, Span, Tone, line
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Claim, Episode, Mute, Standing, State, claim
from suanli.domain.stock.rules import Rule

ACK_LASTS = timedelta(hours=24)
"""How long an acknowledgement keeps reminders away (gpu.md §2.1)."""

LONGEST_MUTE = timedelta(days=90)

NUMBER = Param("episode", EpisodeArgument(), optional=True)


def rule_of(turn: Turn, scope: Scope) -> Rule:
    """The rule of a scope. Raises UserError when there is none."""
    rule = rules_of(turn.tx, turn.site).get(scope)
    if rule is None:
        raise UserError(turn.texts("act.no_rule", name=" ".join(scope.words)))
    return rule


def standing_of(turn: Turn, scope: Scope, number: EpisodeNumber | None) -> Standing:
    """Where a scope stands, held until the transaction ends. Raises UserError when episode `number` is over.

    A card may hang in a chat for days: its buttons are about the shortage it was for and no other.
    """
    turn.tx.lock(board.LOCK)
    standing = turn.tx.episodes.standing(scope)
    if number is not None and (standing.episode is None or standing.episode.number != number):
        raise UserError(turn.texts("act.over", name=" ".join(scope.words), number=number))
    return standing


def firing(turn: Turn, standing: Standing, name: str) -> Episode:
    """The episode that people know of. Raises UserError when there is none."""
    episode = standing.episode
    if episode is None or episode.state is State.PENDING:
        raise UserError(turn.texts("act.no_shortage", name=name))
    return episode


def said(turn: Turn, *spans: Span, tone: Tone = Tone.GOOD) -> Answer:
    """A short answer."""
    return Answer(turn.texts.lang, (line(*spans),), tone=tone)


def local(turn: Turn, moment: datetime) -> str:
    """A moment as people of this installation read it."""
    return f"{moment.astimezone(turn.site.zone):%m-%d %H:%M}"


def keep(turn: Turn, standing: Standing) -> None:
    """Write a scope back, and have its cards drawn anew."""
    (saved,) = turn.tx.episodes.save([standing])
    if saved.episode:
        board.redraw(turn.tx, turn.site, [saved.episode], turn.now)


def ack(turn: Turn, model: Model, region: Place | None, clock: Place | None, episode: EpisodeNumber | None) -> Answer:
    """Say that one sees to a shortage: no reminders for a day."""
    scope = scope_of(model, region, clock)
    rule = rule_of(turn, scope)
    board.require_say(turn, rule)
    standing = standing_of(turn, scope, episode)
    known = firing(turn, standing, rule.title)
    if known.state is State.RECOVERING:
        raise UserError(turn.texts("act.recovering", name=rule.title))
    if known.claim is not None:
        until = turn.texts("alert.quiet", at=local(turn, known.claim.until))
        return said(turn, turn.texts("act.claimed", name=rule.title), At(known.claim.by), until, tone=Tone.INFO)
    by = Claim(turn.message.sender.open_id, turn.now, turn.now + ACK_LASTS)
    keep(turn, replace(standing, episode=claim(known, by)))
    return said(turn, turn.texts("act.acked", name=rule.title, until=local(turn, by.until)))


def mute(
    turn: Turn, model: Model, region: Place | None, clock: Place | None, until: Until, episode: EpisodeNumber | None,
    reason: tuple[str, ...],
) -> Answer:  # fmt: skip
    """Say that nobody is to hear of a scope until then."""
    scope = scope_of(model, region, clock)
    rule = rule_of(turn, scope)
    board.require_say(turn, rule)
    standing = standing_of(turn, scope, episode)
    if until.at <= turn.now:
        raise UserError(turn.texts("act.past", at=local(turn, until.at)))
    if until.at - turn.now > LONGEST_MUTE:
        raise UserError(turn.texts("act.mute_too_long", days=LONGEST_MUTE.days))
    muted = Mute(until.at, turn.message.sender.open_id, turn.now, " ".join(reason)[:200])
    keep(turn, replace(standing, mute=muted))
    return said(turn, turn.texts("act.muted", name=rule.title, until=local(turn, until.at)))


def unmute(turn: Turn, model: Model, region: Place | None, clock: Place | None) -> Answer:
    """End a mute: what is still short is told of at the next check."""
    scope = scope_of(model, region, clock)
    rule = rule_of(turn, scope)
    board.require_say(turn, rule)
    standing = standing_of(turn, scope, None)
    if standing.mute is None or not standing.mute.is_on(turn.now):
        return said(turn, turn.texts("act.not_muted", name=rule.title), tone=Tone.INFO)
    keep(turn, replace(standing, mute=replace(standing.mute, until=turn.now)))
    return said(turn, turn.texts("act.unmuted", name=rule.title))


COMMANDS = (
    Command(
        name="stock ack",
        run=ack,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock ack 4090",
        aliases=("库存 认领",),
        params=(*SCOPE, NUMBER),
        clickable=True,
    ),
    Command(
        name="stock mute",
        run=mute,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock mute 4090 3d",
        aliases=("库存 静音",),
        params=(*SCOPE, Param("until", UntilArgument()), NUMBER,
                Param("reason", ReasonArgument(), optional=True, many=True, rest=True)),
        clickable=True,
    ),
    Command(
        name="stock unmute",
        run=unmute,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock unmute 4090",
        aliases=("库存 取消静音",),
        params=SCOPE,
        clickable=True,
    ),
)  # fmt: skip
