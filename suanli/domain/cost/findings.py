"""What reconciliation finds: books that do not agree. Nothing is corrected by finding it."""

from dataclasses import dataclass
from enum import StrEnum

from suanli.domain.cost.quotas import Drift
from suanli.domain.cost.records import RecordId


class Fault(StrEnum):
    """What is wrong with a record."""

    HOLD = "hold"
    """Its hold was settled with another amount, or was not settled."""
    PARTS = "parts"
    """Its total is not the sum of its parts, or not what quotas count for it."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that somebody changed, or that disagrees with its hold."""

    record: RecordId
    request_id: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Skew:
    """A day whose sums are not those of its records: in nano-units, and numbers of records.

    Or a month, as in `2026-11`, whose sums are not those of its days.
    """

    day: str
    summed: int
    recorded: int
    summed_requests: int
    recorded_requests: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that does not agree, and how much was looked at."""

    accounts: tuple[Drift, ...]
    records: tuple[Misfit, ...]
    sums: tuple[Skew, ...]
    accounts_seen: int
    records_seen: int

    @property
    def is_clean(self) -> bool:
        """Whether all books agree."""
        return not (self.accounts or self.records or self.sums)

    @property
    def what(self) -> frozenset[str]:
        """What does not agree: the quotas by number, the faults of records, the sums. More of these is nothing else."""
        found = {f"quota:{drift.account.quota}" for drift in self.accounts}
        found |= {f"records:{misfit.fault}" for misfit in self.records}
        return frozenset(found | ({"sums"} if self.sums else set()))
