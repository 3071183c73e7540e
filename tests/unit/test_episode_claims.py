"""Claims of a shortage: which can be claimed, and how a claim is replaced, ends and is released."""

import pytest

from suanli.domain.chat import OpenId
from suanli.domain.stock.episodes import Claim, Episode, News, State, claim, release
from tests.episode_kit import ALICE, DAY, HOUR, STEP, acked, fired, recovering, see
from tests.fakes import NOON


def test_a_claim_ends_when_cards_come_back_and_does_not_return_with_the_shortage() -> None:
    got = see(see(acked(until=NOON + 9 * DAY), 110, NOON + STEP), 80, NOON + 2 * STEP)
    assert (got.state, got.claim) == (State.FIRING, None)


@pytest.mark.parametrize("episode", [see(None, 99, NOON), recovering(), see(recovering(), 120, NOON + DAY)])
def test_only_what_fires_can_be_claimed(episode: Episode) -> None:
    assert claim(episode, Claim(ALICE, NOON, NOON + DAY)) == episode


def test_a_later_claim_takes_the_place_of_an_earlier_one() -> None:
    order = Claim(OpenId("ou_bob"), NOON + HOUR, NOON + 9 * DAY, ordered=True)
    got = claim(acked(), order)
    assert (got.state, got.claim, got.news) == (State.ACKED, order, 1)


def test_a_claim_that_is_already_over_reopens_at_the_next_sample() -> None:
    got = see(claim(fired(), Claim(ALICE, NOON, NOON - DAY)), 80, NOON + STEP)
    assert (got.state, got.latest) == (State.FIRING, News.REOPENED)


def test_a_released_claim_fires_again_with_news_and_only_once() -> None:
    got = release(acked())
    assert (got.state, got.claim, got.latest, got.news) == (State.FIRING, None, News.REOPENED, 2)
    assert release(got) == got
    assert release(recovering()) == recovering()
