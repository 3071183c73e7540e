"""`[stock.panel]`: a Grafana panel whose own queries the counts are asked with."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from suanli.settings.kinds import DashboardUid, Name

_STRICT = ConfigDict(frozen=True, extra="forbid")


class Refs(BaseModel):
    """`stock.panel.refs`: which of the panel's queries is which count; two may be empty where there is no such."""

    model_config = _STRICT

    total: Name
    free: Name
    used: str = ""
    unavailable: str = ""

    @model_validator(mode="after")
    def _each_another(self) -> Self:
        given = [ref for ref in (self.total, self.free, self.used, self.unavailable) if ref]
        if len(set(given)) < len(given):
            raise ValueError("同一个查询写了两次 / names one query twice")
        return self


class Panel(BaseModel):
    """A panel, and its query by the letter that Grafana shows before it (`ref_id`), or one for each count (`refs`).

    The panel also says which data source its queries are for.
    """

    model_config = _STRICT

    dashboard_uid: DashboardUid
    panel_id: Annotated[int, Field(strict=True, ge=0)]
    ref_id: Name = "A"
    refs: Refs | None = None
