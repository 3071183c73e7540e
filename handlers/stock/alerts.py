"""/stock alerts: what runs low now, who sees to it, and who was told of it over which channel."""

from collections.abc import Mapping, Sequence

from handlers.arguments import ModelArgument
from handlers.stock.card import lasting
from handlers.stock.ledger import Ledger, read_ledger
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, At, Block, Paragraph, Span, Strong, Tone, line, note
from suanli.domain.chat import Platform
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.delivery import Receipt
from suanli.domain.stock import Model
from suanli.domain.stock.episodes import News, Standing, State, Told

SHOWN = 30
PAST = 3
"""Episodes of one model that are shown with their notices."""


def run(turn: Turn, model: Model | None) -> Answer:
    """Shortages that are open; of one model, its last ones with every notice."""
    return _history(turn, model) if model else _open(turn)


def _open(turn: Turn) -> Answer:
    texts = turn.texts
    ledger = read_ledger(turn.tx, turn.site)
    standings = turn.tx.episodes.standings().values()
    shown = [s for s in standings if s.episode and s.episode.state is not State.PENDING]
    blind = [s for s in standings if s.blindness.is_blind and s.scope in ledger.rules]
    muted = [s for s in standings if s.is_muted(turn.now) and s not in shown]
    if not (shown or blind or muted):
        return Answer(texts.lang, (line(texts("alerts.none", n=len(ledger.rules))),), texts("alerts.title"), Tone.GOOD)
    ranked = sorted(shown, key=lambda s: -s.episode.severity if s.episode else 0)
    blocks: tuple[Block, ...] = (
        *(_line(turn, ledger, standing) for standing in ranked[:SHOWN]),
        *((note(texts("alerts.more", n=len(ranked) - SHOWN)),) if len(ranked) > SHOWN else ()),
        *(line(texts("alerts.blind", name=" ".join(s.scope.words)), *_since(s)) for s in blind[:SHOWN]),
        *(_muted(turn, standing) for standing in muted[:SHOWN]),
    )
    return Answer(texts.lang, blocks, texts("alerts.title"), Tone.WARNING if shown or blind else Tone.INFO)


def _line(turn: Turn, ledger: Ledger, standing: Standing) -> Paragraph:
    texts, episode = turn.texts, standing.episode
    if episode is None:
        raise ValueError("only scopes with an episode have a line")
    item = ledger.item(episode, News.REMINDER, None, standing.mute)
    state = texts(f"alerts.state.{episode.state}")
    figures = texts("alerts.figures", free=episode.free, min_free=item.rule.min_free, state=state)
    spans: list[Span] = [Strong(f"{item.rule.title} #{episode.number}"), " ", figures, " · ", Ago(episode.opened_at)]
    if episode.claim:
        spans += [" · ", texts("alerts.by"), At(episode.claim.by)]
    if item.on_order:
        spans += [" · ", texts("alerts.on_order", n=item.on_order)]
    if standing.is_muted(turn.now):
        spans += [" · ", texts("alerts.is_muted")]
    return line(*spans)


def _since(standing: Standing) -> tuple[Span, ...]:
    since = standing.blindness.since
    return (" ", Ago(since)) if since else ()


def _muted(turn: Turn, standing: Standing) -> Paragraph:
    mute = standing.mute
    if mute is None:
        raise ValueError("only muted scopes have a line of their mute")
    until = f"{mute.until.astimezone(turn.site.zone):%m-%d %H:%M}"
    name = " ".join(standing.scope.words)
    reason = f" · {mute.reason}" if mute.reason else ""
    return line(turn.texts("alerts.muted", name=name, until=until), " ", At(mute.by), reason)


def _history(turn: Turn, model: Model) -> Answer:
    texts = turn.texts
    episodes = turn.tx.episodes.newest(PAST, model)
    if not episodes:
        return Answer(texts.lang, (line(texts("alerts.never", name=model)),))
    blocks: list[Block] = []
    for episode in episodes:
        name = f"{' '.join(episode.scope.words)} #{episode.number}"
        state = texts(f"alerts.state.{episode.state}")
        lasted = lasting(texts, (episode.closed_at or turn.now) - episode.opened_at)
        said = texts("alerts.episode", state=state, lowest=episode.lowest, lasted=lasted)
        blocks.append(line(Strong(name), " ", said, " · ", Ago(episode.opened_at)))
        # Who was told is the business of those who run this; the state of stock is everybody's.
        if turn.role >= Role.OPERATOR:
            blocks += _notices(turn, turn.tx.episodes.told(episode.number))
    return Answer(texts.lang, tuple(blocks), texts("alerts.title_model", model=model))


def _notices(turn: Turn, notices: Sequence[Told]) -> list[Block]:
    receipts = turn.tx.outbox.receipts(tuple({told.message_key for told in notices}))
    return [_notice(turn, told, receipts) for told in notices[-SHOWN:]]


def _notice(turn: Turn, told: Told, receipts: Mapping[str, Receipt]) -> Paragraph:
    who: Span = At(told.recipient) if told.recipient.startswith("ou_") else told.recipient
    kind = turn.texts(f"alerts.kind.{told.kind}")
    return line("· ", who, f" {kind} · ", Ago(told.told_at), " · ", _fate(turn, receipts.get(told.message_key)))


def _fate(turn: Turn, receipt: Receipt | None) -> str:
    texts = turn.texts
    if receipt is None:
        return texts("alerts.fate_forgotten")
    over_hook = receipt.target.platform is Platform.FEISHU_HOOK
    if receipt.sent_at is not None:
        return texts("alerts.fate_hook" if over_hook else "alerts.fate_sent")
    if receipt.dead_at is None:
        return texts("alerts.fate_waiting")
    given_up = texts("alerts.fate_hook_given_up" if over_hook else "alerts.fate_given_up")
    then = texts("alerts.fate_then", fate=_fate(turn, receipt.instead)) if receipt.instead else ""
    return given_up + then


COMMAND = Command(
    name="stock alerts",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/stock alerts 4090",
    aliases=("库存 预警",),
    params=(Param("model", ModelArgument(), optional=True),),
)
