"""What comes in and goes out beside the app: alerts of an Alertmanager, and the custom bot when the app fails."""

import html
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from suanli import wiring
from suanli.domain.chat import Platform
from suanli.domain.delivery import Receipt
from suanli.sandbox.feishu import Human, Sent
from suanli.sandbox.world import ALERTMANAGER_TOKEN, HOOK_SECRET, World
from tests.logged import logged_meanwhile
from tests.scenario.waiting import received, settled

GOLDEN = Path(__file__).parents[1] / "golden" / "alertmanager"


def body(name: str, **labels: str) -> dict[str, Any]:
    """A body as a real Alertmanager 4 posted it, its only alert with other labels."""
    parsed: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    (alert,) = parsed["alerts"]
    if labels:
        alert |= {"labels": alert["labels"] | labels, "fingerprint": "".join(labels.values()).encode().hex()[:16]}
    return parsed


def post(world: World, what: dict[str, Any], token: str = ALERTMANAGER_TOKEN) -> int:
    """Post alerts as Alertmanager does; the status of the answer."""
    connection = HTTPConnection(urlsplit(world.url).netloc, timeout=5)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/webhooks/alertmanager", json.dumps(what), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def in_group(world: World) -> list[Sent]:
    """Every message in the group of the alerts."""
    settled(world)
    return [sent for sent in world.feishu.tenant.sent if sent.chat_id == world.group.chat_id]


def over_hook(world: World) -> str:
    """What the custom bot said last."""
    settled(world)
    return html.unescape(world.hook.messages[-1].text)


def fate(world: World, recipient: str) -> Receipt:
    """What became of the last notice of a shortage to somebody."""
    with world.store.begin() as tx:
        (episode,) = (s.episode for s in tx.episodes.standings().values() if s.episode and s.episode.fired_at)
        key = [told.message_key for told in tx.episodes.told(episode.number) if told.recipient == recipient][-1]
        return tx.outbox.receipts([key])[key]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that the product logs meanwhile, as it would write it."""
    with logged_meanwhile() as stream:
        yield stream


@contextmanager
def having_left(world: World, human: Human) -> Iterator[None]:
    """Somebody has left the company: Feishu delivers nothing to them any more."""
    world.feishu.tenant.unreachable.add(human.open_id)
    try:
        yield
    finally:
        world.feishu.tenant.unreachable.discard(human.open_id)


@contextmanager
def without_any_channel(world: World) -> Iterator[None]:
    """The bot was taken out of the group, and the custom bot was deleted."""
    world.group.bot_inside = False
    del world.feishu.tenant.hooks[world.hook.hook_id]
    try:
        yield
    finally:
        world.group.bot_inside = True
        world.feishu.tenant.hooks[world.hook.hook_id] = world.hook


def test_an_alert_is_a_card_in_the_chosen_chat_once_and_so_is_its_end(world: World) -> None:
    assert [post(world, body("firing")), post(world, body("firing"))] == [200, 200]
    (card,) = in_group(world)
    assert card.msg_type == "interactive"
    assert all(words in html.unescape(card.text) for words in ("GpuNodeDown", "节点 gpu-07 掉线", "instance=gpu-07"))
    assert post(world, body("resolved")) == 200
    assert [sent.text.splitlines()[0] for sent in in_group(world)] == ["🔴 GpuNodeDown", "✅ 已恢复：GpuNodeDown"]


def test_an_alert_with_another_token_is_refused_and_tells_nobody(world: World) -> None:
    before = len(in_group(world))
    stranger = body("firing", instance="stranger")
    assert [post(world, stranger, token) for token in ("wrong", "", f"{ALERTMANAGER_TOKEN}x")] == [401, 401, 401]
    assert len(in_group(world)) == before


def test_what_cannot_reach_its_person_goes_to_the_custom_bots_group(world: World, logged: io.StringIO) -> None:
    with having_left(world, world.buyer):
        world.work.runner.run_once(wiring.CHECK_STOCK)
        settled(world)
    said = over_hook(world)
    assert all(words in said for words in (f"<at id={world.buyer.open_id}>", "当前空闲：85 张", "/stock ack 4090"))
    assert "没能把这条提醒送到" in said
    receipt = fate(world, world.buyer.open_id)
    assert receipt.instead is not None
    assert (receipt.sent_at, receipt.instead.target.platform) == (None, Platform.FEISHU_HOOK)
    assert receipt.dead_at is not None
    assert receipt.instead.sent_at is not None
    assert "230013" in receipt.error
    history = world.feishu.ask(world.admin, "/stock alerts 4090").text
    assert "应用发送失败；备用：已通过备用机器人送达" in history
    _keeps_the_address(world, logged)


def test_when_the_second_channel_fails_too_an_operator_hears_of_both(world: World, logged: io.StringIO) -> None:
    with without_any_channel(world):
        assert post(world, body("firing", instance="gpu-99")) == 200
        settled(world)
    told = [html.unescape(sent.text) for sent in received(world, world.admin) if "已放弃重试" in sent.text]
    assert len([text for text in told if world.group.chat_id in text and "230002" in text]) == 1
    assert len([text for text in told if "19001" in text]) == 1
    _keeps_the_address(world, logged)
    assert world.hook.hook_id not in "".join(told)


def _keeps_the_address(world: World, logged: io.StringIO) -> None:
    """Who knows the hook's address may write to the group: no log line has it, nor its secret."""
    written = logged.getvalue()
    assert "message_refused" in written
    assert [secret for secret in (world.hook.hook_id, HOOK_SECRET, ALERTMANAGER_TOKEN) if secret in written] == []
