"""The stand-in of WeLink is as strict as its sheet (welink.md §1.6, §2.4), told by bare HTTP."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from suanli.sandbox.welink import Robot, Switches, WelinkStandIn
from suanli.sandbox.welink.card_rules import flaw_of
from suanli.sandbox.welink.record import Said
from tests.fakes import NOON, FakeClock

Change = Callable[[dict[str, Any]], object]
NOW_MS = int(NOON.timestamp() * 1000)


@pytest.fixture
def welink(clock: FakeClock) -> Iterator[WelinkStandIn]:
    with WelinkStandIn(clock) as stand_in:
        yield stand_in


@pytest.fixture
def robot(welink: WelinkStandIn) -> Robot:
    return welink.add_robot()


def message(n: int = 0) -> dict[str, Any]:
    return {
        "messageType": "text",
        "content": {"text": "@li.lei@0123456789 disk 95% on db-2"},
        "timeStamp": NOW_MS,
        "uuid": f"{n:032x}",
        "isAt": True,
        "isAtAll": False,
        "atAccounts": ["li.lei@0123456789"],
    }


def post(welink: WelinkStandIn, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    try:
        with urlopen(Request(welink.url + path, content, sent), timeout=5) as answer:  # noqa: S310 loopback
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_message_as_the_sheet_has_it_is_said(welink: WelinkStandIn, robot: Robot) -> None:
    assert post(welink, robot.path, message()) == (200, {"code": "0", "data": "success", "message": "ok"})
    [said] = robot.said
    assert said.highlighted == ("li.lei@0123456789",)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("messageType"),
        lambda body: body.update(messageType="markdown"),
        lambda body: body.update(context=body.pop("content")),
        lambda body: body.update(content="text"),
        lambda body: body["content"].update(text=""),
        lambda body: body["content"].update(text="x" * 501),
        lambda body: body["content"].update(text="😀" * 251),
        lambda body: body["content"].update(text=5),
        lambda body: body.update(timeStamp=NOW_MS // 1000),
        lambda body: body.update(timeStamp=str(NOW_MS)),
        lambda body: body.update(timeStamp=True),
        lambda body: body.update(timeStamp=NOW_MS + 600_001),
        lambda body: body.update(timestamp=body.pop("timeStamp")),
        lambda body: body.pop("uuid"),
        lambda body: body.update(uuid=""),
        lambda body: body.pop("atAccounts"),
        lambda body: body.update(atAccounts=[]),
        lambda body: body.update(atAccounts=["x"] * 11),
        lambda body: body.update(atAccounts="li.lei"),
        lambda body: body.update(isAt="true"),
    ],
)
def test_a_message_that_is_not_as_the_sheet_has_it_is_refused(
    welink: WelinkStandIn, robot: Robot, change: Change
) -> None:
    body = message()
    change(body)
    status, answer = post(welink, robot.path, body)
    assert (status, answer["code"], robot.said) == (200, "58601", [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_object_is_refused(welink: WelinkStandIn, robot: Robot, body: bytes) -> None:
    assert post(welink, robot.path, body)[1]["code"] == "58601"


def test_the_address_is_checked_before_the_message(welink: WelinkStandIn, robot: Robot) -> None:
    off = welink.add_robot(enabled=False)
    codes = [
        post(welink, path, b"{")[1]["code"]
        for path in (robot.path.replace(robot.token, "x"), off.path, robot.path.replace("standard", "other"))
    ]
    assert codes == ["58404", "58602", "58601"]
    assert post(welink, robot.path, message(), **{"Content-Type": "text/plain"})[1]["code"] == "58601"


def test_a_uuid_is_taken_once_unless_it_is_switched_off(clock: FakeClock) -> None:
    for remembers, second in ((True, "58601"), (False, "0")):
        with WelinkStandIn(clock, Switches(remembers_uuids=remembers)) as welink:
            robot = welink.add_robot()
            codes = [post(welink, robot.path, message())[1]["code"] for _ in range(2)]
        assert codes == ["0", second]


@pytest.mark.parametrize(
    ("switches", "status", "code"), [(Switches(), 429, "429"), (Switches(503, throttled=58500), 503, "58500")]
)
def test_the_thirty_first_message_silences_a_robot_for_a_minute(
    clock: FakeClock, switches: Switches, status: int, code: str
) -> None:
    with WelinkStandIn(clock, switches) as welink:
        robot = welink.add_robot()
        for n in range(30):
            assert post(welink, robot.path, message(n))[1]["code"] == "0"
        refused, answer = post(welink, robot.path, message(30))
        assert (refused, answer["code"]) == (status, code)
        clock.advance(timedelta(seconds=59))
        assert post(welink, robot.path, message(31))[1]["code"] == code
        clock.advance(timedelta(seconds=1))
        assert post(welink, robot.path, message(32))[1]["code"] == "0"


def test_a_login_needs_both_and_five_wrong_ones_lock(welink: WelinkStandIn) -> None:
    right = {"client_id": welink.app.client_id, "client_secret": welink.app.client_secret}

    def code(**change: str) -> str:
        return str(post(welink, "/api/auth/v2/tickets", right | change)[1]["code"])

    assert [code(client_id=""), code(client_secret=""), code()] == ["41579", "41580", "0"]
    assert [code(client_secret="wrong") for _ in range(6)] == ["10007"] * 5 + ["41403"]
    assert code() == "41403"


def test_a_card_needs_the_bare_token(welink: WelinkStandIn) -> None:
    right = {"client_id": welink.app.client_id, "client_secret": welink.app.client_secret}
    token = post(welink, "/api/auth/v2/tickets", right)[1]["access_token"]
    welink.app.followers.add("li@1")
    card = {"toUserList": ["li@1", "no@1"], "msgOwner": "o", "msgTitle": "t", "msgContent": "c"}

    def send(name: str, value: str) -> dict[str, Any]:
        return post(welink, "/api/messages/v2/card/common", card, **{name: value})[1]

    assert send("x-wlk-Authorization", f"Bearer {token}")["code"] == "47101"
    assert send("Authorization", token)["code"] == "47101"
    answer = send("x-wlk-Authorization", token)
    assert (answer["code"], answer["failedUserId"]) == ("51019", ["no@1"])
    assert [each.to for each in welink.app.cards] == ["li@1"]


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({}, ""),
        ({"msgOwner": "算力机器人！"}, ""),
        ({"msgOwner": "算力机器人！x"}, "msgOwner"),
        ({"msgTitle": "x" * 129}, "msgTitle"),
        ({"msgContent": "长" * 171}, "msgContent"),
        ({"msgContent": '{"CN":"a","EN":"b"}'}, ""),
        ({"msgContent": '{"CN":"a"}'}, "msgContent"),
        ({"msgTitle": ""}, "msgTitle"),
        ({"urlPath": "https://x"}, "urlType"),
        ({"isForceTips": True}, "isForceTips"),
    ],
)
def test_a_plain_card_is_checked(change: dict[str, Any], flaw: str) -> None:
    assert flaw_of("common", {"msgOwner": "o", "msgTitle": "t", "msgContent": "c", **change}) == flaw


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({}, ""),
        ({"contentList": [{"key": "k", "value": "v"}] * 6}, "contentList"),
        ({"contentList": [{"key": "k", "value": "x" * 257}]}, "contentList"),
        ({"urlPath": ""}, "urlPath"),
        ({"btnType": "horizontal", "btnList": [{}] * 3}, "btnList"),
        ({"btnType": "vertical", "btnList": [{"btnTitle": "b"}]}, "btnUrl"),
        ({"btnType": "vertical", "btnList": [{"btnTitle": ""}]}, "btnTitle"),
        ({"btnList": [{"btnTitle": "b", "btnUrl": "https://x", "urlType": "html"}]}, "btnList"),
        ({"btnType": "vertical", "btnList": [{"btnTitle": "b", "btnUrl": "https://x", "urlType": "html"}]}, ""),
    ],
)
def test_a_card_with_buttons_is_checked(change: dict[str, Any], flaw: str) -> None:
    card = {"msgTitle": "t", "contentList": [{"key": "k", "value": "v"}], "urlPath": "https://x", "urlType": "html"}
    assert flaw_of("wecode", card | change) == flaw


@pytest.mark.parametrize("text", ["@all", "x@ALL y", "@所有人"])
def test_everybody_is_highlighted_wherever_the_text_says_so(text: str) -> None:
    assert Said(text, "u", NOON).highlighted == ("all",)


def userid(welink: WelinkStandIn, code: str, token: str) -> dict[str, Any]:
    address = f"{welink.url}/api/auth/v2/userid?code={code}"
    request = Request(address, headers={"x-wlk-Authorization": token})  # noqa: S310 loopback
    with urlopen(request, timeout=5) as answer:  # noqa: S310 loopback
        said: dict[str, Any] = json.load(answer)
    return said


def test_a_code_says_whose_it_is_to_the_app_and_only_once(welink: WelinkStandIn) -> None:
    app = welink.app
    login = {"client_id": app.client_id, "client_secret": app.client_secret}
    token = post(welink, "/api/auth/v2/tickets", login)[1]["access_token"]
    code = app.give_code("li.lei@0123456789")
    assert userid(welink, code, "another")["code"] == "47101"
    whole = {"code": "0", "message": "ok", "userId": "li.lei@0123456789", "tenantId": "0123456789"}
    assert userid(welink, code, token) == whole
    assert userid(welink, code, token)["code"] == userid(welink, "", token)["code"] == "41503"
