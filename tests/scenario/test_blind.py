"""What a real HTTP answer without counts leads to: operators hear why after three in a row, and nobody hears zero."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.plain import as_text
from jobs.watch_stock import REGULAR, WatchStock
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, Fault, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.settings import load
from tests.dialogue import SHANGHAI, Dialogue
from tests.fakes import FakeClock

CONFIG = """\
[stock.watch]
recipients = ["ou_buyer"]

[stock.watch.thresholds]
5090 = { min_free = 100, description = "RTX 5090" }
"""


@dataclass
class Desk:
    """The job as the wiring builds it, asking the stand-in over HTTP."""

    grafana: GrafanaStandIn
    store: SqlStore
    job: WatchStock
    hidden: set[str]

    def look(self) -> list[Parcel]:
        """Look once; what people are told."""
        with suppress(RemoteError):
            self.job.look(REGULAR)
        clock = SystemClock()
        return Dialogue(self.store, FakeClock(clock.now())).parcels()


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    clock = SystemClock()
    fleet = SandboxFleet(clock.now())
    hidden: set[str] = set()
    grafana = GrafanaStandIn(
        lambda: [node for node in fleet.nodes(clock.now()) if node.product not in hidden], clock=clock
    )
    (tmp_path / "suanli.toml").write_text(CONFIG, "utf-8")
    with LoopbackServer(grafana.app) as server:
        settings = load(
            {
                "FEISHU_APP_ID": "cli_unused",
                "GRAFANA_URL": server.url,
                "GRAFANA_API_KEY": TOKEN,
                "GRAFANA_DATASOURCE_UID": SQL_UID,
                "SUANLI_ADMINS": "ou_boss",
                "SUANLI_DATABASE_URL": sqlite_url,
            },
            tmp_path,
        )
        store = SqlStore(sqlite_url)
        yield Desk(grafana, store, wiring.build_watch(settings, store, clock), hidden)
        store.close()


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.BAD_GATEWAY, "502"),
        (Fault.EMPTY, "without any rows"),
        (Fault.RAGGED, "differ in length"),
        (Fault.NAN, "is nan, not a count"),
        (Fault.LOGIN_PAGE, "web page"),
        (Fault.REDIRECT, "redirects"),
        (Fault.VIEWER, "forbids"),
    ],
)
def test_an_answer_without_counts_is_told_to_operators_after_three_with_its_cause(
    desk: Desk, fault: Fault, cause: str
) -> None:
    desk.grafana.break_with(fault)
    assert [desk.look(), desk.look()] == [[], []]
    (parcel,) = desk.look()
    assert parcel.target.id == "ou_boss"
    assert cause in as_text(parcel.answer, parcel.created_at, SHANGHAI)
    assert desk.look() == []


def test_one_model_that_a_good_answer_does_not_name_is_told_to_operators_and_is_not_zero(desk: Desk) -> None:
    desk.hidden.add("NVIDIA GeForce RTX 5090")
    assert [desk.look(), desk.look()] == [[], []]
    (parcel,) = desk.look()
    assert parcel.target.id == "ou_boss"
    words = as_text(parcel.answer, parcel.created_at, SHANGHAI)
    assert "没有数据不等于 0 张" in words
    assert "5090" in words
