"""/releases: what this chat follows, and how its places are doing."""

from collections.abc import Iterator, Sequence

from handlers.releases import card
from handlers.releases.arguments import watches_here
from handlers.releases.tune import rhythm_in_words
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Code, Paragraph, Span, Strong, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.releases import Tracked, Watch
from suanli.domain.releases.resources import Status


def run(turn: Turn) -> Answer:
    """Every watch of this chat: what, about what, when it tells, and when its place was read last."""
    watches = watches_here(turn)
    if not watches:
        return card.said(turn.texts, tuple(_empty(turn)))
    blocks: list[Block] = []
    for watch in watches:
        blocks.append(Paragraph(tuple(_head(turn, watch))))
        blocks.append(note(*_health(turn, watch)))
    return Answer(turn.texts.lang, tuple(blocks), turn.texts("releases.list_title", n=len(watches)))


def _empty(turn: Turn) -> Iterator[Block]:
    yield line(turn.texts("releases.none"))
    yield line(Code("/releases watch vllm-project/vllm pr,release deepseek|qwen"))
    yield line(Code("/releases watch hf:deepseek-ai"))


def _head(turn: Turn, watch: Watch) -> Iterator[Span]:
    yield Code(f"{watch.number}")
    yield " "
    yield Strong(watch.place.word)
    yield " "
    yield ", ".join(watch.words)
    if watch.filter:
        yield " · "
        yield Code(card.cut(watch.filter, 200))
    yield " · "
    yield rhythm_in_words(turn, watch)


def _health(turn: Turn, watch: Watch) -> Sequence[Span]:
    read = [each for each in turn.tx.resources.of(watch.place) if each.part in watch.parts]
    ill = next((each for each in read if each.status not in {Status.WELL, Status.ARCHIVED}), None)
    if ill is not None:
        return (turn.texts(f"releases.status.{ill.status}"), " ", Ago(ill.failing_since or ill.next_at))
    oldest = min((each.read_at for each in read if each.read_at), default=None)
    if oldest is None or not _all_read(watch, read):
        return (turn.texts("releases.not_read_yet"),)
    return (turn.texts("releases.read_at"), " ", Ago(oldest))


def _all_read(watch: Watch, read: Sequence[Tracked]) -> bool:
    return {each.part for each in read if each.read_at} >= set(watch.parts)


COMMAND = Command(
    name="releases",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/releases",
    aliases=("releases list", "发布", "发布 列表"),
)
