"""The words for when a watch tells: `instant`, `daily 09:10`, `每周一 09:10`, and the hours in which it is quiet."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import time

from suanli.domain.releases.watches import Mode, Rhythm

_MODES: Mapping[Mode, tuple[str, ...]] = {
    Mode.INSTANT: ("instant", "即时", "立即", "实时"),
    Mode.HOURLY: ("hourly", "每小时"),
    Mode.DAILY: ("daily", "每天", "每日"),
    Mode.WEEKLY: ("weekly", "每周", "每星期"),
}
_DAYS = (
    ("mon", "monday", "一"),
    ("tue", "tuesday", "二"),
    ("wed", "wednesday", "三"),
    ("thu", "thursday", "四"),
    ("fri", "friday", "五"),
    ("sat", "saturday", "六"),
    ("sun", "sunday", "日", "天"),
)
_DAY: Mapping[str, int] = {name: number for number, names in enumerate(_DAYS) for name in names}
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_RHYTHM = re.compile(
    rf"(?P<mode>{'|'.join(word for words in _MODES.values() for word in words)})"
    rf"(?: ?(?:周|星期)?(?P<day>{'|'.join(sorted(_DAY, key=len, reverse=True))}))?"
    rf"(?: ?(?P<at>{_CLOCK}))?"
)
_SPAN = re.compile(rf"({_CLOCK}) ?[-~\N{{EN DASH}}至到] ?({_CLOCK}|24:00)")
_OFF = frozenset({"off", "none", "关", "关闭", "无"})


def read_rhythm(text: str) -> Rhythm:
    """The rhythm that `text` names; without a time 09:10, without a day Monday. Raises ValueError for anything else."""
    found = _RHYTHM.fullmatch(_plain(text))
    if found is None:
        raise ValueError("no rhythm")
    mode = next(mode for mode, words in _MODES.items() if found["mode"] in words)
    # Only what a rhythm has a use for: an hour of the day that is not heeded would be a promise.
    if (found["day"] and mode is not Mode.WEEKLY) or (found["at"] and mode in {Mode.INSTANT, Mode.HOURLY}):
        raise ValueError("no rhythm")
    at = _clock(found["at"]) if found["at"] else Rhythm().at
    return Rhythm(mode, at, _DAY[found["day"]] if found["day"] else Rhythm().weekday)


def read_quiet(text: str) -> tuple[time, time] | None:
    """The quiet hours, also over midnight, that `text` names; None for `off`. Raises ValueError for anything else."""
    plain = _plain(text)
    if plain in _OFF:
        return None
    found = _SPAN.fullmatch(plain)
    quiet = (_clock(found[1]), _clock(found[2])) if found else None
    # From an hour to the same one is either nothing or a day on which nobody is ever told.
    if quiet is None or quiet[0] == quiet[1]:
        raise ValueError("no quiet hours")
    return quiet


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour) % 24, int(minute))
