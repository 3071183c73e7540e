"""Forms that people fill in at the stand-in, and cards that change under their eyes."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.feishu.events import read
from suanli.domain.answer import Answer, Button, Form, Input
from suanli.domain.chat import Click
from suanli.i18n import Lang
from suanli.sandbox.feishu import FeishuStandIn, Human
from suanli.sandbox.feishu.reading import CardField, buttons_of, words_of
from suanli.sandbox.server import LoopbackServer
from tests.fakes import FakeClock
from tests.feishu_client import Client
from tests.unit.test_feishu_cards import CARDS, card_of
from tests.unit.test_sandbox_feishu_wire import Webhook

Json = dict[str, Any]

ORDER = Form(
    "po",
    (Input("n", "数量", "number", required=True), Input("day", "到货日期", "date"), Input("why", "备注")),
    (Button("已下单", {"run": "/stock po 4090", "fields": "n day"}), Button("取消", {"run": "/stock no"})),
)
TWICE = Answer(Lang.ZH, (ORDER, ORDER), "采购")


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
def feishu(clock: FakeClock, webhook: Webhook) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as feishu, LoopbackServer(webhook.app) as server:
        feishu.connect(f"{server.url}/feishu")
        yield feishu


def sent(client: Client, human: Human, answer: Answer) -> str:
    return str(client.send(human, card_of(answer), "interactive").json()["data"]["message_id"])


@pytest.fixture
def card_id(client: Client, alice: Human) -> str:
    return sent(client, alice, Answer(Lang.ZH, (ORDER,), "采购"))


def action(webhook: Webhook) -> Json:
    acted: Json = webhook.got[-1].payload["event"]["action"]
    return acted


def test_a_form_is_sent_with_the_button_its_fields_and_the_time_zone(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    feishu.submit(alice, card_id, "已下单", {"数量": "50", "到货日期": "2026-12-10"})

    assert action(webhook) == {
        "value": {"run": "/stock po 4090", "fields": "n day"},
        "tag": "button",
        "timezone": "Asia/Shanghai",
        "name": "po_send",
        "form_value": {"n": "50", "day": "2026-12-10 +0800", "why": ""},
    }


def test_the_bot_reads_what_was_filled_in(feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str) -> None:
    feishu.submit(alice, card_id, "已下单", {"数量": "50", "到货日期": "2026-12-10"})

    click = read(webhook.got[0].payload, None)
    assert isinstance(click, Click)
    assert click.form == {"n": "50", "day": "2026-12-10"}
    assert [click.form[name] for name in click.value["fields"].split()] == ["50", "2026-12-10"]


def test_of_two_forms_alike_each_sends_its_own(
    client: Client, feishu: FeishuStandIn, webhook: Webhook, alice: Human
) -> None:
    card_id = sent(client, alice, TWICE)
    feishu.submit(alice, card_id, "已下单", {"数量": "7", "到货日期": "2026-12-10"}, which=1)

    click = read(webhook.got[0].payload, None)
    assert isinstance(click, Click)
    assert [click.form[name] for name in click.value["fields"].split()] == ["7", "2026-12-10"]
    assert "n" not in click.form


@pytest.mark.parametrize("answers", [{}, {"数量": ""}, {"到货日期": "2026-12-10"}])
def test_a_required_field_that_is_empty_is_refused_without_asking_the_app(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str, answers: dict[str, str]
) -> None:
    clicked = feishu.submit(alice, card_id, "已下单", answers)

    assert (clicked.answer, clicked.toast) == (None, {"type": "error", "content": "有必填项未填写"})
    assert webhook.got == []


def test_a_button_in_a_form_that_nobody_filled_in_is_refused_too(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    assert feishu.press(alice, card_id, "取消").answer is None
    assert webhook.got == []


def test_a_text_longer_than_its_field_is_refused_without_asking_the_app(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    assert feishu.submit(alice, card_id, "已下单", {"数量": "9" * 21}).answer is None
    assert feishu.submit(alice, card_id, "已下单", {"数量": "9" * 20}).answer is not None
    assert len(webhook.got) == 1


@pytest.mark.parametrize(
    ("label", "answers", "problem"),
    [
        ("已下单", {"数目": "1"}, "数目"),
        ("已下单", {"数量": "1", "到货日期": "2026-02-30"}, "day"),
        ("没有", {}, "没有"),
    ],
)
def test_what_no_person_could_do_is_an_error_of_the_test(
    feishu: FeishuStandIn, alice: Human, card_id: str, label: str, answers: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        feishu.submit(alice, card_id, label, answers)


def test_a_button_in_no_form_sends_none(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    card_id = sent(client, alice, CARDS["stock"])
    with pytest.raises(ValueError, match="no form"):
        feishu.submit(alice, card_id, "刷新", {})


def test_a_field_is_known_by_its_label_or_by_what_stands_before_it() -> None:
    first, _ = buttons_of(card_of(CARDS["purchase"]))
    assert first.form == (
        CardField("数量", "quantity_12", "input", required=True, longest=20),
        CardField("到货日期", "eta_12", "date_picker"),
        CardField("备注", "note_12", "input"),
    )


def test_a_person_reads_the_title_of_a_chart_and_the_labels_of_a_form() -> None:
    read_ = words_of("interactive", card_of(CARDS["purchase"])).split("\n")
    assert read_[:3] == ["采购 4090", "空闲 <4090>", "数量"]
    assert {"到货日期", "备注", "已下单", "撤销"} <= set(read_)


def test_an_updated_card_shows_its_new_words_and_buttons(client: Client, feishu: FeishuStandIn, card_id: str) -> None:
    shown = feishu.tenant.messages[card_id].text
    code = client.code("PATCH", f"/im/v1/messages/{card_id}", {"content": json.dumps(card_of(CARDS["stock"]))})

    assert code == 0
    assert "已下单" in shown
    assert "已下单" not in feishu.wait_for_words(card_id, "GPU 库存", "刷新", timeout=0)


def test_an_update_is_waited_for(client: Client, feishu: FeishuStandIn, card_id: str) -> None:
    content = {"content": json.dumps(card_of(CARDS["alert"]))}
    later = threading.Thread(target=client.code, args=("PATCH", f"/im/v1/messages/{card_id}", content))
    later.start()

    assert "当前空闲" in feishu.wait_for_words(card_id, "GPU库存预警")
    later.join()


def test_an_update_that_does_not_come_is_told_with_what_was_waited_for(feishu: FeishuStandIn, card_id: str) -> None:
    with pytest.raises(TimeoutError, match="已到货"):
        feishu.wait_for_words(card_id, "已到货", timeout=0.01)
    with pytest.raises(TimeoutError, match="om_nothing"):
        feishu.wait_for_words("om_nothing", "x", timeout=0.01)


def test_a_number_that_json_does_not_have_is_refused(client: Client, alice: Human) -> None:
    chart = {"tag": "chart", "chart_spec": {"type": "line", "data": {"values": [{"x": "1", "y": float("nan")}]}}}
    answer = client.send(alice, {"schema": "2.0", "body": {"elements": [chart]}}, "interactive").json()

    assert answer["code"] == 230099
    assert "200621" in answer["msg"]
