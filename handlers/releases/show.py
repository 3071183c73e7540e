"""/releases: what this chat follows, and how its places are doing."""

from collections.abc import Iterator, Sequence

from handlers.releases import card
from handlers.releases.begun import is_read, resources_of
from handlers.releases.rights import watches_here
from handlers.releases.tune import rhythm_in_words
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Code, Paragraph, Span, Strong, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.releases import Watch
from suanli.domain.releases.resources import Status


def run(turn: Turn) -> Answer:
    """Every watch of this chat: what, about what, when it tells, and when its place was read last."""
    watches = watches_here(turn)
    if not watches:
        return nothing_followed(turn)
    blocks: list[Block] = []
    for watch in watches:
        blocks.append(Paragraph(tuple(_head(turn, watch))))
        blocks.append(note(*_health(turn, watch)))
    return Answer(turn.texts.lang, tuple(blocks), turn.texts("releases.list_title", n=len(watches)))


def nothing_followed(turn: Turn) -> Answer:
    """That there is no watch here yet, and how one is made."""
    examples = ("/releases watch vllm-project/vllm pr,release deepseek|qwen", "/releases watch hf:deepseek-ai")
    return card.said(turn.texts, (line(turn.texts("releases.none")), *(line(Code(each)) for each in examples)))


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
    read = resources_of(turn.tx, watch)
    ill = next((each for each in read if each.status not in {Status.WELL, Status.ARCHIVED}), None)
    if ill is not None:
        return (turn.texts(f"releases.status.{ill.status}"), " ", Ago(ill.failing_since or ill.next_at))
    oldest = min((each.read_at for each in read if each.read_at), default=None)
    if oldest is None or not is_read(turn.tx, watch):
        return (turn.texts("releases.not_read_yet"),)
    return (turn.texts("releases.read_at"), " ", Ago(oldest))


COMMAND = Command(
    name="releases",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/releases",
    aliases=("releases list", "发布", "发布 列表"),
)
