"""Logs as data: what a line holds, whose lines they are, and what never gets into them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from suanli import logs

TENANT_TOKEN = "t-g1044qeGEDXTB6NDJOGV4JQCYDGHRBARFTGT1234"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root, names = (
        logging.getLogger(),
        ("Lark", "apscheduler", "sqlalchemy", "urllib3", "werkzeug", "gunicorn.error", "gunicorn.access"),
    )
    loggers = [root, *(logging.getLogger(name) for name in names)]
    before = [(logger, logger.level, logger.handlers[:], logger.filters[:]) for logger in loggers]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for logger, level, handlers, filters in before:
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:] = handlers, filters


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def pipe() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def line(stream: io.StringIO) -> dict[str, Any]:
    (only,) = lines(stream)
    return only


def test_an_event_is_one_json_object_on_a_line_of_a_pipe(pipe: io.StringIO) -> None:
    structlog.get_logger("suanli.test").info("message_sent", attempts=2, text="两行\n文字")
    found = line(pipe)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "event": "message_sent",
        "level": "info",
        "logger": "suanli.test",
        "attempts": 2,
        "text": "两行\n文字",
    }


def test_on_a_terminal_an_event_is_for_people() -> None:
    stream = Terminal()
    logs.configure(stream)
    structlog.get_logger().warning("run_failed", job="sample")
    assert "run_failed" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_the_form_can_be_chosen_against_the_stream(stream: io.StringIO) -> None:
    logs.configure(stream, json=stream.isatty())
    structlog.get_logger().info("started")
    assert stream.getvalue().startswith("{") is stream.isatty()


def test_what_is_bound_to_the_context_is_on_every_line_of_it(pipe: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(run_id=7):
        structlog.get_logger().info("ours")
        logging.getLogger("waitress").error("theirs")
    structlog.get_logger().info("after")
    assert [(each["event"], each.get("run_id")) for each in lines(pipe)] == [
        ("ours", 7),
        ("theirs", 7),
        ("after", None),
    ]


def test_what_is_below_the_level_is_left_out() -> None:
    stream = io.StringIO()
    logs.configure(stream, level=logging.WARNING)
    structlog.get_logger().info("quiet")
    logging.getLogger("waitress").info("quiet")
    structlog.get_logger().warning("loud")
    assert line(stream)["event"] == "loud"


@pytest.mark.parametrize(
    "name", ["werkzeug", "waitress", "gunicorn.error", "gunicorn.access", "apscheduler.scheduler", "sqlalchemy", "Lark"]
)
def test_a_librarys_warning_is_a_line_like_ours(pipe: io.StringIO, name: str) -> None:
    logging.getLogger(name).warning("%s of %s", 1, 2, extra={"pool": "a"})
    found = line(pipe)
    assert (found["event"], found["level"], found["logger"], found["pool"]) == ("1 of 2", "warning", name, "a")


@pytest.mark.parametrize("name", ["werkzeug", "sqlalchemy.engine", "apscheduler.scheduler", "urllib3", "Lark"])
def test_chatty_libraries_are_heard_from_warnings_up(name: str) -> None:
    stream = io.StringIO()
    logs.configure(stream, level=logging.DEBUG)
    logging.getLogger(name).info("SELECT 1")
    assert stream.getvalue() == ""


def test_a_handler_that_a_library_adds_later_gets_nothing(pipe: io.StringIO) -> None:
    own = io.StringIO()
    logger, handler = logging.getLogger("Lark"), logging.StreamHandler(own)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.warning("from the library")
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert line(pipe)["event"] == "from the library"
    assert own.getvalue() == ""


def test_the_last_configuration_counts_and_no_line_comes_twice(pipe: io.StringIO) -> None:
    second = io.StringIO()
    logs.configure(second)
    logging.getLogger("gunicorn.error").error("once")
    structlog.get_logger().info("once")
    assert pipe.getvalue() == ""
    assert len(lines(second)) == 2


def broken() -> None:
    raise ValueError("postgresql://suanli:hunter2@db/x Bearer hunter2")


class TestMasking:
    @pytest.mark.parametrize(
        "name",
        [
            "secret",
            "app_secret",
            "appSecret",
            "token",
            "verification_token",
            "tenant_access_token",
            "encrypt_key",
            "api_key",
            "apikey",
            "X-Api-Key",
            "password",
            "Authorization",
            "Set-Cookie",
            "cookie",
        ],
    )
    def test_a_value_is_masked_by_its_name(self, pipe: io.StringIO, name: str) -> None:
        structlog.get_logger().info(
            "called", **{name: "hunter2", "headers": {name: "hunter2"}, "all": [{name: ["hunter2"]}]}
        )
        assert "hunter2" not in pipe.getvalue()
        assert line(pipe)[name] == logs.MASK

    def test_all_that_a_secret_name_holds_is_masked(self, pipe: io.StringIO) -> None:
        structlog.get_logger().info("called", cookies={"sid": "hunter2"}, token=["hunter2"], password=b"hunter2")
        assert "hunter2" not in pipe.getvalue()

    def test_names_that_only_resemble_secrets_stay(self, pipe: io.StringIO) -> None:
        structlog.get_logger().info("sent", key="release:vllm:v0.9:ou_7", tokens=512, keyword="cn", input_token=3)
        found = line(pipe)
        assert (found["key"], found["tokens"], found["keyword"], found["input_token"]) == (
            "release:vllm:v0.9:ou_7",
            512,
            "cn",
            3,
        )

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("Authorization: Bearer abc.def-1/2=", "Authorization: Bearer ***"),
            (f"invalid token {TENANT_TOKEN}, again", "invalid token ***, again"),
            ("user u-6U1SbDiM6XIH2DcTCPyeub gone", "user *** gone"),
            ("glsa_HOruNAb7SOiCdshU7algkrq7F_fdsaddsd", "***"),
            ("postgresql+psycopg://suanli:p@ss@db:5432/suanli", "postgresql+psycopg://***@db:5432/suanli"),
            ("GET /x?access_token=abc&page=2", "GET /x?access_token=***&page=2"),
            ("Feishu(app_secret='abc', app_id='cli_1')", "Feishu(app_secret='***', app_id='cli_1')"),
            ('{"tenant_access_token": "abc", "expire": 7200}', '{"tenant_access_token": "***", "expire": 7200}'),
        ],
    )
    def test_a_secret_inside_of_a_text_is_masked(self, pipe: io.StringIO, text: str, masked: str) -> None:
        structlog.get_logger().info("answered", body=text, parts=[text])
        logging.getLogger("waitress").error(text)
        ours, theirs = lines(pipe)
        assert (ours["body"], ours["parts"], theirs["event"]) == (masked, [masked], masked)

    @pytest.mark.parametrize(
        "text",
        [
            "t-shirt",
            "gpt-4-turbo-2024-04-09-preview",
            "https://grafana.example/d/x?orgId=1",
            "a@b.example",
            "bot-t-1234",
        ],
    )
    def test_what_is_no_secret_is_left_as_it_is(self, pipe: io.StringIO, text: str) -> None:
        structlog.get_logger().info("said", text=text)
        assert line(pipe)["text"] == text

    @pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
    def test_a_traceback_is_masked_too(self, stream: io.StringIO) -> None:
        logs.configure(stream)
        try:
            broken()
        except ValueError:
            structlog.get_logger().exception("command_broke", error=ValueError("token=hunter2"))
        assert "Traceback" in stream.getvalue()
        assert "hunter2" not in stream.getvalue()

    def test_a_long_text_is_masked_in_time(self, pipe: io.StringIO) -> None:
        structlog.get_logger().info("body", text="a" * 500_000 + "://" * 20_000)
        assert len(line(pipe)["text"]) == 560_000
