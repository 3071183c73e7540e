"""Answers that no platform should give, from a server that says what it is told: the courier believes none of them."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from bot.feishu.courier import FeishuCourier
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import PlatformBusy
from suanli.domain.errors import RemoteError
from suanli.sandbox.server import LoopbackServer
from tests.contract.courier_kit import SHANGHAI, parcel_to, refusal_of
from tests.fakes import FakeClock

GOOD_TOKEN = json.dumps({"code": 0, "msg": "ok", "tenant_access_token": "t-1", "expire": 7200})
ALICE = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_alice")


def serving(answer: str, status: str = "200 OK", *, token: str = GOOD_TOKEN) -> LoopbackServer:
    """A server that gives `token` to who asks for one, and `answer` to everything else."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        for_token = environ["PATH_INFO"].startswith("/open-apis/auth/")
        start("200 OK" if for_token else status, [("Content-Type", "text/html")])
        return [(token if for_token else answer).encode()]

    return LoopbackServer(app)


def courier_at(url: str) -> FeishuCourier:
    return FeishuCourier(app_id="cli_1", app_secret="s", base_url=f"{url}/", clock=FakeClock(), zone=SHANGHAI)


def refusal(answer: str, status: str = "200 OK", *, token: str = GOOD_TOKEN) -> RemoteError:
    with serving(answer, status, token=token) as server:
        return refusal_of(courier_at(server.url), parcel_to(ALICE))


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "503 Service Unavailable"])
@pytest.mark.parametrize("answer", ["", "<html>busy</html>", "[]", "null", "{}", '{"code":"0"}', "\x00\ufffd", "{"])
def test_an_answer_without_a_code_is_a_passing_failure(answer: str, status: str) -> None:
    error = refusal(answer, status)
    assert (type(error), error.permanent, error.code) == (RemoteError, False, None)
    assert f"HTTP {status[:3]}" in str(error)


def test_a_gateway_that_is_too_busy_for_json_is_given_a_rest() -> None:
    error = refusal("<html>slow down</html>", "429 Too Many Requests")
    assert isinstance(error, PlatformBusy)
    assert error.retry_after == timedelta(seconds=5)


def test_a_code_counts_whatever_the_status_is() -> None:
    assert refusal('{"code":230002,"msg":"out"}', "200 OK").permanent
    assert refusal('{"code":230002,"msg":"out"}', "500 Internal Server Error").permanent


@pytest.mark.parametrize("answer", ['{"code":0}', '{"code":0,"data":null}', '{"code":0,"data":{"message_id":7}}'])
def test_code_0_means_sent_whatever_else_is_missing(answer: str) -> None:
    with serving(answer) as server:
        assert courier_at(server.url).send(parcel_to(ALICE)) is None


@pytest.mark.parametrize(
    "token",
    [
        "<html></html>",
        '{"code":0}',
        '{"code":0,"tenant_access_token":"t-1"}',
        '{"code":0,"tenant_access_token":"t-\\u4e00","expire":7200}',
        '{"code":0,"tenant_access_token":"t-1\\r\\nX: y","expire":7200}',
        '{"code":0,"tenant_access_token":"","expire":7200}',
    ],
)
def test_no_usable_token_is_a_passing_failure(token: str) -> None:
    error = refusal('{"code":0}', token=token)
    assert (type(error), error.permanent) == (RemoteError, False)


@pytest.mark.parametrize("code", [10003, 10012, 10014, 10015])
def test_a_refusal_of_a_token_comes_with_status_200_and_without_an_end(code: int) -> None:
    error = refusal('{"code":0}', token=f'{{"code":{code},"msg":"no"}}')
    assert (error.code, error.permanent) == (code, code != 10012)
    assert "FEISHU_APP_ID" in str(error)


@pytest.mark.parametrize("answer", ['{"code":0}', '{"code":0,"bot":{}}', '{"code":0,"bot":{"open_id":1}}'])
def test_nonsense_about_the_bot_is_no_bot(answer: str) -> None:
    with serving(answer) as server, pytest.raises(RemoteError, match="about the bot"):
        courier_at(server.url).bot_info()


def test_a_bot_that_is_not_switched_on_is_known_to_be_so() -> None:
    answer = '{"code":0,"bot":{"open_id":"ou_bot","app_name":"bot","activate_status":1}}'
    with serving(answer) as server:
        assert not courier_at(server.url).bot_info().active


@pytest.mark.parametrize("answer", ['{"code":0}', '{"code":0,"data":{"items":[{"command":"stock"}]}}'])
def test_nonsense_about_slash_commands_changes_nothing(answer: str) -> None:
    with serving(answer) as server, pytest.raises(RemoteError, match="slash commands"):
        courier_at(server.url).sync_commands([])
