"""Samples, the sources they come from, and who was told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.ports import Store
from suanli.domain.stock import Model, Sample, Snapshot, SourceState
from tests.fakes import NOON

MINUTE = timedelta(minutes=1)
NOW = NOON + timedelta(hours=1)


def taken(after: timedelta = timedelta(0), *, source: str = "grafana", free: int = 3) -> tuple[Sample, ...]:
    """A complete answer: two models, one of them in two places."""
    return tuple(
        Sample(NOON + after, source, Model(model), region, "boost", 10, free, 6, 1)
        for model, region in (("4090", "cn"), ("4090", "ov"), ("H20", "cn"))
    )


def add(store: Store, *answers: tuple[Sample, ...]) -> None:
    with store.begin() as tx:
        for samples in answers:
            tx.samples.add(samples, NOW)


def latest(store: Store, source: str = "grafana") -> Snapshot:
    with store.begin() as tx:
        return tx.samples.latest(source)


def states(store: Store) -> tuple[SourceState, ...]:
    with store.begin() as tx:
        return tuple(tx.samples.states())


def fail(store: Store, after: timedelta, error: str = "timed out") -> SourceState:
    with store.begin() as tx:
        return tx.samples.failed("grafana", error, NOON + after)


def test_a_source_that_never_answered_has_an_empty_snapshot_without_a_time(store: Store) -> None:
    assert latest(store) == Snapshot("grafana", None, ())
    assert states(store) == ()


def test_the_newest_answer_is_given_whole_and_alone(store: Store) -> None:
    newest = taken(MINUTE, free=2)[1:]
    add(store, taken(free=5), newest)
    assert latest(store) == Snapshot("grafana", NOON + MINUTE, newest)


def test_sources_do_not_mix(store: Store) -> None:
    add(store, taken(), taken(MINUTE, source="prometheus"))
    assert latest(store) == Snapshot("grafana", NOON, taken())


def test_the_same_answer_twice_is_one(store: Store) -> None:
    add(store, taken(), taken())
    assert latest(store) == Snapshot("grafana", NOON, taken())


def test_an_older_answer_that_comes_late_does_not_take_the_place_of_the_newest(store: Store) -> None:
    add(store, taken(MINUTE), taken())
    assert latest(store).taken_at == NOON + MINUTE


def test_only_an_answer_that_was_not_stored_before_is_new(store: Store) -> None:
    with store.begin() as tx:
        assert tx.samples.add(taken(), NOW)
        assert not tx.samples.add(taken(), NOW)
        assert not tx.samples.add(taken(free=9), NOW)
        assert tx.samples.add(taken(source="prometheus"), NOW)
        assert tx.samples.add(taken(-MINUTE), NOW)
    assert latest(store).samples == taken()


def test_after_the_clock_was_set_back_newer_answers_are_the_latest_again(store: Store) -> None:
    ahead, back = taken(timedelta(days=1)), taken(MINUTE)
    with store.begin() as tx:
        tx.samples.add(ahead, ahead[0].taken_at)
        tx.samples.failed("grafana", "timed out", NOON)
        assert tx.samples.latest("grafana").samples == ahead
        tx.samples.add(back, NOON + MINUTE)
    assert latest(store).samples == back
    assert states(store)[0].error == ""
    add(store, taken())
    assert latest(store).samples == back


def test_no_samples_are_no_answer(store: Store) -> None:
    with store.begin() as tx, pytest.raises(ValueError, match="at least one sample"):
        tx.samples.add((), NOON)


def test_failures_are_counted_and_keep_the_last_good_answer(store: Store) -> None:
    add(store, taken())
    assert fail(store, MINUTE) == SourceState("grafana", NOON, NOON + MINUTE, "timed out", 1)
    assert fail(store, 2 * MINUTE, "refused") == SourceState("grafana", NOON, NOON + 2 * MINUTE, "refused", 2)
    assert latest(store).taken_at == NOON
    assert states(store) == (SourceState("grafana", NOON, NOON + 2 * MINUTE, "refused", 2),)


def test_a_source_can_fail_before_it_ever_answered(store: Store) -> None:
    assert fail(store, MINUTE) == SourceState("grafana", None, NOON + MINUTE, "timed out", 1)
    assert latest(store) == Snapshot("grafana", None, ())


def test_a_good_answer_ends_the_failures(store: Store) -> None:
    fail(store, timedelta(0))
    add(store, taken(MINUTE))
    (state,) = states(store)
    assert (state.ok_at, state.error, state.failures) == (NOON + MINUTE, "", 0)
    assert fail(store, 2 * MINUTE).failures == 1


def test_old_samples_are_forgotten_and_the_source_stays_known(store: Store) -> None:
    add(store, taken(), taken(MINUTE))
    with store.begin() as tx:
        assert tx.samples.forget_before(NOON + MINUTE) == len(taken())
    assert latest(store) == Snapshot("grafana", NOON + MINUTE, taken(MINUTE))
    with store.begin() as tx:
        tx.samples.forget_before(NOON + 2 * MINUTE)
    assert latest(store) == Snapshot("grafana", None, ())
    assert [state.ok_at for state in states(store)] == [NOON + MINUTE]


def test_chinese_names_of_models_and_places_come_back(store: Store) -> None:
    samples = tuple(replace(sample, model=Model("昇腾 910"), region="国内", clock="") for sample in taken()[:1])
    add(store, samples)
    assert latest(store).samples == samples


def test_who_was_told_of_what_is_remembered_by_person_and_model(store: Store) -> None:
    with store.begin() as tx:
        assert tx.notices.last_told() == {}
        tx.notices.tell("ou_1", [Model("4090"), Model("H20")], NOON)
        tx.notices.tell("ou_2", [Model("4090")], NOON)
        tx.notices.tell("ou_1", [Model("4090")], NOON + MINUTE)
        tx.notices.tell("ou_3", [], NOON)
    with store.begin() as tx:
        assert tx.notices.last_told() == {
            ("ou_1", "4090"): NOON + MINUTE,
            ("ou_1", "H20"): NOON,
            ("ou_2", "4090"): NOON,
        }
