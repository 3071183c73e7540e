"""PromQL for GPU cards in Kubernetes, from kube-state-metrics, by product and place (gpu.md §1.8).

It needs kube-state-metrics with
`--metric-labels-allowlist=nodes=[nvidia.com/gpu.product,topology.kubernetes.io/zone]`; without the zone there is no
place. Every metric is reduced by `max` first, so that two scraped replicas of kube-state-metrics count once.
"""

from suanli.sources.stock import Queries

_PRODUCT, _ZONE = "label_nvidia_com_gpu_product", "label_topology_kubernetes_io_zone"


def _by_product(cards: str) -> str:
    """Cards by node as cards by product and place."""
    named = (
        f"({cards}) * on(node) group_left({_PRODUCT}, {_ZONE}) max by (node, {_PRODUCT}, {_ZONE}) (kube_node_labels)"
    )
    product = f'label_replace({named}, "product", "$1", "{_PRODUCT}", "(.*)")'
    return f'sum by (product, place) (label_replace({product}, "place", "$1", "{_ZONE}", "(.*)"))'


_CARDS = 'max by (node) (kube_node_status_allocatable{resource="nvidia_com_gpu"})'
_CORDONED = "max by (node) (kube_node_spec_unschedulable)"
_READY = 'max by (node) (kube_node_status_condition{condition="Ready", status="true"})'

# Each is said of nodes that are known to be so: a node of which nothing is known is neither, and no zero comes of it.
_WELL = f"(({_CORDONED} == 0) and on(node) ({_READY} == 1))"
_ILL = f"(({_CORDONED} == 1) or ({_READY} == 0))"

# Finished pods keep their requests; only the phase tells that they hold no card any more.
_REQUESTS = 'kube_pod_container_resource_requests{resource="nvidia_com_gpu"}'
_ALIVE = '(max by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"}) == 1)'
_HELD = (
    f"sum by (node) (max by (namespace, pod, container, node) ({_REQUESTS}) * on(namespace, pod) group_left() {_ALIVE})"
)

# A model without a pod is in no series of _HELD. That means zero only while pods are reported at all.
_PODS_ARE_SEEN = "count(kube_pod_container_resource_requests) and on() count(kube_pod_status_phase)"


def _or_none_held(held: str, cards: str) -> str:
    return f"({held} or (0 * {cards} and on() ({_PODS_ARE_SEEN})))"


_ALL = _by_product(_CARDS)
_ON_WELL = _by_product(f"{_CARDS} and on(node) {_WELL}")
_ON_ILL = _by_product(f"{_CARDS} and on(node) {_ILL}")
_HELD_ON_WELL = _by_product(f"{_HELD} and on(node) {_WELL}")

KUBERNETES_QUERIES = Queries(
    total=_ALL,
    # Idle cards of a cordoned node are not stock, which `all - used` would make them.
    free=f"({_ON_WELL} - {_or_none_held(_HELD_ON_WELL, _ON_WELL)}) or 0 * {_ON_ILL}",
    used=_or_none_held(_by_product(_HELD), _ALL),
    unavailable=f"{_ON_ILL} or 0 * {_ON_WELL}",
)
"""Cards in all, free on nodes that take work, held by pods, and on nodes that are cordoned or not ready."""
