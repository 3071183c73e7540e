"""What people were told about money: once for each thing, read, snoozed and resolved."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.alerts import AlertFilter, AlertState, AlertType, CostAlert, CostAlertId, Over, Severity
from suanli.domain.cost.quotas import Scope
from suanli.domain.ports import Store
from tests.contract.cost_kit import COMPANY, DAY, HOSTILE, HOUR, SALES, SECOND, ZHANG
from tests.contract.together import in_threads
from tests.fakes import NOON

CARD = Target(Platform.FEISHU, TargetKind.CHAT, "oc_admins")
EVERYTHING = AlertFilter()


def alert(key: str, **fields: Any) -> CostAlert:
    return replace(CostAlert(CostAlertId(0), key, AlertType.QUOTA_WARNING, Severity.WARNING, NOON), **fields)


def add(store: Store, *alerts: CostAlert) -> list[CostAlert]:
    with store.begin() as tx:
        added = [tx.cost_alerts.add(each) for each in alerts]
    return [each for each in added if each is not None]


def keys(
    store: Store, which: AlertFilter = EVERYTHING, before: CostAlertId | None = None, limit: int = 99
) -> list[str]:
    with store.begin() as tx:
        return [each.key for each in tx.cost_alerts.page(which, before=before, limit=limit)]


def woken(store: Store, now: datetime, limit: int = 99) -> list[str]:
    with store.begin() as tx:
        return [each.key for each in tx.cost_alerts.woken(now, limit)]


def over(store: Store, now: datetime, limit: int = 99) -> list[str]:
    with store.begin() as tx:
        return [each.key for each in tx.cost_alerts.over(now, limit)]


def standing(store: Store, kind: AlertType) -> list[str]:
    with store.begin() as tx:
        return [each.key for each in tx.cost_alerts.standing(kind)]


def open_count(store: Store, now: datetime = NOON) -> int:
    with store.begin() as tx:
        return tx.cost_alerts.open_count(now)


def test_nobody_was_told_anything_at_first(store: Store) -> None:
    assert (keys(store), woken(store, NOON), open_count(store)) == ([], [], 0)
    with store.begin() as tx:
        assert tx.cost_alerts.find(CostAlertId(1)) is None


def test_an_alert_is_found_as_it_was_added_and_as_it_was_changed(store: Store) -> None:
    told = (CARD, Target(Platform.WELINK, TargetKind.USER_ID, HOSTILE))
    (added,) = add(store, alert("a", subject=SALES, about={"used": "12", "name": HOSTILE}, told=told))
    changed = replace(
        added,
        about={},
        told=(CARD,),
        read_at=NOON,
        read_by="ou_1",
        snoozed_until=NOON + HOUR,
        snoozed_by="ou_2",
        resolved_at=NOON + DAY,
        resolved_by="ou_3",
        resolution="资源已加",
        rounds=3,
        told_at=NOON + SECOND,
        ends_at=NOON + DAY,
        over=Over.WINDOW,
    )
    with store.begin() as tx:
        assert tx.cost_alerts.find(added.id) == added
        tx.cost_alerts.change(changed)
    with store.begin() as tx:
        assert tx.cost_alerts.find(added.id) == changed


def test_the_same_thing_is_told_once(store: Store) -> None:
    (added,) = add(store, alert("a"))
    assert add(store, alert("a", severity=Severity.CRITICAL)) == []
    (other,) = add(store, alert("b"))
    assert other.id > added.id
    with store.begin() as tx:
        assert tx.cost_alerts.find(added.id) == added


def test_of_those_who_tell_the_same_at_once_one_does(store: Store, database_url: str) -> None:
    found = in_threads(database_url, lambda store, _: add(store, alert("a")))
    assert sum(map(len, found)) == 1
    assert keys(store) == ["a"]


def test_pages_go_on_behind_the_last_one_whatever_came_meanwhile(store: Store) -> None:
    added = add(store, *(alert(str(n)) for n in range(5)))
    assert keys(store, limit=2) == ["4", "3"]
    add(store, alert("new"))
    assert keys(store, before=added[3].id, limit=2) == ["2", "1"]
    assert keys(store, before=added[1].id) == ["0"]
    assert keys(store, before=added[0].id) == []


def test_a_page_has_what_fits_all_that_is_asked_for(store: Store) -> None:
    drift = {"type": AlertType.DRIFT, "severity": Severity.CRITICAL}
    add(
        store,
        alert("his", subject=ZHANG),
        alert("sales", subject=SALES, resolved_at=NOON),
        alert("namesake", subject=Scope(SALES.kind, ZHANG.id)),
        alert("nobody's", **drift),
        alert("company", subject=COMPANY, **drift),
    )
    assert keys(store, AlertFilter(type=AlertType.DRIFT)) == ["company", "nobody's"]
    assert keys(store, AlertFilter(severity=Severity.WARNING)) == ["namesake", "sales", "his"]
    assert keys(store, AlertFilter(resolved=True)) == ["sales"]
    assert keys(store, AlertFilter(resolved=False, type=AlertType.QUOTA_WARNING)) == ["namesake", "his"]
    assert keys(store, AlertFilter(subjects=(ZHANG, COMPANY))) == ["company", "his"]
    assert keys(store, AlertFilter(subjects=(ZHANG, COMPANY), severity=Severity.EXCEEDED)) == []
    assert keys(store, AlertFilter(subjects=())) == []


def test_a_snoozed_one_is_awake_when_its_time_is_over_unless_it_was_resolved(store: Store) -> None:
    add(
        store,
        alert("later", snoozed_until=NOON + HOUR),
        alert("sooner", snoozed_until=NOON + SECOND),
        alert("resolved", snoozed_until=NOON + SECOND, resolved_at=NOON),
        alert("never"),
    )
    assert woken(store, NOON) == []
    assert woken(store, NOON + SECOND) == ["sooner"]
    assert woken(store, NOON + HOUR) == ["sooner", "later"]
    assert woken(store, NOON + HOUR, limit=1) == ["sooner"]


def test_what_is_told_again_and_again_takes_no_numbers(store: Store) -> None:
    add(store, alert("a"))
    for _ in range(3):
        add(store, alert("a"))
    (other,) = add(store, alert("b"))
    assert other.id == 2


def test_what_is_over_is_not_awake_and_is_found_until_it_was_written_down(store: Store) -> None:
    added = add(
        store,
        alert("later", ends_at=NOON + DAY),
        alert("second", ends_at=NOON + HOUR, snoozed_until=NOON + SECOND),
        alert("first", ends_at=NOON + SECOND, snoozed_until=NOON + HOUR),
        alert("resolved", ends_at=NOON, resolved_at=NOON),
        alert("endless"),
    )
    assert over(store, NOON) == []
    assert woken(store, NOON + SECOND) == ["second"]
    assert over(store, NOON + HOUR) == ["first", "second"]
    assert over(store, NOON + HOUR, limit=1) == ["first"]
    assert woken(store, NOON + HOUR) == []
    with store.begin() as tx:
        tx.cost_alerts.change(added[2].ended(Over.WINDOW, NOON + HOUR))
    assert over(store, NOON + HOUR) == ["second"]


def test_those_of_a_kind_stand_until_somebody_or_something_ends_them(store: Store) -> None:
    unpriced = AlertType.UNPRICED
    add(
        store,
        alert("other"),
        alert("first", type=unpriced, snoozed_until=NOON + DAY),
        alert("resolved", type=unpriced, resolved_at=NOON),
        alert("read", type=unpriced, read_at=NOON),
        alert("priced", type=unpriced).ended(Over.PRICED, NOON),
    )
    assert standing(store, unpriced) == ["first", "read"]
    assert standing(store, AlertType.DRIFT) == []


def test_open_ones_are_those_that_the_domain_calls_so_or_read(store: Store) -> None:
    added = add(
        store,
        alert("open"),
        alert("read", read_at=NOON),
        alert("snoozed", snoozed_until=NOON + HOUR),
        alert("resolved", resolved_at=NOON),
        alert("priced").ended(Over.PRICED, NOON),
        alert("over", ends_at=NOON + HOUR - SECOND),
    )
    for now in (NOON, NOON + HOUR - SECOND, NOON + HOUR):
        states = [each.state(now) for each in added]
        assert open_count(store, now) == sum(each in {AlertState.OPEN, AlertState.READ} for each in states)
    assert open_count(store, NOON + HOUR) == 3
