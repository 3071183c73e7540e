"""Calls through the gateway that do not come in a stream: what passes, is held, is charged, and is refused."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import HoldState
from suanli.domain.cost.records import Ending
from suanli.domain.tokens import Permission
from suanli.sandbox.model_provider import KEY, Behaviour
from tests.fakes import NOON, FaultyStore, eventually
from tests.gateway_kit import EACH, SECRET, ZHANG, World, add_token, gateway


@pytest.fixture
def world(sqlite_store: SqlStore) -> Iterator[World]:
    with gateway(sqlite_store) as found:
        yield found


def error_of(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return answer.status_code, error["code"]


def test_a_call_is_forwarded_with_our_key_and_recorded_at_what_it_used(world: World) -> None:
    answer = world.chat(temperature=0.5, max_tokens=50)
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "你好，world"
    (asked,) = world.first.asked
    assert (asked.path, asked.authorization) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert asked.body["model"] == "small-1"
    assert asked.body["temperature"] == 0.5
    assert "stream_options" not in asked.body
    (record,) = world.records()
    assert record.call.usage == Usage(input=9, output=3)
    assert (record.call.payer, record.call.ending, record.call.request_type) == (ZHANG, Ending.OK, "chat")
    assert (record.call.model_name, record.call.provider_name) == ("small-1", "vendor")
    assert record.charged == 12 * EACH
    assert answer.headers["x-suanli-cost"] == "0.000024"
    assert answer.headers["x-suanli-provider"] == "first"
    assert answer.headers["x-request-id"] == record.call.request_id == record.call.hold
    assert world.books() == (12 * EACH, 0)
    assert world.hold(record.call.request_id).state is HoldState.SETTLED


def test_the_body_passes_unchanged_and_of_the_headers_only_what_is_the_callers(world: World) -> None:
    raw = '{ "choices" : [{}],\n "usage": {"prompt_tokens": 9, "completion_tokens": 3}, "é": 1.10 }'.encode()
    world.first.follow(Behaviour(raw=(raw,)))
    answer = world.chat()
    assert answer.content == raw
    assert answer.headers["openai-processing-ms"] == "7"
    assert answer.headers["Content-Type"] == "application/json"
    assert "x-ratelimit-remaining-tokens" not in answer.headers


def test_what_is_held_is_the_worst_case_and_stays_held_until_the_answer(world: World) -> None:
    world.first.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(world.chat, max_tokens=100)
        assert eventually(lambda: bool(world.first.asked))
        held = world.books()[1]
        world.first.gate.set()
        assert call.result().status_code == 200
    assert 100 + 256 < held // EACH < 100 + 256 + 400
    assert world.books() == (12 * EACH, 0)


def test_cached_and_reasoning_tokens_are_charged_as_such(world: World) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 20}}
    world.first.follow(Behaviour(usage={"prompt_tokens": 1000, "completion_tokens": 30, **details}))
    assert world.chat().status_code == 200
    (record,) = world.records()
    assert record.call.usage == Usage(input=600, output=10, cached=400, reasoning=20)
    assert record.charged == 600 * EACH + 400 * EACH // 10 + 30 * EACH


def test_an_answer_that_does_not_tell_its_usage_is_charged_by_its_bound_and_says_so(world: World) -> None:
    world.first.follow(Behaviour(usage=None))
    assert world.chat(max_tokens=5).status_code == 200
    (record,) = world.records()
    assert record.call.request_type == "chat_bound"
    assert record.call.usage.output == 5  # "你好，world" has more bytes; never more than was held
    assert record.call.usage.input > 256
    used, held = world.books()
    assert (used, held) == (record.charged, 0)


@pytest.mark.parametrize(
    "usage", [{}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": -1, "completion_tokens": 3}, "many"]
)
def test_a_usage_that_is_nonsense_never_makes_a_call_free(world: World, usage: object) -> None:
    world.first.follow(Behaviour(usage=usage))  # type: ignore[arg-type]  # that is the point
    assert world.chat().status_code == 200
    assert world.records()[0].charged > 256 * EACH


def test_a_request_that_the_provider_refuses_costs_nothing_and_is_passed_on(world: World) -> None:
    world.first.follow(Behaviour(status=400))
    answer = world.chat()
    assert error_of(answer) == (400, "refused")
    assert KEY not in answer.text
    assert world.records() == ()
    assert world.books() == (0, 0)


def test_embeddings_cost_what_they_say(world: World) -> None:
    answer = world.ask("/embeddings", model="text/vectors", input=["a", "b"])
    assert len(answer.json()["data"]) == 2
    (record,) = world.records()
    assert (record.call.usage, record.call.request_type) == (Usage(input=5), "embeddings")
    assert world.books() == (5 * EACH, 0)


def test_models_are_listed_in_the_order_of_the_settings(world: World) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    listed = requests.get(f"{world.url}/models", headers=headers, timeout=5).json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["chat", "both", "text/vectors", "unknown"]
    one = requests.get(f"{world.url}/models/text/vectors", headers=headers, timeout=5).json()
    assert one == listed["data"][2]
    assert requests.get(f"{world.url}/models/none", headers=headers, timeout=5).status_code == 404
    assert requests.get(f"{world.url}/models", timeout=5).status_code == 401


class TestRefused:
    def test_over_the_quota_the_limit_what_is_left_and_the_way_to_more_are_named(self, sqlite_store: SqlStore) -> None:
        with gateway(sqlite_store, total=1000 * EACH) as world:
            answer = world.chat(max_tokens=900)
            assert error_of(answer) == (429, "insufficient_quota")
            said = answer.json()["error"]["message"]
            for part in ("公司", "0.002000 CNY", "2026-12-01 00:00 (Asia/Shanghai)", "/quota request"):
                assert part in said
            assert 0 < int(answer.headers["Retry-After"]) < 11 * 86400
            assert answer.headers["x-should-retry"] == "false"
            assert world.first.asked == []
            assert world.books() == (0, 0)
            assert world.chat(max_tokens=10).status_code == 200

    def test_when_a_limit_starts_anew_is_told_in_its_own_zone(self, sqlite_store: SqlStore) -> None:
        with gateway(sqlite_store, total=1000 * EACH) as world:
            with world.store.begin() as tx:
                (quota,) = tx.quotas.all()
                assert tx.quotas.change(replace(quota, zone=ZoneInfo("America/New_York")), world.clock.now())
            answer = world.chat(max_tokens=900)
            assert error_of(answer) == (429, "insufficient_quota")
            assert "2026-12-01 00:00 (America/New_York)" in answer.json()["error"]["message"]

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            ("en-GB,zh;q=0.5", "There is no model"),
            ("zh-TW,en;q=0.9", "没有模型"),
            ("en;q=0.3,zh-CN;q=0.8", "没有模型"),
            ("fr", "There is no model"),
        ],
    )
    def test_errors_are_in_the_language_that_is_asked_for_most(self, world: World, asked: str, word: str) -> None:
        headers = {"Authorization": f"Bearer {SECRET}", "Accept-Language": asked}
        for answer in (
            requests.post(f"{world.url}/chat/completions", json={"model": "none"}, headers=headers, timeout=5),
            requests.get(f"{world.url}/models/none", headers=headers, timeout=5),
        ):
            assert word in answer.json()["error"]["message"]

    @pytest.mark.parametrize("key", ["", "x", "sk-suanli-" + "y" * 40, "z" * 300])
    def test_a_key_that_is_none(self, world: World, key: str) -> None:
        assert error_of(world.ask(key=key, model="chat")) == (401, "invalid_api_key")

    def test_a_key_whose_time_is_over_or_without_the_permission(self, world: World) -> None:
        with world.store.begin() as tx:
            add_token(tx.tokens, "sk-suanli-" + "o" * 40, expires_at=NOON)
            add_token(tx.tokens, "sk-suanli-" + "p" * 40, permissions=frozenset(Permission) - {Permission.GATEWAY})
        assert error_of(world.ask(key="sk-suanli-" + "o" * 40)) == (401, "invalid_api_key")
        assert error_of(world.ask(key="sk-suanli-" + "p" * 40)) == (403, "permission_denied")

    def test_a_key_is_asked_for_before_the_body_is_read(self, world: World) -> None:
        assert requests.post(f"{world.url}/chat/completions", data=b"{", timeout=5).status_code == 401

    @pytest.mark.parametrize(
        ("path", "said", "expected"),
        [
            ("/chat/completions", {"model": "nobody's"}, (404, "model_not_found")),
            ("/chat/completions", {"model": "text/vectors"}, (404, "model_not_found")),
            ("/embeddings", {"model": "chat", "input": "a"}, (404, "model_not_found")),
            ("/chat/completions", {}, (400, "invalid_value")),
            ("/chat/completions", {"model": "chat"}, (400, "invalid_value")),
            ("/chat/completions", {"model": "chat", "messages": "hi"}, (400, "invalid_value")),
            ("/chat/completions", {"model": "chat", "messages": [{}], "n": 0}, (400, "invalid_value")),
            ("/chat/completions", {"model": "chat", "messages": [{}], "max_tokens": -1}, (400, "invalid_value")),
            ("/chat/completions", {"model": "chat", "messages": [{}], "stream": 1}, (400, "invalid_value")),
            (
                "/chat/completions",
                {"model": "chat", "messages": [{}], "audio": {"a": 1}},
                (400, "unsupported_parameter"),
            ),
            ("/chat/completions", {"model": "unknown", "messages": [{}]}, (422, "model_not_priced")),
            ("/embeddings", {"model": "text/vectors", "input": []}, (400, "invalid_value")),
            ("/nothing", {}, (404, "not_found")),
        ],
    )
    def test_what_cannot_be_called(self, world: World, path: str, said: object, expected: object) -> None:
        assert isinstance(said, dict)
        assert error_of(world.ask(path, **said)) == expected
        assert world.first.asked == []
        assert world.books() == (0, 0)

    @pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000])
    def test_a_body_that_is_no_object(self, world: World, raw: bytes) -> None:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        answer = requests.post(f"{world.url}/chat/completions", data=raw, headers=headers, timeout=5)
        assert error_of(answer) == (400, "invalid_json")

    def test_a_body_that_is_too_large_is_not_read(self, world: World) -> None:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Length": str(33 * 1024 * 1024)}
        request = requests.Request("POST", f"{world.url}/chat/completions", data=b"{}", headers=headers).prepare()
        request.headers["Content-Length"] = str(33 * 1024 * 1024)
        with requests.Session() as session:
            assert session.send(request, timeout=5).status_code == 413


def test_of_a_name_that_stands_twice_everybody_reads_the_same(world: World) -> None:
    raw = b'{"model": "nobody", "model": "chat", "max_tokens": 999999, "max_tokens": 7, "messages": [{"content": "a"}]}'
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert requests.post(f"{world.url}/chat/completions", data=raw, headers=headers, timeout=5).status_code == 200
    assert world.first.asked[0].body == {"model": "small-1", "max_tokens": 7, "messages": [{"content": "a"}]}


def test_a_model_without_a_price_passes_where_that_is_let_and_its_record_says_so(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store, money={"unpriced": True}) as world:
        answer = world.chat("unknown")
        assert answer.headers["x-suanli-cost"] == "unpriced"
        (record,) = world.records()
        assert not record.is_priced
        assert record.call.usage == Usage(input=9, output=3)
        assert world.books() == (0, 0)


def test_an_error_of_ours_is_json_too_and_tells_nothing(sqlite_store: SqlStore) -> None:
    faulty = FaultyStore(sqlite_store)
    with gateway(sqlite_store, behind=faulty) as world:
        faulty.broken = True
        answer = world.chat()
        assert error_of(answer) == (500, "internal_error")
        assert "locked" not in json.dumps(answer.json())
