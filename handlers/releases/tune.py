"""/releases mute, mode and quiet: when a watch tells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from handlers.releases import card
from handlers.releases.arguments import WatchArgument, WordArgument
from handlers.releases.rights import watch_to_change
from handlers.stock.arguments import Until, UntilArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError
from suanli.domain.releases import Mode, Watch, WatchNumber
from suanli.domain.releases.rhythms import read_quiet, read_rhythm
from suanli.domain.releases.watches import due_at

LONGEST_MUTE = timedelta(days=90)

_OFF = frozenset({"off", "关", "取消", "无"})


@dataclass(frozen=True, slots=True)
class Off:
    """The wish that something ends."""


class OffArgument:
    """The word `off`."""

    def read(self, word: str, turn: Turn) -> Off | None:  # noqa: ARG002 the port's shape
        """The wish."""
        return Off() if word.casefold() in _OFF else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The word itself."""
        return ("off",)


def mute(turn: Turn, watch: WatchNumber, until: Until | None, off: Off | None) -> Answer:
    """Tell nothing until then: what happens meanwhile is told together when it is over."""
    known = watch_to_change(turn, watch, declared=True)
    if (until is None) == (off is None):
        raise UserError(turn.texts("releases.mute_needs", number=watch))
    if until is None:
        _keep(turn, replace(known, muted_until=None))
        return _said(turn, turn.texts("releases.unmuted", number=watch, place=known.place.word))
    if until.at <= turn.now or until.at - turn.now > LONGEST_MUTE:
        raise UserError(turn.texts("releases.mute_range", days=LONGEST_MUTE.days))
    _keep(turn, replace(known, muted_until=until.at))
    at = f"{until.at.astimezone(turn.site.zone):%m-%d %H:%M}"
    return _said(turn, turn.texts("releases.muted", number=watch, place=known.place.word, until=at))


def mode(turn: Turn, watch: WatchNumber, rhythm: tuple[str, ...]) -> Answer:
    """Tell at once, hourly, daily or weekly."""
    known = watch_to_change(turn, watch)
    try:
        asked = read_rhythm(" ".join(rhythm))
    except ValueError:
        raise UserError(turn.texts("releases.mode_unknown")) from None
    changed = replace(known, rhythm=replace(asked, quiet=known.rhythm.quiet))
    _keep(turn, changed)
    return _said(turn, turn.texts("releases.mode_set", number=watch, mode=rhythm_in_words(turn, changed)))


def quiet(turn: Turn, watch: WatchNumber, hours: tuple[str, ...]) -> Answer:
    """Tell nothing between these times of day; what happens then is told when they end."""
    known = watch_to_change(turn, watch)
    try:
        asked = read_quiet(" ".join(hours))
    except ValueError:
        raise UserError(turn.texts("releases.quiet_unknown")) from None
    changed = replace(known, rhythm=replace(known.rhythm, quiet=asked))
    _keep(turn, changed)
    return _said(turn, turn.texts("releases.mode_set", number=watch, mode=rhythm_in_words(turn, changed)))


def _keep(turn: Turn, watch: Watch) -> None:
    """Write a watch back; what it has put by is told when it now would be."""
    turn.tx.watches.save(watch)
    turn.tx.watches.put_off(watch.number, due_at(watch, turn.now, turn.site.zone))


def rhythm_in_words(turn: Turn, watch: Watch) -> str:
    """When a watch tells, for reading."""
    rhythm, texts = watch.rhythm, turn.texts
    day = texts(f"releases.weekday.{rhythm.weekday}") if rhythm.mode is Mode.WEEKLY else ""
    said = texts(f"releases.mode.{rhythm.mode}", at=f"{rhythm.at:%H:%M}", day=day)
    if rhythm.quiet:
        said += texts("releases.quiet", begin=f"{rhythm.quiet[0]:%H:%M}", end=f"{rhythm.quiet[1]:%H:%M}")
    if watch.muted_until and watch.muted_until > turn.now:
        said += texts("releases.is_muted", until=f"{watch.muted_until.astimezone(turn.site.zone):%m-%d %H:%M}")
    return said


def _said(turn: Turn, text: str) -> Answer:
    return card.said(turn.texts, (line(text), note(turn.texts("releases.see_list"))))


WATCH = Param("watch", WatchArgument())

COMMANDS = (
    Command(
        name="releases mute",
        run=mute,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/releases mute 3 2h",
        aliases=("发布 静音",),
        params=(WATCH, Param("until", UntilArgument(), optional=True), Param("off", OffArgument(), optional=True)),
        clickable=True,
    ),
    Command(
        name="releases mode",
        run=mode,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/releases mode 3 daily 09:10",
        aliases=("发布 模式",),
        params=(WATCH, Param("rhythm", WordArgument(), many=True)),
    ),
    Command(
        name="releases quiet",
        run=quiet,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/releases quiet 3 22:00-08:00",
        aliases=("发布 免打扰",),
        params=(WATCH, Param("hours", WordArgument(), many=True)),
    ),
)
