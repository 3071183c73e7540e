"""Waiting for what the product does on its own, without sleeping."""

import threading
from typing import Protocol

from suanli.clock import SystemClock
from suanli.domain.ports import Store
from suanli.sandbox.feishu import FeishuStandIn, Human, Sent


class Place(Protocol):
    """Where the product is at work among stand-ins."""

    @property
    def feishu(self) -> FeishuStandIn: ...

    @property
    def store(self) -> Store: ...


def received(place: Place, human: Human, count: int = 1) -> list[Sent]:
    """Wait for so many messages in somebody's private chat; all of them."""
    chat = place.feishu.tenant.private_chat(human).chat_id

    def enough(_: object) -> list[Sent]:
        found = [sent for sent in place.feishu.tenant.sent if sent.chat_id == chat]
        return found if len(found) >= count else []

    return place.feishu.wait_until(enough, 10, f"{count} messages")


def settled(place: Place) -> None:
    """Wait until nothing waits to be sent."""
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + 10
    while _waiting(place):
        assert clock.elapsed() < deadline, "the outbox did not become empty"
        clock.wait(never, 0.02)


def _waiting(place: Place) -> int:
    with place.store.begin() as tx:
        return tx.outbox.depth().waiting
