"""Cards that are drawn anew, and what became of messages."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.chat import MessageId, Platform
from suanli.domain.delivery import OutboxDepth, Parcel, Receipt, fallback_key
from suanli.domain.ports import Store
from tests.fakes import NOON
from tests.parcels import LEASE, SECOND, answer, claim, draft, post, redraw, target

LATER = NOON + timedelta(hours=2)
CARD = MessageId("om_card")


def sent(store: Store, parcel: Parcel, message_id: MessageId | None = None) -> bool:
    with store.begin() as tx:
        return tx.outbox.sent(parcel, message_id, NOON)


def again(store: Store, parcel: Parcel, after: timedelta, *, as_text: bool = False) -> bool:
    with store.begin() as tx:
        return tx.outbox.again(parcel, due_at=NOON + after, error="busy", as_text=as_text, counts=True)


def dead(store: Store, parcel: Parcel) -> bool:
    with store.begin() as tx:
        return tx.outbox.dead(parcel, "gone", NOON)


def receipts(store: Store, *asked: str) -> dict[str, Receipt]:
    with store.begin() as tx:
        return dict(tx.outbox.receipts(asked))


def with_card(store: Store) -> None:
    """A card that was sent."""
    post(store, NOON, draft("k"))
    (parcel,) = claim(store, NOON)
    assert sent(store, parcel, CARD)


def drawn(parcels: Sequence[Parcel]) -> list[tuple[str, int, int]]:
    """What these parcels draw, in which revision, at which try."""
    return [(str(parcel.answer.blocks[0].spans[0]), parcel.revision, parcel.attempts) for parcel in parcels]  # type: ignore[union-attr]


def test_an_ordinary_message_redraws_nothing(store: Store) -> None:
    post(store, NOON, replace(draft("k"), alert=True))
    (parcel,) = claim(store, NOON)
    assert (parcel.redraws, parcel.drawn, parcel.revision, parcel.alert) == (None, None, 0, True)


def test_a_redrawing_names_the_card_that_it_replaces(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "new"))
    (parcel,) = claim(store, NOON)
    assert (parcel.key, parcel.redraws, parcel.drawn, parcel.alert) == ("redraw:k", "k", CARD, False)
    assert parcel.answer == answer("new")


@pytest.mark.parametrize("fate", ["waits", "is set aside", "was never posted"])
def test_a_redrawing_of_a_card_that_is_not_there_knows_no_message(store: Store, fate: str) -> None:
    if fate != "was never posted":
        post(store, NOON, draft("k", "ou_1"))
    if fate == "is set aside":
        assert dead(store, *claim(store, NOON))
    post(store, NOON, redraw("k", to="ou_2"))
    assert [parcel.drawn for parcel in claim(store, NOON) if parcel.redraws] == [None]


def test_the_card_is_known_as_soon_as_it_was_sent(store: Store) -> None:
    post(store, NOON, draft("k", "ou_1"), redraw("k", to="ou_2"))
    card, drawing = claim(store, NOON)
    assert again(store, drawing, SECOND)
    assert sent(store, card, CARD)
    assert [parcel.drawn for parcel in claim(store, NOON + SECOND)] == [CARD]


def test_an_unsent_redrawing_that_is_drawn_again_goes_once_as_the_newest(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"), redraw("k", "newer"), redraw("k", "newest"))
    assert drawn(claim(store, NOON)) == [("你好 newest", 2, 1)]
    assert claim(store, NOON) == ()


def test_a_redrawing_goes_again_after_it_was_sent(store: Store) -> None:
    with_card(store)
    for revision in range(3):
        post(store, NOON, redraw("k", f"{revision}"))
        (parcel,) = claim(store, NOON)
        assert (parcel.revision, parcel.attempts, parcel.first_tried_at) == (revision, 1, NOON)
        assert sent(store, parcel)
        assert claim(store, LATER) == ()


def test_a_newer_drawing_starts_its_tries_from_the_beginning(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    (old,) = claim(store, NOON)
    assert again(store, old, timedelta(hours=1), as_text=True)
    post(store, NOON + SECOND, redraw("k", "new", urgent=True))
    (parcel,) = claim(store, NOON + SECOND)
    assert (parcel.attempts, parcel.as_text, parcel.first_tried_at) == (1, False, NOON + SECOND)
    assert parcel.created_at == NOON + SECOND


def test_a_drawing_that_was_set_aside_comes_back_with_the_next_one(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    assert dead(store, *claim(store, NOON))
    post(store, NOON, redraw("k", "new"))
    with store.begin() as tx:
        assert tx.outbox.depth() == OutboxDepth(1, NOON, 0)
    assert receipts(store, "redraw:k")["redraw:k"].error == ""
    assert drawn(claim(store, NOON)) == [("你好 new", 1, 1)]


def test_two_drawings_of_a_card_are_never_on_their_way_at_once(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    (old,) = claim(store, NOON)
    post(store, NOON, redraw("k", "newer"), redraw("k", "newest"))
    assert claim(store, NOON + LEASE - SECOND, owner="other") == ()
    assert not sent(store, old)
    assert drawn(claim(store, NOON, owner="other")) == [("你好 newest", 2, 1)]


@pytest.mark.parametrize("settle", [sent, dead, lambda store, parcel: again(store, parcel, timedelta(hours=1))])
def test_a_drawing_that_was_overtaken_on_its_way_settles_nothing_but_lets_the_next_one_go(
    store: Store, settle: Callable[[Store, Parcel], bool]
) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    (old,) = claim(store, NOON)
    post(store, NOON, redraw("k", "new"))
    assert not settle(store, old)
    (new,) = claim(store, NOON)
    assert drawn([new]) == [("你好 new", 1, 1)]
    assert sent(store, new)
    assert claim(store, LATER) == ()


def test_a_newer_drawing_goes_after_the_lease_when_the_older_ones_process_died(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    (old,) = claim(store, NOON)
    post(store, NOON, redraw("k", "new"))
    (new,) = claim(store, NOON + LEASE, owner="other")
    assert (new.revision, new.attempts, new.first_tried_at) == (1, 1, NOON + LEASE)
    assert not sent(store, old)
    assert claim(store, NOON + LEASE) == ()
    assert sent(store, new)


def test_a_hung_drawing_does_not_free_the_newer_one_of_the_same_owner(store: Store) -> None:
    with_card(store)
    post(store, NOON, redraw("k", "old"))
    (hung,) = claim(store, NOON)
    post(store, NOON, redraw("k", "new"))
    (new,) = claim(store, NOON + LEASE)
    assert (hung.owner, hung.attempts) == (new.owner, new.attempts)
    post(store, NOON + LEASE, redraw("k", "newest"))
    assert not sent(store, hung)
    assert claim(store, NOON + LEASE) == ()
    assert not sent(store, new)
    assert drawn(claim(store, NOON + LEASE)) == [("你好 newest", 2, 1)]


def test_drawings_posted_beside_deliveries_leave_the_last_one_on_the_card(store: Store, database_url: str) -> None:
    with_card(store)
    shown: list[str] = []

    def draw(store: Store) -> None:
        for number in range(40):
            post(store, NOON, redraw("k", f"{number}"))

    def deliver(store: Store) -> None:
        for _ in range(120):
            for parcel in claim(store, NOON, owner=f"{id(store)}"):
                shown.append(drawn([parcel])[0][0])
                sent(store, parcel)

    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(3)]
        for done in [pool.submit(work, its) for work, its in zip((draw, deliver, deliver), stores, strict=True)]:
            done.result(60)
    deliver(store)
    assert shown[-1] == "你好 39"
    assert len(shown) == len(set(shown))


def test_receipts_tell_what_became_of_messages_and_know_nothing_of_others(store: Store) -> None:
    post(store, NOON, draft("sent", "1"), draft("dead", "2"), draft("waits", "3"))
    first, second, third = claim(store, NOON)
    sent(store, first, CARD)
    dead(store, second)
    again(store, third, SECOND)
    assert receipts(store, "sent", "dead", "waits", "never") == {
        "sent": Receipt("sent", target("1"), NOON, None, ""),
        "dead": Receipt("dead", target("2"), None, NOON, "gone"),
        "waits": Receipt("waits", target("3"), None, None, "busy"),
    }
    assert receipts(store) == {}


def test_a_receipt_tells_what_was_sent_in_place_of_the_message(store: Store) -> None:
    fallback = draft(fallback_key("k"), "group", platform=Platform.FEISHU_HOOK)
    post(store, NOON, draft("k"), fallback)
    lost, instead = claim(store, NOON)
    dead(store, lost)
    sent(store, instead)
    shown = receipts(store, "k")["k"]
    assert shown.dead_at == NOON
    assert shown.instead == Receipt(fallback_key("k"), fallback.target, NOON, None, "")


def test_receipts_of_more_messages_than_a_statement_takes(store: Store) -> None:
    post(store, NOON, draft("k"))
    assert list(receipts(store, *(f"x{number}" for number in range(20_000)), "k")) == ["k"]
