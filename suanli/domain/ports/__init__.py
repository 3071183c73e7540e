"""What the inside asks of the outside. Implementations inherit nothing; tests bring their own."""

from suanli.domain.ports.chat import Audits, Chats, Grants, Inbox, Outbox
from suanli.domain.ports.cost import Holds, Quotas
from suanli.domain.ports.outside import Courier, ModelProvider, StockSource
from suanli.domain.ports.prices import CostModels, Exchange, Prices
from suanli.domain.ports.releases import Allowances, Happenings, Recall, Resources, Upstream, Watches
from suanli.domain.ports.spending import (
    Books,
    Budgets,
    Changes,
    CostAlerts,
    Parties,
    QuotaRequests,
    Records,
    Replies,
    Sums,
    Tokens,
)
from suanli.domain.ports.stock import Alerts, Burns, Episodes, Notices, Overrides, Samples, Tickets
from suanli.domain.ports.store import Store, Transaction
from suanli.domain.ports.work import Facts, Runs

__all__ = [
    "Alerts",
    "Allowances",
    "Audits",
    "Books",
    "Budgets",
    "Burns",
    "Changes",
    "Chats",
    "CostAlerts",
    "CostModels",
    "Courier",
    "Episodes",
    "Exchange",
    "Facts",
    "Grants",
    "Happenings",
    "Holds",
    "Inbox",
    "ModelProvider",
    "Notices",
    "Outbox",
    "Overrides",
    "Parties",
    "Prices",
    "QuotaRequests",
    "Quotas",
    "Recall",
    "Records",
    "Replies",
    "Resources",
    "Runs",
    "Samples",
    "StockSource",
    "Store",
    "Sums",
    "Tickets",
    "Tokens",
    "Transaction",
    "Upstream",
    "Watches",
]
