"""Waiting for what the product does on its own, without sleeping."""

import threading

from suanli.clock import SystemClock
from suanli.sandbox.feishu import Human, Sent
from suanli.sandbox.world import World


def received(world: World, human: Human, count: int = 1) -> list[Sent]:
    """Wait for so many messages in somebody's private chat; all of them."""
    chat = world.feishu.tenant.private_chat(human).chat_id

    def enough(_: object) -> list[Sent]:
        found = [sent for sent in world.feishu.tenant.sent if sent.chat_id == chat]
        return found if len(found) >= count else []

    return world.feishu.wait_until(enough, 10, f"{count} messages")


def settled(world: World) -> None:
    """Wait until nothing waits to be sent."""
    clock, never = SystemClock(), threading.Event()
    deadline = clock.elapsed() + 10
    while _waiting(world):
        assert clock.elapsed() < deadline, "the outbox did not become empty"
        clock.wait(never, 0.02)


def _waiting(world: World) -> int:
    with world.store.begin() as tx:
        return tx.outbox.depth().waiting
