"""What was spent: a record for each call, whether its price is known or not."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from suanli.domain.cost.book import Bill
from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, CostModelId, CostType, PriceId, Usage

RecordId = NewType("RecordId", int)

_NOTHING = Nano(0)


class Ending(StrEnum):
    """How a call ended."""

    OK = "ok"
    FAILED = "failed"
    ABORTED = "aborted"
    """The caller went away, or was stopped, before it was complete; it costs what it produced."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What else a record is found by; the first three are the names that the original's records have."""

    wechat_account_id: str = ""
    session_id: str = ""
    sop_instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as somebody tells of it. `request_id` is the caller's own for it: told twice, it is one call.

    `hold` is the key of the hold that was made for it. `stated` is what it cost by the teller's own bill, in the
    site's currency, where no price of ours is asked for. `took` is in milliseconds.
    """

    request_id: str
    payer: Payer
    model_name: str
    usage: Usage
    happened_at: datetime
    provider_name: str = ""
    request_type: str = ""
    cost_type: CostType = CostType.AI_API
    ending: Ending = Ending.OK
    labels: Labels = field(default_factory=Labels)
    hold: str | None = None
    stated: Nano | None = None
    took: int | None = None

    @property
    def fingerprint(self) -> str:
        """Tells apart what was told under one id: the same words have the same, in whatever zone a moment is told."""
        payer, usage, labels = self.payer, self.usage, self.labels
        # Field by field: asked of every call of a batch, `asdict` would take longer than writing the call down.
        said = (
            (payer.user, payer.project, payer.department, payer.organization),
            (self.model_name, self.provider_name, self.request_type, self.cost_type),
            (usage.input, usage.output, usage.cached, usage.cache_write, usage.reasoning, usage.is_batch),
            (self.happened_at.astimezone(UTC).isoformat(), self.ending, self.hold, self.stated, self.took),
            (labels.wechat_account_id, labels.session_id, labels.sop_instance_id),
        )
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Stated:
    """What a call cost by somebody's own bill."""

    cost: Cost


Judgement = Bill | Stated | Unpriced


@dataclass(frozen=True, slots=True)
class Judged:
    """A call with what it costs, or with why nobody knows."""

    call: Call
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Record:
    """A call that was written down.

    `cost` is in the site's `currency`; None: it is unpriced, for the reason `missing`. `original` is the same in the
    currency of its price, at so many of ours for one (`rate`). `charged` is what quotas count for it: its cost, or of
    an unpriced one what was held for it. Nobody has an amount of a record that has none.
    """

    id: RecordId
    call: Call
    recorded_at: datetime
    currency: Currency
    charged: Nano
    model: CostModelId | None = None
    price: PriceId | None = None
    cost: Cost | None = None
    original: Cost | None = None
    original_currency: Currency | None = None
    rate: Decimal | None = None
    missing: str = ""

    @property
    def is_priced(self) -> bool:
        """Whether what it costs is known."""
        return self.cost is not None


class Fate(StrEnum):
    """What became of a call that somebody told of."""

    NEW = "new"
    KNOWN = "known"
    """It was told before, in the same words; nothing changes."""
    CONFLICT = "conflict"
    """Another call was told under this id, or its hold came to another end; nothing was written."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one of the calls of a batch; `record` is the one that stands under its id, if one does."""

    request_id: str
    fate: Fate
    record: RecordId | None = None
    charged: Nano = _NOTHING
    is_priced: bool = True


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are asked for: those that fit all that is said. Moments are half-open."""

    since: datetime | None = None
    until: datetime | None = None
    user: str = ""
    project: str = ""
    department: str = ""
    organization: str = ""
    model_name: str = ""
    provider_name: str = ""
    request_type: str = ""
    cost_type: CostType | None = None
    session_id: str = ""
    request_id: str = ""
    is_priced: bool | None = None


class Sort(StrEnum):
    """What records are sorted by; the id tells those apart that are equal in it."""

    HAPPENED_AT = "happened_at"
    TOTAL_COST = "total_cost"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of records ended: the sorted value of its last one (a moment in microseconds, or nano-units)."""

    value: int
    id: RecordId


@dataclass(frozen=True, slots=True)
class Page:
    """Some records in order, and where the next page goes on; None: there is none."""

    records: tuple[Record, ...]
    next: Place | None = None
