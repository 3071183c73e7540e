"""/releases watch and unwatch: begin and end to follow a place."""

from handlers.releases import begun, card
from handlers.releases.arguments import (
    ChangesArgument,
    PlaceArgument,
    WatchArgument,
    WordArgument,
    require_say,
    target_here,
    watch_of,
)
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Code, Tone, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.releases import Place, Watch, WatchNumber
from suanli.domain.releases.changes import BOTS, meaning, parts_of, words_for
from suanli.domain.releases.filters import Filter, FilterError, parse
from suanli.domain.releases.watches import MOST_WATCHES


def watch(turn: Turn, place: Place, changes: tuple[tuple[str, ...], ...], filter: tuple[str, ...]) -> Answer:  # noqa: A002 the parameter's name
    """Follow a place; the answer shows the newest matches, so that one sees what will come, without a flood."""
    require_say(turn)
    text = " ".join(filter)
    wanted = read_filter(turn, text)
    words = tuple(dict.fromkeys(word for group in changes for word in group))
    words = words or words_for(place.hub, filtered=not wanted.is_empty)
    _refuse_strange(turn, place, words)
    who = turn.message.sender.open_id
    made = _made(turn, Watch(WatchNumber(0), target_here(turn), place, words, text, turn.now, created_by=who))
    read = begun.is_read(turn.tx, made)
    said = line(turn.texts("releases.watching", place=place.word, number=made.number, words=", ".join(words)))
    filtered = (line(turn.texts("releases.filter"), Code(text)),) if text else ()
    after = begun.preview(turn.texts, made, begun.newest_matches(turn.tx, made, wanted)) if read else ()
    later = () if read else (note(turn.texts("releases.first_reading")),)
    tip = note(turn.texts("releases.tip"), " ", Code(f"/releases mode {made.number} daily 09:10"))
    return card.said(turn.texts, (said, *filtered, *after, *later, tip), Tone.GOOD)


def read_filter(turn: Turn, text: str) -> Filter:
    """The filter that somebody typed. Raises UserError with what is wrong with it."""
    try:
        return parse(text, turn.site.aliases)
    except FilterError as error:
        raise UserError(turn.texts(f"filter.{error.reason}", word=error.word)) from None


def _refuse_strange(turn: Turn, place: Place, words: tuple[str, ...]) -> None:
    strange = [word for word in words if word != BOTS and not parts_of(place.hub, [word])]
    if strange or not meaning(words):
        raise UserError(turn.texts("releases.not_there", place=place.word, words=", ".join(strange)))


def _made(turn: Turn, asked: Watch) -> Watch:
    """The watch in the store; the same one again is the same one."""
    turn.tx.lock("release-watches")
    here = turn.tx.watches.of_target(asked.target)
    for known in here:
        if (known.place, set(known.words), known.filter) == (asked.place, set(asked.words), asked.filter):
            return known
    if len(here) >= MOST_WATCHES:
        raise UserError(turn.texts("releases.too_many", most=MOST_WATCHES))
    made = turn.tx.watches.add(asked)
    for part in made.parts:
        tracked = turn.tx.resources.find(made.place, part)
        if tracked is not None and tracked.baselined_at is None:
            turn.tx.resources.hurry(tracked.id, turn.now)
    return made


def unwatch(turn: Turn, watch: WatchNumber) -> Answer:
    """Follow a place no more; what was put by is not told either."""
    known = watch_of(turn, watch)
    require_say(turn, known)
    turn.tx.watches.drop(known.number)
    return card.said(turn.texts, (line(turn.texts("releases.unwatched", place=known.place.word, number=watch)),))


COMMANDS = (
    Command(
        name="releases watch",
        run=watch,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/releases watch vllm-project/vllm pr,release deepseek|qwen -revert",
        aliases=("发布 关注",),
        params=(
            Param("place", PlaceArgument()),
            Param("changes", ChangesArgument(), optional=True, many=True),
            Param("filter", WordArgument(), optional=True, many=True, rest=True),
        ),
    ),
    Command(
        name="releases unwatch",
        run=unwatch,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/releases unwatch 3",
        aliases=("发布 取消",),
        params=(Param("watch", WatchArgument()),),
        clickable=True,
    ),
)
