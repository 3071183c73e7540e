"""WeLink on loopback, as far as messages go out: webhook robots, the app's token and its cards.

It follows welink.md §1.6, §2.1, §2.3 and §2.4 and is written independently of the product's own WeLink code, so that it
can prove that wrong. What the sheet marks as unknown is a switch of `WelinkStandIn`, and where it names no code for a
refusal the place says so.
"""

from suanli.sandbox.welink.faults import Fault
from suanli.sandbox.welink.record import Card, Robot, Said
from suanli.sandbox.welink.stand_in import WelinkStandIn
from suanli.sandbox.welink.switches import Switches

__all__ = ["Card", "Fault", "Robot", "Said", "Switches", "WelinkStandIn"]
