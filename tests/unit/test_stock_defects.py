"""The original program's eight defects as tests of the job that watches the stock (gpu.md §0)."""

from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.chat import TargetKind
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock.rules import Recipient
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.stockdesk import DAY, HOUR, LOW, MINUTES, R4090, RH20, RH200, Desk, row


def test_defect_1_a_failing_query_is_not_silence(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, RemoteError("Grafana answered 502"))
    assert desk.look() == []
    assert desk.look(after=MINUTES) == []
    (parcel,) = desk.look(after=MINUTES)
    assert parcel.target.id == "ou_boss"
    assert "502" in desk.read(parcel)
    assert "没有预警不代表库存充足" in desk.read(parcel)


def test_defect_1_operators_hear_of_it_once_a_day_and_when_it_is_over(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, NoData("no rows"), NoData("no rows"), NoData("no rows"), NoData("no rows"),
                NoData("no rows"), [row(R4090, 300), row(RH20, 30)])  # fmt: skip
    said = [len(desk.look(after=MINUTES)) for _ in range(4)]
    assert said == [0, 0, 1, 0]
    assert len(desk.look(after=DAY)) == 1
    (back,) = desk.look(after=MINUTES)
    assert "又能取到库存数据：4090, H20" in desk.read(back)
    assert desk.look(after=MINUTES) == []


def test_defect_2_chat_text_never_reaches_the_source(sqlite_store: SqlStore, clock: FakeClock) -> None:
    """The source takes no argument at all, and asking in chat does not touch it."""
    desk = Desk(sqlite_store, clock, LOW)
    desk.look()
    assert "不认识" in desk.bot.ask("/stock 4090' OR '1'='1")


def test_defect_3_a_model_is_matched_whole(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 300), row(RH200, 3), row(RH20, 30)])
    assert desk.look() == []


def test_defect_4_one_recipients_message_does_not_stamp_for_another(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=(Recipient("ou_a"),))
    assert [p.target.id for p in desk.look()] == ["ou_a"]
    joined = Desk(sqlite_store, clock, LOW)
    assert [p.target.id for p in joined.look(after=HOUR)] == ["ou_b"]


def test_defect_5_state_and_messages_are_written_together_or_not_at_all(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=(Recipient("ou_a"), Recipient(None)))  # type: ignore[arg-type]  # a bug after the first message
    with pytest.raises(AttributeError):
        desk.look()
    assert desk.bot.parcels() == []
    with sqlite_store.begin() as tx:
        assert tx.samples.latest(SITE.stock_source).taken_at is None
        assert tx.episodes.standings() == {}
    assert len(Desk(sqlite_store, clock, LOW).look(after=MINUTES)) == 2


def test_defect_6_people_hear_within_one_look_and_again_when_it_is_over(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    plenty = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, plenty, LOW, plenty)
    assert desk.look() == []
    assert len(desk.look(after=MINUTES)) == 2
    assert desk.look(after=HOUR) == []
    parcel, _ = desk.look(after=timedelta(minutes=15))
    words = desk.read(parcel)
    assert parcel.answer.title == "✅ GPU库存已恢复"
    assert "最低 85 张" in words
    assert "持续 1.2 小时" in words


def test_defect_7_a_recipient_is_one_target_and_one_message(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    assert [p.target.kind for p in desk.look()] == [TargetKind.OPEN_ID, TargetKind.OPEN_ID]


def test_defect_8_a_missing_model_is_not_zero_cards(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(RH20, 30)])
    assert desk.look() == []
    assert desk.look(after=MINUTES) == []
    (parcel,) = desk.look(after=MINUTES)
    assert parcel.target.id == "ou_boss"
    words = desk.read(parcel)
    assert "没有数据不等于 0 张" in words
    assert "型号：4090\n" in words
