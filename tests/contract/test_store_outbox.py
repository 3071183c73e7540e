from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from storage.engine import address
from suanli.domain.chat import MessageId, Platform
from suanli.domain.delivery import Draft, OutboxDepth, Parcel, Rate, uuid_of
from suanli.domain.ports import Store
from tests.fakes import NOON
from tests.parcels import FREE, LEASE, SECOND, claim, draft, keys, post, rates, target

LATER = NOON + timedelta(hours=1)


def settle_again(
    store: Store, *parcels: Parcel, after: timedelta = SECOND, as_text: bool = False, counts: bool = True
) -> bool:
    """Give a parcel back, to be tried `after` noon."""
    (parcel,) = parcels
    with store.begin() as tx:
        return tx.outbox.again(parcel, due_at=NOON + after, error="busy", as_text=as_text, counts=counts)


def settle_sent(store: Store, *parcels: Parcel) -> list[bool]:
    with store.begin() as tx:
        return [tx.outbox.sent(parcel, MessageId("om_1"), NOON) for parcel in parcels]


def depth(store: Store) -> OutboxDepth:
    with store.begin() as tx:
        return tx.outbox.depth()


def test_a_claimed_message_is_the_one_that_was_posted(store: Store) -> None:
    posted = Draft("k", target("ou_1"), draft("k").answer, reply_to=MessageId("om_0"), urgent=True)
    post(store, NOON, posted)
    (parcel,) = claim(store, NOON + SECOND, owner="me")
    assert (parcel.key, parcel.target, parcel.answer) == (posted.key, posted.target, posted.answer)
    assert (parcel.reply_to, parcel.uuid) == (posted.reply_to, uuid_of("k"))
    assert (parcel.attempts, parcel.as_text, parcel.owner) == (1, False, "me")
    assert (parcel.created_at, parcel.first_tried_at) == (NOON, NOON + SECOND)


def test_the_same_key_is_the_same_message_even_after_it_was_sent(store: Store) -> None:
    post(store, NOON, draft("k"))
    settle_sent(store, *claim(store, NOON))
    with store.begin() as tx:
        assert not tx.outbox.post(draft("k", "ou_2"), NOON)
    assert claim(store, LATER) == ()


def test_an_empty_outbox_gives_nothing(store: Store) -> None:
    assert claim(store, NOON) == ()
    assert depth(store) == OutboxDepth(0, None, 0)


def test_urgent_messages_go_first_and_then_older_ones(store: Store) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"), draft("c", "3", urgent=True), draft("d", "4", urgent=True))
    assert keys(claim(store, NOON)) == ["c", "d", "a", "b"]


def test_no_more_than_the_limit_is_taken(store: Store) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"), draft("c", "3"))
    assert keys(claim(store, NOON, limit=2)) == ["a", "b"]
    assert keys(claim(store, NOON, limit=2)) == ["c"]


def test_one_place_gets_one_message_at_a_time_in_order(store: Store) -> None:
    post(store, NOON, draft("a"), draft("b"), draft("c", urgent=True))
    order = []
    while parcels := claim(store, NOON):
        order.append(keys(parcels))
        assert claim(store, NOON) == ()
        settle_sent(store, *parcels)
    assert order == [["c"], ["a"], ["b"]]


def test_a_message_that_waits_for_its_next_try_does_not_hold_up_those_behind_it(store: Store) -> None:
    post(store, NOON, draft("a"), draft("b"))
    settle_again(store, *claim(store, NOON), after=timedelta(minutes=5))
    assert keys(claim(store, NOON)) == ["b"]


def test_a_settled_message_is_gone(store: Store) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"))
    first, second = claim(store, NOON)
    with store.begin() as tx:
        assert tx.outbox.sent(first, None, NOON)
        assert tx.outbox.dead(second, "no such person", NOON)
    assert claim(store, LATER) == ()
    assert depth(store) == OutboxDepth(0, None, 1)


def test_a_retry_comes_when_it_is_due_and_is_counted(store: Store) -> None:
    post(store, NOON, draft("k"))
    assert settle_again(store, *claim(store, NOON), after=SECOND, as_text=True)
    assert claim(store, NOON) == ()
    (again,) = claim(store, NOON + SECOND)
    assert (again.attempts, again.as_text, again.first_tried_at, again.uuid) == (2, True, NOON, uuid_of("k"))


def test_a_message_that_goes_as_text_stays_text(store: Store) -> None:
    post(store, NOON, draft("k"))
    settle_again(store, *claim(store, NOON), as_text=True)
    settle_again(store, *claim(store, NOON + SECOND), as_text=False)
    assert [parcel.as_text for parcel in claim(store, NOON + SECOND)] == [True]


def test_a_first_try_that_does_not_count_leaves_no_trace(store: Store) -> None:
    post(store, NOON, draft("k"))
    settle_again(store, *claim(store, NOON), counts=False)
    (again,) = claim(store, NOON + SECOND)
    assert (again.attempts, again.first_tried_at) == (1, NOON + SECOND)


def test_a_later_try_that_does_not_count_leaves_the_first_in_memory(store: Store) -> None:
    post(store, NOON, draft("k"))
    settle_again(store, *claim(store, NOON))
    settle_again(store, *claim(store, NOON + SECOND), counts=False)
    (again,) = claim(store, NOON + SECOND)
    assert (again.attempts, again.first_tried_at) == (2, NOON)


def test_a_lease_that_is_over_lets_another_in_and_shuts_the_first_out(store: Store) -> None:
    post(store, NOON, draft("k"))
    (first,) = claim(store, NOON, owner="first")
    assert claim(store, NOON + LEASE - SECOND, owner="second") == ()
    (second,) = claim(store, NOON + LEASE, owner="second")
    assert (second.uuid, second.attempts, second.first_tried_at) == (first.uuid, 2, NOON)
    assert not settle_again(store, first)
    assert settle_sent(store, first) == [False]
    with store.begin() as tx:
        assert not tx.outbox.dead(first, "too late", NOON)
    assert settle_sent(store, second) == [True]


def test_a_try_of_the_same_owner_that_was_overtaken_by_its_own_next_one_settles_nothing(store: Store) -> None:
    post(store, NOON, draft("k"))
    (hung,) = claim(store, NOON)
    (given_back,) = claim(store, NOON + LEASE)
    settle_again(store, given_back, counts=False)
    (current,) = claim(store, NOON + LEASE)
    assert settle_sent(store, hung) == [False]
    assert settle_sent(store, current) == [True]


def test_a_message_is_settled_once(store: Store) -> None:
    post(store, NOON, draft("k"))
    parcels = claim(store, NOON)
    assert settle_sent(store, *parcels, *parcels) == [True, False]


def test_an_owner_that_is_late_but_was_not_overtaken_still_settles(store: Store) -> None:
    post(store, NOON, draft("k"))
    parcels = claim(store, NOON)
    assert settle_sent(store, *parcels) == [True]
    assert claim(store, NOON + 2 * LEASE) == ()


def test_a_place_is_not_sent_more_than_its_rate(store: Store) -> None:
    rate = Rate(per=3, window=2 * SECOND, burst=1)
    post(store, NOON, *(draft(f"k{number}") for number in range(4)))
    sent = []
    for tenth in range(40):
        now = NOON + tenth * SECOND / 10
        parcels = claim(store, now, rates=rates(rate))
        sent += [now - NOON] * len(parcels)
        settle_sent(store, *parcels)
    assert sent == [0 * SECOND, 1 * SECOND, 2 * SECOND, 3 * SECOND]


def test_a_platform_is_not_sent_more_than_any_of_its_rates(store: Store) -> None:
    whole = (Rate(per=5, window=SECOND, burst=3), Rate(per=4, window=60 * SECOND, burst=3))
    post(store, NOON, *(draft(f"k{number}", f"ou_{number}") for number in range(20)))
    taken = [len(claim(store, NOON + second * SECOND, rates=rates(FREE, *whole))) for second in range(61)]
    assert taken[0] == 3
    assert sum(taken[:60]) == 3
    assert taken[60] == 1


def test_one_platform_at_its_limit_leaves_the_other_alone(store: Store) -> None:
    one = Rate(per=1, window=SECOND)
    post(store, NOON, draft("a", "1"), draft("b", "2"), draft("c", "3", platform=Platform.WELINK))
    assert keys(claim(store, NOON, rates=rates(FREE, one))) == ["a", "c"]


def test_places_at_their_limit_do_not_hide_the_others_behind_them(store: Store) -> None:
    one = Rate(per=1, window=60 * SECOND)
    crowd = [draft(f"a{number}", f"ou_{number}") for number in range(5)]
    post(store, NOON, *crowd)
    settle_sent(store, *claim(store, NOON, rates=rates(one)))
    post(store, NOON, *(draft(f"b{number}", f"ou_{number}") for number in range(5)), draft("c", "ou_new"))
    assert keys(claim(store, NOON + SECOND, limit=1, rates=rates(one))) == ["c"]


def test_a_resting_place_gets_nothing_until_then_and_the_others_go_on(store: Store) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"))
    with store.begin() as tx:
        tx.outbox.pause(Platform.FEISHU, target("1").lane, NOON + 2 * SECOND)
        tx.outbox.pause(Platform.FEISHU, target("1").lane, NOON + SECOND)
    assert keys(claim(store, NOON)) == ["b"]
    assert claim(store, NOON + SECOND) == ()
    assert keys(claim(store, NOON + 2 * SECOND)) == ["a"]


def test_a_resting_platform_gets_nothing_until_then_and_the_other_goes_on(store: Store) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"), draft("c", "3", platform=Platform.WELINK))
    with store.begin() as tx:
        tx.outbox.pause(Platform.FEISHU, None, NOON + SECOND)
    assert keys(claim(store, NOON)) == ["c"]
    assert keys(claim(store, NOON + SECOND)) == ["a", "b"]


def test_a_place_that_was_never_sent_anything_can_rest_too(store: Store) -> None:
    with store.begin() as tx:
        tx.outbox.pause(Platform.FEISHU, target("ou_1").lane, NOON + SECOND)
    post(store, NOON, draft("a"))
    assert claim(store, NOON) == ()
    assert keys(claim(store, NOON + SECOND)) == ["a"]


def test_the_depth_counts_what_waits_and_tells_since_when(store: Store) -> None:
    post(store, NOON, draft("a", "1"))
    post(store, LATER, draft("b", "2"), draft("c", "3"))
    waiting, dead, _ = claim(store, LATER)
    settle_sent(store, waiting)
    with store.begin() as tx:
        tx.outbox.dead(dead, "", LATER)
    assert depth(store) == OutboxDepth(1, LATER, 1)


def test_only_settled_messages_are_forgotten(store: Store) -> None:
    post(store, NOON, draft("waiting", "1"), draft("sent", "2"), draft("dead", "3"), draft("claimed", "4"))
    _, sent, dead, _ = claim(store, NOON)
    with store.begin() as tx:
        tx.outbox.sent(sent, None, NOON)
        tx.outbox.dead(dead, "", NOON)
    with store.begin() as tx:
        assert tx.outbox.forget_before(NOON) == 0
        assert tx.outbox.forget_before(NOON + SECOND) == 2
    assert keys(claim(store, LATER)) == ["waiting", "claimed"]


@pytest.mark.parametrize(
    "broken", ["", "{}", '{"lang":"zh","blocks":[{"kind":"unheard-of"}],"title":"","tone":"info"}']
)
def test_a_message_that_cannot_be_read_is_set_aside_and_stops_no_other(
    store: Store, database_url: str, broken: str
) -> None:
    post(store, NOON, draft("a", "1"), draft("b", "2"))
    engine = create_engine(address(database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET answer = :broken WHERE key = 'a'"), {"broken": broken})
    engine.dispose()
    with capture_logs() as logs:
        assert keys(claim(store, NOON)) == ["b"]
    assert [(entry["event"], entry["key"]) for entry in logs] == [("outbox_row_unreadable", "a")]
    assert depth(store) == OutboxDepth(1, NOON, 1)
