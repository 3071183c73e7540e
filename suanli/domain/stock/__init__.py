"""GPU stock: what there is, when it runs low, who is told, what was bought, and where it is heading."""

from suanli.domain.stock.fleet import Fleet, Group, Model, Product, find_group, group_of
from suanli.domain.stock.samples import Counts, Row, Sample, Snapshot, SourceState, sample
from suanli.domain.stock.scope import Scope, count_scopes, scopes_of

__all__ = [
    "Counts",
    "Fleet",
    "Group",
    "Model",
    "Product",
    "Row",
    "Sample",
    "Scope",
    "Snapshot",
    "SourceState",
    "count_scopes",
    "find_group",
    "group_of",
    "sample",
    "scopes_of",
]
