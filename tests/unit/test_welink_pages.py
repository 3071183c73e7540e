"""What is done from a WeLink page: only what its card offers, by whoever is there, once; to look changes nothing."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from bot.welink.pages.links import LIFE, OPEN_FOR, PATH
from storage.store import SqlStore
from suanli.domain.audit import Outcome
from suanli.domain.chat import Platform
from suanli.i18n import Lang
from tests.fakes import FakeClock
from tests.welink import LI_LEI
from tests.welink_pages import HAN, LINKS, ORIGIN, Desk, link_of, read

FORM = {"q_1": "50", "d_1": "2026-12-31"}


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    return Desk(sqlite_store, clock)


def test_to_open_the_page_changes_nothing_however_often_and_asks_for_nobody(desk: Desk) -> None:
    for _ in range(3):
        answer = desk.get(link_of(), b="0")
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert desk.client.head(PATH, query_string={"c": link_of()}).status_code == 200
    assert (desk.state(), desk.visitors.asked) == ((0, 0, 0), 0)


def test_the_page_is_kept_nowhere_and_shown_inside_of_nothing(desk: Desk) -> None:
    first, second = desk.get(link_of()), desk.get(link_of())
    for answer in (first, second, desk.get("forged"), desk.post({})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
    (nonce,) = read(first.text).nonces
    assert f"'nonce-{nonce}'" in first.headers["Content-Security-Policy"]
    assert read(second.text).nonces != {nonce}


def test_what_the_page_shows_is_what_it_needs_to_act(desk: Desk) -> None:
    token = read(desk.get(link_of()).text).data["data-token"]
    assert desk.said({"token": token}) == "写下了 甲"


def test_a_button_runs_its_line_for_whoever_is_there(desk: Desk) -> None:
    answer = desk.post({"code": "li0"})
    assert answer.get_json() == {"said": "写下了 甲", "mood": "info", "done": True}
    assert desk.written.lines == [(LI_LEI, "甲")]


def test_a_forms_values_follow_the_line_and_others_do_not(desk: Desk) -> None:
    desk.post({"action": 3, "form": FORM | {"run": "/rule", "fields": "x", "other": "丙"}})
    desk.post({"action": 0, "form": FORM, "code": "li1"})
    assert desk.written.lines == [(LI_LEI, "乙", "50", "2026-12-31"), (LI_LEI, "甲")]


def test_a_button_that_asks_is_answered_by_a_message(desk: Desk) -> None:
    assert "已收到" in desk.said({"action": 1})
    assert desk.state()[2] == 1


def test_a_button_cannot_run_what_buttons_may_not_run(desk: Desk) -> None:
    answer = desk.post({"action": 2}).get_json()
    assert desk.state()[1:] == (0, 0)
    assert answer["said"]


def test_the_same_a_second_time_is_not_done_and_says_so(desk: Desk) -> None:
    desk.post({"action": 3, "form": FORM})
    before = desk.state()
    again = desk.post({"action": 3, "form": FORM, "code": "li1"})
    assert again.status_code == 409
    assert "没有重复执行" in again.get_json()["said"]
    assert "/write 乙" in again.get_json()["said"]
    padded = desk.post({"action": 3, "form": FORM | {"more": "x"}, "code": "li2"})
    assert (padded.status_code, desk.state()) == (409, before)


def test_at_the_same_moment_it_is_done_once(desk: Desk) -> None:
    link = link_of()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: desk.post({"code": f"li{n}"}, link=link), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert desk.written.lines == [(LI_LEI, "甲")]


def test_another_person_other_values_and_another_card_are_something_else(desk: Desk) -> None:
    desk.post({"action": 3, "form": FORM})
    desk.post({"action": 3, "form": FORM, "code": "han0"})
    desk.post({"action": 3, "form": FORM | {"q_1": "60"}, "code": "li1"})
    desk.post({"action": 3, "form": FORM, "code": "li2"}, link=link_of(key="another"))
    assert len(desk.written.lines) == 4


def test_rights_are_those_of_whoever_acts_and_a_refusal_takes_nothing_from_others(desk: Desk) -> None:
    refused = desk.post({"code": "out0"}).get_json()
    assert (refused["mood"], refused["done"]) == ("warning", False)
    assert desk.written.lines == []
    desk.post({"code": "han0"})
    assert desk.written.lines == [(HAN, "甲")]
    with desk.store.begin() as tx:
        assert [entry.outcome for entry in tx.audits.newest(9)] == [Outcome.OK, Outcome.DENIED]


def test_the_toast_is_in_the_language_of_whoever_acts(desk: Desk) -> None:
    with desk.store.begin() as tx:
        tx.chats.choose_lang(Platform.WELINK, LI_LEI, Lang.EN)
    assert "answer" in desk.said({"action": 1})


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": ORIGIN + ".evil.com"},
        {"Origin": ORIGIN.replace("https", "http")},
        {"Origin": ORIGIN + ":8443"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_request_that_another_page_makes_is_refused(desk: Desk, headers: Mapping[str, str | None]) -> None:
    answer = desk.post({}, headers=headers)
    assert answer.status_code == 403
    assert "不是从这一页" in answer.get_json()["said"]
    assert (desk.state(), desk.visitors.asked) == ((0, 0, 0), 0)


def test_a_browser_that_knows_no_fetch_metadata_may_act(desk: Desk) -> None:
    assert desk.post({}, headers={"Sec-Fetch-Site": None}).status_code == 200


@pytest.mark.parametrize("token", ["", "1.2", LINKS.token("another link", FakeClock().now())])
def test_without_the_pages_own_token_nothing_is_done(desk: Desk, token: str) -> None:
    assert desk.post({"token": token}).status_code == 403
    assert (desk.state(), desk.visitors.asked) == ((0, 0, 0), 0)


def test_a_page_that_was_open_for_too_long_is_to_be_opened_again(desk: Desk) -> None:
    token = LINKS.token(link_of(), desk.clock.now())
    desk.clock.advance(OPEN_FOR + timedelta(seconds=1))
    answer = desk.post({"token": token})
    assert (answer.status_code, desk.written.lines) == (403, [])
    assert "重新打开" in answer.get_json()["said"]


def test_after_a_day_a_card_is_past_its_time_and_says_what_to_do(desk: Desk) -> None:
    desk.clock.advance(LIFE)
    shown, done = desk.get(link_of()), desk.post({})
    assert (shown.status_code, done.status_code) == (410, 410)
    for words in (read(shown.text).words, done.get_json()["said"]):
        assert "已经过期" in words
        assert "past its time" in words
    assert desk.state() == (0, 0, 0)


@pytest.mark.parametrize("link", ["", "x", "A" * 100, "中文", link_of()[:-1] + "!"])
def test_an_address_that_is_not_ours_is_refused_both_ways(desk: Desk, link: str) -> None:
    shown, done = desk.get(link), desk.post({}, link=link)
    assert (shown.status_code, done.status_code) == (404, 404)
    assert "This address is wrong" in done.get_json()["said"]
    assert desk.visitors.asked == 0


@pytest.mark.parametrize(
    "body",
    [
        {"action": 4},
        {"action": -1},
        {"action": "0"},
        {"action": 1.5},
        {"action": True},
        {"action": None},
        {"code": None},
        {"code": ""},
        {"code": "a b"},
        {"code": "a\nb"},
        {"code": "x" * 513},
        {"code": ["li0"]},
        {"form": []},
        {"form": {"q_1": 50}},
        {"form": {str(n): "" for n in range(21)}},
        {"run": "/write 丙"},
    ],
)
def test_a_body_that_makes_no_sense_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    answer = desk.post(body)
    assert answer.status_code == 400
    assert (desk.state(), desk.visitors.asked) == ((0, 0, 0), 0)


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"code": "li0", "action": 0, "token": "t"}', "text/plain", 400),
        (b"code=li0&action=0", "application/x-www-form-urlencoded", 400),
        (b"x" * 9000, "application/json", 413),
    ],
)
def test_what_is_no_small_json_is_refused(desk: Desk, raw: bytes, kind: str, status: int) -> None:
    headers = {"Origin": ORIGIN, "Content-Type": kind}
    answer = desk.client.post(PATH, query_string={"c": link_of()}, data=raw, headers=headers)
    assert (answer.status_code, desk.state()) == (status, (0, 0, 0))


def test_a_code_that_is_nobodys_does_nothing_and_may_be_tried_again(desk: Desk) -> None:
    answer = desk.post({"code": "spent"})
    assert (answer.status_code, answer.get_json()["done"]) == (403, False)
    assert "再按一次" in answer.get_json()["said"]
    assert desk.said({"code": "li0"}) == "写下了 甲"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_there_are_no_other_ways_to_ask(desk: Desk, method: str) -> None:
    assert desk.client.open(PATH, method=method, query_string={"c": link_of()}).status_code == 405
