"""The custom bot of a group, over real HTTP against the stand-in: what is said there, and what each refusal means."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bot.feishu.hook import MOST_BYTES, HookCourier, signature
from suanli.clock import Clock
from suanli.domain.answer import (
    Answer,
    At,
    Button,
    Buttons,
    Column,
    Form,
    Input,
    Paragraph,
    Table,
    Tone,
    line,
    note,
    run_button,
)
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import CardRejected, Parcel, PlatformBusy, uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from suanli.sandbox.feishu import FeishuStandIn
from suanli.sandbox.feishu.record import Hook
from suanli.sandbox.server import LoopbackServer, reset_connection
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from tests.contract.courier_kit import SHANGHAI
from tests.fakes import NOON, FakeClock

HOOK_PATH = "/bot/v2/hook/"
CARD = Answer(Lang.ZH, (line("97 张空闲"),), "GPU 库存", Tone.BAD)
PARCEL = Parcel(
    id=1,
    key="fallback:low",
    uuid=uuid_of("fallback:low"),
    target=Target(Platform.FEISHU_HOOK, TargetKind.HOOK, "fallback"),
    answer=CARD,
    reply_to=None,
    attempts=1,
    as_text=False,
    created_at=NOON,
    first_tried_at=NOON,
    owner="me",
    alert=True,
)


@pytest.fixture
def hook(feishu: FeishuStandIn) -> Hook:
    return feishu.tenant.add_hook(feishu.tenant.add_group("ops"))


def courier_to(feishu: FeishuStandIn, hook: Hook, clock: Clock, *, secret: str = "") -> HookCourier:
    endpoint = Endpoint("the group's webhook", feishu.url + hook.path, "FALLBACK_URL", secret_path=True)
    return HookCourier(Http(endpoint, clock=clock).tell, secret=secret, clock=clock, zone=SHANGHAI)


def answering(answer: Mapping[str, Any]) -> HookCourier:
    return HookCourier(lambda _: answer, secret="", clock=FakeClock(), zone=SHANGHAI)


def refusal_of(courier: HookCourier, parcel: Parcel = PARCEL) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        courier.send(parcel)
    return caught.value


def words(answer: Answer, *, as_text: bool = False) -> str:
    said: list[Mapping[str, Any]] = []

    def post(body: Mapping[str, Any]) -> Mapping[str, Any]:
        said.append(body)
        return {"code": 0}

    courier = HookCourier(post, secret="", clock=FakeClock(), zone=SHANGHAI)
    courier.send(replace(PARCEL, answer=answer, as_text=as_text))
    return json.dumps(said[0], ensure_ascii=False)


def test_a_card_is_said_in_the_group_and_has_no_id(feishu: FeishuStandIn, hook: Hook, clock: FakeClock) -> None:
    assert courier_to(feishu, hook, clock).send(PARCEL) is None
    [said] = hook.messages
    assert said.msg_type == "interactive"
    assert said.content["header"]["title"]["content"] == "GPU 库存"
    assert "97 张空闲" in said.text


@pytest.mark.parametrize(
    ("parcel", "text"),
    [
        (replace(PARCEL, as_text=True), "GPU 库存\n\n97 张空闲"),
        (replace(PARCEL, answer=replace(CARD, title="")), "97 张空闲"),
    ],
    ids=["a refused card", "an answer without a title"],
)
def test_what_is_no_card_is_said_as_text(
    feishu: FeishuStandIn, hook: Hook, clock: FakeClock, parcel: Parcel, text: str
) -> None:
    courier_to(feishu, hook, clock).send(parcel)
    assert [(said.msg_type, said.text) for said in hook.messages] == [("text", text)]


def test_a_signature_is_that_of_the_platforms_own_example() -> None:
    now = NOON + timedelta(seconds=1599360473.9 - NOON.timestamp())
    expected = {"timestamp": "1599360473", "sign": "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="}
    assert signature(now, "demo") == expected


def test_a_bot_with_a_secret_hears_who_knows_it_and_gives_up_the_others(
    feishu: FeishuStandIn, clock: FakeClock
) -> None:
    hook = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), secret="s3cret")
    courier_to(feishu, hook, clock, secret="s3cret").send(PARCEL)
    assert len(hook.messages) == 1
    for wrong in ("", "other"):
        error = refusal_of(courier_to(feishu, hook, clock, secret=wrong))
        assert (type(error), error.permanent, error.code) == (RemoteError, True, 19021)
        assert "secret" in str(error)
        assert "clock" in str(error)
    assert len(hook.messages) == 1


def test_a_clock_that_is_far_off_is_refused_with_a_word_about_it(feishu: FeishuStandIn, clock: FakeClock) -> None:
    hook = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), secret="s3cret")
    error = refusal_of(courier_to(feishu, hook, FakeClock(NOON + timedelta(hours=2)), secret="s3cret"))
    assert (error.permanent, error.code) == (True, 19021)
    courier_to(feishu, hook, clock, secret="s3cret").send(PARCEL)


def test_a_missing_keyword_and_an_unknown_address_are_told_with_what_to_set_right(
    feishu: FeishuStandIn, hook: Hook, clock: FakeClock
) -> None:
    strict = feishu.tenant.add_hook(hook.chat, keywords=("采购",))
    error = refusal_of(courier_to(feishu, strict, clock))
    assert (error.permanent, error.code) == (True, 19024)
    assert "keywords" in str(error)
    error = refusal_of(courier_to(feishu, Hook("nobody-gave-this-out", hook.chat), clock))
    assert (error.permanent, error.code) == (True, 19001)
    assert "address" in str(error)


def test_the_sixth_message_of_a_second_makes_the_hook_rest(feishu: FeishuStandIn, hook: Hook, clock: FakeClock) -> None:
    courier = courier_to(feishu, hook, clock)
    for _ in range(5):
        courier.send(PARCEL)
    error = refusal_of(courier)
    assert (type(error), error.code, error.retry_after) == (PlatformBusy, 11232, timedelta(seconds=5))


def test_a_rejected_card_is_told_apart_from_its_words() -> None:
    error = refusal_of(answering({"code": 230099, "msg": "Failed to create card content, ext=ErrCode: 11310; "}))
    assert (type(error), error.permanent, error.code) == (CardRejected, True, 230099)
    assert "ErrCode: 11310" in str(error)


def test_trouble_that_may_pass_is_told_once_and_without_the_address(clock: FakeClock) -> None:
    heard: list[bytes] = []

    def fail(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        heard.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        if len(heard) == 1:  # it was said, and the answer is lost
            reset_connection(environ)
        start("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<html>busy</html>"]

    with LoopbackServer(fail) as server:
        url = f"{server.url}/open-apis{HOOK_PATH}4f3c-very-secret"
        endpoint = Endpoint("the group's webhook", url, "FALLBACK_URL", secret_path=True)
        courier = HookCourier(Http(endpoint, clock=clock).tell, secret="", clock=clock, zone=SHANGHAI)
        errors = [refusal_of(courier), refusal_of(courier)]
    assert [(error.permanent, error.code) for error in errors] == [(False, None), (False, 502)]
    assert len(heard) == 2
    for error in errors:
        assert "very-secret" not in f"{error} {error!r} {vars(error)}"
        assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    "answer",
    [{"code": 0}, {"StatusCode": 0, "StatusMessage": "success"}, {"StatusCode": 0, "code": 0, "msg": "success"}],
)
def test_both_forms_of_success_are_known(answer: dict[str, Any]) -> None:
    assert answering(answer).send(PARCEL) is None


@pytest.mark.parametrize(
    ("answer", "code", "permanent"),
    [
        ({"code": 19022, "msg": "Ip Not Allowed"}, 19022, True),
        ({"StatusCode": 19024, "StatusMessage": "no"}, 19024, True),
        ({"StatusCode": 0, "code": 19021}, 19021, True),
        ({"StatusCode": 19021, "code": 0}, 19021, True),
        ({"code": 99, "msg": "something new"}, 99, False),
        ({}, None, False),
        ({"code": "0"}, None, False),
        ({"code": None}, None, False),
    ],
)
def test_the_code_in_the_body_decides(answer: dict[str, Any], code: int | None, *, permanent: bool) -> None:
    error = refusal_of(answering(answer))
    assert (type(error), error.code, error.permanent) == (RemoteError, code, permanent)


def test_a_bad_request_goes_as_text_first() -> None:
    error = refusal_of(answering({"code": 9499, "msg": "Bad Request"}))
    assert (type(error), error.permanent) == (CardRejected, True)
    assert "Bad Request" in str(error)


def test_curly_words_of_the_platform_are_quoted_as_they_are() -> None:
    assert "{x} {" in str(refusal_of(answering({"code": 19021, "msg": "{x} {"})))


def test_nothing_said_there_can_be_redrawn() -> None:
    with pytest.raises(RemoteError) as caught:
        answering({"code": 0}).redraw(MessageId("om_1"), CARD)
    assert caught.value.permanent


def test_buttons_and_forms_become_lines_to_type(feishu: FeishuStandIn, hook: Hook, clock: FakeClock) -> None:
    order = Button("已下单", {"run": "stock po 4090", "fields": "quantity"})
    blocks = (
        line("还剩 3 张"),
        Buttons((run_button("认领", "/stock ack 4090"), run_button("静音 1 天", "/stock mute 4090 1d"))),
        Form("po", (Input("quantity", "数量", "number", required=True),), (order,)),
        note("脚注"),
    )
    courier_to(feishu, hook, clock).send(replace(PARCEL, answer=replace(CARD, blocks=blocks)))
    [said] = hook.messages
    card = json.dumps(said.content, ensure_ascii=False)
    assert not any(tag in card for tag in ('"button"', '"form"', '"input"', '"callback"'))
    shown = words(replace(CARD, blocks=blocks), as_text=True)
    at = [shown.index(part) for part in ("还剩 3 张", "请把命令发给", "认领：/stock ack 4090", "静音 1 天", "脚注")]
    assert at == sorted(at)
    assert "stock po 4090" in shown
    assert shown.count("请把命令发给机器人") == 1


@pytest.mark.parametrize(
    "block",
    [
        Paragraph(("库存不足 " * 20_000,)),
        Paragraph(("\n".join(f'第 {n} 行 "<b>*' for n in range(5000)),)),
        Table((Column("型号"), Column("空闲", number=True)), tuple((f"型号 {n}", str(n)) for n in range(3000))),
        Buttons(tuple(run_button(f"看 {n}", f"/stock {n}") for n in range(2000))),
    ],
    ids=["one line", "lines", "table", "buttons"],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_too_long_is_cut_to_what_the_platform_takes(
    feishu: FeishuStandIn, hook: Hook, clock: FakeClock, block: Paragraph | Table | Buttons, *, as_text: bool
) -> None:
    answer = replace(CARD, blocks=(line("首行"), block))
    courier_to(feishu, hook, clock).send(replace(PARCEL, answer=answer, as_text=as_text))
    [said] = hook.messages
    assert "首行" in said.text
    assert len(json.dumps(said.content, ensure_ascii=False).encode()) <= MOST_BYTES
    assert MOST_BYTES < 20 * 1024


def test_only_a_persons_own_id_is_mentioned() -> None:
    assert "<at id=ou_1></at>" in words(replace(CARD, blocks=(line("原收件人：", At("ou_1")),)))
    assert "<at" not in words(replace(CARD, blocks=(line(At("all")),)))
    assert "<at" not in words(replace(CARD, blocks=(line(At("ou_1")),)), as_text=True)
