"""Overrides of rules, purchases, burns, and alerts of other systems."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suanli.domain.chat import OpenId
from suanli.domain.ports import Store
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.external import Alert, Fingerprint
from suanli.domain.stock.purchases import Stage, Step, Ticket
from suanli.domain.stock.rules import Field, Override
from suanli.domain.stock.trend import Burn
from tests.fakes import NOON

DAY = timedelta(days=1)
SCOPE, OTHER = Scope(Model("4090"), "国内"), Scope(Model("4090"))
ANNA, BO = OpenId("ou_anna"), OpenId("ou_bo")
TICKET = Ticket(SCOPE, Stage.REQUESTED, 40, Step(ANNA, NOON))
ALERT = Alert(
    Fingerprint("f1"),
    starts_at=NOON,
    firing=True,
    heard_at=NOON,
    labels={"alertname": "节点 down"},
    annotations={"summary": "a & <b>\n"},
    link="http://am/1",
)


def override(field: Field, value: int, scope: Scope = SCOPE) -> Override:
    return Override(scope, field, value, ANNA, NOON)


def put(store: Store, *overrides: Override) -> None:
    with store.begin() as tx:
        for each in overrides:
            tx.overrides.put(each)


def test_changes_of_rules_are_listed_by_scope_and_field(store: Store) -> None:
    changes = [override(Field.REPEAT, 86400), override(Field.MIN_FREE, 7, OTHER), override(Field.MIN_FREE, 2**40)]
    put(store, *changes)
    with store.begin() as tx:
        assert tx.overrides.all() == (changes[1], changes[2], changes[0])


def test_a_change_takes_the_place_of_the_earlier_one_and_says_who_made_it(store: Store) -> None:
    newer = Override(SCOPE, Field.MIN_FREE, 9, BO, NOON + DAY)
    put(store, override(Field.MIN_FREE, 7), newer)
    with store.begin() as tx:
        assert tx.overrides.all() == (newer,)


def test_named_fields_of_a_scope_are_undone_or_all_of_them_and_no_other_scopes(store: Store) -> None:
    others = override(Field.MIN_FREE, 1, OTHER)
    put(store, override(Field.MIN_FREE, 7), override(Field.CRITICAL, 3), override(Field.SAMPLES, 1), others)
    with store.begin() as tx:
        assert tx.overrides.drop(SCOPE, [Field.MIN_FREE, Field.RECOVER]) == 1
        assert tx.overrides.drop(SCOPE, [Field.MIN_FREE]) == 0
        assert tx.overrides.drop(SCOPE) == 2
        assert tx.overrides.drop(SCOPE) == 0
        assert tx.overrides.all() == (others,)


def save(store: Store, ticket: Ticket) -> Ticket:
    with store.begin() as tx:
        return tx.tickets.save(ticket)


def test_a_purchase_is_followed_from_request_to_arrival(store: Store) -> None:
    asked = save(store, TICKET)
    assert asked == replace(TICKET, number=asked.number)
    ordered = save(store, replace(asked.order(64, date(2026, 12, 31), Step(BO, NOON + DAY)), episode=7))
    with store.begin() as tx:
        assert tx.tickets.find(asked.number) == ordered
        assert tx.tickets.open() == (ordered,)
    arrived = save(store, ordered.end(Stage.ARRIVED, Step(ANNA, NOON + 2 * DAY)))
    with store.begin() as tx:
        assert tx.tickets.find(asked.number) == arrived
        assert tx.tickets.open() == ()
        assert tx.tickets.all() == (arrived,)


def test_a_ticket_that_never_was_is_not_found(store: Store) -> None:
    with store.begin() as tx:
        assert tx.tickets.find(1) is None
        assert (tx.tickets.open(), tx.tickets.open(SCOPE), tx.tickets.all()) == ((), (), ())


def test_tickets_are_listed_oldest_first_and_open_ones_by_their_very_scope(store: Store) -> None:
    one, other = save(store, TICKET), save(store, replace(TICKET, scope=OTHER))
    ended = save(store, replace(TICKET, stage=Stage.CANCELLED, ended=Step(BO, NOON)))
    last = save(store, TICKET)
    with store.begin() as tx:
        assert tx.tickets.open() == (one, other, last)
        assert tx.tickets.open(SCOPE) == (one, last)
        assert tx.tickets.all() == (one, other, ended, last)


def test_burns_are_all_that_was_last_worked_out(store: Store) -> None:
    first = {SCOPE: Burn(8.47, 336, NOON), OTHER: Burn(-1 / 3, 48, NOON)}
    second = {OTHER: Burn(0.1, 49, NOON + DAY)}
    with store.begin() as tx:
        assert tx.burns.all() == {}
        tx.burns.replace(first)
        assert tx.burns.all() == first
        tx.burns.replace(second)
    with store.begin() as tx:
        assert tx.burns.all() == second
        tx.burns.replace({})
        assert tx.burns.all() == {}


def test_an_alert_is_remembered_in_place_of_what_was_known_of_it(store: Store) -> None:
    newer = replace(ALERT, firing=False, heard_at=NOON + DAY, labels={}, count=2, told_at=NOON)
    other = replace(ALERT, fingerprint=Fingerprint("f2"))
    with store.begin() as tx:
        tx.alerts.save([ALERT, other])
        assert tx.alerts.known([ALERT.fingerprint]) == {ALERT.fingerprint: ALERT}
        tx.alerts.save([newer])
        tx.alerts.save([])
    with store.begin() as tx:
        asked = [ALERT.fingerprint, other.fingerprint, Fingerprint("never")]
        assert tx.alerts.known(asked) == {"f1": newer, "f2": other}
        assert tx.alerts.known([]) == {}


def test_alerts_not_heard_of_for_long_are_forgotten(store: Store) -> None:
    newer = replace(ALERT, fingerprint=Fingerprint("f2"), heard_at=NOON + DAY)
    with store.begin() as tx:
        tx.alerts.save([ALERT, newer])
        assert tx.alerts.forget_before(NOON + DAY) == 1
        assert tx.alerts.known([ALERT.fingerprint, newer.fingerprint]) == {"f2": newer}


TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["\0", '"', "\\u0000", "🀄", "\u2028"])
WORDS = st.dictionaries(TEXT, TEXT, max_size=4)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=WORDS, annotations=WORDS, starts_at=MOMENTS, told_at=st.none() | MOMENTS)
def test_whatever_labels_say_comes_back(
    store: Store, labels: dict[str, str], annotations: dict[str, str], starts_at: datetime, told_at: datetime | None
) -> None:
    alert = replace(ALERT, labels=labels, annotations=annotations, starts_at=starts_at, told_at=told_at)
    with store.begin() as tx:
        tx.alerts.save([alert])
        assert tx.alerts.known([alert.fingerprint]) == {alert.fingerprint: alert}


@pytest.mark.parametrize("words", ["\ud83c", "a\ud800b"])
def test_half_a_character_in_a_label_becomes_a_question_mark(store: Store, words: str) -> None:
    with store.begin() as tx:
        tx.alerts.save([replace(ALERT, labels={"a": words})])
        (alert,) = tx.alerts.known([ALERT.fingerprint]).values()
    assert alert.labels["a"] == words.encode(errors="replace").decode()
