"""Stock as values: exact models, honest counts, and one notice a recipient a model a day."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock import (
    Counts,
    Fleet,
    Group,
    Model,
    Product,
    Row,
    Snapshot,
    find_group,
    group_of,
    sample,
)

NOW = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
FLEET = Fleet(
    products=(
        Product(Model("4090"), ("NVIDIA GeForce RTX 4090",), ("rtx4090",), "RTX 4090"),
        Product(Model("H20"), ("NVIDIA H20",)),
        Product(Model("H200"), ("NVIDIA H200",)),
    ),
    regions=(Group(("海外", "国外"), ("dallas", "gcore")), Group(("国内", "中国"))),
    clocks=(Group(("高主频",), ("bingte",)), Group(("普通",))),
)


def row(product: str, place: str, total: int, free: int) -> Row:
    return Row(product, place, total, free, total - free, 0)


def snapshot(*rows: Row) -> Snapshot:
    return Snapshot("grafana", NOW, sample(rows, FLEET, source="grafana", taken_at=NOW))


def test_h20_is_not_h200() -> None:
    got = snapshot(row("NVIDIA H20", "bj", 8, 1), row("NVIDIA H200", "bj", 16, 2))
    assert got.count(Model("H20")) == Counts(8, 1, 7, 0)
    assert FLEET.find_model("h20") == "H20"
    assert FLEET.find_model("H2") is None


def test_a_model_is_found_by_short_name_full_name_and_alias_in_any_case() -> None:
    assert {FLEET.find_model(w) for w in ("4090", "nvidia geforce rtx 4090", "RTX4090")} == {"4090"}


def test_a_product_outside_the_table_goes_by_its_own_name() -> None:
    assert FLEET.model_of(" NVIDIA B300 ") == "NVIDIA B300"


def test_places_sort_into_regions_and_clock_classes_by_keyword_and_the_rest_by_default() -> None:
    got = [group_of(place, FLEET.regions) for place in ("Dallas-1", "gcore-lux", "bj-a", "")]
    assert got == ["海外", "海外", "国内", "国内"]
    assert [group_of(place, FLEET.clocks) for place in ("bingte-hz", "bj-a")] == ["高主频", "普通"]
    assert find_group("国外", FLEET.regions) == "海外"
    assert find_group("国", FLEET.regions) is None


def test_places_of_one_kind_are_one_sample() -> None:
    got = snapshot(row("NVIDIA H20", "bj-a", 8, 1), row("NVIDIA H20", "sh-b", 8, 3), row("NVIDIA H20", "dallas", 4, 4))
    assert [(s.region, s.total, s.free) for s in got.samples] == [("国内", 16, 4), ("海外", 4, 4)]


def test_a_model_that_the_data_does_not_name_is_not_zero() -> None:
    assert snapshot(row("NVIDIA H20", "bj", 8, 0)).count(Model("H200")) is None


def test_a_snapshot_is_stale_when_old_or_absent() -> None:
    limit = timedelta(minutes=15)
    assert Snapshot("s", None, ()).is_stale(NOW, limit)
    assert Snapshot("s", NOW - limit - timedelta(seconds=1), ()).is_stale(NOW, limit)
    assert not Snapshot("s", NOW - limit, ()).is_stale(NOW, limit)


COUNT = st.integers(0, 10_000)
PRODUCT = st.sampled_from(["NVIDIA H20", "NVIDIA H200", "NVIDIA GeForce RTX 4090", "NVIDIA B300"])
ROWS = st.lists(st.builds(Row, PRODUCT, st.sampled_from(["dallas-1", "bingte-hz", "bj-a"]), COUNT, COUNT, COUNT, COUNT))


@given(ROWS)
def test_no_card_is_lost_or_made_up_on_the_way_to_samples(rows: list[Row]) -> None:
    samples = sample(rows, FLEET, source="s", taken_at=NOW)
    for field in ("total", "free", "used", "unavailable"):
        assert sum(getattr(s, field) for s in samples) == sum(getattr(r, field) for r in rows)
    assert len({(s.model, s.region, s.clock) for s in samples}) == len(samples)
