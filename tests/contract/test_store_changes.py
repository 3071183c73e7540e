"""Who changed what: written down for good."""

from dataclasses import replace

from suanli.domain.changes import Change, Way
from suanli.domain.ports import Store
from tests.contract.cost_kit import HOSTILE, HOUR
from tests.fakes import NOON

CHANGE = Change(NOON, "ou_boss", Way.CHAT, "quota.change", "quota 12", {"total": "5"}, {"total": "7", "name": HOSTILE})


def note(store: Store, *changes: Change) -> None:
    with store.begin() as tx:
        for each in changes:
            tx.changes.note(each)


def test_nothing_was_changed_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert (tx.changes.newest(9), tx.changes.newest(9, "quota 12")) == ((), ())


def test_a_change_is_found_as_it_was_noted(store: Store) -> None:
    bare = [Change(NOON, "token 3 (报表)", way, "token.create", "token 3") for way in Way]
    note(store, CHANGE, *bare)
    with store.begin() as tx:
        assert tx.changes.newest(9) == (*reversed(bare), CHANGE)


def test_the_newest_come_first_in_the_order_of_noting_whatever_their_clock_said(store: Store) -> None:
    early = replace(CHANGE, at=NOON - HOUR)
    note(store, CHANGE, early)
    with store.begin() as tx:
        assert tx.changes.newest(9) == (early, CHANGE)
        assert tx.changes.newest(1) == (early,)
        assert tx.changes.newest(0) == ()


def test_those_of_one_subject_are_of_no_other_that_begins_so(store: Store) -> None:
    others = [replace(CHANGE, subject=subject) for subject in ("quota 1", "quota 120", "Quota 12", "budget 12")]
    note(store, CHANGE, *others, CHANGE)
    with store.begin() as tx:
        assert tx.changes.newest(9, "quota 12") == (CHANGE, CHANGE)
        assert tx.changes.newest(1, "quota 12") == (CHANGE,)
        assert tx.changes.newest(9, "quota") == ()
