"""How filters are read as people type them, and what is said when they cannot be."""

from dataclasses import replace

import pytest

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import (
    MOST_CHARACTERS,
    MOST_WORDS,
    REASONS,
    Aliases,
    Document,
    FilterError,
    parse,
)
from suanli.i18n import Lang, catalogue

ITEM = Item(Kind.ISSUE, "#1", "#1", "", "https://github.com/o/r/issues/1", State.OPEN, labels=("bug",))

MISTAKES = [
    ("x" * (MOST_CHARACTERS + 1), "too_long", "x" * 39 + "…"),
    ("a " * MOST_WORDS + "last", "too_many_words", "last"),
    ("|".join("a" * (MOST_WORDS + 1)), "too_many_words", "a|" * 19 + "a…"),
    ("+", "empty_word", "+"),
    ("qwen - revert", "empty_word", "-"),
    ("a||b", "empty_word", "a||b"),
    ("a |", "empty_word", "a |"),
    ("|a", "empty_word", "|a"),
    ('""', "empty_word", '""'),
    ('" - "|_', "empty_word", "_"),
    ("___", "empty_word", "___"),
    ("label:", "empty_word", "label:"),
    ("label:!", "empty_word", "label:!"),
    ("label:x|", "empty_word", "label:x|"),
    ('label:" "', "empty_word", '" "'),
    ("author:@", "empty_word", "@"),
    ('qwen "new model', "unclosed_quote", '"new model'),
    ("「新模型", "unclosed_quote", "「新模型"),
    ("qwen /v[0-9]+", "unclosed_regex", "/v[0-9]+"),
    ("/v1/chat", "unclosed_regex", "/v1/chat"),
    (r"/a\/", "unclosed_regex", r"/a\/"),
    ("//", "empty_regex", "//"),
    ("/a*/", "empty_regex", "/a*/"),
    ("/x|/", "empty_regex", "/x|/"),
    ("/(/", "bad_regex", "/(/"),
    ("/a)(b/", "bad_regex", "/a)(b/"),
    ("/(?=x)y/", "bad_regex", "/(?=x)y/"),
    (r"/(a)\1/", "bad_regex", r"/(a)\1/"),
    (f"/{'a' * 501}/", "regex_too_large", "/" + "a" * 38 + "…"),
    (r"/(\pL{100}){100}/", "regex_too_large", r"/(\pL{100}){100}/"),
    (r"/\pL{200}/", "regex_too_large", r"/\pL{200}/"),
    ("/a{900}/ " * 6, "regex_too_large", "/a{900}/"),
    ("--flag", "stray_sign", "--flag"),
    ("a|-b c", "stray_sign", "a|-b"),
    ("label:x|!y", "stray_sign", "label:x|!y"),
    ("qwen|label:x", "mixed_alternatives", "qwen|label:x"),
    ("fix:crash", "unknown_field", "fix:crash"),
    ("标题：千问", "unknown_field", "标题：千问"),
    ("kind:commit", "unknown_kind", "commit"),
    ("field:author", "unknown_part", "field:author"),
    ("field:!title", "unknown_part", "field:!title"),
    ("-field:title", "unknown_part", "-field:title"),
]


@pytest.mark.parametrize(("text", "reason", "word"), MISTAKES, ids=[text[:20] for text, _, _ in MISTAKES])
def test_a_mistake_is_named_with_its_place(text: str, reason: str, word: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert (caught.value.reason, caught.value.word) == (reason, word)


def test_every_reason_occurs_and_has_a_text_in_both_languages() -> None:
    assert {reason for _, reason, _ in MISTAKES} == set(REASONS)
    for lang in Lang:
        assert {key.removeprefix("filter.") for key in catalogue(lang) if key.startswith("filter.")} == set(REASONS)


def why(filter_: str, title: str) -> tuple[str, ...] | None:
    return parse(filter_).match(Document.of(replace(ITEM, title=title)))


@pytest.mark.parametrize(
    ("filter_", "title", "reasons"),
    [
        ("＋ｍｏｅ｜mla　－revert", "MoE", ("ｍｏｅ",)),
        ("qwen，千问、混元", "混元", ("混元",)),
        ("qwen | kimi", "kimi", ("kimi",)),
        ("+qwen | kimi", "kimi", ("kimi",)),
        ("“flash attention”", "flash attention", ("“flash attention”",)),
        ('“flash attention"', "flash attention", ('“flash attention"',)),
        ("「上下文 长度」", "上下文 长度", ("「上下文 长度」",)),
        ("＂a b＂|c", "a b", ("＂a b＂",)),
        ("／v[0-9]／", "v3", ("／v[0-9]／",)),
        ("label：bug　x", "x", ("label:bug", "x")),
        ("q\u200bwen", "qwen", ("qwen",)),
        ("std::vector", "std::vector", ("std::vector",)),
        ("https://hf.co/x", "see https://hf.co/x.", ("https://hf.co/x",)),
        ("10:30", "at 10:30", ("10:30",)),
        ('5"', 'a 5" disk', ('5"',)),
        ('"a"b', "b", ("b",)),
    ],
)
def test_what_people_type_is_understood(filter_: str, title: str, reasons: tuple[str, ...]) -> None:
    assert why(filter_, title) == reasons


@pytest.mark.parametrize("dash", "-－–—−‐‑")
def test_every_dash_excludes(dash: str) -> None:
    assert why(f"qwen {dash}revert", "Revert qwen") is None
    assert why(f"qwen {dash}revert", "qwen") == ("qwen",)


def test_as_much_as_allowed_is_read() -> None:
    filter_ = parse(" ".join("abc"[n % 3] for n in range(MOST_WORDS)))
    assert len(filter_.wanted) == MOST_WORDS
    assert parse("x" * MOST_CHARACTERS).match(Document.of(replace(ITEM, title="x" * MOST_CHARACTERS)))


def test_the_table_of_names_can_be_another() -> None:
    mine = Aliases.of([("小模型", "SLM", "slm"), ("小模型", "Tiny LM")])
    found = parse("小模型", mine).match(Document.of(replace(ITEM, title="a tiny-lm")))
    assert found == ("小模型（Tiny LM）",)
    assert parse("slm", mine).match(Document.of(replace(ITEM, title="a tiny-lm"))) is None
    assert parse("深度求索", mine).match(Document.of(replace(ITEM, title="DeepSeek"))) is None
