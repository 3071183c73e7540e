"""/stock: how many cards there are and how many are free, with the age of the figures."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from handlers.arguments import Place
from handlers.stock.arguments import ANY_SCOPE
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Buttons, Column, Table, Tone, line, note, run_button
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.lines import write
from suanli.domain.stock import Counts, Model, Sample, Snapshot


def run(turn: Turn, model: Model | None, region: Place | None, clock: Place | None) -> Answer:
    """Cards by model, or of one model by region and clock class; narrowed by whatever else was named."""
    snapshot = turn.tx.samples.latest(turn.site.stock_source)
    if snapshot.taken_at is None:
        return _no_data(turn, turn.texts("stock.no_data", source=turn.site.stock_source))
    wanted = tuple(s for s in snapshot.samples if _matches(s, model, region, clock))
    if not wanted:
        return _no_data(
            turn, turn.texts("stock.no_rows", source=turn.site.stock_source), _seen(turn, snapshot.taken_at)
        )
    table = _by_place(turn, wanted) if model else _by_model(turn, wanted)
    return _card(turn, snapshot, table, model, region, clock)


def _matches(sample: Sample, model: Model | None, region: Place | None, clock: Place | None) -> bool:
    return (
        (model is None or sample.model == model)
        and (region is None or sample.region == region.name)
        and (clock is None or sample.clock == clock.name)
    )


def _card(
    turn: Turn, snapshot: Snapshot, table: Table, model: Model | None, region: Place | None, clock: Place | None
) -> Answer:
    texts, taken_at = turn.texts, snapshot.taken_at
    if taken_at is None:
        raise ValueError("a snapshot with samples has a time")
    old = snapshot.is_stale(turn.now, turn.site.stale_after)
    name = " ".join(part for part in (*(p.name for p in (region, clock) if p), model) if part)
    blocks: tuple[Block, ...] = (
        *((line(texts("stock.stale")),) if old else ()),
        table,
        _seen(turn, taken_at),
        _buttons(turn, model, region, clock),
    )
    title = texts("stock.title_model", model=name) if name else texts("stock.title")
    return Answer(texts.lang, blocks, title, Tone.WARNING if old else Tone.INFO)


def _by_model(turn: Turn, samples: Iterable[Sample]) -> Table:
    sums = _sum(samples, lambda s: (turn.site.fleet.title_of(s.model),))
    ranked = sorted(sums.items(), key=lambda item: (-item[1].total, item[0]))
    return _table(turn, ("model",), ranked)


def _by_place(turn: Turn, samples: Iterable[Sample]) -> Table:
    sums = _sum(samples, lambda s: (s.region, s.clock))
    rows = sorted(sums.items())
    whole = Counts()
    for counts in sums.values():
        whole = whole.plus(counts)
    total = [((turn.texts("stock.sum"), ""), whole)] if len(rows) > 1 else []
    return _table(turn, ("region", "clock"), [*rows, *total])


def _sum(samples: Iterable[Sample], key: Callable[[Sample], tuple[str, ...]]) -> Mapping[tuple[str, ...], Counts]:
    sums: dict[tuple[str, ...], Counts] = {}
    for each in samples:
        sums[key(each)] = sums.get(key(each), Counts()).plus(each)
    return sums


def _table(turn: Turn, heads: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], Counts]]) -> Table:
    figures = ("free", "total", "used", "unavailable")
    columns = (
        *(Column(turn.texts(f"stock.{head}")) for head in heads),
        *(Column(turn.texts(f"stock.{figure}"), number=True) for figure in figures),
    )
    cells = tuple((*names, *(str(getattr(counts, figure)) for figure in figures)) for names, counts in rows)
    return Table(columns, cells)


def _seen(turn: Turn, taken_at: datetime) -> Block:
    source = turn.texts("stock.source", source=turn.site.stock_source)
    return note(turn.texts("stock.updated"), " ", Ago(taken_at), " · ", source)


def _buttons(turn: Turn, model: Model | None, region: Place | None, clock: Place | None) -> Block:
    # By its words rather than as it was typed: a question in a sentence is no command line.
    words = [*((model,) if model else ()), *(place.name for place in (region, clock) if place)]
    again = run_button(turn.texts("stock.refresh"), write(("stock", *words)))
    if model is None:
        return Buttons((again,) if not words else (again, run_button(turn.texts("stock.all"), "/stock")))
    trend = run_button(turn.texts("stock.trend"), write(("stock", "trend", *words)))
    return Buttons((again, trend, run_button(turn.texts("stock.all"), "/stock")))


def _no_data(turn: Turn, said: str, *more: Block) -> Answer:
    state = next((s for s in turn.tx.samples.states() if s.source == turn.site.stock_source), None)
    # What exactly the source said may name hosts and users; those who can mend it see it.
    cause = state.error if state and turn.role >= Role.OPERATOR else ""
    blocks = (line(said), *((line(turn.texts("stock.last_error", error=cause)),) if cause else ()), *more)
    return Answer(turn.texts.lang, blocks, turn.texts("stock.no_data_title"), Tone.WARNING)


COMMAND = Command(
    name="stock",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/stock 4090 国内",
    aliases=("库存", "gpu库存"),
    params=ANY_SCOPE,
)
