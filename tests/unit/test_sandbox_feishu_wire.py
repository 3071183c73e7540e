"""How the stand-in's events look on the wire, over real HTTP: sealed, signed, enveloped; and the check of a URL."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response, request

from suanli.sandbox.feishu import App, FeishuStandIn, Human
from suanli.sandbox.feishu.crypto import decrypt
from suanli.sandbox.server import LoopbackServer
from tests.fakes import NOON, FakeClock

Json = dict[str, Any]
KEYS = App()


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the webhook got it."""

    headers: Mapping[str, str]
    raw: bytes

    @property
    def payload(self) -> Json:
        body = json.loads(self.raw)
        return dict(json.loads(decrypt(KEYS.encrypt_key, body["encrypt"])) if "encrypt" in body else body)

    @property
    def signed_well(self) -> bool:
        parts = self.headers["X-Lark-Request-Timestamp"] + self.headers["X-Lark-Request-Nonce"] + KEYS.encrypt_key
        return hashlib.sha256(parts.encode() + self.raw).hexdigest() == self.headers["X-Lark-Signature"]


Answer = Callable[[Json], Response]


class Webhook:
    """A product's webhook: keeps every request, and answers with the next of `script`, whose last stays."""

    def __init__(self, *script: Answer) -> None:
        self.got: list[Received] = []
        self.script = list(script) or [lambda _: Response("{}", mimetype="application/json")]
        self.app = Flask("webhook")
        self.app.add_url_rule("/feishu", view_func=self._receive, methods=["POST"])

    def _receive(self) -> Response:
        received = Received(dict(request.headers), request.get_data())
        self.got.append(received)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return answer(received.payload)


def says(body: Any, status: int = 200, mimetype: str = "application/json") -> Answer:
    return lambda _: Response(body if isinstance(body, str) else json.dumps(body), status, mimetype=mimetype)


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
def feishu(clock: FakeClock, webhook: Webhook) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as feishu, LoopbackServer(webhook.app) as server:
        feishu.connect(f"{server.url}/feishu")
        yield feishu


# The wire


def test_an_event_is_sealed_and_signed_over_the_sealed_bytes(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human
) -> None:
    assert feishu.say(alice, "/stock").ok

    [got] = webhook.got
    assert list(json.loads(got.raw)) == ["encrypt"]
    assert got.signed_well
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"
    assert got.headers["X-Lark-Request-Timestamp"] == str(int(NOON.timestamp()))


def test_the_v2_envelope_names_event_app_tenant_and_token(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human
) -> None:
    delivery = feishu.say(alice, "/stock")

    payload = webhook.got[0].payload
    assert payload["schema"] == "2.0"
    assert payload["header"] == {
        "event_id": delivery.event.event_id,
        "event_type": "im.message.receive_v1",
        "create_time": str(int(NOON.timestamp() * 1000)),
        "token": KEYS.verification_token,
        "app_id": KEYS.app_id,
        "tenant_key": feishu.tenant.tenant_key,
    }


def test_an_app_without_a_key_gets_plain_unsigned_events(clock: FakeClock, webhook: Webhook) -> None:
    with FeishuStandIn(clock, App(encrypt_key="")) as feishu, LoopbackServer(webhook.app) as server:
        feishu.connect(f"{server.url}/feishu")
        feishu.say(feishu.tenant.add_human("Alice"), "/stock")

    assert json.loads(webhook.got[0].raw)["header"]["event_type"] == "im.message.receive_v1"
    assert "X-Lark-Signature" not in webhook.got[0].headers


def test_somebody_with_other_keys_can_be_played(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    feishu.push(feishu.message(alice, "/stock"), replace(KEYS, verification_token="guessed"))

    assert webhook.got[0].payload["header"]["token"] == "guessed"


def test_the_first_contact_comes_in_the_old_envelope(feishu: FeishuStandIn, webhook: Webhook, alice: Human) -> None:
    delivery = feishu.p2p_created(alice)

    payload = webhook.got[0].payload
    assert (payload["type"], payload["uuid"]) == ("event_callback", delivery.event.event_id)
    assert payload["token"] == KEYS.verification_token
    assert payload["event"]["type"] == "p2p_chat_create"
    assert payload["event"]["open_chat_id"] == feishu.tenant.private_chat(alice).chat_id


def test_an_event_that_nobody_knows_is_delivered_as_it_is(feishu: FeishuStandIn, webhook: Webhook) -> None:
    feishu.tell("im.message.message_read_v1", {"message_id_list": ["om_1"]})

    assert webhook.got[0].payload["event"] == {"message_id_list": ["om_1"]}


# The URL


def echo(payload: Json) -> Response:
    return says({"challenge": payload["challenge"]})(payload)


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_url_that_echoes_the_challenge_is_accepted(
    feishu: FeishuStandIn, webhook: Webhook, *, encrypted: bool
) -> None:
    webhook.script = [echo]

    assert feishu.verify_url(encrypted=encrypted)
    assert ("encrypt" in json.loads(webhook.got[0].raw)) == encrypted
    assert "X-Lark-Signature" not in webhook.got[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        says({"challenge": "another"}),
        says({}),
        says("no"),
        lambda payload: says({"challenge": payload["challenge"]}, mimetype="text/plain")(payload),
        lambda payload: says({"challenge": payload["challenge"]}, status=201)(payload),
    ],
)
def test_a_url_that_answers_anything_else_is_not_accepted(
    feishu: FeishuStandIn, webhook: Webhook, answer: Answer
) -> None:
    webhook.script = [answer]

    assert not feishu.verify_url()


def test_a_challenge_is_to_be_answered_within_a_second(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock
) -> None:
    def late(payload: Json) -> Response:
        clock.advance(timedelta(seconds=1.1))
        return echo(payload)

    webhook.script = [late]

    assert not feishu.verify_url()
