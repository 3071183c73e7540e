"""Feishu's open platform on loopback: as strict about requests, as stubborn about deliveries, and without people.

It follows the checklist of feishu.md §10 and is written independently of the product's own Feishu code, so that it
can prove that wrong. Left out, as the product does not use it: sign-in (OAuth), batch sending, urgent messages,
CardKit entities, the long connection, and uploads.

Where the sheet names no code for a refusal, one of the same family is used and the place says so.
"""

from suanli.sandbox.feishu.faults import Fault
from suanli.sandbox.feishu.people import EVERYONE, App, Chat, Human
from suanli.sandbox.feishu.record import Sent
from suanli.sandbox.feishu.stand_in import FeishuStandIn

__all__ = ["EVERYONE", "App", "Chat", "Fault", "FeishuStandIn", "Human", "Sent"]
