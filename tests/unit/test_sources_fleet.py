"""The sandbox's fleet: plausible, and the same each time."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from suanli.domain.stock import Fleet, Group, Model, Product
from suanli.sandbox.fleet import STEP, Node, NodeState, SandboxFleet, kube_state_metrics, rows_of_nodes
from tests.fakes import NOON

FLEET = SandboxFleet(NOON)
TABLE = Fleet(
    (Product(Model("4090"), ("NVIDIA GeForce RTX 4090",)), Product(Model("H100"), ("NVIDIA H100 80GB HBM3",))),
    (Group(("overseas",), ("dallas", "gcore")), Group(("china",))),
    (Group(("fast",), ("bingte",)), Group(("usual",))),
)


def free(product: str, at: datetime) -> int:
    return sum(row.free for row in FLEET.rows(at) if row.product == product)


def test_at_its_opening_the_4090_is_short_and_the_others_are_not() -> None:
    assert free("NVIDIA GeForce RTX 4090", NOON) == 85
    assert free("NVIDIA H100 80GB HBM3", NOON) >= 20
    assert free("NVIDIA A100-SXM4-80GB", NOON) >= 30


def test_it_has_ten_models_in_places_of_every_kind() -> None:
    rows = FLEET.rows(NOON)
    assert len({row.product for row in rows}) == 10
    assert {row.place for row in rows} == {"bj-a", "sh-b", "gz-c", "bingte-hz-1", "dallas-canopy-1", "gcore-lux-2"}


@pytest.mark.parametrize("days", [-14, -3.3, 0, 0.01, 5, 60])
def test_its_figures_are_those_of_real_machines(days: float) -> None:
    nodes = FLEET.nodes(NOON + timedelta(days=days))
    assert len({node.name for node in nodes}) == len(nodes)
    assert all(0 <= node.used <= node.cards for node in nodes)
    for row in rows_of_nodes(nodes):
        assert row.free + row.used + row.unavailable == row.total
        assert min(row.free, row.used, row.unavailable) >= 0


def test_the_same_opening_and_seed_give_the_same_figures() -> None:
    at = NOON - timedelta(days=4, hours=5)
    assert SandboxFleet(NOON).rows(at) == FLEET.rows(at)
    assert SandboxFleet(NOON, seed=1).rows(at) != FLEET.rows(at)


def test_figures_stay_while_they_are_read() -> None:
    assert FLEET.rows(NOON + STEP - timedelta(seconds=1)) == FLEET.rows(NOON)


def test_stock_burns_slowly_and_breathes_daily() -> None:
    product = "NVIDIA GeForce RTX 4090"
    weeks = [free(product, NOON - timedelta(weeks=n)) for n in (2, 1, 0)]
    assert weeks == sorted(weeks, reverse=True)
    assert weeks[0] > 100
    day = [free("NVIDIA H20", NOON - timedelta(days=3, hours=hour)) for hour in range(24)]
    assert max(day) - min(day) >= 8


def test_fourteen_days_of_history_end_at_the_present() -> None:
    history = list(FLEET.history(TABLE, "sandbox", until=NOON))
    moments = [samples[0].taken_at for samples in history]
    assert moments == [NOON - timedelta(hours=n) for n in range(14 * 24, -1, -1)]
    last = {(s.model, s.region, s.clock): s.free for s in history[-1]}
    assert last[Model("4090"), "china", "fast"] == 18
    assert last[Model("4090"), "overseas", "usual"] == 12
    assert sum(cards for (model, _, _), cards in last.items() if model == "4090") == 85


def test_a_machine_that_takes_no_work_has_nothing_free() -> None:
    cordoned, lost = (Node("n", "H20", "bj", used=1, state=state) for state in (NodeState.CORDONED, NodeState.LOST))
    assert (cordoned.free, cordoned.unavailable, lost.free, lost.unavailable) == (0, 8, 0, 8)


def test_metrics_are_contiguous_families_of_escaped_labels() -> None:
    text = kube_state_metrics([Node("n1", "A B", 'x"\\\n', used=2), Node("n2", "A B", "")])
    assert r'label_nvidia_com_gpu_product="A-B",label_topology_kubernetes_io_zone="x\"\\\n"} 1' in text
    kinds = Counter(line.split()[2] for line in text.splitlines() if line.startswith("#"))
    assert set(kinds.values()) == {1}
    assert 'node="n2",label_nvidia_com_gpu_product="A-B"} 1' in text
