"""What operators are told of the stock itself: that it cannot be seen, and that it can be again."""

from datetime import datetime

from suanli.domain.answer import Ago, Answer, Facts, Tone, line
from suanli.i18n import Texts


def blind(texts: Texts, names: str, cause: str, since: datetime) -> Answer:
    """These scopes cannot be counted, and why; `cause` "-" is a good answer that does not name them."""
    why = texts("blind.unnamed") if cause == "-" else cause
    facts = Facts(
        (
            (texts("blind.scopes"), (names,)),
            (texts("blind.cause"), (why,)),
            (texts("blind.since"), (Ago(since),)),
        )
    )
    return Answer(texts.lang, (line(texts("blind.text")), facts), texts("blind.title"), Tone.BAD)


def sight_back(texts: Texts, names: str) -> Answer:
    """These scopes can be counted again."""
    return Answer(texts.lang, (line(texts("blind.back", names=names)),), texts("blind.back_title"), Tone.GOOD)
