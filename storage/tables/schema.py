"""All tables together, and how the types of the domain are kept in columns."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from storage.columns import AnyText, UtcDateTime, words
from suanli.domain.access import Role
from suanli.domain.audit import Outcome
from suanli.domain.changes import Way
from suanli.domain.chat import ChatKind, MessageId, OpenId, Platform, TargetKind
from suanli.domain.cost.alerts import AlertType, Over
from suanli.domain.cost.alerts import Severity as AlertSeverity
from suanli.domain.cost.quotas import HoldState, Level, ScopeKind, Span
from suanli.domain.cost.requests import RequestState
from suanli.domain.cost.windows import Period
from suanli.domain.releases import Change, Hub, Kind, Mode, Part
from suanli.domain.releases import Fingerprint as ChangeFingerprint
from suanli.domain.releases.resources import Status
from suanli.domain.schedule import JobName, RunState
from suanli.domain.stock import Model
from suanli.domain.stock.episodes import News, State
from suanli.domain.stock.external import Fingerprint
from suanli.domain.stock.purchases import Stage
from suanli.domain.stock.rules import Field, Severity
from suanli.i18n import Lang


class Schema(DeclarativeBase):
    """All tables together; the migrations add up to `Schema.metadata`."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        str: AnyText,
        ChangeFingerprint: AnyText,
        Fingerprint: AnyText,
        JobName: AnyText,
        MessageId: AnyText,
        Model: AnyText,
        OpenId: AnyText,
        AlertSeverity: words(AlertSeverity),
        AlertType: words(AlertType),
        Change: words(Change),
        ChatKind: words(ChatKind),
        Field: words(Field),
        HoldState: words(HoldState),
        Hub: words(Hub),
        Kind: words(Kind),
        Lang: words(Lang),
        Level: words(Level),
        Mode: words(Mode),
        News: words(News),
        Outcome: words(Outcome),
        Over: words(Over),
        Part: words(Part),
        Period: words(Period),
        Platform: words(Platform),
        RequestState: words(RequestState),
        Role: words(Role, "word"),
        RunState: words(RunState),
        ScopeKind: words(ScopeKind, "word"),
        Severity: words(Severity, "word"),
        Span: words(Span, "word"),
        Stage: words(Stage),
        State: words(State),
        Status: words(Status),
        TargetKind: words(TargetKind),
        Way: words(Way),
    }


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of the rows for which `where` holds."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
