"""Whom a look at the stock tells: by hours, severities and models, and in which language."""

from datetime import UTC, datetime, time

from storage.store import SqlStore
from suanli.domain.chat import Platform
from suanli.domain.stock import Model
from suanli.domain.stock.rules import Recipient, Severity
from suanli.i18n import Lang
from tests.fakes import FakeClock
from tests.stockdesk import HOUR, LOW, MINUTES, R4090, RH20, Desk, row


def test_a_recipient_hears_when_their_hours_begin(sqlite_store: SqlStore) -> None:
    night = FakeClock(datetime(2026, 3, 2, 19, 0, tzinfo=UTC))  # Tuesday, 03:00 in Shanghai
    people = (Recipient("ou_a"), Recipient("ou_b", hours=(time(9), time(18))))
    desk = Desk(sqlite_store, night, LOW, recipients=people)
    assert [p.target.id for p in desk.look()] == ["ou_a"]
    assert desk.look(after=HOUR) == []
    (parcel,) = desk.look(after=5 * HOUR)
    assert parcel.target.id == "ou_b"
    assert parcel.answer.title == "⚠️ GPU库存预警"


def test_what_is_over_before_a_recipients_hours_begin_is_not_told(sqlite_store: SqlStore) -> None:
    night = FakeClock(datetime(2026, 3, 2, 19, 0, tzinfo=UTC))
    people = (Recipient("ou_b", hours=(time(9), time(18))),)
    plenty = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, night, LOW, plenty, recipients=people)
    assert [len(desk.look(after=HOUR)) for _ in range(8)] == [0] * 8


def test_the_end_of_a_shortage_waits_for_a_recipients_hours(sqlite_store: SqlStore) -> None:
    evening = FakeClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))  # Monday, 17:30 in Shanghai
    people = (Recipient("ou_b", hours=(time(9), time(18))),)
    desk = Desk(sqlite_store, evening, LOW, [row(R4090, 300), row(RH20, 30)], recipients=people)
    assert len(desk.look()) == 1
    assert [len(desk.look(after=HOUR)) for _ in range(3)] == [0, 0, 0]
    (parcel,) = desk.look(after=13 * HOUR)
    assert parcel.answer.title == "✅ GPU库存已恢复"


def test_a_recipient_who_wants_only_the_worst_hears_of_it_first_then(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("ou_a", severities=frozenset({Severity.CRITICAL})),)
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 40), row(RH20, 12)], recipients=people)
    assert desk.look() == []
    (parcel,) = desk.look(after=MINUTES)
    assert "4090" in desk.read(parcel)


def test_what_nobody_on_the_list_wants_to_hear_operators_do(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("ou_a", models=frozenset({Model("H200")})),)
    assert [p.target.id for p in Desk(sqlite_store, clock, LOW, recipients=people).look()] == ["ou_boss"]


def test_a_recipient_is_told_in_their_language(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "ou_b", Lang.EN)
    first, second = Desk(sqlite_store, clock, LOW).look()
    assert (first.answer.lang, second.answer.lang) == (Lang.ZH, Lang.EN)
