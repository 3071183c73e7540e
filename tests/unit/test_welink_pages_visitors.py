"""Who stands behind a code of WeLink's browser, asked over HTTP of the stand-in, as the wiring asks."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.welink.pages.visitors import TENANT, UserIdAnswer, Visitors
from suanli.domain.errors import RemoteError
from suanli.sandbox.welink import Fault, Switches, WelinkStandIn
from suanli.settings import Settings, load
from suanli.sources.http import Http
from suanli.wiring.pages import app_endpoint, asking, build_api, origin_of
from tests.fakes import FakeClock
from tests.welink import LI_LEI

REALM = "0123456789"


@pytest.fixture
def welink(clock: FakeClock) -> Iterator[WelinkStandIn]:
    with WelinkStandIn(clock) as stand_in:
        yield stand_in


def settings_of(welink: WelinkStandIn, folder: Path) -> Settings:
    app = {"WELINK_CLIENT_ID": welink.app.client_id, "WELINK_CLIENT_SECRET": welink.app.client_secret}
    return load({"WELINK_BASE_URL": welink.url, **app}, folder)


def visitors_of(welink: WelinkStandIn, clock: FakeClock, folder: Path) -> Visitors:
    settings = settings_of(welink, folder)
    http = Http(app_endpoint(settings), clock=clock, timeout=(3, 0.3))
    return Visitors(build_api(settings, http, clock), asking(http))


@pytest.fixture
def visitors(welink: WelinkStandIn, clock: FakeClock, tmp_path: Path) -> Visitors:
    return visitors_of(welink, clock, tmp_path)


def test_a_code_says_who_it_is_once(visitors: Visitors, welink: WelinkStandIn) -> None:
    code = welink.app.give_code(LI_LEI)
    person = visitors.who(code, REALM)
    assert (person.open_id, person.tenant) == (LI_LEI, TENANT)
    with pytest.raises(RemoteError) as caught:
        visitors.who(code, REALM)
    assert caught.value.code == 41503


@pytest.mark.parametrize("realm", ["", "elsewhere", "23456789", LI_LEI])
def test_who_is_not_of_the_company_of_the_cards_reader_is_no_colleague(
    visitors: Visitors, welink: WelinkStandIn, realm: str
) -> None:
    assert visitors.who(welink.app.give_code(LI_LEI), realm).tenant is None


@pytest.mark.parametrize("userid", ["ou_boss", "a@b@c", "a b@c", "@", "李@c", "x" * 101 + "@c"])
def test_an_id_that_is_not_a_welink_persons_is_nobody(visitors: Visitors, welink: WelinkStandIn, userid: str) -> None:
    with pytest.raises(RemoteError):
        visitors.who(welink.app.give_code(userid), REALM)


@pytest.mark.parametrize("body", [{}, {"userId": None}, {"userId": 7}, {"userId": ["a@b"]}, {"userId": {}}])
def test_an_answer_without_an_id_is_nobody(body: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        UserIdAnswer.model_validate(body).to_domain(REALM)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_refusal_is_told_by_its_code_whatever_its_status(clock: FakeClock, tmp_path: Path, status: int) -> None:
    with WelinkStandIn(clock, Switches(error_status=status)) as welink, pytest.raises(RemoteError) as caught:
        visitors_of(welink, clock, tmp_path).who("SPENT-CODE-0123456789", REALM)
    assert caught.value.code == 41503


def test_a_withdrawn_token_is_replaced_and_the_person_notices_nothing(
    visitors: Visitors, welink: WelinkStandIn
) -> None:
    visitors.who(welink.app.give_code(LI_LEI), REALM)
    welink.app.tokens.clear()
    assert visitors.who(welink.app.give_code(LI_LEI), REALM).open_id == LI_LEI
    assert welink.app.logins == 2


@pytest.mark.parametrize(
    "fault", [Fault.BUSY, Fault.WEB_PAGE, Fault.DROPPED, Fault.LOST, Fault.SILENT, Fault.TRUNCATED]
)
def test_trouble_is_an_error_that_shows_neither_token_nor_secret(
    visitors: Visitors, welink: WelinkStandIn, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    welink.faults.lay(fault, path="userid")
    with pytest.raises(RemoteError) as caught:
        visitors.who(welink.app.give_code(LI_LEI), REALM)
    for secret in (*welink.app.tokens, welink.app.client_secret):
        assert secret not in f"{caught.value} {caplog.text}"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bot.example.com", "https://bot.example.com"),
        ("https://Bot.Example.com:443/suanli", "https://bot.example.com"),
        ("https://bot.example.com:8443", "https://bot.example.com:8443"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_the_origin_of_an_address_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin
