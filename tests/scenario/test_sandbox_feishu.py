"""The Feishu stand-in with a small bot on the other side: questions, answers, clicks, failures, crowds."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from suanli.clock import SystemClock
from suanli.sandbox.feishu import App, Chat, Fault, FeishuStandIn, Human
from suanli.sandbox.feishu.crypto import decrypt
from suanli.sandbox.server import LoopbackServer

Json = dict[str, Any]
KEYS = App()


def card(words: str) -> Json:
    start = {
        "tag": "button",
        "text": {"tag": "plain_text", "content": "Start"},
        "behaviors": [{"type": "callback", "value": {"run": "start"}}],
    }
    return {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": words}, start]}}


class Bot:
    """Answers every message with a card that repeats it; a click starts something and says so later."""

    def __init__(self, feishu: FeishuStandIn) -> None:
        self.failures = 0
        self.told: list[str] = []
        self.clickers: list[str] = []
        self.tokens: list[str] = []
        self._feishu = feishu
        self.app = Flask("bot")
        self.app.add_url_rule("/feishu", view_func=self._receive, methods=["POST"])

    def call(self, method: str, path: str, body: Json) -> Json:
        keys = {"app_id": KEYS.app_id, "app_secret": KEYS.app_secret}
        base = f"{self._feishu.url}/open-apis"
        token = requests.post(f"{base}/auth/v3/tenant_access_token/internal", json=keys, timeout=5).json()
        headers = {"Authorization": f"Bearer {token['tenant_access_token']}"}
        return dict(requests.request(method, base + path, json=body, headers=headers, timeout=5).json())

    def _receive(self) -> Response:
        payload = json.loads(decrypt(KEYS.encrypt_key, request.get_json()["encrypt"]))
        if self.failures:
            self.failures -= 1
            return Response(status=500)
        kind, event = payload["header"]["event_type"], payload["event"]
        self.told.append(kind)
        if kind == "card.action.trigger":
            return self._clicked(event)
        return self._asked(event["message"]) if kind == "im.message.receive_v1" else Response("{}")

    def _asked(self, message: Json) -> Response:
        content = json.dumps(card(json.loads(message["content"])["text"]))
        answer = {"msg_type": "interactive", "content": content, "uuid": message["message_id"]}
        code = self.call("POST", f"/im/v1/messages/{message['message_id']}/reply", answer)["code"]
        return Response("{}", 200 if code == 0 else 500)

    def _clicked(self, event: Json) -> Response:
        self.clickers.append(event["operator"]["open_id"])
        self.tokens.append(event["token"])
        answer = {"toast": {"type": "info", "content": "starting"}, "card": {"type": "raw", "data": card("starting")}}
        return Response(json.dumps(answer), mimetype="application/json")


@pytest.fixture
def feishu() -> Iterator[FeishuStandIn]:
    with FeishuStandIn(SystemClock(), rate=None) as feishu:
        yield feishu


@pytest.fixture
def bot(feishu: FeishuStandIn) -> Iterator[Bot]:
    bot = Bot(feishu)
    with LoopbackServer(bot.app) as server:
        feishu.connect(f"{server.url}/feishu")
        yield bot


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice")


@pytest.fixture
def bob(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Bob")


@pytest.fixture
def group(feishu: FeishuStandIn, alice: Human, bob: Human) -> Chat:
    return feishu.tenant.add_group("ops", alice, bob)


pytestmark = pytest.mark.usefixtures("bot")


def test_a_question_is_answered_where_it_was_asked(feishu: FeishuStandIn, alice: Human, group: Chat) -> None:
    private = feishu.ask(alice, "/stock")
    public = feishu.ask(alice, "@算力 /stock", chat=group, mentions=[feishu.tenant.bot])

    assert private.text == "/stock\nStart"
    assert private.chat_id == feishu.tenant.private_chat(alice).chat_id
    assert public.text == "@_user_1 /stock\nStart"
    assert public.chat_id == group.chat_id


def test_a_question_put_to_a_broken_bot_says_so(feishu: FeishuStandIn, bot: Bot, alice: Human) -> None:
    bot.failures = 1

    with pytest.raises(RuntimeError, match="500"):
        feishu.ask(alice, "/stock")


def test_waiting_in_vain_tells_what_did_arrive(feishu: FeishuStandIn, alice: Human) -> None:
    feishu.ask(alice, "/stock")

    with pytest.raises(TimeoutError, match=r"2 messages; the app sent 1: \['/stock"):
        feishu.wait_for(2, timeout=0.05)


def test_waiting_ends_with_the_call_that_is_waited_for(feishu: FeishuStandIn, bot: Bot, alice: Human) -> None:
    answer = feishu.ask(alice, "/stock")
    path, body = f"/im/v1/messages/{answer.message_id}", {"content": json.dumps(card("ready"))}
    threading.Timer(0.05, bot.call, args=("PATCH", path, body)).start()

    [change] = feishu.wait_until(lambda tenant: list(tenant.changes))

    assert change.text == "ready\nStart"


def test_a_message_that_met_a_broken_bot_is_answered_after_retries(
    feishu: FeishuStandIn, bot: Bot, alice: Human
) -> None:
    bot.failures = 2

    delivery = feishu.say(alice, "/stock").retry(scale=0.0001)

    assert [attempt.status for attempt in delivery.tries] == [500, 500, 200]
    assert len(feishu.tenant.sent) == 1


def test_duplicates_are_one_answer_when_the_bot_names_it_well(feishu: FeishuStandIn, alice: Human) -> None:
    delivery = feishu.say(alice, "/stock")
    delivery.again()
    delivery.again(new_event_id=True)

    assert [attempt.status for attempt in delivery.tries] == [200] * 3
    assert len(feishu.tenant.sent) == 1


def test_an_answer_lost_on_its_way_back_is_one_message(feishu: FeishuStandIn, alice: Human) -> None:
    feishu.faults.lay(Fault.reset_after_stored())

    delivery = feishu.say(alice, "/stock").retry(scale=0.0001)

    assert [attempt.status for attempt in delivery.tries] == [500, 200]
    assert len(feishu.tenant.sent) == 1


def test_a_click_answers_at_once_and_the_card_changes_later(feishu: FeishuStandIn, bot: Bot, alice: Human) -> None:
    answer = feishu.ask(alice, "/gpu start")

    clicked = feishu.press(alice, answer.message_id, "Start")
    updated = bot.call("POST", "/interactive/v1/card/update", {"token": bot.tokens[0], "card": card("running")})

    assert clicked.toast == {"type": "info", "content": "starting"}
    assert updated["code"] == 0
    assert [change.text for change in feishu.tenant.changes] == ["starting\nStart", "running\nStart"]


def test_two_people_click_the_same_button_at_the_same_time(
    feishu: FeishuStandIn, bot: Bot, alice: Human, bob: Human, group: Chat
) -> None:
    answer = feishu.ask(alice, "@算力 /gpu start", chat=group, mentions=[feishu.tenant.bot])

    with ThreadPoolExecutor(2) as pool:
        clicks = list(pool.map(lambda human: feishu.press(human, answer.message_id, "Start"), (alice, bob)))

    assert [click.shown for click in clicks] == [0, 0]
    assert sorted(bot.clickers) == sorted([alice.open_id, bob.open_id])
    assert len(set(bot.tokens)) == 2


def test_a_crowd_is_answered_to_the_last_question_exactly_once(feishu: FeishuStandIn) -> None:
    people = [feishu.tenant.add_human(f"P{n}") for n in range(8)]

    with ThreadPoolExecutor(8) as pool:
        deliveries = list(pool.map(lambda n: feishu.say(people[n % 8], f"/{n}"), range(120)))

    assert all(delivery.ok for delivery in deliveries)
    asked = [delivery.event.body["message"]["message_id"] for delivery in deliveries]
    assert sorted(sent.reply_to for sent in feishu.wait_for(120)) == sorted(asked)


def test_the_bot_is_told_of_its_comings_and_goings(feishu: FeishuStandIn, bot: Bot, alice: Human) -> None:
    group = feishu.tenant.add_group("ops", alice, bot_inside=False)

    inside = [group.bot_inside]
    feishu.bot_added(group, alice)
    inside.append(group.bot_inside)
    feishu.bot_removed(group, alice)
    inside.append(group.bot_inside)
    feishu.p2p_entered(alice)

    assert inside == [False, True, False]
    assert bot.told == [
        "im.chat.member.bot.added_v1",
        "im.chat.member.bot.deleted_v1",
        "im.chat.access_event.bot_p2p_chat_entered_v1",
    ]
