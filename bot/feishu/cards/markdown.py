"""Card markdown: spans written so that text from outside stays text.

Feishu's card markdown is CommonMark with tags (feishu.md §3.4, §4.3). Every mark that could mean something is
written as `&#N;`, wherever it stands: a rule that looks at the surroundings could be tricked by them.
"""

import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.plain import ago, clean
from suanli.domain.answer import Ago, At, Code, Link, Span, Strong
from suanli.i18n import Lang

_HARMLESS = ",;%?/'\""
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in string.punctuation if mark not in _HARMLESS}
_OPEN_ID = re.compile(r"ou_[0-9A-Za-z_-]{1,64}")
_SPACES = re.compile(" {2,}")
_INDENT = re.compile("^ {2,}", re.MULTILINE)
_MARK = re.compile(r"<|\](?=\()|\A(?=\()")  # a link may be put together from two texts
_ZERO_WIDTH_SPACE = "\u200b"


def is_open_id(word: str) -> bool:
    """Whether `word` can stand in a mention: an id that cannot end the tag, and never `all`."""
    return _OPEN_ID.fullmatch(word) is not None


def unmarked(text: str) -> str:
    """Text that looks the same and in which no tag and no link begins: for places that know no `&#N;`."""
    return _MARK.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text)


def escape(text: str) -> str:
    """Text from outside as card markdown that shows exactly it: no mention, link, emphasis, list or entity in it."""
    return _SPACES.sub(_unbroken, clean(text).replace("\t", "    ")).translate(_ENTITIES)


def strong(text: str) -> str:
    """Text from outside in bold; beside other text it may need a space, which `Pen.write` knows."""
    return _each_line(escape(text), _bold)


def small(written: str) -> str:
    """Markdown in grey; line by line, for a tag must not reach over a paragraph's end."""
    return _each_line(written, lambda line: f"<font color='grey'>{line}</font>")


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes spans in one language, at one moment."""

    lang: Lang
    now: datetime
    zone: tzinfo

    def write(self, spans: tuple[Span, ...]) -> str:
        """Spans as a line of markdown, or several when their text has line breaks."""
        written = ""
        for span in spans:
            piece = self._piece(span)
            written += f" {piece}" if _must_part(written, piece) else piece
        return _INDENT.sub(_unbroken, written)  # four spaces at the start of a line would make it a block of code

    def _piece(self, span: Span) -> str:
        match span:
            case str():
                return escape(span)
            case Strong(text):
                return strong(text)
            case Code(text):
                return _code(clean(text))
            case At(open_id):
                return f"<at id={open_id}></at>" if is_open_id(open_id) else escape(open_id)
            case Link(text, url):
                words = " ".join(clean(text).split())  # a line end would end it
                return f"[{escape(words if words.strip(_ZERO_WIDTH_SPACE) else url)}]({url})"
            case Ago(at):
                return escape(ago(at, self.now, self.zone, self.lang))


def _code(text: str) -> str:
    """Text in backticks: no `&#N;` is read there. What backticks cannot hold is written as text."""
    if "`" in text or "\n" in text or not text.strip():
        return escape(text)
    return f"`{unmarked(text)}`"


def _bold(line: str) -> str:
    """Bold, without the spaces around it, which would undo it."""
    core = line.strip()
    return line.replace(core, f"**{core}**", 1)


def _must_part(before: str, after: str) -> bool:
    """Whether two pieces of markdown would be read as something else without a space between them.

    `**a**` and `**b**` would, and two pieces of code. So would bold text that ends in a mark, but only beside a letter
    or a figure: there CommonMark takes `**` for a closing where it should open, and the other way round. It looks at
    the characters as they are written, so that text which begins with an escaped mark begins with `&`.
    """
    if not before or not after:
        return False
    if before[-1] in "*`" and after[0] == before[-1]:
        return True
    # Escaped text has no `*` of its own: where one stands, bold begins or ends.
    closes = before.endswith("**") and not before[-3].isalnum() and not _is_edge(after[0])
    opens = after.startswith("**") and not after[2].isalnum() and not _is_edge(before[-1])
    return closes or opens


def _is_edge(character: str) -> bool:
    """Whether bold text may begin or end beside it, whatever it begins and ends with."""
    blank_or_ascii = character.isspace() or character in string.punctuation
    return blank_or_ascii or unicodedata.category(character).startswith("P")


def _each_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) if line.strip() else line for line in text.split("\n"))


def _unbroken(run: re.Match[str]) -> str:
    return "\u00a0" * (len(run[0]) - 1) + " "
