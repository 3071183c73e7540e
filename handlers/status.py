"""/status: whether the bot itself is well, and how old everything is that it knows."""

from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Facts, Span, Tone
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.facts import BEAT
from suanli.domain.stock import SourceState


def run(turn: Turn) -> Answer:
    """The age of each source's data, what waits to be sent, what was given up, the scheduler's beat, the version."""
    texts, depth = turn.texts, turn.tx.outbox.depth()
    states = turn.tx.samples.states()
    beat = turn.tx.facts.get(BEAT)
    waiting: tuple[Span, ...] = (texts("status.outbox_empty"),)
    if depth.oldest_at:
        waiting = (texts("status.outbox_waiting", n=depth.waiting), " ", Ago(depth.oldest_at))
    pairs: tuple[tuple[str, tuple[Span, ...]], ...] = (
        *((f"{texts('status.sources')} {s.source}", _source(turn, s)) for s in states),
        *(((texts("status.sources"), (texts("status.no_sources"),)),) if not states else ()),
        (texts("status.outbox"), waiting),
        (texts("status.dead"), (texts("status.dead_count", n=depth.dead),)),
        (texts("status.scheduler"), (Ago(beat[1]),) if beat else (texts("status.no_beat"),)),
        (texts("status.version"), (turn.site.version,)),
    )
    well = not depth.dead and beat is not None and all(s.failures == 0 for s in states)
    return Answer(texts.lang, (Facts(pairs),), texts("status.title"), Tone.GOOD if well else Tone.WARNING)


def _source(turn: Turn, state: SourceState) -> tuple[Span, ...]:
    texts = turn.texts
    seen: tuple[Span, ...] = (texts("status.never"),)
    if state.ok_at:
        seen = (texts("status.ok_at"), " ", Ago(state.ok_at))
    failing = (" · ", texts("status.failing", n=state.failures, error=state.error)) if state.failures else ()
    return (*seen, *failing)


COMMAND = Command(
    name="status",
    run=run,
    role=Role.OPERATOR,
    risk=Risk.READ,
    example="/status",
    aliases=("状态",),
)
