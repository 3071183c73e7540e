"""/releases watch and unwatch: begin and end to follow a place."""

from handlers.releases import begun, card
from handlers.releases.arguments import ChangesArgument, PlaceArgument, WatchArgument, WordArgument
from handlers.releases.rights import LOCK, require_say, same_place, target_here, watch_to_change
from handlers.releases.trouble import LOST, lost_in_words
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Code, Tone, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.lines import LONGEST
from suanli.domain.ports import Transaction
from suanli.domain.releases import Place, Watch, WatchNumber
from suanli.domain.releases.changes import BOTS, parts_of, words_for
from suanli.domain.releases.filters import Filter, FilterError, parse
from suanli.domain.releases.items import PARTS
from suanli.domain.releases.watches import MOST_WATCHES


def watch(turn: Turn, place: Place, changes: tuple[tuple[str, ...], ...], filter: tuple[str, ...]) -> Answer:  # noqa: A002 the parameter's name
    """Follow a place; the answer shows the newest matches, so that one sees what will come, without a flood."""
    target = target_here(turn)
    require_say(turn, target)
    text = " ".join(filter)
    words = _words(turn, place, changes, _read(turn, text))
    turn.tx.lock(LOCK)
    known_as, who = _known_as(turn.tx, place), turn.message.sender.open_id
    made = _made(turn, Watch(WatchNumber(0), target, known_as, words, text, turn.now, created_by=who))
    said = turn.texts("releases.watching", place=made.place.word, number=made.number, words=", ".join(made.words))
    filtered = (line(turn.texts("releases.filter"), Code(text)),) if text else ()
    tip = note(turn.texts("releases.tip"), " ", Code(f"/releases mode {made.number} daily 09:10"))
    return card.said(turn.texts, (line(said), *filtered, *_what_there_is(turn, made), tip), Tone.GOOD)


def _what_there_is(turn: Turn, made: Watch) -> tuple[Block, ...]:
    """The newest matches; or that they are to come, or why they do not."""
    lost = next((each for each in turn.tx.resources.of(made.place) if each.status in LOST), None)
    if lost is not None:
        return (note(lost_in_words(turn.texts, lost)),)
    if not begun.is_read(turn.tx, made):
        return (note(turn.texts("releases.first_reading")),)
    return begun.preview(turn.texts, made, begun.newest_matches(turn.tx, turn.site, made))


def _words(turn: Turn, place: Place, changes: tuple[tuple[str, ...], ...], wanted: Filter) -> tuple[str, ...]:
    """The words for what is to be told, the usual ones where nobody chose. Raises UserError for what is not there."""
    words = tuple(dict.fromkeys(word for group in changes for word in group))
    strange = [word for word in words if word != BOTS and not parts_of(place.hub, [word])]
    if strange:
        raise UserError(turn.texts("releases.not_there", place=place.word, words=", ".join(strange)))
    return words if set(words) - {BOTS} else (*words_for(place.hub, filtered=not wanted.is_empty), *words)


def _known_as(tx: Transaction, place: Place) -> Place:
    """The place as it is written where it is read already: people do not mind the case of letters."""
    known = (tx.resources.find(place, part) for part in PARTS[place.hub])
    return next((tracked.place for tracked in known if tracked is not None), place)


def _read(turn: Turn, text: str) -> Filter:
    """The filter that somebody typed. Raises UserError with what is wrong with it."""
    # A filter that goes on behind what is read would be another one than was meant.
    if len(turn.message.text) > LONGEST:
        raise UserError(turn.texts("releases.line_too_long", most=LONGEST))
    try:
        return parse(text, turn.site.aliases)
    except FilterError as error:
        raise UserError(turn.texts(f"filter.{error.reason}", word=error.word)) from None


def _made(turn: Turn, asked: Watch) -> Watch:
    """The watch in the store; the same one again is the same one."""
    here = turn.tx.watches.of_target(asked.target)
    for known in here:
        alike = (set(known.words), known.filter) == (set(asked.words), asked.filter)
        if alike and same_place(known.place, asked.place):
            return known
    if sum(known.declared is None for known in here) >= MOST_WATCHES:
        raise UserError(turn.texts("releases.too_many", most=MOST_WATCHES))
    made = turn.tx.watches.add(asked)
    for part in made.parts:
        tracked = turn.tx.resources.find(made.place, part)
        if tracked is not None and tracked.baselined_at is None:
            turn.tx.resources.hurry(tracked.id, turn.now)
    return made


def unwatch(turn: Turn, watch: WatchNumber) -> Answer:
    """Follow a place no more; what was put by is not told either."""
    known = watch_to_change(turn, watch)
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
