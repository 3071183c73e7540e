"""Alerts of a version that did not know when they end: those that stand end with their windows after the upgrade."""

import json
from contextlib import closing
from datetime import timedelta

from sqlalchemy import insert

from storage import migrate
from storage.store import SqlStore
from storage.tables import CostAlertRow
from suanli.domain.cost.alerts import AlertType, Severity
from tests.contract.test_store_migrations import bare_url, connected, upgrade_to
from tests.dialogue import SHANGHAI
from tests.fakes import NOON

__all__ = ["bare_url"]

HOUR = timedelta(hours=1)


def test_alerts_that_stand_end_with_the_windows_that_their_figures_name(bare_url: str) -> None:
    upgrade_to(bare_url, "0010")
    # As another zone than UTC says it: SQLite keeps digits only.
    end = (NOON + HOUR).astimezone(SHANGHAI).isoformat()
    row = {
        "type": AlertType.QUOTA_WARNING, "severity": Severity.WARNING, "created_at": NOON, "told": "[]", "read_by": "",
        "snoozed_by": "", "resolved_by": "", "resolution": "", "rounds": 0, "about": json.dumps({"resets_at": end}),
    }  # fmt: skip
    rows = [
        row | {"key": "stands", "resolved_at": None},
        row | {"key": "resolved", "resolved_at": NOON},
        row | {"key": "says none", "resolved_at": None, "about": "{}"},
        row | {"key": "other", "resolved_at": None, "type": AlertType.UNPRICED},
    ]
    with connected(bare_url) as connection:
        connection.execute(insert(CostAlertRow), rows)
        connection.commit()
    migrate.upgrade(bare_url)
    with closing(SqlStore(bare_url)) as store, store.begin() as tx:
        assert tx.cost_alerts.over(NOON + HOUR - timedelta(seconds=1), 9) == ()
        (found,) = tx.cost_alerts.over(NOON + HOUR, 9)
        assert (found.key, found.ends_at, found.told_at, found.over) == ("stands", NOON + HOUR, None, None)
        assert tx.cost_alerts.open_count(NOON + HOUR) == 2
