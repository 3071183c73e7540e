"""Which items a filter lets through, and why: the cases of releases.md §2.8 and what people type."""

from dataclasses import replace

import pytest

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, parse

ITEM = Item(Kind.ISSUE, "#1", "#1", "A title", "https://github.com/o/r/issues/1", State.OPEN)


def why(filter_: str, title: str, body: str = "") -> tuple[str, ...] | None:
    return parse(filter_).match(Document.of(replace(ITEM, title=title, body=body)))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("qwen", "Qwen3"),
        ("qwen", "支持Qwen3模型"),
        ("qwen", "ＱＷＥＮ"),
        ("qwen", "Qwen-VL"),
        ("qwen", "use_qwen_kernel"),
        ("ＱＷＥＮ", "qwen"),
        ("deepseek-v3", "DeepSeek‑V3 support"),
        ("deepseek-v3", "DeepSeek V3"),
        ("deepseek_v3", "deepseek-v3.2"),
        ("deepseek-v3", "Deep\u200bSeek-V3"),
        ("deepseek–v3", "deepseek-v3"),
        ("npu", "on NPU."),
        ("rl", "RL: fix"),
        ("yi", "01-ai/Yi-34B"),
        ("v3", "V3.1"),
        ("模型", "支持Qwen3模型"),
        ("qwen模型", "新的Qwen模型来了"),
        ("模型qwen", "大模型Qwen3"),
        ("c++", "rewrite in C++"),
        (".NET", "the .net client"),
        ("straße", "STRASSE"),
        ("7b", "Qwen-7B"),
        ("glm-4.5", "GLM 4.5"),
    ],
)
def test_a_word_is_found(word: str, text: str) -> None:
    assert why(word, text) == (word,)
    assert why(word, "", f"before\n{text}\nafter") == (word,)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("npu", "input"),
        ("rl", "url curl world"),
        ("yi", "yield trying"),
        ("qwen", "qwenlm"),
        ("qwen", "myqwen 3qwen"),
        ("7b", "27b 7bit"),
        ("qwen模型", "myqwen模型"),
        ("模型qwen", "模型qwenlm"),
        ("deepseek-v3", "deepseekv3"),
        ("c++", "abc++"),
        ("title body", ""),
        ("模型", "型模"),
    ],
)
def test_a_word_is_not_found_in_the_middle_of_another(word: str, text: str) -> None:
    assert why(word, text) is None


def test_a_word_whose_first_places_are_wrong_is_found_at_a_later_one() -> None:
    assert why("a-rl.", "ba-rl. xa-rl. a-rl.") == ("a-rl.",)
    assert why("模型b", "模型bc 模型bd 模型b") == ("模型b",)


def test_overlapping_words_are_both_reported() -> None:
    assert why("deepseek deepseek-v3 kimi", "DeepSeek-V3 support") == ("deepseek", "deepseek-v3")


def test_the_whole_body_is_matched() -> None:
    assert why("deepseek", "crash", "x " * 225 + "deepseek" + " y" * 200) == ("deepseek",)
    assert why("deepseek", "crash", "x " * 100_000 + "deepseek") == ("deepseek",)


def test_no_phrase_reaches_from_the_title_into_the_body() -> None:
    assert why('"new model"', "new", "model") is None
    assert why("new-model", "new", "model") is None
    assert why("/new.model/", "new", "model") is None


def test_plain_words_are_alternatives_and_signs_decide() -> None:
    assert why("qwen kimi", "Kimi") == ("kimi",)
    assert why("qwen|kimi", "Kimi") == ("kimi",)
    assert why("qwen +moe|mla", "Qwen with MLA") == ("mla", "qwen")
    assert why("qwen +moe", "Qwen") is None
    assert why("+moe qwen", "MoE") is None
    assert why("+moe +mla", "moe") is None
    assert why("qwen -revert", "Revert: qwen") is None
    assert why("qwen -revert|wip", "qwen WIP") is None
    assert why("qwen -qwen", "qwen") is None


def test_the_same_word_twice_is_one_reason() -> None:
    assert why("qwen qwen +qwen", "qwen") == ("qwen",)


def test_a_filter_of_exclusions_lets_everything_else_through() -> None:
    assert why("-revert", "Revert") is None
    assert why("-revert", "Release") == ()
    assert not parse("-revert").is_empty


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\u3000\n"])
def test_an_empty_filter_lets_everything_through(text: str) -> None:
    assert parse(text).is_empty
    assert parse(text).text == text
    assert why(text, "") == ()


def test_a_phrase_is_exact() -> None:
    assert why('"flash attention"', "Flash\n attention") == ('"flash attention"',)
    assert why('"flash attention"', "flash-attention") is None
    assert why('"qwen"', "Qwen3") is None
    assert why('"v0.9.1"', "v0.9.10") is None
    assert why('"v0.9.1"', "v0.9.1 is out") == ('"v0.9.1"',)
    assert why('"深度求索"', "DeepSeek") is None
    assert why('-"do not merge"', "Do not merge") is None
    assert why('+"flash attention"|mla', "MLA") == ("mla",)


def test_a_phrase_may_hold_signs() -> None:
    assert why('"a|b -c label:x"', "A|B -C label:X") == ('"a|b -c label:x"',)


def test_an_expression_is_found_in_any_case_and_line() -> None:
    assert why(r"/qwen\d(\.\d)?-vl/", "QWEN2.5-VL") == (r"/qwen\d(\.\d)?-vl/",)
    assert why("/^breaking/", "v1", "notes\nBreaking change") == ("/^breaking/",)
    assert why("/fp8$/", "FP8", "x") == ("/fp8$/",)
    assert why("/ｆｐ8/i", "ＦＰ８") == ("/ｆｐ8/i",)
    assert why(r"/\bqwen3\b/", "支持Qwen3模型") == (r"/\bqwen3\b/",)
    assert why("-/^(revert|wip)/ qwen", "Revert qwen") is None
    assert why(r"/a\/b|c d/", "a/b") == (r"/a\/b|c d/",)
    assert why("+/x/|/y/", "y") == ("/y/",)


def test_text_that_cannot_be_encoded_is_looked_at_all_the_same() -> None:
    assert why("/qwen/", "\ud800 qwen") == ("/qwen/",)
    assert why("qwen", "\ud800 qwen \udfff") == ("qwen",)


def test_a_part_holds_for_everything_that_is_looked_for() -> None:
    assert why("field:title qwen", "x", "qwen") is None
    assert why("qwen field:title", "qwen", "x") == ("qwen",)
    assert why("field:body qwen", "qwen", "x") is None
    assert why("field:body qwen", "x", "qwen") == ("qwen",)
    assert why("field:title|body qwen", "x", "qwen") == ("qwen",)
    assert why("field:title -wip qwen", "qwen", "wip") == ("qwen",)
    assert why("field:title /qwen/", "x", "qwen") is None
    assert why("field:title", "x") == ()


def test_names_for_the_same_thing_find_it() -> None:
    assert why("深度求索", "Support DeepSeek-V3") == ("深度求索（DeepSeek）",)
    assert why("deepseek", "深度求索发布新模型") == ("deepseek（深度求索）",)
    assert why("千问", "Qwen3") == ("千问（Qwen）",)
    assert why("-月之暗面", "Kimi") is None
    assert why("零一万物", "try yielding") is None
    assert why("qwen", "Qwen by 千问") == ("qwen",)
