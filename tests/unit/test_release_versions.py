"""What tags say of versions, and which models a text names."""

import time

import pytest

from suanli.domain.releases.models import key_of, mentions
from suanli.domain.releases.versions import is_prerelease, key
from tests.fakes import NOON
from tests.release_items import model


@pytest.mark.parametrize(
    "tags",
    [
        [
            "1.0.dev1",
            "v1.0a1",
            "1.0-alpha.2",
            "1.0b1",
            "1.0rc1.dev2",
            "v1.0rc1",
            "1.0-rc.2",
            "1.0",
            "1.0.post1",
            "1.0.1",
        ],
        ["v1.9", "v1.10", "V2"],
        ["release-2024.05", "2024-05-12", "v2024.11", "20250101"],
        ["b4567", "b10000"],
        ["llama3-v1.2", "llama3-v1.10.0"],
        ["@scope/pkg@1.2.3", "@scope/pkg@1.3.0-preview", "@scope/pkg@1.3.0"],
        ["boost_1_82", "boost_1_83_1"],
    ],
)
def test_versions_of_a_line_are_in_order(tags: list[str]) -> None:
    versions = [key(tag) for tag in tags]
    assert all(versions)
    assert len({version.line for version in versions if version}) == 1
    assert sorted(versions, key=lambda version: version or fail()) == versions
    assert len(set(versions)) == len(tags)


def fail() -> str:
    raise AssertionError


@pytest.mark.parametrize(
    ("one", "other"),
    [("v1.0", "1"), ("1.2.0", "1.2"), ("release-1.2", "v1.2-final"), ("1.2+cu118", "1.2+cpu"), ("v1.0-rc1", "1.0RC1")],
)
def test_the_same_version_may_be_written_in_several_ways(one: str, other: str) -> None:
    assert key(one) == key(other) is not None


@pytest.mark.parametrize(("one", "other"), [("v1.2", "helm-1.2"), ("v1.2", "2024.05"), ("b12", "12"), ("py-1", "js-1")])
def test_versions_of_several_lines_are_told_apart(one: str, other: str) -> None:
    lines = [version.line for tag in (one, other) if (version := key(tag))]
    assert len(set(lines)) == 2


@pytest.mark.parametrize(
    "tag",
    ["gibberish", "", "v", "nightly", "latest", "1..2", "v1.2.", "v1.2.3-cuda12", "a1b2c3d", "9" * 101, "深度1.x"],
)
def test_what_is_no_version_is_none(tag: str) -> None:
    assert key(tag) is None


@pytest.mark.parametrize(
    "tag", ["rc1" * 33, "1." * 49 + "x", "a" * 99 + "!", "a1-" * 33, "1_" * 50, "v1rc" * 25, "\0" * 100, "1" * 10**6]
)
def test_no_tag_takes_long(tag: str) -> None:
    started = time.perf_counter()
    key(tag)
    is_prerelease(tag)
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("tag", "early"),
    [
        ("v1.0rc1", True),
        ("1.0.0-beta.2", True),
        ("v3.0.0-M1", True),
        ("nightly-2024", True),
        ("v1.2-dev-cuda12", True),
        ("v1.0", False),
        ("v1.0.post1", False),
        ("developer-preview", True),
        ("developer", False),
        ("", False),
    ],
)
def test_a_tag_that_looks_as_if_a_final_one_were_to_come_is_a_prerelease(tag: str, *, early: bool) -> None:
    assert is_prerelease(tag) is early


# Models.


@pytest.mark.parametrize(
    "name", ["deepseek-ai/DeepSeek-V3.2", "unsloth/deepseek_v3.2", "DeepSeek V3-2", "x/Ｄeep‑not-this/deepseek‑v3．2"]
)
def test_the_same_model_has_one_key_on_every_hub(name: str) -> None:
    item = model("x", NOON)
    assert key_of(type(item)(item.kind, "1", name, "", "", item.state)) == "deepseek-v3-2"


KEYS = ["deepseek-v3", "deepseek-v3-2", "qwen3-8b", "gpt2", "kimi", "o1"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Add DeepSeek-V3.2 MLA kernel", ["deepseek-v3-2"]),
        ("支持DeepSeek-V3模型", ["deepseek-v3"]),
        ("DeepSeek V3, deepseek_v3.2 and Qwen3 8B.", ["deepseek-v3", "deepseek-v3-2", "qwen3-8b"]),
        ("DeepSeek‑V3", ["deepseek-v3"]),
        ("see https://huggingface.co/Qwen/Qwen3-8B/tree/main", ["qwen3-8b"]),
        ("deepseek-v3.", ["deepseek-v3"]),
        ("_deepseek-v3_ - fixed", ["deepseek-v3"]),
        ("deepseek-v3.2-exp first, then deepseek-v3", ["deepseek-v3"]),
        ("deepseek-v3-base", []),
        ("deepseek-v3-0324 tiny-deepseek-v3 deepseek-v31 deepseekv3", []),
        ("gpt2-xl and mygpt2", []),
        ("kimi o1", []),
        ("", []),
    ],
)
def test_a_text_names_a_model_by_its_whole_name(text: str, named: list[str]) -> None:
    assert list(mentions(KEYS, text)) == named


def test_thousands_of_models_are_looked_for_in_a_long_text_within_milliseconds() -> None:
    keys = [f"qwen{n % 9}-{n}b-instruct" for n in range(2000)]
    text = "Support Qwen3-1200B and qwen3-120b instruct in 内核 " * 200
    mentions(keys, text)
    started = time.perf_counter()
    for _ in range(3):
        mentions(keys, text)
    assert (time.perf_counter() - started) / 3 < 0.1
