"""What a page shows: its card's buttons with their lines, and never anything that somebody else made of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.welink.pages.page import page, policy, refusal
from suanli.domain.answer import Answer, Button, Buttons, Form, Input, run_button
from suanli.i18n import Lang
from tests.fakes import NOON
from tests.welink_pages import CARD, LINKS, SCRIPT, Reader, link_of, read

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&lt;"


def shown(answer: Answer = CARD, chosen: int | None = None) -> Reader:
    offer = LINKS.open(link_of(answer), NOON)
    return read(page(offer, token="t", nonce="n0nce", script=SCRIPT, chosen=chosen))


def test_each_button_is_there_with_the_line_that_it_stands_for() -> None:
    reader = shown()
    assert sorted(reader.buttons) == [0, 1, 2, 3]
    assert reader.buttons[3]["data-fields"] == "q_1 d_1"
    for words in ("GPU 库存", "写下", "/write 甲", "已下单", "/write 乙", "数量", "日期"):
        assert words in reader.words


def test_inputs_are_of_the_kind_that_they_ask_for() -> None:
    quantity, day = shown().inputs
    assert (quantity["name"], quantity["inputmode"], "required" in quantity) == ("q_1", "numeric", True)
    assert (day["name"], day["type"], "required" in day) == ("d_1", "date", False)


@pytest.mark.parametrize(("chosen", "marked"), [(None, []), (1, [1]), (3, [3]), (40, [])])
def test_the_button_that_was_pressed_on_the_card_is_marked(chosen: int | None, marked: list[int]) -> None:
    buttons = shown(chosen=chosen).buttons
    assert [number for number, given in buttons.items() if given.get("class") == "chosen"] == marked


def test_the_page_is_in_the_language_of_its_card() -> None:
    english = Answer(Lang.EN, (Buttons((run_button("Go", "/look"),)),))
    reader = shown(english)
    assert not re.search("[\u4e00-\u9fff]", reader.words)
    assert (
        reader.data["data-failed"]
        == "That did not work. Press again; if it still does not, send the command to the bot."
    )


@pytest.mark.parametrize("text", [HOSTILE, "a\u202eb", "x" * 5000, "<", "&", "\x00"])
def test_text_from_outside_stays_text(text: str) -> None:
    form = Form("f", (Input(text or "q", text, required=True),), (Button(text, {"run": f"/{text}", "fields": text}),))
    plain = [tag for tag in shown().tags if tag not in {"button", "input", "label", "section", "code"}]
    reader = shown(Answer(Lang.ZH, (Buttons((Button(text, {"run": text[:50]}),)), form), text))
    assert [tag for tag in reader.tags if tag not in {"button", "input", "label", "section", "code"}] == plain
    assert "\u202e" not in reader.words


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_text_adds_an_attribute_or_a_tag(label: str, run: str) -> None:
    reader = shown(Answer(Lang.ZH, (Buttons((Button(label, {"run": run}),)),), label))
    assert list(reader.buttons[0]) == ["type", "data-action", "data-fields"]
    assert reader.tags.count("button") == 1
    assert reader.tags.count("script") == 2


def test_only_parts_with_the_nonce_are_run_and_nothing_frames_it() -> None:
    assert shown().nonces == {"n0nce"}
    rules = dict(rule.split(" ", 1) for rule in policy("n0nce").split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'nonce-n0nce' 'strict-dynamic'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy("n0nce")


def test_a_page_that_does_not_hold_everything_says_what_to_do_with_the_rest() -> None:
    many = Answer(Lang.ZH, (Buttons(tuple(run_button(str(n), f"/x {n}") for n in range(50))),))
    assert "请把命令发给机器人" in shown(many).words
    assert "放不下" not in shown().words


@pytest.mark.parametrize("key", ["forged", "expired", "foreign", "stale", "malformed", "nobody"])
def test_what_is_refused_is_explained_in_both_languages(key: str) -> None:
    words = read(refusal(key, "n")).words
    assert re.search("[\u4e00-\u9fff]{6}", words)
    assert re.search("[a-z]+ [a-z]+ [a-z]+", words)
