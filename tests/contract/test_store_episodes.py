"""Where scopes stand, their episodes, and who was told what."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.store import SqlStore
from suanli.domain.chat import OpenId
from suanli.domain.ports import Store
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Blindness, Claim, Episode, Mute, News, Standing, State, Told
from suanli.domain.stock.rules import Severity
from tests.fakes import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
M4090, H20 = Model("4090"), Model("H20")
SCOPE = Scope(M4090, "国内")
MUTE = Mute(NOON + DAY, OpenId("ou_1"), NOON, "盘点 🀄")


def pending(scope: Scope = SCOPE) -> Episode:
    return Episode(scope, State.PENDING, Severity.WARNING, NOON, free=3, seen_at=NOON, lowest=3)


def firing(scope: Scope = SCOPE) -> Episode:
    return replace(pending(scope), state=State.FIRING, fired_at=NOON, news=1, latest=News.FIRST)


def closed(episode: Episode, after: timedelta = DAY, *, quiet: bool = False) -> Episode:
    return replace(episode, state=State.CLOSED, closed_at=NOON + after, quiet=quiet, latest=News.RECOVERED)


def standing(episode: Episode) -> Standing:
    return Standing(episode.scope, episode)


def save(store: Store, *standings: Standing) -> list[Standing]:
    with store.begin() as tx:
        return list(tx.episodes.save(standings))


def open_episode(store: Store, scope: Scope = SCOPE) -> Episode:
    """A firing episode, stored."""
    (saved,) = save(store, standing(firing(scope)))
    assert saved.episode
    return saved.episode


def standings(store: Store) -> dict[Scope, Standing]:
    with store.begin() as tx:
        return dict(tx.episodes.standings())


def find(store: Store, number: int) -> Episode | None:
    with store.begin() as tx:
        return tx.episodes.find(number)


def numbers(episodes: Sequence[Episode]) -> list[int]:
    return [episode.number for episode in episodes]


def test_a_scope_never_heard_of_is_well(store: Store) -> None:
    with store.begin() as tx:
        assert tx.episodes.standing(SCOPE) == Standing(SCOPE)
        assert tx.episodes.standings() == {}
        assert tx.episodes.find(1) is None
        assert tx.episodes.save([]) == ()


def test_a_standing_comes_back_as_it_was_saved_with_all_that_is_known(store: Store) -> None:
    claim = Claim(OpenId("ou_2"), NOON, NOON + 3 * DAY, ordered=True)
    episode = replace(
        firing(), severity=Severity.CRITICAL, state=State.ACKED, claim=claim, low=2, recovering_at=NOON + MINUTE, news=3
    )
    full = Standing(SCOPE, episode, Blindness(4, "403 Viewer", NOON, NOON + MINUTE), MUTE)
    other = standing(pending(Scope(H20, "", "高主频")))
    saved = save(store, full, other)
    assert [each.episode and replace(each.episode, number=0) for each in saved] == [episode, other.episode]
    assert standings(store) == {each.scope: each for each in saved}
    with store.begin() as tx:
        assert [tx.episodes.standing(each.scope) for each in saved] == saved
    assert find(store, 1) == saved[0].episode


def test_scopes_of_a_model_are_told_apart(store: Store) -> None:
    scopes = [Scope(M4090), Scope(M4090, "国内"), Scope(M4090, "", "国内"), Scope(H20)]
    save(store, *(standing(firing(scope)) for scope in scopes))
    assert set(standings(store)) == set(scopes)
    assert len({each.episode and each.episode.number for each in standings(store).values()}) == 4


def test_a_saved_episode_keeps_its_number_when_it_changes(store: Store) -> None:
    episode = open_episode(store)
    worse = replace(episode, severity=Severity.CRITICAL, free=0, lowest=0, news=2, latest=News.ESCALATED)
    assert save(store, standing(worse)) == [standing(worse)]
    assert standings(store) == {SCOPE: standing(worse)}


def test_blindness_and_mute_are_forgotten_when_they_are_over_and_the_episode_stays(store: Store) -> None:
    episode = open_episode(store)
    save(store, Standing(SCOPE, episode, Blindness(1, "empty", NOON), MUTE))
    save(store, Standing(SCOPE, episode))
    assert standings(store) == {SCOPE: Standing(SCOPE, episode)}


@pytest.mark.parametrize("rest", [Standing(SCOPE, mute=MUTE), Standing(SCOPE, blindness=Blindness(told_at=NOON))])
def test_a_scope_without_an_episode_is_remembered_for_whatever_else_is_known(store: Store, rest: Standing) -> None:
    save(store, rest)
    assert standings(store) == {SCOPE: rest}
    save(store, Standing(SCOPE))
    assert standings(store) == {}


def test_a_pending_episode_that_came_to_nothing_leaves_no_trace(store: Store) -> None:
    (saved,) = save(store, standing(pending()))
    save(store, Standing(SCOPE))
    assert saved.episode
    assert find(store, saved.episode.number) is None
    assert standings(store) == {}


def test_a_closed_episode_is_no_longer_where_the_scope_stands_but_can_be_found(store: Store) -> None:
    done = closed(open_episode(store))
    assert save(store, standing(done)) == [standing(done)]
    assert standings(store) == {}
    assert find(store, done.number) == done
    save(store, Standing(SCOPE))
    assert find(store, done.number) == done


def test_an_episode_cannot_be_open_twice(store: Store) -> None:
    first = open_episode(store)
    with pytest.raises(IntegrityError):
        save(store, standing(firing()))
    assert standings(store) == {SCOPE: standing(first)}


def test_the_next_episode_of_a_scope_begins_once_the_last_is_closed_even_in_one_save(store: Store) -> None:
    first = open_episode(store)
    saved = save(store, standing(closed(first)), standing(firing()), Standing(SCOPE), standing(pending()))
    assert standings(store) == {SCOPE: saved[-1]}
    with store.begin() as tx:
        assert numbers(tx.episodes.newest(9)) == [first.number]


def test_numbers_ascend_in_the_order_of_saving_and_are_never_given_twice(store: Store) -> None:
    scopes = [Scope(Model(f"M{number:04}")) for number in range(1500)]
    saved = save(store, *(standing(firing(scope)) for scope in reversed(scopes)))
    found = numbers([each.episode for each in saved if each.episode])
    assert found == list(range(1, 1501))
    save(store, *(Standing(scope) for scope in scopes))
    assert standings(store) == {}
    assert open_episode(store).number == 1501


def test_those_that_ended_are_told_by_when_they_ended_and_quiet_ones_are_left_out(store: Store) -> None:
    episodes = [open_episode(store, Scope(Model(f"M{number}"))) for number in range(4)]
    late, soon, quiet = closed(episodes[0], DAY), closed(episodes[1], MINUTE), closed(episodes[2], DAY, quiet=True)
    save(store, standing(late), standing(soon), standing(quiet))
    with store.begin() as tx:
        assert tx.episodes.closed_since(NOON) == (soon, late)
        assert tx.episodes.closed_since(NOON + DAY) == (late,)
        assert tx.episodes.closed_since(NOON + DAY + MINUTE) == ()


def test_the_newest_are_those_that_fired_open_or_closed(store: Store) -> None:
    first = open_episode(store)
    save(store, standing(closed(first, quiet=True)), standing(pending(Scope(H20))))
    second, third = open_episode(store, Scope(H20, "海外")), open_episode(store)
    with store.begin() as tx:
        assert numbers(tx.episodes.newest(9)) == [third.number, second.number, first.number]
        assert numbers(tx.episodes.newest(1)) == [third.number]
        assert numbers(tx.episodes.newest(9, H20)) == [second.number]
        assert tx.episodes.newest(9, Model("H200")) == ()


def told(episode: int, to: str = "ou_1", count: int = 1, *, at: timedelta = timedelta(0), card: str = "") -> Told:
    kind = News.FIRST if count == 1 else News.REMINDER
    return Told(episode, to, count, kind, news=1, free=3, told_at=NOON + at, message_key=card or f"card-{count}")


def tell(store: Store, *notices: Told) -> None:
    with store.begin() as tx:
        tx.episodes.tell(notices)


def test_the_last_notice_counts_and_the_earlier_ones_stay_on_record(store: Store) -> None:
    first, second, other = told(1), told(1, count=2, at=DAY), told(1, "ou_2", at=MINUTE)
    tell(store, second, first, other, told(2))
    tell(store)
    with store.begin() as tx:
        assert tx.episodes.last_told([1, 3]) == {(1, "ou_1"): second, (1, "ou_2"): other}
        assert tx.episodes.last_told([]) == {}
        assert tx.episodes.told(1) == (first, other, second)
        assert tx.episodes.told(3) == ()


def test_told_twice_is_once(store: Store) -> None:
    tell(store, told(1), replace(told(1), free=0, message_key="another"))
    tell(store, replace(told(1), told_at=NOON + DAY))
    with store.begin() as tx:
        assert tx.episodes.told(1) == (told(1),)


def test_a_card_says_what_it_told(store: Store) -> None:
    tell(store, told(1, card="a"), told(2, card="a"), told(1, "ou_2", card="b"), told(3, card="c"))
    with store.begin() as tx:
        assert tx.episodes.on_cards(["a", "b", "x"]) == {
            "a": [told(1, card="a"), told(2, card="a")],
            "b": [told(1, "ou_2", card="b")],
        }
        assert tx.episodes.on_cards([]) == {}


def test_notices_of_the_future_are_of_now_after_the_clock_was_set_back(store: Store) -> None:
    tell(store, told(1), told(1, count=2, at=DAY), told(2, at=2 * DAY))
    with store.begin() as tx:
        assert tx.episodes.set_back(NOON + MINUTE) == 2
        assert tx.episodes.set_back(NOON + MINUTE) == 0
        assert [each.told_at for each in tx.episodes.told(1)] == [NOON, NOON + MINUTE]
        assert tx.episodes.last_told([2])[2, "ou_1"].told_at == NOON + MINUTE


def test_what_is_asked_of_more_than_a_statement_takes_is_answered(store: Store) -> None:
    tell(store, told(1), told(39_999))
    with store.begin() as tx:
        assert len(tx.episodes.last_told(range(40_000))) == 2
        assert len(tx.episodes.on_cards([f"card-{number}" for number in range(40_000)])["card-1"]) == 2


def test_episodes_that_ended_long_ago_are_forgotten_with_their_notices(store: Store) -> None:
    old, newer = closed(open_episode(store), MINUTE), closed(open_episode(store, Scope(H20)), DAY)
    save(store, standing(old), standing(newer))
    still = open_episode(store)
    tell(store, *(told(number) for number in numbers([old, newer, still])))
    with store.begin() as tx:
        assert tx.episodes.forget_before(NOON + DAY) == 1
        assert [tx.episodes.find(each.number) for each in (old, newer, still)] == [None, newer, still]
        assert set(tx.episodes.last_told(numbers([old, newer, still]))) == {
            (newer.number, "ou_1"),
            (still.number, "ou_1"),
        }
    assert open_episode(store, Scope(Model("M"))).number > still.number


def test_many_that_look_and_save_under_the_lock_make_one_episode(store: Store, database_url: str) -> None:
    together = threading.Barrier(4)

    def check(its: Store) -> int:
        together.wait(30)
        made = 0
        for _ in range(20):
            with its.begin() as tx:
                tx.lock("stock")
                known = tx.episodes.standing(SCOPE)
                episode = known.episode or firing()
                (saved,) = tx.episodes.save([Standing(SCOPE, replace(episode, news=episode.news + 1))])
                made += known.episode is None
                assert saved.episode
                tx.episodes.tell([told(saved.episode.number)])
        return made

    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(4)]
        assert sum(pool.map(check, stores)) == 1
    episode = standings(store)[SCOPE].episode
    assert episode
    assert episode.news == 1 + 80
    with store.begin() as tx:
        assert len(tx.episodes.told(episode.number)) == 1
