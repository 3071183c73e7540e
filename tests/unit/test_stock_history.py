"""What the original had told already, taken over."""

from datetime import timedelta

from jobs.import_history import import_history
from storage.store import SqlStore
from suanli.domain.stock import Model
from tests.fakes import FakeClock
from tests.stockdesk import HOUR, LOW, Desk


def test_the_originals_history_counts_for_every_recipient_of_that_time(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    told = {Model("4090"): clock.now() - timedelta(hours=3)}
    assert import_history(sqlite_store, told, ["ou_a", "ou_b"], clock.now()) == 2
    desk = Desk(sqlite_store, clock, LOW)
    parcels = desk.look()
    assert len(parcels) == 2
    assert all("4090" not in desk.read(p) for p in parcels)
    assert all("4090" in desk.read(p) for p in desk.look(after=21 * HOUR))


def test_history_is_imported_once_and_never_turns_time_back(sqlite_store: SqlStore, clock: FakeClock) -> None:
    told = {Model("4090"): clock.now() - timedelta(hours=3)}
    import_history(sqlite_store, told, ["ou_a"], clock.now())
    assert import_history(sqlite_store, told, ["ou_a", "ou_new"], clock.now()) == 0
    with sqlite_store.begin() as tx:
        tx.notices.tell("ou_a", [Model("4090")], clock.now())
    older = {Model("4090"): clock.now() - timedelta(hours=2)}
    assert import_history(sqlite_store, older, ["ou_a"], clock.now()) == 0


def test_no_history_is_nothing_to_import(sqlite_store: SqlStore, clock: FakeClock) -> None:
    assert import_history(sqlite_store, {}, ["ou_a"], clock.now()) == 0
