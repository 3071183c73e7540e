"""/releases quota, dlq and retry: how much the hubs let us ask, and messages that did not arrive."""

from collections.abc import Iterator
from datetime import datetime

from handlers.releases import card
from handlers.releases.arguments import Letter, LetterArgument
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Buttons, Code, Facts, Note, Paragraph, Span, Tone, line, run_button
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.delivery import DeadLetter
from suanli.domain.errors import UserError
from suanli.domain.releases import Allowance
from suanli.domain.releases.resources import Status

MOST_LETTERS = 10
"""Messages that are shown; the rest is counted."""

MOST_COUNTED = 1000

_PREFIX = "release"
"""How the keys of all messages about releases begin, whatever they tell of."""

_TIGHT = 0.8
"""Of an allowance that is used so far, people are warned (releases.md §2.10)."""


def quota(turn: Turn) -> Answer:
    """What each hub lets us ask, what is left of it, and how its resources are doing."""
    allowances = turn.tx.allowances.all()
    blocks: list[Block] = [Facts(tuple((each.host, tuple(_left(turn, each))) for each in allowances))]
    if not allowances:
        blocks = [line(turn.texts("releases.nothing_asked"))]
    known = turn.tx.resources.all()
    counts = ((status, sum(each.status is status for each in known)) for status in Status)
    said = " · ".join(f"{turn.texts(f'releases.status.{status}')} {n}" for status, n in counts if n)
    if said:
        blocks.append(Note((turn.texts("releases.resources", n=len(known)), " ", said)))
    tight = any(_share(each, turn.now) >= _TIGHT or each.opens_at(turn.now) > turn.now for each in allowances)
    tone = Tone.WARNING if tight else Tone.GOOD
    return Answer(turn.texts.lang, tuple(blocks), turn.texts("releases.quota_title"), tone)


def _share(allowance: Allowance, now: datetime) -> float:
    """How much of it is used, from 0 to 1; nothing of a window that is over."""
    is_over = allowance.reset_at is not None and allowance.reset_at <= now
    if not allowance.limit or allowance.remaining is None or is_over:
        return 0.0
    return 1 - allowance.remaining / allowance.limit


def _left(turn: Turn, allowance: Allowance) -> Iterator[Span]:
    texts = turn.texts
    if allowance.limit is not None and allowance.remaining is not None:
        yield texts("releases.left", remaining=allowance.remaining, limit=allowance.limit)
        yield " · "
    yield texts("releases.asked", asked=allowance.asked, used=allowance.used)
    opens = allowance.opens_at(turn.now)
    if opens > turn.now:
        yield " · "
        yield texts("releases.rests", until=f"{opens.astimezone(turn.site.zone):%H:%M}")
    if allowance.learnt_at:
        yield " · "
        yield Ago(allowance.learnt_at)


def dlq(turn: Turn) -> Answer:
    """Messages about releases that did not arrive, and how to send them again."""
    letters = turn.tx.outbox.dead_letters(_PREFIX, MOST_COUNTED)
    if not letters:
        return card.said(turn.texts, (line(turn.texts("releases.no_dead")),), Tone.GOOD)
    blocks = [block for each in letters[:MOST_LETTERS] for block in _letter(turn, each)]
    if len(letters) > MOST_LETTERS:
        blocks.append(Note((turn.texts("releases.hidden", n=len(letters) - MOST_LETTERS),)))
    return Answer(turn.texts.lang, tuple(blocks), turn.texts("releases.dlq_title", n=len(letters)), Tone.WARNING)


def _letter(turn: Turn, letter: DeadLetter) -> Iterator[Block]:
    to = f"{letter.target.platform} {letter.target.kind} {letter.target.id}"
    yield Paragraph((Code(str(letter.number)), " ", card.cut(letter.answer.title, 80), " → ", Code(to)))
    yield Note((card.cut(letter.error, 200), " · ", Ago(letter.dead_at)))
    yield Buttons((run_button(turn.texts("releases.button.retry"), f"/releases retry {letter.number}"),))


def retry(turn: Turn, letter: Letter) -> Answer:
    """Send a message after all."""
    known = [each.number for each in turn.tx.outbox.dead_letters(_PREFIX, MOST_COUNTED)]
    number = letter.number
    if number not in known or not turn.tx.outbox.revive(number, turn.now):
        raise UserError(turn.texts("releases.no_letter", number=number))
    return card.said(turn.texts, (line(turn.texts("releases.revived", number=number)),), Tone.GOOD)


COMMANDS = (
    Command(
        name="releases quota",
        run=quota,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/releases quota",
        aliases=("发布 配额",),
    ),
    Command(
        name="releases dlq",
        run=dlq,
        role=Role.OPERATOR,
        risk=Risk.READ,
        example="/releases dlq",
        aliases=("发布 死信",),
    ),
    Command(
        name="releases retry",
        run=retry,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/releases retry 12",
        aliases=("发布 重发",),
        params=(Param("letter", LetterArgument()),),
        clickable=True,
    ),
)
