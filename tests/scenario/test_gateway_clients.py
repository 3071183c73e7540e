"""Clients of OpenAI's API as they are, against the gateway: OpenAI's own, and LiteLLM's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai import OpenAI

from storage.store import SqlStore
from suanli.domain.cost.prices import Usage
from suanli.sandbox.model_provider import Behaviour
from tests.fakes import eventually
from tests.gateway_kit import EACH, SECRET, World, gateway
from tests.services import missing

ROOT = Path(__file__).parents[2]
VERSION = "1.106.2"


@pytest.fixture
def world(sqlite_store: SqlStore) -> Iterator[World]:
    with gateway(sqlite_store) as found:
        yield found


@pytest.fixture
def client(world: World) -> Iterator[OpenAI]:
    with OpenAI(api_key=SECRET, base_url=world.url, max_retries=2) as found:
        yield found


def test_a_call(world: World, client: OpenAI) -> None:
    answer = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}])
    assert answer.choices[0].message.content == "你好，world"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 12
    assert world.books() == (12 * EACH, 0)


def test_a_stream(world: World, client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}], stream=True)
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "你好，world"
    assert all(chunk.usage is None for chunk in chunks)
    assert eventually(lambda: world.books() == (12 * EACH, 0))


def test_a_stream_with_its_usage(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="chat",
            messages=[{"role": "user", "content": "hello"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[-1].usage is not None
    assert (chunks[-1].choices, chunks[-1].usage.prompt_tokens) == ([], 9)


def test_a_stream_that_is_left_early(world: World, client: OpenAI) -> None:
    world.first.follow(Behaviour(pieces=("piece ",) * 300, waits=0.01))
    with client.chat.completions.create(
        model="chat", messages=[{"role": "user", "content": "hello"}], stream=True
    ) as stream:
        assert next(iter(stream)).choices
    assert eventually(lambda: world.first.gone == 1)
    assert eventually(lambda: world.books()[0] > 0 == world.books()[1])


def test_embeddings_and_models(client: OpenAI) -> None:
    made = client.embeddings.create(model="text/vectors", input=["a", "b"], encoding_format="float")
    assert [each.embedding for each in made.data] == [[0.25, -0.5]] * 2
    assert [model.id for model in client.models.list()] == ["chat", "both", "text/vectors", "unknown"]
    assert client.models.retrieve("text/vectors").owned_by == "vendor"


def test_errors_are_the_ones_that_it_knows(world: World, client: OpenAI) -> None:
    create = client.chat.completions.create
    with pytest.raises(openai.NotFoundError) as unknown:
        create(model="none", messages=[{"role": "user", "content": "hello"}])
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        create(model="chat", messages=[{"role": "user", "content": "hello"}], max_tokens=-1)
    with pytest.raises(openai.UnprocessableEntityError):
        create(model="unknown", messages=[{"role": "user", "content": "hello"}])
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-nobody").models.list()
    world.first.follow(Behaviour(status=500))
    with pytest.raises(openai.InternalServerError):
        client.with_options(max_retries=0).chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "hello"}]
        )


def test_it_does_not_try_again_when_the_quota_is_used_up(sqlite_store: SqlStore) -> None:
    with gateway(sqlite_store, total=100 * EACH) as world, OpenAI(api_key=SECRET, base_url=world.url) as client:
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}])
        assert refused.value.code == "insufficient_quota"
        assert refused.value.request.headers.get("x-stainless-retry-count") == "0"


def test_a_stream_that_breaks_is_an_error_to_it(world: World, client: OpenAI) -> None:
    world.first.follow(Behaviour(breaks_after=2))
    stream = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}], stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)


LITELLM = """
import json, sys
import litellm
url, key = sys.argv[1:]
about = dict(model="openai/chat", api_base=url, api_key=key, messages=[{"role": "user", "content": "hello"}])
whole = litellm.completion(**about)
stream = litellm.completion(stream=True, **about)
text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
vectors = litellm.embedding(model="openai/text/vectors", api_base=url, api_key=key, input=["a"])
try:
    litellm.completion(**{**about, "model": "openai/none"})
except litellm.NotFoundError as error:
    refused = "none" in str(error)
print(json.dumps([whole.choices[0].message.content, whole.usage.total_tokens, text, len(vectors.data), refused]))
"""


@pytest.mark.service("litellm")
def test_litellms_client(world: World, tmp_path: Path) -> None:
    python = ROOT / ".bench" / f"litellm-{VERSION}" / "bin" / "python"
    if not python.exists():
        place = python.parents[1]
        missing("litellm", f"{sys.executable} -m venv {place} && {place}/bin/pip install litellm=={VERSION}")
    done = subprocess.run(  # noqa: S603 ours, in LiteLLM's own environment
        [python, "-I", "-c", LITELLM, world.url, SECRET],
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == ["你好，world", 12, "你好，world", 1, True]
    assert eventually(lambda: world.books() == (29 * EACH, 0))
    usages = [record.call.usage for record in world.records()]
    assert sorted(usages, key=lambda usage: usage.total) == [Usage(5), Usage(9, 3), Usage(9, 3)]
