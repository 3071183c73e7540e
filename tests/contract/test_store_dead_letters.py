"""Messages that were set aside, and many that are written at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from suanli.domain.answer import Ago, Answer, At, Button, Buttons, Code, Column, Facts, Strong, Table, Tone, line
from suanli.domain.delivery import UUID_WINDOW, DeadLetter, Draft, OutboxDepth, too_late
from suanli.domain.ports import Store
from suanli.i18n import Lang
from tests.contract.release_kit import HOSTILE, execute
from tests.fakes import NOON
from tests.parcels import SECOND, answer, claim, draft, keys, post, redraw, target

LATER = NOON + 2 * UUID_WINDOW


def set_aside(store: Store, *drafts: Draft, after: timedelta = timedelta(0)) -> None:
    """Write messages that cannot be delivered; in order, a second from one to the next."""
    for number, each in enumerate(drafts):
        now = NOON + after + number * SECOND
        with store.begin() as tx:
            tx.outbox.post(each, now)
        (parcel,) = claim(store, now)
        with store.begin() as tx:
            assert tx.outbox.dead(parcel, "no such person", now)


def dead_letters(store: Store, prefix: str = "", limit: int = 10) -> Sequence[DeadLetter]:
    with store.begin() as tx:
        return tx.outbox.dead_letters(prefix, limit)


def revive(store: Store, number: int) -> bool:
    with store.begin() as tx:
        return tx.outbox.revive(number, LATER)


def post_all(store: Store, *drafts: Draft) -> None:
    with store.begin() as tx:
        tx.outbox.post_all(drafts, NOON)


def test_nothing_is_set_aside_at_first(store: Store) -> None:
    post(store, NOON, draft("waits"))
    assert dead_letters(store) == ()
    assert not revive(store, 1)


def test_a_dead_letter_says_to_whom_what_and_why(store: Store) -> None:
    set_aside(store, draft("release:a"))
    (letter,) = dead_letters(store)
    said = answer("release:a")
    assert letter == DeadLetter(letter.number, "release:a", target("ou_1"), said, NOON, NOON, "no such person")


def test_dead_letters_come_newest_first_by_how_their_key_begins(store: Store) -> None:
    set_aside(store, draft("release:a"), draft("stock:b"), draft("release:c"), draft("Release:d"), draft("rel_ase:e"))
    assert [each.key for each in dead_letters(store, "release:")] == ["release:c", "release:a"]
    assert [each.key for each in dead_letters(store, "release:", limit=1)] == ["release:c"]
    assert [each.key for each in dead_letters(store, "rel_")] == ["rel_ase:e"]
    assert [each.key for each in dead_letters(store, "%")] == []
    assert len(dead_letters(store)) == 5


def test_drawings_that_were_set_aside_are_no_letters(store: Store) -> None:
    post(store, NOON, draft("card"))
    (card,) = claim(store, NOON)
    with store.begin() as tx:
        tx.outbox.sent(card, None, NOON)
    set_aside(store, redraw("card"))
    assert dead_letters(store) == ()
    assert not revive(store, card.id + 1)


def test_a_letter_that_cannot_be_read_is_left_out_and_logged(store: Store, database_url: str) -> None:
    set_aside(store, draft("a"), draft("b"))
    execute(database_url, "UPDATE outbox SET answer = 'secret' WHERE key = 'b'")
    with capture_logs() as logs:
        assert [each.key for each in dead_letters(store)] == ["a"]
    assert [(entry["event"], entry["key"]) for entry in logs] == [("outbox_row_unreadable", "b")]
    assert "secret" not in str(logs)


def test_a_revived_message_goes_as_if_it_was_never_tried_however_old_it_is(store: Store) -> None:
    set_aside(store, draft("k"))
    (letter,) = dead_letters(store)
    assert revive(store, letter.number)
    assert not revive(store, letter.number)
    assert dead_letters(store) == ()
    with store.begin() as tx:
        assert tx.outbox.depth() == OutboxDepth(1, NOON, 0)
        assert tx.outbox.receipts(["k"])["k"].error == "no such person"
    (parcel,) = claim(store, LATER)
    assert (parcel.key, parcel.attempts, parcel.first_tried_at) == ("k", 1, LATER)
    assert not too_late(parcel, LATER)
    with store.begin() as tx:
        assert tx.outbox.sent(parcel, None, LATER)
    assert not revive(store, letter.number)


def test_a_message_that_is_set_aside_again_is_a_dead_letter_again(store: Store) -> None:
    set_aside(store, draft("k"), draft("other"))
    assert revive(store, dead_letters(store, "k")[0].number)
    (parcel,) = claim(store, LATER)
    with store.begin() as tx:
        assert tx.outbox.dead(parcel, "still none", LATER)
    assert [(each.key, each.error, each.dead_at) for each in dead_letters(store, limit=1)] == [
        ("k", "still none", LATER)
    ]


def test_messages_written_at_once_go_in_their_order_and_those_that_are_there_are_left_alone(store: Store) -> None:
    post(store, NOON, draft("b", "1"))
    post_all(store)
    post_all(store, draft("c", "2"), draft("b", "3"), draft("a", "4"), draft("a", "5"))
    assert [(each.key, each.target.id) for each in claim(store, NOON)] == [("b", "1"), ("c", "2"), ("a", "4")]


def test_many_are_told_the_very_same(store: Store) -> None:
    same = answer("算力")
    post_all(store, *(replace(draft(f"k{n}", f"ou_{n}"), answer=same, alert=True) for n in range(500)))
    parcels = claim(store, NOON, limit=500)
    assert keys(parcels) == [f"k{n}" for n in range(500)]
    assert all(each.answer == same and each.alert for each in parcels)


def test_drawings_are_not_written_among_others(store: Store) -> None:
    with pytest.raises(ValueError, match="redraw"):
        post_all(store, draft("a"), redraw("card"))
    assert claim(store, NOON) == ()


def test_half_a_surrogate_pair_in_what_is_said_does_not_keep_the_message_from_being_written(store: Store) -> None:
    said = Answer(
        Lang.ZH,
        (
            line("x \ud800", Strong(HOSTILE), Code("c"), At("ou_1"), Ago(NOON)),
            Facts((("名", ("v", Code("w"))),)),
            Table((Column("n", number=True),), (("1",),)),
            Buttons((Button("b", {"run": "/releases list"}),)),
        ),
        HOSTILE,
        Tone.WARNING,
    )
    post_all(store, replace(draft("k"), answer=said))
    (parcel,) = claim(store, NOON)
    clean = HOSTILE.replace("\ud800", "?")
    spans = ("x ?", Strong(clean), Code("c"), At("ou_1"), Ago(NOON))
    assert parcel.answer == replace(said, title=clean, blocks=(line(*spans), *said.blocks[1:]))
