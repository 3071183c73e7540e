"""The stand-in's rules about sending, answering, editing, updating, recalling and reacting, over real HTTP."""

import json
from typing import Any

import pytest

from suanli.sandbox.feishu import Chat, FeishuStandIn, Human
from tests.fakes import NOON
from tests.feishu_client import Client

Json = dict[str, Any]
MESSAGES = "/im/v1/messages"
HI = {"text": "hi"}


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice", email="alice@example.com")


@pytest.fixture
def group(feishu: FeishuStandIn, alice: Human) -> Chat:
    return feishu.tenant.add_group("ops", alice)


def body_of(receive_id: str, content: Any = HI, msg_type: str = "text", **more: Any) -> Json:
    return {"receive_id": receive_id, "msg_type": msg_type, "content": json.dumps(content), **more}


def said_by(feishu: FeishuStandIn, human: Human, text: str, chat: Chat | None = None) -> str:
    return str(feishu.message(human, text, chat=chat).body["message"]["message_id"])


def test_a_message_to_a_person_lands_in_their_private_chat(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    data = client.send(alice, HI, uuid="alert-42").json()["data"]

    [sent] = feishu.tenant.sent
    assert data["chat_id"] == sent.chat_id == feishu.tenant.private_chat(alice).chat_id
    assert data["message_id"] == sent.message_id
    assert (sent.receiver, sent.msg_type, sent.content, sent.uuid, sent.reply_to, sent.at) == (
        alice.open_id,
        "text",
        HI,
        "alert-42",
        "",
        NOON,
    )
    assert data["create_time"] == str(int(NOON.timestamp() * 1000))
    assert json.loads(data["body"]["content"]) == HI
    assert data["sender"]["id_type"] == "app_id"


@pytest.mark.parametrize("id_type", ["open_id", "user_id", "union_id", "email", "chat_id"])
def test_a_person_is_reached_by_each_kind_of_id(
    client: Client, feishu: FeishuStandIn, alice: Human, id_type: str
) -> None:
    chat = feishu.tenant.private_chat(alice)
    ids = {"chat_id": chat.chat_id} | {kind: getattr(alice, kind, "") for kind in ("open_id", "user_id")}
    ids |= {"union_id": alice.union_id, "email": alice.email}

    assert client.code("POST", MESSAGES, body_of(ids[id_type]), receive_id_type=id_type) == 0
    assert feishu.tenant.sent[0].chat_id == chat.chat_id


@pytest.mark.parametrize("query", [{}, {"receive_id_type": "thread_id"}, {"receive_id_type": ""}])
def test_an_unknown_kind_of_id_is_refused(client: Client, alice: Human, query: dict[str, str]) -> None:
    assert client.code("POST", MESSAGES, body_of(alice.open_id), **query) == 99992402


@pytest.mark.parametrize(
    ("id_type", "value", "code"),
    [
        ("open_id", "ou_nobody", 99992351),
        ("open_id", "ou_of_another_app", 99992361),
        ("user_id", "nobody", 230034),
        ("email", "nobody@example.com", 230034),
        ("chat_id", "oc_nowhere", 230034),
        ("chat_id", "ou_nobody", 230034),
    ],
)
def test_an_id_that_leads_nowhere_is_refused_by_its_kind(
    client: Client, feishu: FeishuStandIn, id_type: str, value: str, code: int
) -> None:
    feishu.tenant.foreign_open_ids.add("ou_of_another_app")

    assert client.code("POST", MESSAGES, body_of(value), receive_id_type=id_type) == code
    assert feishu.tenant.sent == []


def test_the_bot_speaks_only_in_groups_it_is_in(client: Client, feishu: FeishuStandIn, group: Chat) -> None:
    group.bot_inside = False
    assert client.code("POST", MESSAGES, body_of(group.chat_id), receive_id_type="chat_id") == 230002

    group.bot_inside = True
    assert client.code("POST", MESSAGES, body_of(group.chat_id), receive_id_type="chat_id") == 0
    assert len(feishu.tenant.sent) == 1


def test_a_dissolved_group_is_refused(client: Client, group: Chat) -> None:
    group.dissolved = True

    assert client.code("POST", MESSAGES, body_of(group.chat_id), receive_id_type="chat_id") == 232009


def test_a_person_out_of_range_is_refused(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.unreachable.add(alice.open_id)

    assert client.send(alice, HI).json()["code"] == 230013


def test_a_person_who_stopped_the_bot_is_refused(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.stopped.add(alice.open_id)

    assert client.send(alice, HI).json()["code"] == 230053


def test_a_person_who_stopped_the_bot_still_reads_the_group(
    client: Client, feishu: FeishuStandIn, alice: Human, group: Chat
) -> None:
    feishu.tenant.stopped.add(alice.open_id)

    assert client.code("POST", MESSAGES, body_of(group.chat_id), receive_id_type="chat_id") == 0


def test_a_person_of_another_company_is_refused(client: Client, feishu: FeishuStandIn) -> None:
    guest = feishu.tenant.add_human("Guest", tenant_key="another")

    assert client.send(guest, HI).json()["code"] == 230038


@pytest.mark.parametrize(
    ("msg_type", "content", "code"),
    [
        ("text", "{", 230001),
        ("text", "[]", 230001),
        ("text", '{"text":""}', 230001),
        ("text", '{"words":"hi"}', 230001),
        ("image", '{"text":"hi"}', 230001),
        ("carrier_pigeon", '{"text":"hi"}', 230001),
        ("post", '{"title":"t","content":[[]]}', 230001),
        ("post", '{"zh_cn":{"title":"t","content":[[{"tag":"marquee"}]]}}', 230001),
        ("interactive", "{", 230099),
        ("interactive", '{"schema":"2.0","body":{"elements":[{"tag":"note"}]}}', 230099),
    ],
)
def test_content_that_its_type_does_not_have_is_refused(
    client: Client, feishu: FeishuStandIn, alice: Human, msg_type: str, content: str, code: int
) -> None:
    body = {"receive_id": alice.open_id, "msg_type": msg_type, "content": content}

    assert client.code("POST", MESSAGES, body, receive_id_type="open_id") == code
    assert feishu.tenant.sent == []


def test_a_post_wrapped_in_its_locale_is_taken(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    post = {
        "zh_cn": {"title": "库存", "content": [[{"tag": "text", "text": "H100: "}, {"tag": "md", "text": "**8**"}]]}
    }

    assert client.send(alice, post, "post").json()["code"] == 0
    assert feishu.tenant.sent[0].text == "库存\nH100: \n**8**"


def test_a_rejected_card_says_where_and_why_in_the_platforms_own_form(client: Client, alice: Human) -> None:
    chart = {"schema": "2.0", "body": {"elements": [{"tag": "hr"}, {"tag": "chart", "chart_spec": 1}]}}

    answer = client.send(alice, chart, "interactive")

    assert answer.status_code == 400
    assert answer.json()["msg"] == (
        "Failed to create card content, ext=ErrCode: 200550; "
        "ErrPath: ROOT -> body -> elements -> [1](tag: chart); ErrMsg: chart spec is invalid; ErrorValue: 1; "
    )


@pytest.mark.parametrize(("msg_type", "limit"), [("text", 150 * 1024), ("post", 30 * 1024), ("interactive", 30 * 1024)])
def test_a_request_over_its_types_size_is_refused_and_one_below_is_not(
    client: Client, alice: Human, msg_type: str, limit: int
) -> None:
    def padded(size: int) -> Json:
        words = "x" * size
        post = {"zh_cn": {"title": "", "content": [[{"tag": "text", "text": words}]]}}
        card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": words}]}}
        contents: dict[str, Json] = {"text": {"text": words}, "post": post, "interactive": card}
        return contents[msg_type]

    assert client.send(alice, padded(limit - 500), msg_type).json()["code"] == 0
    assert client.send(alice, padded(limit), msg_type).json()["code"] == 230025
