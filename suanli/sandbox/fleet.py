"""A plausible GPU fleet: a pure function of its opening moment, a seed and the moment asked for."""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import chain

from suanli.domain.stock import Fleet, Row, Sample, sample

CARDS_A_NODE = 8
STEP = timedelta(minutes=30)
"""Figures stay as they are for this long, so that what the demo shows does not change while it is read."""

_LOCAL = timezone(timedelta(hours=8))
_DAY = timedelta(days=1)


class NodeState(StrEnum):
    """Whether a node takes work: ready, cordoned by an operator, or not heard of."""

    READY = "ready"
    CORDONED = "cordoned"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with `cards` cards of one product, `used` of them held by pods."""

    name: str
    product: str
    place: str
    cards: int = CARDS_A_NODE
    used: int = 0
    state: NodeState = NodeState.READY

    @property
    def free(self) -> int:
        """Cards that could be taken now: none on a node that takes no work."""
        return self.cards - self.used if self.state is NodeState.READY else 0

    @property
    def unavailable(self) -> int:
        """Cards on a node that takes no work."""
        return 0 if self.state is NodeState.READY else self.cards


@dataclass(frozen=True, slots=True)
class _Lot:
    """Machines of one product in one place; `free` cards at the opening, `burn` fewer each day, a daily `swing`."""

    product: str
    place: str
    nodes: int
    ill: int
    free: int
    burn: float
    swing: float


_LOTS = (
    _Lot("NVIDIA GeForce RTX 4090", "bj-a", 24, 1, 31, 2.1, 2),
    _Lot("NVIDIA GeForce RTX 4090", "sh-b", 18, 0, 24, 1.6, 1),
    _Lot("NVIDIA GeForce RTX 4090", "bingte-hz-1", 12, 1, 18, 0.9, 1),
    _Lot("NVIDIA GeForce RTX 4090", "dallas-canopy-1", 9, 0, 12, 0.6, 1),
    _Lot("NVIDIA GeForce RTX 5090", "bj-a", 12, 0, 38, 1.2, 4),
    _Lot("NVIDIA GeForce RTX 5090", "bingte-hz-1", 8, 0, 22, 0.7, 2),
    _Lot("NVIDIA GeForce RTX 5090", "gcore-lux-2", 4, 0, 9, 0.2, 1),
    _Lot("NVIDIA GeForce RTX 3090", "gz-c", 10, 2, 34, -0.4, 3),
    _Lot("NVIDIA GeForce RTX 3090", "sh-b", 6, 0, 21, -0.2, 2),
    _Lot("NVIDIA H100 80GB HBM3", "sh-b", 10, 0, 27, 0.5, 4),
    _Lot("NVIDIA H100 80GB HBM3", "dallas-canopy-1", 6, 1, 14, 0.3, 2),
    _Lot("NVIDIA H100 80GB HBM3", "gcore-lux-2", 4, 0, 11, 0.1, 2),
    _Lot("NVIDIA H200", "sh-b", 4, 0, 13, 0.2, 2),
    _Lot("NVIDIA H200", "dallas-canopy-1", 4, 0, 10, 0.2, 1),
    _Lot("NVIDIA H20", "bj-a", 14, 0, 41, 0.9, 5),
    _Lot("NVIDIA H20", "gz-c", 8, 1, 23, 0.4, 3),
    _Lot("NVIDIA A100-SXM4-80GB", "bj-a", 8, 0, 26, 0.3, 4),
    _Lot("NVIDIA A100-SXM4-80GB", "sh-b", 10, 0, 29, 0.4, 4),
    _Lot("NVIDIA A100-SXM4-80GB", "gcore-lux-2", 3, 0, 9, 0.1, 1),
    _Lot("NVIDIA L40S", "gz-c", 8, 0, 30, 0.2, 3),
    _Lot("NVIDIA L40S", "gcore-lux-2", 5, 0, 17, 0.1, 2),
    _Lot("NVIDIA RTX 5880 Ada Generation", "sh-b", 4, 0, 19, 0.0, 2),
    _Lot("NVIDIA RTX 6000 Ada Generation", "dallas-canopy-1", 5, 0, 22, 0.1, 3),
)


@dataclass(frozen=True, slots=True)
class SandboxFleet:
    """A fleet that opens at `opened_at` with 85 free 4090s (the original's example) and has a past and a future."""

    opened_at: datetime
    seed: int = 0

    def nodes(self, at: datetime) -> tuple[Node, ...]:
        """Every machine as it is at a moment."""
        steps = (at - self.opened_at) // STEP
        return tuple(
            Node(f"{lot.place}-gpu{number:02}-{at_lot:02}", lot.product, lot.place, used=used, state=state)
            for number, lot in enumerate(_LOTS)
            for at_lot, (used, state) in enumerate(_machines(lot, self._free(number, lot, steps)))
        )

    def rows(self, at: datetime) -> tuple[Row, ...]:
        """What a stock source says of it at a moment."""
        return rows_of_nodes(self.nodes(at))

    def history(
        self, fleet: Fleet, source: str, *, until: datetime, past: timedelta = 14 * _DAY, step: timedelta = _DAY / 24
    ) -> Iterator[tuple[Sample, ...]]:
        """Complete answers of `source`, oldest first, the last one at `until`."""
        for back in range(past // step, -1, -1):
            at = until - back * step
            yield sample(self.rows(at), fleet, source=source, taken_at=at)

    def _free(self, number: int, lot: _Lot, steps: int) -> int:
        if steps == 0:
            return lot.free
        at = self.opened_at + steps * STEP
        drift = -lot.burn * ((at - self.opened_at) / _DAY)
        swing = lot.swing * (_calm(at) - _calm(self.opened_at))
        chance = zlib.crc32(f"{self.seed}:{number}:{steps}".encode()) % 3 - 1
        return round(lot.free + drift + swing + chance)


def rows_of_nodes(nodes: Sequence[Node]) -> tuple[Row, ...]:
    """Machines as the rows of a stock source: one for each product and place, in that order."""
    sums: dict[tuple[str, str], list[int]] = {}
    for node in nodes:
        counts = sums.setdefault((node.product, node.place), [0, 0, 0, 0])
        for at, cards in enumerate((node.cards, node.free, node.used, node.unavailable)):
            counts[at] += cards
    return tuple(Row(*key, *counts) for key, counts in sorted(sums.items()))


def kube_state_metrics(nodes: Sequence[Node]) -> str:
    """The machines as kube-state-metrics would expose them, in Prometheus' text format (gpu.md §1.7).

    A product's name has dashes for spaces, as a Kubernetes label needs it. Each machine also has a finished pod whose
    requests hold nothing any more, and the cluster has a pod without cards.
    """
    families: dict[str, list[str]] = {}
    series = chain(_pod_series("dns", "", "cpu", 1, "Running"), *(_node_series(node) for node in nodes))
    for metric, labels, value in series:
        told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        families.setdefault(metric, [f"# TYPE {metric} gauge"]).append(f"{metric}{{{told}}} {value}")
    return "\n".join(line for lines in families.values() for line in lines) + "\n"


_Series = tuple[str, Mapping[str, str], int]


def _node_series(node: Node) -> Iterator[_Series]:
    name = {"node": node.name}
    product = {"label_nvidia_com_gpu_product": node.product.replace(" ", "-")}
    zone = {"label_topology_kubernetes_io_zone": node.place} if node.place else {}
    yield "kube_node_labels", name | product | zone, 1
    yield "kube_node_status_allocatable", name | {"resource": "nvidia_com_gpu", "unit": "integer"}, node.cards
    yield "kube_node_spec_unschedulable", name, int(node.state is NodeState.CORDONED)
    ready = "unknown" if node.state is NodeState.LOST else "true"
    for status in ("true", "false", "unknown"):
        yield "kube_node_status_condition", name | {"condition": "Ready", "status": status}, int(status == ready)
    yield from _pod_series(f"done-{node.name}", node.name, "nvidia_com_gpu", 4, "Succeeded")
    if node.used:
        yield from _pod_series(f"work-{node.name}", node.name, "nvidia_com_gpu", node.used, "Running")


def _pod_series(pod: str, node: str, resource: str, amount: int, phase: str) -> Iterator[_Series]:
    name = {"namespace": "ml", "pod": pod, "uid": f"uid-{pod}"}
    asks = {"container": "main", "node": node, "resource": resource, "unit": "integer"}
    yield "kube_pod_container_resource_requests", name | asks, amount
    for each in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
        yield "kube_pod_status_phase", name | {"phase": each}, int(each == phase)


def _machines(lot: _Lot, free: int) -> Iterator[tuple[int, NodeState]]:
    """Used cards and state of each machine of a lot: work fills one machine after the other, ill ones are drained."""
    able = lot.nodes - lot.ill
    left = min(max(able * CARDS_A_NODE - free, 0), able * CARDS_A_NODE)
    for _ in range(able):
        used = min(left, CARDS_A_NODE)
        left -= used
        yield used, NodeState.READY
    for number in range(lot.ill):
        yield 0, NodeState.LOST if number % 2 else NodeState.CORDONED


def _calm(at: datetime) -> float:
    """How idle people are: 1 at four in the morning, -1 at four in the afternoon."""
    local = at.astimezone(_LOCAL)
    return math.cos(2 * math.pi * (local.hour + local.minute / 60 - 4) / 24)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
