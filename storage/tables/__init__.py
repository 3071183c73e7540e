"""The tables, as typed classes; the statements over them stand in the module of their aggregate."""

from storage.tables.chat import AuditRow, ChatRow, GrantRow, InboxRow, LaneRow, OutboxRow
from storage.tables.releases import (
    AllowanceRow,
    HappeningRow,
    ItemRow,
    ResourceRow,
    ValidatorRow,
    WatchNoticeRow,
    WatchRow,
)
from storage.tables.schema import Schema
from storage.tables.stock import (
    AlertRow,
    BurnRow,
    EpisodeRow,
    HourRow,
    NoticeRow,
    OverrideRow,
    SampleRow,
    SourceRow,
    StandingRow,
    TicketRow,
    ToldRow,
)
from storage.tables.work import FactRow, RunRow, ScheduleRow

__all__ = [
    "AlertRow",
    "AllowanceRow",
    "AuditRow",
    "BurnRow",
    "ChatRow",
    "EpisodeRow",
    "FactRow",
    "GrantRow",
    "HappeningRow",
    "HourRow",
    "InboxRow",
    "ItemRow",
    "LaneRow",
    "NoticeRow",
    "OutboxRow",
    "OverrideRow",
    "ResourceRow",
    "RunRow",
    "SampleRow",
    "ScheduleRow",
    "Schema",
    "SourceRow",
    "StandingRow",
    "TicketRow",
    "ToldRow",
    "ValidatorRow",
    "WatchNoticeRow",
    "WatchRow",
]
