"""/stock po, arrived and po cancel: purchases from the request to the arrival."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from handlers.arguments import Place
from handlers.stock import board
from handlers.stock.arguments import (
    ANY_SCOPE,
    DateArgument,
    EpisodeArgument,
    EpisodeNumber,
    QuantityArgument,
    TicketArgument,
    TicketNumber,
    scope_of,
)
from handlers.stock.ledger import rules_of
from handlers.stock.shortage import keep, local, said, standing_of
from suanli.domain.access import Role
from suanli.domain.answer import Answer, At, Block, Buttons, Code, Paragraph, Tone, line, note, run_button
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Claim, Standing, State, claim, release
from suanli.domain.stock.purchases import Stage, Step, Ticket, csv_rows, quiet_until
from suanli.domain.stock.rules import Rule

LONGEST_WAIT = timedelta(days=730)
"""An arrival later than this is a slip of the keyboard."""

SHOWN = 20


def purchase(
    turn: Turn, model: Model | None, region: Place | None, clock: Place | None, ticket: TicketNumber | None,
    quantity: int | None, eta: date | None, episode: EpisodeNumber | None,
) -> Answer:  # fmt: skip
    """List purchases; or, with a model, note that cards are asked for (a quantity) or ordered (and a date)."""
    if all(given is None for given in (model, region, clock, ticket, quantity, eta, episode)):
        return _listed(turn)
    scope = _named(turn, model, region, clock, ticket)
    if quantity is None:
        raise UserError(turn.texts("purchase.no_quantity", name=" ".join(scope.words)))
    _require_say(turn, scope)
    standing = standing_of(turn, scope, episode)
    if eta is None:
        # A card's button says that cards are ordered, and no request is made of half an order.
        if episode is not None or ticket is not None:
            raise UserError(turn.texts("purchase.no_date", name=" ".join(scope.words)))
        return _request(turn, standing, quantity)
    _refuse_odd(turn, eta)
    return _order(turn, standing, quantity, eta, ticket)


def _named(
    turn: Turn, model: Model | None, region: Place | None, clock: Place | None, ticket: TicketNumber | None
) -> Scope:
    """What a purchase is of; a ticket's number alone says it."""
    if model is not None:
        return scope_of(model, region, clock)
    if ticket is None:
        raise UserError(turn.texts("purchase.no_model"))
    return _under_way(turn, ticket).scope


def _request(turn: Turn, standing: Standing, quantity: int) -> Answer:
    known = next((t for t in turn.tx.tickets.open(standing.scope) if t.stage is Stage.REQUESTED), None)
    if known is None:
        number = standing.episode.number if standing.episode else None
        known = Ticket(standing.scope, Stage.REQUESTED, quantity, _step(turn), episode=number)
    saved = turn.tx.tickets.save(replace(known, quantity=quantity))
    name = " ".join(standing.scope.words)
    return said(turn, turn.texts("purchase.requested", ticket=saved.name, name=name, n=quantity))


def _order(turn: Turn, standing: Standing, quantity: int, eta: date, number: TicketNumber | None) -> Answer:
    under_way = turn.tx.tickets.open(standing.scope)
    alike = (t for t in under_way if (t.stage, t.quantity, t.eta) == (Stage.ORDERED, quantity, eta))
    same = next((t for t in alike if number in (None, t.number)), None)
    name = " ".join(standing.scope.words)
    if same is not None and same.ordered is not None:
        # A second click, or a second person with the same paper in hand: it is one purchase.
        return said(
            turn, turn.texts("purchase.known", ticket=same.name, name=name), At(same.ordered.by), tone=Tone.INFO
        )
    ticket = _to_order(turn, standing, under_way, number)
    saved = turn.tx.tickets.save(ticket.order(quantity, eta, _step(turn)))
    _settle(turn, standing)
    day = eta.isoformat()
    return said(turn, turn.texts("purchase.ordered", ticket=saved.name, name=name, n=quantity, eta=day))


def _to_order(turn: Turn, standing: Standing, under_way: Sequence[Ticket], number: TicketNumber | None) -> Ticket:
    if number is not None:
        found = next((t for t in under_way if t.number == number), None)
        if found is None:
            raise UserError(turn.texts("purchase.not_open", ticket=f"PO-{number}"))
        return found
    requested = next((t for t in under_way if t.stage is Stage.REQUESTED), None)
    episode = standing.episode.number if standing.episode else None
    return requested or Ticket(standing.scope, Stage.REQUESTED, 0, _step(turn), episode=episode)


def arrived(
    turn: Turn, model: Model | None, region: Place | None, clock: Place | None, ticket: TicketNumber | None
) -> Answer:
    """Note that ordered cards have come."""
    if ticket is None and model is None:
        raise UserError(turn.texts("purchase.which"))
    turn.tx.lock(board.LOCK)
    found = _ordered(turn, ticket) if ticket else _only_order(turn, model, region, clock)
    if model is not None and found.scope != scope_of(model, region, clock):
        raise UserError(turn.texts("purchase.not_open", ticket=found.name))
    _require_say(turn, found.scope)
    return _end(turn, found, Stage.ARRIVED, "purchase.arrived")


def cancel(turn: Turn, ticket: TicketNumber) -> Answer:
    """Note that a purchase will not come."""
    turn.tx.lock(board.LOCK)
    found = _under_way(turn, ticket)
    _require_say(turn, found.scope)
    return _end(turn, found, Stage.CANCELLED, "purchase.cancelled")


def _end(turn: Turn, ticket: Ticket, stage: Stage, key: str) -> Answer:
    turn.tx.tickets.save(ticket.end(stage, _step(turn)))
    _settle(turn, turn.tx.episodes.standing(ticket.scope), arrived=stage is Stage.ARRIVED)
    name = " ".join(ticket.scope.words)
    return said(turn, turn.texts(key, ticket=ticket.name, name=name, n=ticket.quantity))


def _settle(turn: Turn, standing: Standing, *, arrived: bool = False) -> None:
    """Let the open episode follow its orders: reminders pause for the latest of them, and no longer without any."""
    episode = standing.episode
    if episode is None:
        return
    promised = _promised(turn, standing.scope)
    by = turn.message.sender.open_id
    if promised:
        episode = claim(episode, promised)
    elif arrived:
        # The cards are here; whoever racks them is given a day before anybody is reminded.
        episode = claim(episode, Claim(by, turn.now, turn.now + timedelta(days=1)))
    elif episode.state is State.ACKED and episode.claim and episode.claim.ordered:
        episode = release(episode)
    keep(turn, replace(standing, episode=episode))


def _promised(turn: Turn, scope: Scope) -> Claim | None:
    """What the latest order says, and whose it is. One that should have come long ago keeps nobody quiet."""
    ordered = [(t.eta, t.ordered) for t in turn.tx.tickets.open(scope) if t.eta and t.ordered]
    eta, step = max(ordered, key=lambda each: each[0], default=(None, None))
    if eta is None or step is None:
        return None
    until = quiet_until(eta, turn.site.zone)
    return Claim(step.by, turn.now, until, ordered=True) if until > turn.now else None


def _ordered(turn: Turn, number: TicketNumber) -> Ticket:
    ticket = _under_way(turn, number)
    if ticket.stage is not Stage.ORDERED:
        raise UserError(turn.texts("purchase.not_ordered", ticket=ticket.name))
    return ticket


def _under_way(turn: Turn, number: TicketNumber) -> Ticket:
    ticket = turn.tx.tickets.find(number)
    if ticket is None:
        raise UserError(turn.texts("purchase.unknown", ticket=f"PO-{number}"))
    if ticket.ended is not None:
        stage = turn.texts(f"purchase.stage.{ticket.stage}")
        at = local(turn, ticket.ended.at)
        raise UserError(turn.texts("purchase.ended", ticket=ticket.name, stage=stage, at=at))
    return ticket


def _only_order(turn: Turn, model: Model | None, region: Place | None, clock: Place | None) -> Ticket:
    scope = scope_of(model or Model(""), region, clock)
    found = [t for t in turn.tx.tickets.open(scope) if t.stage is Stage.ORDERED]
    if len(found) == 1:
        return found[0]
    key = "purchase.several" if found else "purchase.none_of"
    names = " ".join(t.name for t in found)
    raise UserError(turn.texts(key, name=" ".join(scope.words), tickets=names))


def _refuse_odd(turn: Turn, eta: date) -> None:
    today = turn.now.astimezone(turn.site.zone).date()
    if eta < today:
        raise UserError(turn.texts("purchase.past", eta=eta.isoformat()))
    if eta - today > LONGEST_WAIT:
        raise UserError(turn.texts("purchase.too_far", eta=eta.isoformat(), days=LONGEST_WAIT.days))


def _require_say(turn: Turn, scope: Scope) -> None:
    board.require_say(turn, rules_of(turn.tx, turn.site).get(scope) or Rule(scope, 0))


def _step(turn: Turn) -> Step:
    return Step(turn.message.sender.open_id, turn.now)


def _listed(turn: Turn) -> Answer:
    texts = turn.texts
    tickets = turn.tx.tickets.open()
    if not tickets:
        return Answer(texts.lang, (line(texts("purchase.nothing")), note(Code("/stock po 4090 50 12-31"))))
    today = turn.now.astimezone(turn.site.zone).date()
    lines = tuple(_line(turn, ticket, today) for ticket in tickets[:SHOWN])
    more = (note(texts("purchase.more", n=len(tickets) - SHOWN)),) if len(tickets) > SHOWN else ()
    export = Buttons((run_button(texts("purchase.export"), "/stock po csv"),))
    blocks: tuple[Block, ...] = (*lines, *more, export)
    late = any(ticket.is_late(today) for ticket in tickets)
    return Answer(texts.lang, blocks, texts("purchase.title"), Tone.WARNING if late else Tone.INFO)


def _line(turn: Turn, ticket: Ticket, today: date) -> Paragraph:
    texts = turn.texts
    eta = ticket.eta.isoformat() if ticket.eta else ""
    key = "purchase.late" if ticket.is_late(today) else f"purchase.line.{ticket.stage}"
    step = ticket.ordered or ticket.requested
    name = " ".join(ticket.scope.words)
    return line(texts(key, ticket=ticket.name, name=name, n=ticket.quantity, eta=eta), " · ", At(step.by))


def export(turn: Turn) -> Answer:
    """Every purchase there ever was, as text that a spreadsheet reads."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(csv_rows(turn.tx.tickets.all()))
    return Answer(turn.texts.lang, (line(written.getvalue().rstrip()),))


_TICKET = Param("ticket", TicketArgument(), optional=True)

COMMANDS = (
    Command(
        name="stock po",
        run=purchase,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock po 4090 50 12-31",
        aliases=("库存 采购",),
        params=(
            *ANY_SCOPE, _TICKET,
            Param("quantity", QuantityArgument(), optional=True),
            Param("eta", DateArgument(), optional=True),
            Param("episode", EpisodeArgument(), optional=True),
        ),
        clickable=True,
    ),
    Command(
        name="stock arrived",
        run=arrived,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock arrived PO-12",
        aliases=("库存 到货",),
        params=(*ANY_SCOPE, _TICKET),
        clickable=True,
    ),
    Command(
        name="stock po csv",
        run=export,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/stock po csv",
    ),
    Command(
        name="stock po cancel",
        run=cancel,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/stock po cancel PO-12",
        aliases=("库存 采购 取消",),
        params=(Param("ticket", TicketArgument()),),
        clickable=True,
    ),
)  # fmt: skip
