"""What the inside asks of the outside. Implementations inherit nothing; tests bring their own."""

from suanli.domain.ports.chat import Audits, Chats, Grants, Inbox, Outbox
from suanli.domain.ports.cost import Holds, Quotas
from suanli.domain.ports.outside import Courier, StockSource
from suanli.domain.ports.releases import Allowances, Happenings, Recall, Resources, Upstream, Watches
from suanli.domain.ports.stock import Alerts, Burns, Episodes, Notices, Overrides, Samples, Tickets
from suanli.domain.ports.store import Store, Transaction
from suanli.domain.ports.work import Facts, Runs

__all__ = [
    "Alerts",
    "Allowances",
    "Audits",
    "Burns",
    "Chats",
    "Courier",
    "Episodes",
    "Facts",
    "Grants",
    "Happenings",
    "Holds",
    "Inbox",
    "Notices",
    "Outbox",
    "Overrides",
    "Quotas",
    "Recall",
    "Resources",
    "Runs",
    "Samples",
    "StockSource",
    "Store",
    "Tickets",
    "Transaction",
    "Upstream",
    "Watches",
]
