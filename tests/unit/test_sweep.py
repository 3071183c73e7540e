"""What the sweep forgets and what it keeps."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from jobs.sweep import KEEP_AUDITS, KEEP_INBOX, KEEP_OUTBOX, KEEP_REPLIES, KEEP_RESOURCES, KEEP_RUNS, Keep, sweep
from suanli.domain.answer import Answer, line
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.changes import Change, Way
from suanli.domain.chat import ChatKind, Origin, Platform, Target, TargetKind
from suanli.domain.cost.alerts import AlertFilter, AlertType, CostAlert, CostAlertId, Severity
from suanli.domain.delivery import Draft, Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Part, Place
from suanli.domain.schedule import Every, JobName, Schedule
from suanli.domain.stock import Model, Sample, Scope
from suanli.domain.tokens import KeptReply, TokenId
from suanli.i18n import Lang
from tests.database import Database, opened
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
RATE = Rate(1000, SECOND, 100)
KEEP_SAMPLES, KEEP_HOURS = timedelta(days=14), timedelta(days=100)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with opened(sqlite_url) as database:
        yield database


@pytest.fixture
def store(database: Database) -> Store:
    return database.store


def sweep_at(store: Store, now: datetime) -> str:
    return sweep(store, now, Keep(KEEP_SAMPLES, KEEP_HOURS))


def admit(store: Store, now: datetime) -> bool:
    origin = Origin(Platform.FEISHU, "app:om_1", "ev_1", "t", None, ChatKind.PRIVATE, now)
    with store.begin() as tx:
        return tx.inbox.admit(origin, "message", now)


def test_an_event_is_remembered_for_a_day(store: Store) -> None:
    assert admit(store, NOON)
    assert sweep_at(store, NOON + KEEP_INBOX).startswith("inbox 0,")
    assert not admit(store, NOON + KEEP_INBOX)
    assert sweep_at(store, NOON + KEEP_INBOX + SECOND).startswith("inbox 1,")
    assert admit(store, NOON + KEEP_INBOX + SECOND)


def post(store: Store, now: datetime) -> bool:
    draft = Draft("a", Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_1"), Answer(Lang.EN, (line("hello"),)))
    with store.begin() as tx:
        return tx.outbox.post(draft, now)


def claim(store: Store, now: datetime) -> Parcel:
    with store.begin() as tx:
        (parcel,) = tx.outbox.claim(
            owner="me", now=now, lease=SECOND, limit=1, rates={Platform.FEISHU: Rates(RATE, (RATE,))}
        )
    return parcel


def test_a_sent_message_is_remembered_for_a_month_so_that_its_key_is_not_sent_again(store: Store) -> None:
    assert post(store, NOON)
    parcel = claim(store, NOON)
    with store.begin() as tx:
        assert tx.outbox.sent(parcel, None, NOON)
    sweep_at(store, NOON + KEEP_OUTBOX)
    assert not post(store, NOON + KEEP_OUTBOX)
    sweep_at(store, NOON + KEEP_OUTBOX + SECOND)
    assert post(store, NOON + KEEP_OUTBOX + SECOND)


def test_a_message_that_still_waits_is_never_forgotten(store: Store) -> None:
    assert post(store, NOON)
    sweep_at(store, NOON + 10 * KEEP_OUTBOX)
    assert claim(store, NOON + 10 * KEEP_OUTBOX).key == "a"


def test_runs_are_remembered_for_three_months_unless_they_are_still_to_be_done(
    database: Database, store: Store
) -> None:
    job = JobName("sample")
    with store.begin() as tx:
        tx.runs.declare([Schedule(job, Every(timedelta(minutes=5)))], NOON)
        tx.runs.miss(job, NOON, NOON)
        tx.runs.fire(job, NOON + SECOND, NOON)
    sweep_at(store, NOON + KEEP_RUNS)
    assert [state for _, state in database.slots()] == ["missed", "queued"]
    sweep_at(store, NOON + KEEP_RUNS + SECOND)
    assert [state for _, state in database.slots()] == ["queued"]


def test_samples_are_kept_as_long_as_the_settings_say(store: Store) -> None:
    def sample(at: datetime) -> Sample:
        return Sample(at, "grafana", Model("4090"), "cn", "", total=8, free=3, used=5, unavailable=0)

    with store.begin() as tx:
        tx.samples.add([sample(NOON)], NOON)
        tx.samples.add([sample(NOON + SECOND)], NOON + SECOND)
    assert ", samples 0, hours 0, episodes 0, " in sweep_at(store, NOON + KEEP_SAMPLES)
    assert ", samples 1, hours 0, episodes 0, " in sweep_at(store, NOON + KEEP_SAMPLES + SECOND)
    with store.begin() as tx:
        assert tx.samples.latest("grafana").taken_at == NOON + SECOND


def test_hours_outlive_the_samples_that_they_are_made_of(store: Store) -> None:
    one = Sample(NOON, "grafana", Model("4090"), "cn", "", total=8, free=3, used=5, unavailable=0)
    with store.begin() as tx:
        tx.samples.add([one], NOON)
    for moment, left in ((NOON + KEEP_SAMPLES + SECOND, 1), (NOON + KEEP_HOURS, 1), (NOON + KEEP_HOURS + SECOND, 0)):
        sweep_at(store, moment)
        with store.begin() as tx:
            assert len(tx.samples.hours("grafana", Scope(Model("4090")), NOON)) == left


def test_who_asked_what_is_kept_for_a_year(store: Store) -> None:
    entry = AuditEntry(
        NOON, Platform.FEISHU, "t", "ou_li", "oc_1", ChatKind.GROUP, "help", "/help", Outcome.OK, "", SECOND, "r"
    )
    with store.begin() as tx:
        tx.audits.add(entry)
    assert sweep_at(store, NOON + KEEP_AUDITS).endswith("audits 0")
    assert sweep_at(store, NOON + KEEP_AUDITS + SECOND).endswith("audits 1")


def test_an_answer_stands_under_its_key_for_a_day(store: Store) -> None:
    def keep(now: datetime) -> bool:
        with store.begin() as tx:
            return tx.replies.keep(TokenId(1), "k", KeptReply("print", 200, "{}"), now)

    assert keep(NOON)
    assert "replies 0" in sweep_at(store, NOON + KEEP_REPLIES)
    assert not keep(NOON + KEEP_REPLIES)
    assert "replies 1" in sweep_at(store, NOON + KEEP_REPLIES + SECOND)
    assert keep(NOON + KEEP_REPLIES + SECOND)


def test_what_was_told_and_changed_is_kept_for_good(store: Store) -> None:
    alert = CostAlert(CostAlertId(0), "a", AlertType.DRIFT, Severity.WARNING, NOON, resolved_at=NOON)
    change = Change(NOON, "ou_boss", Way.API, "budget.create", "budget 1")
    with store.begin() as tx:
        assert tx.cost_alerts.add(alert)
        tx.changes.note(change)
    sweep_at(store, NOON + 10 * KEEP_AUDITS)
    with store.begin() as tx:
        assert tx.changes.newest(9) == (change,)
        assert len(tx.cost_alerts.page(AlertFilter(), before=None, limit=9)) == 1


def test_what_nobody_follows_any_more_is_forgotten_a_month_later(store: Store) -> None:
    place = Place(Hub.GITHUB, "vllm-project/vllm")
    with store.begin() as tx:
        tx.resources.need({place: [Part.ISSUES]}, NOON)
        tx.resources.need({}, NOON)
    assert "resources 0" in sweep_at(store, NOON + KEEP_RESOURCES)
    assert "resources 1" in sweep_at(store, NOON + KEEP_RESOURCES + SECOND)
    with store.begin() as tx:
        assert tx.resources.find(place, Part.ISSUES) is None


def test_what_is_followed_is_not_forgotten_however_quiet_it_is(store: Store) -> None:
    place = Place(Hub.GITHUB, "vllm-project/vllm")
    with store.begin() as tx:
        tx.resources.need({place: [Part.ISSUES]}, NOON)
    assert "resources 0" in sweep_at(store, NOON + 100 * KEEP_RESOURCES)
