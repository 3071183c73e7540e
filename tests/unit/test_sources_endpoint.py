"""The words for what a web service does in place of answering."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.errors import RemoteError
from suanli.sources.endpoint import Endpoint, retry_after_of
from suanli.sources.http import Http
from tests.fakes import NOON, FakeClock

TOKEN = "glsa_very_secret_token"


def endpoint(url: str = "https://grafana.example.com") -> Endpoint:
    return Endpoint("Grafana", url, "GRAFANA_URL", "GRAFANA_API_KEY", {"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (400, True, "does not accept the request"),
        (401, True, "does not accept the token: check GRAFANA_API_KEY"),
        (403, True, "check what the token of GRAFANA_API_KEY may do"),
        (404, True, "check GRAFANA_URL"),
        (405, True, "does not accept the request"),
        (408, False, "has trouble"),
        (422, True, "does not accept the request"),
        (429, False, "asks for patience"),
        (500, False, "has trouble"),
        (502, False, "has trouble"),
        (503, False, "has trouble"),
    ],
)
def test_a_refusal_says_what_to_check_and_whether_it_may_pass(status: int, words: str, *, permanent: bool) -> None:
    error = endpoint().refused(status, None, timedelta(seconds=7))
    assert str(error).startswith(f"Grafana: HTTP {status}: ")
    assert words in str(error)
    assert (error.code, error.permanent, error.retry_after) == (status, permanent, timedelta(seconds=7))


def test_without_a_token_there_is_no_name_of_its_setting() -> None:
    error = Endpoint("Prometheus", "http://p", "PROMETHEUS_URL").refused(401, None, None)
    assert "check its settings" in str(error)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "no  such\nthing"}, "; it says: no such thing"),
        ({"error": "parse error", "errorType": "bad_data"}, "; it says: parse error"),
        ({"message": f"bad Bearer {TOKEN}!"}, "; it says: bad Bearer ***!"),
        ({"message": "bad hunter2hunter2"}, "; it says: bad ***"),
        ({"message": "x" * 5000}, "; it says: " + "x" * 300 + "…"),
        ({"message": 3}, "request"),
        ({}, "request"),
        (["message"], "request"),
        (None, "request"),
    ],
)
def test_a_services_own_words_are_quoted_short_and_without_secrets(body: Any, said: str) -> None:
    error = endpoint("https://admin:hunter2hunter2@grafana.example.com").refused(400, body, None)
    assert str(error) == "Grafana: HTTP 400: it does not accept the request" + (said if said != "request" else "")


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://u:pw@sso.example.com/login?state=xyz", "https://sso.example.com/login"),
        ("/login?x", "https://grafana.example.com/login"),
        ("login", "https://grafana.example.com/sub/login"),
        (f"/login/{TOKEN}", "https://grafana.example.com/login/***"),
        ("http://[", "a malformed address"),
    ],
)
def test_a_redirect_is_told_without_what_it_carries(location: str, told: str) -> None:
    error = endpoint("https://grafana.example.com/sub").redirected(302, location)
    assert f"redirects to {told} (HTTP 302)" in str(error)
    assert "GRAFANA_URL" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    ("kind", "found"),
    [("text/html", "a web page"), ("text/plain", "text/plain"), ("", "something without a type")],
)
def test_what_came_in_place_of_json_is_named(kind: str, found: str) -> None:
    error = endpoint().not_json(kind)
    assert f"answered with {found} where JSON was expected" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", timedelta()),
        ("120", timedelta(minutes=2)),
        ("99999999", timedelta(hours=1)),
        ("Fri, 20 Nov 2026 04:02:00 GMT", timedelta(minutes=2)),
        ("Fri, 20 Nov 2026 03:00:00 GMT", timedelta()),
        ("Fri, 20 Nov 2027 03:00:00 GMT", timedelta(hours=1)),
        ("Fri, 20 Nov 2026 04:02:00 -0000", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_wait_is_read_within_bounds_or_not_at_all(text: str, wait: timedelta | None) -> None:
    assert retry_after_of(text, NOON) == wait


def test_an_address_has_no_credentials_query_or_last_slash() -> None:
    assert endpoint("https://admin:pw@grafana.example.com:3000/sub/?a=1#b").address == (
        "https://grafana.example.com:3000/sub"
    )


def test_secrets_are_not_in_the_representation() -> None:
    shown = repr(endpoint("https://admin:hunter2hunter2@grafana.example.com"))
    assert "hunter2" not in shown
    assert TOKEN not in shown


def test_an_address_that_cannot_be_taken_apart_is_told_by_its_setting() -> None:
    with pytest.raises(RemoteError, match="Grafana: GRAFANA_URL or GRAFANA_API_KEY is malformed"):
        _ = endpoint("http://[::1/x").address


@pytest.mark.parametrize("token", ["Bearer secret\nsecret", "Bearer ｓｅｃｒｅｔ"])
def test_a_token_that_no_header_can_hold_is_told_by_its_setting(token: str) -> None:
    there = Endpoint("Grafana", "http://127.0.0.1:9", "GRAFANA_URL", "GRAFANA_API_KEY", {"Authorization": token})
    with pytest.raises(RemoteError) as caught:
        Http(there, clock=FakeClock()).get("/x")
    assert str(caught.value) == "Grafana: GRAFANA_URL or GRAFANA_API_KEY is malformed"
    assert caught.value.permanent
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["", "grafana", "grafana.local:3000", "file:///etc/passwd", "http://", "http://[::1/x"])
def test_an_address_that_no_request_can_go_to_is_told_by_its_setting(url: str) -> None:
    with pytest.raises(RemoteError) as caught:
        Http(Endpoint("Prometheus", url, "PROMETHEUS_URL"), clock=FakeClock()).get("/x")
    assert str(caught.value) == "Prometheus: PROMETHEUS_URL is malformed"
    assert caught.value.permanent


def test_the_parts_of_a_secret_path_are_masked_wherever_they_turn_up() -> None:
    there = Endpoint("hook", "https://open.example.com/hook/4f3c%2Dsecret-2b1a", "HOOK_URL", secret_path=True)
    for location in ("/hook/4f3c%2Dsecret-2b1a", "https://other.example.com/x/4f3c-secret-2b1a?a"):
        assert "secret-2b1a" not in str(there.redirected(301, location))
    assert there.quoted("no bot at 4f3c-secret-2b1a") == "no bot at ***"
    assert "secret-2b1a" not in repr(there)


def test_of_two_secrets_of_which_one_begins_like_the_other_nothing_is_left() -> None:
    there = Endpoint("hook", "https://open.example.com/abcdefgh/abcdefghijkl", "HOOK_URL", secret_path=True)
    assert there.masked("abcdefghijkl abcdefgh") == "*** ***"


def test_a_path_that_is_no_secret_is_shown() -> None:
    assert endpoint("https://grafana.example.com/monitoring").quoted("/monitoring") == "/monitoring"


ROBOT = Endpoint(
    "robot",
    "https://open.example.com/send?token=4f3c%2Dsecret-2b1a&channel=standard",
    "ROBOT_URL",
    secret_query="token",
)


def test_an_address_with_a_secret_in_its_query_is_asked_with_it() -> None:
    assert ROBOT.address_of("") == "https://open.example.com/send?token=4f3c%2Dsecret-2b1a&channel=standard"
    assert ROBOT.address == "https://open.example.com/send"
    assert endpoint("https://grafana.example.com/?token=x").address_of("/a") == "https://grafana.example.com/a"


def test_the_secret_of_a_query_is_masked_wherever_it_turns_up_and_its_neighbour_is_not() -> None:
    for form in ("4f3c%2Dsecret-2b1a", "4f3c-secret-2b1a"):
        assert ROBOT.quoted(f"no {form}, channel standard") == "no ***, channel standard"
        assert "secret-2b1a" not in str(ROBOT.redirected(301, f"/send/{form}?token={form}"))
        assert "secret-2b1a" not in str(ROBOT.refused(404, {"message": form}, None))
    assert "secret-2b1a" not in repr(ROBOT)


def test_further_secrets_are_masked_and_not_shown() -> None:
    there = Endpoint("WeLink", "https://open.example.com", "WELINK_BASE_URL", secrets=("s3cret-of-the-app", ""))
    assert there.quoted("is s3cret-of-the-app right?") == "is *** right?"
    assert "s3cret" not in repr(there)
