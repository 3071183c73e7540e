"""How the stand-in delivers an event to a webhook: in time or not, again, twice, or out of order."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Response

from suanli.sandbox.feishu import FeishuStandIn, Human
from suanli.sandbox.server import LoopbackServer
from tests.fakes import NOON, FakeClock
from tests.unit.test_sandbox_feishu_wire import Webhook, says

Json = dict[str, Any]


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
def feishu(clock: FakeClock, webhook: Webhook) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as feishu, LoopbackServer(webhook.app) as server:
        feishu.connect(f"{server.url}/feishu")
        yield feishu


def test_an_answer_after_three_seconds_is_none(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock, alice: Human
) -> None:
    def late(payload: Json) -> Response:
        clock.advance(timedelta(seconds=3.1))
        return says({})(payload)

    webhook.script = [late]
    delivery = feishu.say(alice, "/stock")

    assert (delivery.ok, delivery.last.status, delivery.last.error) == (False, None, "timeout")


def test_a_webhook_that_is_not_there_is_a_failed_connection(clock: FakeClock, webhook: Webhook) -> None:
    with LoopbackServer(webhook.app) as server:
        url = server.url
    with FeishuStandIn(clock) as feishu:
        feishu.connect(url)
        delivery = feishu.say(feishu.tenant.add_human("Alice"), "/stock")

    assert (delivery.last.status, delivery.last.error) == (None, "connection")


def test_the_ladder_has_four_steps_and_then_gives_up(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock, alice: Human
) -> None:
    webhook.script = [says({}, 500)]

    delivery = feishu.say(alice, "/stock").retry()

    assert [attempt.status for attempt in delivery.tries] == [500] * 5
    assert clock.now() - NOON == timedelta(seconds=15, minutes=5, hours=7)


def test_the_ladder_stops_at_the_first_200(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock, alice: Human
) -> None:
    webhook.script = [says({}, 500), says({}, 302), says({})]

    delivery = feishu.say(alice, "/stock").retry()

    assert [attempt.status for attempt in delivery.tries] == [500, 302, 200]
    assert clock.now() - NOON == timedelta(seconds=15, minutes=5)


def test_the_ladder_can_be_climbed_faster(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock, alice: Human
) -> None:
    webhook.script = [says({}, 500), says({}, 500), says({})]

    feishu.say(alice, "/stock").retry(scale=0.001)

    assert clock.now() - NOON == timedelta(milliseconds=315)


def test_an_accepted_event_is_not_retried(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    feishu.say(alice, "/stock").retry()

    assert len(webhook.got) == 1


def test_a_retry_is_the_same_event_in_other_bytes(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    webhook.script = [says({}, 500), says({})]

    feishu.say(alice, "/stock").retry()

    first, second = webhook.got
    assert first.payload == second.payload
    assert first.raw != second.raw
    assert second.signed_well


def test_a_duplicate_after_a_200_may_have_the_same_event_id_or_a_new_one(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human
) -> None:
    delivery = feishu.say(alice, "/stock")
    delivery.again()
    delivery.again(new_event_id=True)

    first, same, new = (got.payload for got in webhook.got)
    assert first == same
    assert first["header"]["event_id"] != new["header"]["event_id"]
    assert first["event"]["message"]["message_id"] == new["event"]["message"]["message_id"]


def test_a_replay_is_the_very_same_request(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    feishu.say(alice, "/stock").replay()

    assert webhook.got[0].raw == webhook.got[1].raw
    assert webhook.got[0].headers["X-Lark-Signature"] == webhook.got[1].headers["X-Lark-Signature"]


def test_two_messages_can_arrive_in_the_wrong_order(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    first, second = feishu.message(alice, "/one"), feishu.message(alice, "/two")
    feishu.push(second)
    feishu.push(first)

    assert [json.loads(got.payload["event"]["message"]["content"])["text"] for got in webhook.got] == ["/two", "/one"]


def test_a_sealed_request_can_be_tampered_with(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    sealed = feishu.seal(feishu.message(alice, "/stock"))

    feishu.post(replace(sealed, body=sealed.body.replace(b'"encrypt": ', b'"encrypt":  ')))

    assert not webhook.got[0].signed_well


def test_nothing_can_be_pushed_before_it_is_known_where_to(clock: FakeClock) -> None:
    feishu = FeishuStandIn(clock)
    alice = feishu.tenant.add_human("Alice")

    with pytest.raises(RuntimeError, match="connect"):
        feishu.say(alice, "/stock")
