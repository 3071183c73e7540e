"""What is said of places that cannot be read, or are called otherwise: to operators, and to those who follow them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.releases import card
from handlers.releases.rights import same_place
from handlers.stock.board import operators_of, texts_for
from suanli.domain.answer import Ago, Answer, Paragraph, Strong, Tone, line, note
from suanli.domain.chat import Target
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.releases import Tracked
from suanli.domain.releases.resources import TELL_AFTER, Status
from suanli.domain.site import Site
from suanli.domain.stock.rules import target_of
from suanli.i18n import Texts

MOST_NAMED = 10
"""Resources that one message names; the rest is counted."""

LOST = frozenset({Status.MISSING, Status.BLOCKED, Status.STRANGE})


def tell_operators(tx: Transaction, site: Site, now: datetime) -> int:
    """Tell operators of resources that fail again and again, once, and of those that are well again; how many.

    All that came together is one message: a hub that is down takes all its resources with it.
    """
    known = tx.resources.all()
    failing = [each for each in known if each.failures >= TELL_AFTER and not each.told_failing]
    well = [each for each in known if each.told_failing and not each.failures]
    if failing:
        _post(tx, site, "failing", lambda texts: _failing(texts, failing), now)
    if well:
        _post(tx, site, "well", lambda texts: _well(texts, well), now)
    for each in failing:
        tx.resources.save(replace(each, told_failing=True))
    for each in well:
        tx.resources.save(replace(each, told_failing=False))
    return len(failing) + len(well)


def _post(tx: Transaction, site: Site, name: str, said: Callable[[Texts], Answer], now: datetime) -> None:
    for operator in operators_of(tx, site):
        target = target_of(operator)
        answer = said(texts_for(tx, site, target))
        tx.outbox.post(Draft(f"releases-{name}:{now:%Y%m%dT%H%M%S.%f}:{target.id}", target, answer, alert=True), now)


def _failing(texts: Texts, failing: Sequence[Tracked]) -> Answer:
    lines = [
        Paragraph(
            (
                Strong(f"{each.place.word} {each.part}"), " ", texts(f"releases.status.{each.status}"), " ",
                Ago(each.failing_since or each.next_at), "\n", card.cut(each.error, 200),
            )
        )
        for each in failing[:MOST_NAMED]
    ]  # fmt: skip
    rest = (note(texts("releases.hidden", n=len(failing) - MOST_NAMED)),) if len(failing) > MOST_NAMED else ()
    said = line(texts("releases.failing", n=len(failing)))
    return Answer(texts.lang, (said, *lines, *rest), texts("releases.failing_title"), Tone.WARNING)


def _well(texts: Texts, well: Sequence[Tracked]) -> Answer:
    named = ", ".join(f"{each.place.word} {each.part}" for each in well[:MOST_NAMED])
    rest = (note(texts("releases.hidden", n=len(well) - MOST_NAMED)),) if len(well) > MOST_NAMED else ()
    return Answer(texts.lang, (line(named), *rest), texts("releases.well_title", n=len(well)), Tone.GOOD)


def tell_lost(tx: Transaction, site: Site, before: Tracked, tracked: Tracked, now: datetime) -> None:
    """Tell those who follow a place, once, that it is not there any more, or is another one.

    Once it failed often enough, that is, or when it turns out later what the failing comes from. A place that was
    never there is mostly a slip of the keyboard, of which somebody wants to hear at once.
    """
    is_news = tracked.failures == _enough(tracked) or tracked.status is not before.status
    if not _is_lost(tracked) or not is_news:
        return
    # It is said of the place: that another part of it is lost as well is no news, however late it shows.
    if any(_is_lost(other) for other in tx.resources.of(tracked.place) if other.id != tracked.id):
        return
    since = tracked.failing_since or now
    for target in _followers(tx, tracked):
        texts = texts_for(tx, site, target)
        said = line(lost_in_words(texts, tracked))
        answer = card.said(texts, (said, note(texts("releases.lost_paused"))), tone=Tone.WARNING)
        key = f"releases-{tracked.status}:{tracked.place.word}:{since:%Y%m%d}:{target.lane}"
        tx.outbox.post(Draft(key, target, answer), now)


def _is_lost(tracked: Tracked) -> bool:
    return tracked.status in LOST and tracked.failures >= _enough(tracked)


def _enough(tracked: Tracked) -> int:
    return 1 if tracked.baselined_at is None else TELL_AFTER


def lost_in_words(texts: Texts, tracked: Tracked) -> str:
    """What is the matter with a place that is not to be had."""
    never = tracked.status is Status.MISSING and tracked.baselined_at is None
    return texts(f"releases.lost.{'never' if never else tracked.status}", place=tracked.place.word)


def tell_renamed(tx: Transaction, site: Site, before: Tracked, after: Tracked, now: datetime) -> None:
    """Let watches, and what happened, follow a place to its new name, and tell people of it once.

    That it is only written otherwise than somebody typed it is no news.
    """
    tx.happenings.moved(before.place, after.place)
    for watch in tx.watches.of_place(before.place):
        tx.watches.save(replace(watch, place=after.place))
    if same_place(before.place, after.place):
        return
    for target in _followers(tx, after):
        texts = texts_for(tx, site, target)
        said = line(texts("releases.renamed", before=before.place.word, after=after.place.word))
        key = f"releases-renamed:{after.native_id}:{after.place.word}:{target.lane}"
        tx.outbox.post(Draft(key, target, card.said(texts, (said,))), now)


def _followers(tx: Transaction, tracked: Tracked) -> Sequence[Target]:
    return tuple(dict.fromkeys(watch.target for watch in tx.watches.of_place(tracked.place)))
