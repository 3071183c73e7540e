"""Asking a hub whether a page changed, against a real server on loopback: validators, links, redirects, origins."""

from collections.abc import Iterator
from dataclasses import replace
from wsgiref.types import WSGIEnvironment

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Allowance, Validator
from suanli.domain.releases.failures import Drift
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.http import Http
from tests.fakes import FakeClock
from tests.web_service import TOKEN, Behaviour, Client, Reply, Service, endpoint, refusal, said, serving

ID = token_id_of(TOKEN)


@pytest.fixture
def client(clock: FakeClock) -> Iterator[Client]:
    with serving(clock) as client:
        yield client


@pytest.fixture
def gate(clock: FakeClock) -> Gate:
    return Gate(Allowance("hub"), clock)


def asking(client: Client, gate: Gate, *script: Behaviour, token_id: str = ID) -> tuple[Conditional, Service, str]:
    http, service = client(*script)
    return (
        Conditional(http, gate, token_id=token_id, headers={"Accept": "application/vnd.github+json"}),
        service,
        (http.endpoint.address),
    )


def unchanged(**headers: str) -> Reply:
    return Reply(304, b"", {"ETag": 'W/"1"'} | headers)


def moved(status: int, location: str) -> Reply:
    return Reply(status, b"", {"Location": location})


def test_a_page_comes_with_what_to_ask_for_it_with_the_next_time(client: Client, gate: Gate) -> None:
    pages, service, _ = asking(client, gate, said(200, [1], ETag='W/"1"'), unchanged())
    page = pages.get("/x?a=1")
    assert (page.body, page.moved, page.next_url) == ([1], False, "")
    assert page.validator == Validator("/x?a=1", 'W/"1"', "", "", ID)
    again = pages.get("/x?a=1", page.validator)
    assert (again.body, again.validator) == (None, page.validator)
    assert service.asked[1]["HTTP_IF_NONE_MATCH"] == 'W/"1"'
    assert {each["HTTP_ACCEPT"] for each in service.asked} == {"application/vnd.github+json"}
    assert "HTTP_IF_NONE_MATCH" not in service.asked[0]
    assert (gate.allowance.asked, gate.allowance.used) == (2, 2)


def test_a_date_is_asked_with_where_there_is_nothing_better(client: Client, gate: Gate) -> None:
    date = "Fri, 20 Nov 2026 03:00:00 GMT"
    pages, service, _ = asking(client, gate, said(200, [], **{"Last-Modified": date}), unchanged())
    assert pages.get("/x", pages.get("/x").validator).body is None
    assert service.asked[1]["HTTP_IF_MODIFIED_SINCE"] == date


@pytest.mark.parametrize(
    "validator",
    [
        Validator("/x", 'W/"1"', "", "", token_id_of("another token")),
        Validator("/x", 'W/"1"', "", "", ""),
        Validator("/x", "", "", "", ID),
        Validator("/x", 'W/"1"', "", "https://api.elsewhere.example/x?page=2", ID),
    ],
    ids=["another token", "no token", "empty", "another hub"],
)
def test_what_does_not_hold_here_is_not_asked_with(client: Client, gate: Gate, validator: Validator) -> None:
    pages, service, _ = asking(client, gate, said(200, [1]))
    assert pages.get("/x", validator).body == [1]
    assert not {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"} & service.asked[0].keys()


def test_unchanged_that_nobody_asked_for_is_an_error_and_not_an_empty_page(client: Client, gate: Gate) -> None:
    pages, _, _ = asking(client, gate, unchanged())
    assert "nothing changed" in str(refusal(lambda: pages.get("/x")))


def test_null_is_no_page_and_does_not_read_as_unchanged(client: Client, gate: Gate) -> None:
    pages, _, _ = asking(client, gate, said(200, None))
    assert isinstance(refusal(lambda: pages.get("/x")), Drift)


def test_the_next_page_is_followed_as_the_server_has_it(client: Client, gate: Gate) -> None:
    def first(environ: WSGIEnvironment) -> Reply:
        url = f"http://{environ['HTTP_HOST']}/repositories/7/issues?page=2"
        return said(200, [1], ETag='"1"', Link=f'<{url}>; rel="next", <{url}0>; rel="last"')

    pages, service, address = asking(client, gate, first, unchanged(), said(200, [2]))
    page = pages.get("/x")
    assert page.next_url == f"{address}/repositories/7/issues?page=2"
    assert pages.get("/x", page.validator).next_url == page.next_url
    assert pages.get(page.next_url).body == [2]
    assert service.asked[2]["QUERY_STRING"] == "page=2"


def test_a_relative_next_page_is_one_of_the_page_it_stands_on(client: Client, gate: Gate) -> None:
    pages, _, address = asking(client, gate, said(200, [], Link='</api/x?cursor=a%3D>; rel="next"'))
    assert pages.get("/api/x").next_url == f"{address}/api/x?cursor=a%3D"


EVIL = [
    "https://evil.example/x",
    "//evil.example/x",
    "http://127.0.0.1:1/x",
    "https://{host}/x",
    "http://{host}@evil.example/x",
    "http://user:pw@{host}/x",
    "http://evil.example\\@{host}/x",
    "http://{host}.evil.example/x",
    "file:///etc/passwd",
    "http://[::1/x",
]


ELSEWHERE = [*EVIL[:4], EVIL[7]]
"""Plain addresses of other hosts, as mirrors pass them on."""


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_next_page_of_another_host_is_asked_of_our_own(client: Client, gate: Gate, address: str) -> None:
    def mirror(environ: WSGIEnvironment) -> Reply:
        return said(200, [1], Link=f'<{address.format(host=environ["HTTP_HOST"])}?cursor=a%3D>; rel="next"')

    pages, service, home = asking(client, gate, mirror)
    page = pages.get("/y")
    assert page.next_url == f"{home}/x?cursor=a%3D"
    pages.get(page.next_url)
    assert service.asked[1]["PATH_INFO"] == "/x"


@pytest.mark.parametrize("address", [each for each in EVIL if each not in ELSEWHERE])
def test_no_link_carries_the_token_away(client: Client, gate: Gate, address: str) -> None:
    def evil(environ: WSGIEnvironment) -> Reply:
        return said(200, [1], Link=f'<{address.format(host=environ["HTTP_HOST"])}>; rel="next"')

    pages, service, _ = asking(client, gate, evil)
    error = refusal(lambda: pages.get("/x"))
    assert (error.permanent, len(service.asked)) == (True, 1)
    assert "GRAFANA_URL" in str(error)


@pytest.mark.parametrize("address", EVIL)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_carries_the_token_away(client: Client, gate: Gate, address: str, status: int) -> None:
    def evil(environ: WSGIEnvironment) -> Reply:
        return moved(status, address.format(host=environ["HTTP_HOST"]))

    pages, service, _ = asking(client, gate, evil)
    assert refusal(lambda: pages.get("/x")).permanent
    assert len(service.asked) == 1


@pytest.mark.parametrize("address", EVIL)
def test_no_stored_address_carries_the_token_away(client: Client, gate: Gate, address: str) -> None:
    pages, service, here = asking(client, gate, Reply())
    assert refusal(lambda: pages.get(address.format(host=here.removeprefix("http://")).lstrip("/"))).permanent
    assert service.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_hub_is_followed_and_told(client: Client, gate: Gate, status: int) -> None:
    pages, service, address = asking(client, gate, moved(status, "/repositories/7/x?a=1"), said(200, [1], ETag='"2"'))
    page = pages.get("/repos/old/name/x?a=1", Validator("/repos/old/name/x?a=1", '"1"', "", "", ID))
    assert (page.body, page.moved, page.url) == ([1], True, f"{address}/repositories/7/x?a=1")
    assert page.validator.url == "/repos/old/name/x?a=1"
    assert [each["PATH_INFO"] for each in service.asked] == ["/repos/old/name/x", "/repositories/7/x"]
    assert {each["HTTP_AUTHORIZATION"] for each in service.asked} == {f"Bearer {TOKEN}"}
    assert {each["HTTP_IF_NONE_MATCH"] for each in service.asked} == {'"1"'}
    assert gate.allowance.asked == 2


def test_redirects_in_circles_end(client: Client, gate: Gate) -> None:
    pages, service, _ = asking(client, gate, moved(301, "/x"))
    assert refusal(lambda: pages.get("/x")).permanent
    assert len(service.asked) == 4


@pytest.mark.parametrize("reply", [Reply(301, b"", {}), moved(303, "/y"), moved(300, "/y")])
def test_other_redirects_are_errors(client: Client, gate: Gate, reply: Reply) -> None:
    pages, service, _ = asking(client, gate, reply)
    assert "redirects" in str(refusal(lambda: pages.get("/x")))
    assert len(service.asked) == 1


def test_a_question_that_is_put_stays_one_through_a_redirect(client: Client, gate: Gate) -> None:
    pages, service, _ = asking(client, gate, moved(307, "/y"), said(200, {"Code": 200}))
    assert pages.put_json("/x", {"Path": "深度求索"}).body == {"Code": 200}
    assert [each["REQUEST_METHOD"] for each in service.asked] == ["PUT", "PUT"]
    assert service.asked[0]["test.body"] == service.asked[1]["test.body"] != b""


def test_a_question_that_is_put_does_not_become_another_one(client: Client, gate: Gate) -> None:
    pages, service, _ = asking(client, gate, moved(301, "/y"))
    assert refusal(lambda: pages.put_json("/x", {})).permanent
    assert len(service.asked) == 1


def test_a_hub_below_a_path_keeps_it(client: Client, gate: Gate, clock: FakeClock) -> None:
    http, service = client(said(200, []))
    below = Conditional(Http(endpoint(f"{http.endpoint.url}/api/v3/"), clock=clock), gate, token_id="")
    assert below.address_of("/repos") == f"{http.endpoint.address}/api/v3/repos"
    below.get(below.address_of("/repos"))
    below.get("/repos")
    assert [each["PATH_INFO"] for each in service.asked] == ["/api/v3/repos"] * 2


def test_a_token_is_named_without_being_told() -> None:
    assert token_id_of("") == ""
    assert token_id_of("a") != token_id_of("b")
    assert "secret" not in token_id_of("secret")
    assert len(token_id_of("secret")) == 12


def test_a_validator_of_the_stored_kind_needs_no_body(client: Client, gate: Gate) -> None:
    pages, _, address = asking(client, gate, unchanged(Link='<https://evil.example/>; rel="next"'))
    stored = Validator("/x", '"1"', "", f"{address}/x?page=2", ID)
    assert pages.get("/x", replace(stored)).next_url == f"{address}/x?page=2"


def test_what_is_not_json_is_an_error(client: Client, gate: Gate) -> None:
    for body, kind in ((b"<html>", "text/html"), (b"[1, ", "application/json"), (b"", "")):
        pages, _, _ = asking(client, gate, Reply(200, body, {"Content-Type": kind}))
        with pytest.raises(RemoteError):
            pages.get("/x")
