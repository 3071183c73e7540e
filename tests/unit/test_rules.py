"""Rules: when cards run low, who hears of it and when, and what was changed in chat."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.chat import OpenId, Person, TargetKind
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Reading, observe
from suanli.domain.stock.rules import (
    Field,
    Override,
    Recipient,
    Rule,
    Severity,
    Watch,
    in_force,
)
from tests.fakes import NOON

SCOPE, ABROAD = Scope(Model("4090")), Scope(Model("4090"), "海外")
RULE = Rule(SCOPE, min_free=100)
ALICE = OpenId("ou_alice")
MONDAY = datetime(2026, 11, 23)  # noqa: DTZ001 local times of recipients have no zone of their own


def test_critical_is_half_of_the_threshold_rounded_up_unless_given() -> None:
    assert [Rule(SCOPE, n).critical_below for n in (0, 1, 2, 5, 100)] == [0, 1, 1, 3, 50]
    assert Rule(SCOPE, 100, critical=7).critical_below == 7
    assert Rule(SCOPE, 100, critical=0).severity(0, None) is Severity.WARNING


def test_recovery_is_a_tenth_above_the_threshold_and_two_cards_at_least_unless_given() -> None:
    assert [Rule(SCOPE, n).recovered_at for n in (0, 1, 20, 21, 100, 101)] == [2, 3, 22, 24, 110, 112]
    assert Rule(SCOPE, 100, recover=100).recovered_at == 100


def test_days_left_count_only_against_a_lead_time() -> None:
    assert RULE.severity(99, 0.0) is Severity.WARNING
    assert Rule(SCOPE, 100, lead_days=7).severity(99, 6.9) is Severity.CRITICAL
    assert Rule(SCOPE, 100, lead_days=7).severity(99, None) is Severity.WARNING
    assert Rule(SCOPE, 100, lead_days=7).severity(49, 99.0) is Severity.CRITICAL


def test_a_rule_is_called_by_its_description_or_its_scope() -> None:
    assert Rule(ABROAD, 1).title == "4090 海外"
    assert Rule(ABROAD, 1, "境外 4090").title == "境外 4090"


# When a recipient listens.


def at(days: int, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hour, minutes=minute)


def test_without_hours_and_days_one_always_listens() -> None:
    assert all(Recipient("ou_a").listens(at(day, hour)) for day in range(7) for hour in range(24))


def test_hours_begin_and_end_on_the_minute() -> None:
    office = Recipient("ou_a", hours=(time(9), time(18)))
    assert [office.listens(at(0, *hm)) for hm in ((8, 59), (9, 0), (17, 59), (18, 0), (0, 0))] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_days_without_hours_last_from_midnight_to_midnight() -> None:
    weekend = Recipient("ou_a", weekdays=frozenset({5, 6}))
    assert [weekend.listens(at(*dh)) for dh in ((4, 23), (5, 0), (6, 23), (7, 0))] == [False, True, True, False]


def test_a_span_over_midnight_belongs_to_the_day_it_began_on() -> None:
    night = Recipient("ou_a", hours=(time(22), time(6)), weekdays=frozenset({4}))
    assert [night.listens(at(*dh)) for dh in ((4, 5), (4, 21), (4, 22), (4, 23), (5, 0), (5, 5), (5, 6), (5, 22))] == [
        False,
        False,
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_span_over_midnight_from_sunday_reaches_into_monday() -> None:
    night = Recipient("ou_a", hours=(time(22), time(6)), weekdays=frozenset({6}))
    assert night.listens(at(0, 5))
    assert not night.listens(at(0, 22))
    assert night.listens(at(6, 22))


def test_a_span_until_midnight_ends_there() -> None:
    evening = Recipient("ou_a", hours=(time(18), time(0)), weekdays=frozenset({0}))
    assert [evening.listens(at(*dh)) for dh in ((0, 17), (0, 18), (0, 23), (1, 0), (1, 18))] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("edge", [time(0), time(9)])
def test_a_span_that_ends_when_it_begins_is_the_whole_day(edge: time) -> None:
    always = Recipient("ou_a", hours=(edge, edge))
    assert all(always.listens(at(0, hour)) for hour in range(24))


@pytest.mark.parametrize(
    ("moment", "listens"),
    [
        # Berlin turned its clocks back on 2026-10-25 (03:00 is 02:00 again) and forward on 2026-03-29 (02:00 is 03:00).
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_wall_when_clocks_change(moment: datetime, *, listens: bool) -> None:
    """The hour that comes twice is listened to twice, the one that is left out not at all."""
    early = Recipient("ou_a", hours=(time(2), time(3)))
    assert early.listens(moment.astimezone(ZoneInfo("Europe/Berlin"))) is listens


def test_the_same_moment_is_office_hours_in_one_zone_and_night_in_another() -> None:
    office = Recipient("ou_a", hours=(time(9), time(18)), weekdays=frozenset({4}))
    assert office.listens(NOON.astimezone(ZoneInfo("Asia/Shanghai")))
    assert not office.listens(NOON.astimezone(ZoneInfo("America/Los_Angeles")))


# What is a recipient's business.


@pytest.mark.parametrize(
    ("recipient", "rule", "wants"),
    [
        (Recipient("ou_a"), RULE, True),
        (Recipient("ou_a"), Rule(SCOPE, 1, recipients=("ou_a", "ou_b")), True),
        (Recipient("ou_c"), Rule(SCOPE, 1, recipients=("ou_a", "ou_b")), False),
        (Recipient("ou_a", models=frozenset({Model("4090")})), Rule(ABROAD, 1), True),
        (Recipient("ou_a", models=frozenset({Model("409")})), RULE, False),
        (Recipient("ou_a", models=frozenset({Model("H20")})), Rule(SCOPE, 1, recipients=("ou_a",)), False),
        (Recipient("ou_a", severities=frozenset({Severity.WARNING})), RULE, True),
        (Recipient("ou_a", severities=frozenset({Severity.CRITICAL})), RULE, False),
    ],
)
def test_rule_model_and_severity_must_all_be_ones_own(recipient: Recipient, rule: Rule, *, wants: bool) -> None:
    assert recipient.wants(rule, Severity.WARNING) is wants


def test_the_watch_list_hears_of_a_rule_as_far_as_it_is_theirs() -> None:
    watching = (
        Recipient("ou_a", models=frozenset({Model("H20")})),
        Recipient("ou_b"),
        Recipient("ou_c", severities=frozenset({Severity.CRITICAL})),
    )
    assert [r.id for r in Watch(recipients=watching).listeners(RULE, ["ou_op"])] == ["ou_b", "ou_c"]


def test_operators_hear_of_what_nobody_watches() -> None:
    elsewhere = (Recipient("ou_a", models=frozenset({Model("H20")})),)
    for watching in (elsewhere, ()):
        assert Watch(recipients=watching).listeners(RULE, ["ou_op", "ou_x"]) == (Recipient("ou_op"), Recipient("ou_x"))
    gone = Rule(SCOPE, 1, recipients=("ou_gone",))
    assert [r.id for r in Watch(recipients=elsewhere).listeners(gone, ["ou_op"])] == ["ou_op"]
    assert Watch().listeners(RULE, []) == ()


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [
        ("ou_1", TargetKind.OPEN_ID),
        ("on_1", TargetKind.UNION_ID),
        ("oc_1", TargetKind.CHAT),
        ("li@example.com", TargetKind.EMAIL),
        ("e33ggbyz", TargetKind.USER_ID),
        ("", TargetKind.USER_ID),
    ],
)
def test_what_an_id_looks_like_says_how_to_reach_them(recipient: str, kind: TargetKind) -> None:
    target = Recipient(recipient).target
    assert (target.kind, target.id) == (kind, recipient)


def test_a_person_is_known_by_any_of_their_ids_and_by_no_missing_one() -> None:
    person = Person(OpenId("ou_1"), user_id="u1", union_id="on_1")
    assert all(Recipient(each).is_person(person) for each in ("ou_1", "u1", "on_1"))
    assert not Recipient("ou_2").is_person(person)
    assert not Recipient("").is_person(Person(OpenId("ou_1")))


# What was changed in chat.


def changed(scope: Scope, field: Field, value: int) -> Override:
    return Override(scope, field, value, ALICE, NOON)


def test_what_was_changed_in_chat_is_in_force_and_the_rest_is_the_files() -> None:
    file = Rule(SCOPE, 100, "RTX 4090", samples=3, recipients=("ou_a",))
    (got,) = in_force([file], [changed(SCOPE, Field.MIN_FREE, 40), changed(SCOPE, Field.REPEAT, 3600)])
    assert got == Rule(SCOPE, 40, "RTX 4090", samples=3, repeat=timedelta(hours=1), recipients=("ou_a",))


@pytest.mark.parametrize("field", list(Field))
def test_every_field_can_be_changed_and_is_taken_back_by_dropping_the_change(field: Field) -> None:
    (got,) = in_force([RULE], [changed(SCOPE, field, 77)])
    seconds = {Field.REPEAT, Field.KEEP}
    assert getattr(got, field.value) == (timedelta(seconds=77) if field in seconds else 77)
    assert in_force([RULE], []) == (RULE,)


def test_a_change_is_for_its_scope_alone() -> None:
    abroad = Rule(ABROAD, 10)
    assert in_force([RULE, abroad], [changed(ABROAD, Field.MIN_FREE, 5)]) == (RULE, Rule(ABROAD, 5))


def test_a_rule_can_be_made_in_chat_alone() -> None:
    made = in_force([RULE], [changed(ABROAD, Field.SAMPLES, 4), changed(ABROAD, Field.MIN_FREE, 8)])
    assert made == (RULE, Rule(ABROAD, 8, samples=4))


def test_changes_without_a_threshold_make_no_rule() -> None:
    assert in_force([], [changed(ABROAD, Field.SAMPLES, 4)]) == ()


def test_a_rule_made_in_chat_that_the_file_names_later_keeps_what_was_set_and_takes_the_rest_from_the_file() -> None:
    (got,) = in_force([Rule(ABROAD, 100, "海外", samples=5)], [changed(ABROAD, Field.MIN_FREE, 8)])
    assert got == Rule(ABROAD, 8, "海外", samples=5)


def test_a_threshold_of_nothing_never_fires() -> None:
    assert in_force([], []) == ()
    assert observe(None, Rule(SCOPE, 0), Reading(0, 0.0), NOON, decisive=True) is None
