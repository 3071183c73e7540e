"""What is told of other systems' alerts, whatever comes twice, late or in the wrong order."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock.external import (
    REPEAT,
    Alert,
    AlertNews,
    AlertNotice,
    Fingerprint,
    Heard,
    hear,
    hear_all,
    name_of,
)
from tests.fakes import NOON

FIRING, REMINDER, RESOLVED = AlertNews
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START = NOON - HOUR
DOWN = Alert(Fingerprint("f1"), START, True, NOON, {"alertname": "Down"}, {"summary": "gone"}, "http://g")  # noqa: FBT003 a value
"""Firing since an hour, as it comes."""


def fires(at: datetime = NOON, since: datetime = START) -> Heard:
    return Heard(replace(DOWN, heard_at=at, starts_at=since))


def ends(at: datetime = NOON, since: datetime = START, ended: datetime | None = None) -> Heard:
    return Heard(replace(DOWN, heard_at=at, starts_at=since, firing=False), ended or at)


def tell(*heard: Heard) -> list[AlertNews | None]:
    """What is told after each of these."""
    known: Alert | None = None
    said: list[AlertNews | None] = []
    for each in heard:
        known, news = hear(known, each.alert, each.ended_at)
        said.append(news)
    return said


def test_a_first_firing_is_told_and_remembered_as_told() -> None:
    assert hear(None, DOWN) == (replace(DOWN, count=1, told_at=NOON), FIRING)


def test_the_same_again_is_no_news_until_the_repeat_has_passed() -> None:
    soon, due = NOON + REPEAT - MINUTE, NOON + REPEAT
    assert tell(fires(), fires(), fires(soon), fires(due), fires(due)) == [FIRING, None, None, REMINDER, None]


def test_what_was_heard_in_between_does_not_put_the_reminder_off() -> None:
    hourly = [fires(NOON + n * HOUR) for n in range(50)]
    assert [n for n, news in enumerate(tell(*hourly)) if news] == [0, 24, 48]


def test_an_end_is_told_once_and_only_after_a_beginning() -> None:
    assert tell(fires(), ends(), ends()) == [FIRING, RESOLVED, None]
    assert tell(ends(), ends()) == [None, None]


def test_a_firing_that_comes_after_its_end_stays_silent() -> None:
    later = NOON + HOUR
    assert tell(ends(), fires(later)) == [None, None]
    assert tell(fires(), ends(), fires(later), ends(later)) == [FIRING, RESOLVED, None, None]


def test_what_fires_a_day_after_its_end_cannot_be_a_retry_and_is_told() -> None:
    # A sender cut off from its Alertmanager lets alerts lapse there; they come back with their old beginning.
    back = NOON + REPEAT
    assert tell(fires(), ends(), fires(back - MINUTE), fires(back), ends(back)) == [
        FIRING, RESOLVED, None, FIRING, RESOLVED
    ]  # fmt: skip
    assert tell(ends(), fires(back - MINUTE), fires(back)) == [None, None, FIRING]


def test_a_new_beginning_is_a_new_alert() -> None:
    again = NOON - MINUTE
    assert tell(fires(), ends(), fires(NOON, again), ends(NOON, again)) == [FIRING, RESOLVED, FIRING, RESOLVED]
    assert tell(fires(), fires(NOON, again)) == [FIRING, FIRING]
    counted, _ = hear(replace(DOWN, count=7, told_at=NOON), replace(DOWN, starts_at=again))
    assert counted.count == 1


def test_nothing_of_an_earlier_life_touches_the_present_one() -> None:
    now_since = NOON - MINUTE
    present, _ = hear(None, fires(NOON, now_since).alert)
    late_end = ends(NOON, START, ended=now_since - MINUTE)
    assert hear(present, late_end.alert, late_end.ended_at) == (present, None)
    assert tell(fires(NOON, now_since), fires(NOON, START), late_end, ends(NOON, now_since)) == [
        FIRING, None, None, RESOLVED
    ]  # fmt: skip


def test_an_end_without_a_moment_belongs_to_the_life_it_names() -> None:
    known, _ = hear(None, DOWN)
    nameless = replace(DOWN, firing=False)
    assert hear(known, replace(nameless, starts_at=START - HOUR))[1] is None
    assert hear(known, nameless)[1] is RESOLVED


def test_a_pair_that_dates_the_same_alert_differently_is_told_of_its_end() -> None:
    # Alertmanager keeps the earlier beginning when the second Prometheus of a pair reports it.
    earlier = START - MINUTE
    assert tell(fires(), fires(NOON, earlier), ends(NOON + HOUR, earlier), ends(NOON + HOUR)) == [
        FIRING, None, RESOLVED, None
    ]  # fmt: skip


def test_the_end_of_a_life_whose_beginning_was_lost_ends_what_people_think_goes_on() -> None:
    next_life = NOON - MINUTE
    assert tell(fires(), ends(NOON, next_life), fires(NOON, next_life)) == [FIRING, RESOLVED, None]
    assert tell(ends(), ends(NOON, next_life), fires(NOON, next_life)) == [None, None, None]


def test_an_end_that_says_nothing_keeps_what_was_said() -> None:
    known, _ = hear(None, DOWN)
    over, _ = hear(known, replace(DOWN, firing=False, annotations={}, link=""))
    assert (over.annotations, over.link, over.firing, over.count) == (DOWN.annotations, DOWN.link, False, 2)


def test_a_clock_that_is_set_back_silences_nobody_for_longer_than_the_repeat() -> None:
    back = NOON - timedelta(days=300)
    said = tell(fires(), fires(back), fires(back + REPEAT))
    assert said == [FIRING, None, REMINDER]


def test_a_beginning_in_the_future_does_not_make_what_comes_after_it_old() -> None:
    future = NOON + timedelta(days=3650)
    assert tell(fires(NOON, future), fires(NOON, future), fires(), ends()) == [FIRING, None, None, RESOLVED]


def test_all_of_one_body_are_heard_the_older_life_first() -> None:
    again = fires(NOON, NOON - MINUTE)
    before, _ = hear_all({}, [fires()])
    changed, notices = hear_all({alert.fingerprint: alert for alert in before}, [again, ends(ended=NOON - 2 * MINUTE)])
    assert [notice.news for notice in notices] == [RESOLVED, FIRING]
    assert [alert.starts_at for alert in changed] == [again.alert.starts_at]
    assert notices[0].lasted == HOUR - 2 * MINUTE
    assert notices[1].lasted is None


def test_nothing_heard_changes_nothing_and_the_same_again_changes_nothing() -> None:
    assert hear_all({}, []) == ((), ())
    (known,), _ = hear_all({}, [fires()])
    assert hear_all({known.fingerprint: known}, [fires(), fires()]) == ((), ())


def test_an_alert_that_ended_before_it_began_lasted_no_time() -> None:
    (known,), _ = hear_all({}, [fires()])
    _, (notice,) = hear_all({known.fingerprint: known}, [ends(ended=START - MINUTE)])
    assert notice.lasted == timedelta(0)


@pytest.mark.parametrize(
    "other",
    [
        AlertNotice(DOWN, RESOLVED),
        AlertNotice(replace(DOWN, count=1), FIRING),
        AlertNotice(replace(DOWN, starts_at=NOON), FIRING),
        AlertNotice(replace(DOWN, fingerprint=Fingerprint("f2")), FIRING),
    ],
)
def test_different_notices_have_different_names_and_their_order_does_not_matter(other: AlertNotice) -> None:
    one = AlertNotice(DOWN, FIRING)
    assert len({name_of([one]), name_of([other]), name_of([one, other])}) == 3
    assert name_of([one, other]) == name_of([other, one])


deliveries = st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=30)
"""Whether each says that it fires, and the minutes since the one before."""


@given(deliveries)
def test_of_one_life_a_beginning_and_an_end_are_told_at_most_once_and_in_this_order(
    sent: list[tuple[bool, int]],
) -> None:
    now, heard = NOON, list[Heard]()
    for firing, minutes in sent:
        now = min(now + minutes * MINUTE, NOON + REPEAT - MINUTE)
        heard.append(fires(now) if firing else ends(now))
    said = [news for news in tell(*heard) if news]
    assert said in ([], [FIRING], [FIRING, RESOLVED])
    began = next((at for at, each in enumerate(heard) if each.alert.firing), None)
    ended = next((at for at, each in enumerate(heard) if not each.alert.firing), None)
    if began is not None and (ended is None or began < ended):
        assert said == ([FIRING] if ended is None else [FIRING, RESOLVED])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 600)), max_size=60))
def test_over_many_lives_people_hear_beginnings_and_ends_in_turn_and_never_too_often(
    sent: list[tuple[bool, int, int]],
) -> None:
    now, known, told = NOON, dict[Fingerprint, Alert](), list[tuple[datetime, AlertNotice]]()
    for firing, life, minutes in sent:
        now += minutes * MINUTE
        since = START + life * MINUTE
        changed, notices = hear_all(known, [fires(now, since) if firing else ends(now, since)])
        known |= {alert.fingerprint: alert for alert in changed}
        told += [(now, notice) for notice in notices]
    news = [notice.news for _, notice in told]
    for before, after in zip([RESOLVED, *news], news, strict=False):
        assert (before is RESOLVED) <= (after is FIRING)
    begun: dict[datetime, datetime] = {}
    for at, notice in told:
        if notice.news is not RESOLVED:
            since = notice.alert.starts_at
            assert at - begun.get(since, at - REPEAT) >= REPEAT
            begun[since] = at


@given(st.lists(st.integers(1, 24 * 60), min_size=1, max_size=40))
def test_what_goes_on_and_is_sent_is_never_silent_for_longer_than_the_repeat_and_one_pause(pauses: list[int]) -> None:
    now, known, told_at = NOON, None, NOON
    for minutes in [0, *pauses]:
        now += minutes * MINUTE
        known, news = hear(known, fires(now).alert)
        told_at = now if news else told_at
        assert now - told_at < REPEAT
