"""Filters of the settings: what is wrong with one, and the one that keywords of the original program make."""

from collections.abc import Iterable

from suanli.domain.releases.filters import Aliases, FilterError, parse
from suanli.domain.releases.filters.reading import read
from suanli.domain.releases.wording import Keyword
from suanli.i18n import Lang, texts_in

_QUOTES = ('"{}"', "「{}」", "『{}』")


def misread(text: str, aliases: Aliases) -> str:
    """What is wrong with a filter, in both languages; empty when it can be read."""
    try:
        parse(text, aliases)
    except FilterError as error:
        return " / ".join(texts_in(lang)(f"filter.{error.reason}", word=error.word) for lang in Lang)
    return ""


def any_of(keywords: Iterable[str]) -> str:
    """The filter that wants one of these words."""
    return " ".join(map(_quoted, keywords))


def _quoted(keyword: str) -> str:
    """The keyword as a filter has to have it: bare where it can be, for what is in quotes is taken to the letter.

    In a bare word a dash is as good as the blank that would make two of it.
    """
    forms = ("-".join(keyword.split()), *(quotes.format(keyword) for quotes in _QUOTES))
    return next((form for form in forms if _is_one(form, keyword)), forms[1])


def _is_one(form: str, keyword: str) -> bool:
    try:
        groups = list(read(form))
    except FilterError:
        return False
    if len(groups) != 1 or groups[0].sign or groups[0].field or len(groups[0].pieces) != 1:
        return False
    inside = groups[0].pieces[0].inside
    return Keyword.of(inside).key == Keyword.of(keyword).key
