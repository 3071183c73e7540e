"""The original release tracker's keywords, as a filter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, parse
from suanli.settings import SettingsError
from suanli.settings.tracker import parse_tracker
from suanli.settings.tracker_file import Tracker


def with_keywords(keywords: list[str]) -> Tracker:
    return parse_tracker(json.dumps({"watch_keywords": keywords}), {})


def finds(keywords: list[str], title: str) -> bool:
    document = Document.of(Item(Kind.ISSUE, "#1", "#1", title, "", State.OPEN))
    return parse(with_keywords(keywords).filter).match(document) is not None


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ([], ""),
        (["", " "], ""),
        (["deepseek", "qwen"], "deepseek qwen"),
        ([" DeepSeek ", "deepseek", "qwen"], "DeepSeek qwen"),
        (["b", "a", "B"], "b a"),
        (["DeepSeek V3"], "DeepSeek-V3"),
        (["深度求索"], "深度求索"),
        (["c++", "a|b", "-v", "+x", "kind:x", "/r/"], 'c++ "a|b" "-v" "+x" "kind:x" "/r/"'),
        (["a、b"], '"a、b"'),
        (['"q"'], '「"q"」'),
    ],
)
def test_they_are_one_filter_that_wants_any_of_them(keywords: list[str], text: str) -> None:
    assert with_keywords(keywords).filter == text


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8))
def test_whatever_they_are_each_is_found_where_it_stands_as_a_word(keywords: list[str]) -> None:
    try:
        found = with_keywords(keywords)
    except SettingsError:
        return
    wanted = parse(found.filter)
    assert (len(wanted.wanted), wanted.required, wanted.excluded, wanted.conditions) == (
        len(found.keywords), (), (), ()
    )  # fmt: skip
    for keyword in found.keywords:
        item = Item(Kind.ISSUE, "#1", "#1", f"支持 {keyword} 模型", "", State.OPEN)
        assert wanted.match(Document.of(item))


def test_a_keyword_is_found_in_any_case_and_before_a_number() -> None:
    for title in ("QWEN is out", "支持Qwen3模型", "[Model] add qwen-3 moe"):
        assert finds(["deepseek", "qwen"], title)
    assert finds(["deepseek v3"], "DeepSeek-V3.2 crashes")
    assert not finds(["deepseek", "qwen"], "Llama 4 is out")


def test_a_keyword_in_the_middle_of_a_word_is_not_found_as_it_once_was() -> None:
    assert not finds(["rl"], "hello world")
    assert not finds(["npu"], "wrong input")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_tracker('{"watch_keywords": ["a", "\\ud800"]}', {})
    assert str(caught.value).startswith("watch_keywords[1]: ")
