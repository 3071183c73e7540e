"""Faults laid on the stand-in, over real HTTP: what a caller sees of each, and what the platform did meanwhile."""

import threading
from datetime import timedelta

import pytest
import requests

from suanli.clock import SystemClock
from suanli.sandbox.feishu import Fault, FeishuStandIn, Human
from suanli.sandbox.feishu.refusal import Refusal
from tests.fakes import NOON, FakeClock
from tests.feishu_client import INFO, Client

HI = {"text": "hi"}
CARD = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "H100: 8"}]}}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.token_invalid(), 400, 99991663),
        (Fault.token_invalid(status=200), 200, 99991663),
        (Fault.bot_not_in_chat(), 400, 230002),
        (Fault.person_out_of_range(), 400, 230013),
        (Fault.bot_stopped(), 400, 230053),
        (Fault.quota_used(), 429, 99991403),
        (Fault.card_rejected(), 400, 230099),
        (Fault(refusal=Refusal(230018)), 400, 230018),
    ],
)
def test_a_fault_is_answered_instead_of_sending_and_then_it_is_over(
    client: Client, feishu: FeishuStandIn, alice: Human, fault: Fault, status: int, code: int
) -> None:
    feishu.faults.lay(fault)

    answer = client.send(alice, HI)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert feishu.tenant.sent == []
    assert client.send(alice, HI).json()["code"] == 0


def test_a_fault_lasts_as_many_calls_as_it_is_laid_on(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.bot_stopped(), times=3)

    assert [client.send(alice, HI).json()["code"] for _ in range(4)] == [230053] * 3 + [0]


def test_a_fault_on_all_calls_lasts_until_it_is_cleared(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.token_invalid(), times=None)
    before = [client.send(alice, HI).json()["code"] for _ in range(4)]
    feishu.faults.clear()

    assert before == [99991663] * 4
    assert client.send(alice, HI).json()["code"] == 0


def test_faults_are_met_in_the_order_they_were_laid(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.bot_stopped())
    feishu.faults.lay(Fault.bot_not_in_chat())

    assert [client.send(alice, HI).json()["code"] for _ in range(3)] == [230053, 230002, 0]


def test_a_fault_strikes_where_it_is_laid_and_never_at_the_token(client: Client, feishu: FeishuStandIn) -> None:
    feishu.faults.lay(Fault.token_invalid(), times=None, path="")

    assert client.fetch_token()["code"] == 0
    assert client.code("GET", INFO) == 99991663


def test_cards_can_be_rejected_while_texts_pass(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.card_rejected(), times=None, msg_type="interactive")

    assert client.send(alice, CARD, "interactive").json()["code"] == 230099
    assert client.send(alice, HI).json()["code"] == 0


def test_a_gateways_error_page_is_not_json(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.html_502())

    answer = client.send(alice, HI)

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "502" in answer.text
    assert feishu.tenant.sent == []


def test_after_a_reset_the_same_uuid_finds_the_message_sent(
    client: Client, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.faults.lay(Fault.reset_after_stored())

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        client.send(alice, HI, uuid="u1")
    again = client.send(alice, HI, uuid="u1").json()

    assert [sent.message_id for sent in feishu.tenant.sent] == [again["data"]["message_id"]]


def test_a_burst_of_429_says_when_to_come_back(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.too_many_calls(timedelta(seconds=52)), times=2)

    answers = [client.send(alice, HI) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["x-ogw-ratelimit-reset"] == "52"
    assert "x-ogw-ratelimit-limit" in answers[0].headers


def test_a_missing_scope_is_named(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.scope_missing("im:message:send_as_bot"))

    error = client.send(alice, HI).json()["error"]

    assert error["permission_violations"] == [{"type": "action_scope_required", "subject": "im:message:send_as_bot"}]
    assert error["helps"][0]["url"].startswith("https://open.feishu.cn/")


def test_a_slow_call_is_done_at_once_and_answered_late(
    client: Client, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    feishu.faults.lay(Fault.slow(timedelta(seconds=20)))

    assert client.send(alice, HI).json()["code"] == 0
    assert clock.now() - NOON == timedelta(seconds=20)
    assert feishu.tenant.sent[0].at == NOON


def test_stopping_the_platform_does_not_wait_for_a_slow_answer() -> None:
    clock = SystemClock()
    with FeishuStandIn(clock) as feishu:
        feishu.faults.lay(Fault.slow(timedelta(minutes=5)))
        client, alice = Client(feishu), feishu.tenant.add_human("Alice")
        caller = threading.Thread(target=client.send, args=(alice, HI))
        caller.start()
        feishu.wait_for(1)
        stopped_at = clock.elapsed()
    caller.join()

    assert clock.elapsed() - stopped_at < 4
