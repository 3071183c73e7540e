"""A look draws each card once, however many people it is for, and nobody gets another's."""

from datetime import timedelta

from handlers.stock.card import Cards, alert
from handlers.stock.ledger import Item
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Episode, News, State
from suanli.domain.stock.rules import Rule, Severity
from suanli.i18n import Lang, texts_in
from tests.fakes import NOON

ZH, EN = texts_in(Lang.ZH), texts_in(Lang.EN)


def item(number: int, kind: News = News.REMINDER, before: int | None = 9) -> Item:
    scope = Scope(Model(f"G{number}"))
    opened_at = NOON - timedelta(hours=1)
    episode = Episode(scope, State.FIRING, Severity.WARNING, opened_at, 7, NOON, 7, number, fired_at=opened_at)
    return Item(kind, Rule(scope, 10), episode, before, (), 0, None, None)


def test_the_same_for_many_is_drawn_once() -> None:
    cards = Cards(NOON)
    assert cards.alert(ZH, [item(1), item(2)]) is cards.alert(ZH, [item(1), item(2)])


def test_what_differs_for_somebody_is_drawn_for_them() -> None:
    cards = Cards(NOON)
    for texts in (ZH, EN):
        for items in (
            [item(1), item(2)],
            [item(1)],
            [item(1), item(2, before=8)],
            [item(1), item(2, before=None)],
            [item(1), item(2, News.ESCALATED)],
        ):
            assert cards.alert(texts, items) == alert(texts, items, NOON)
