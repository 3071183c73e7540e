"""Cards of what changed on the hubs: what stands on them, and that nothing written upstream is more than words there.

Every card is drawn for every platform: Feishu's stand-in takes it, and a robot of WeLink calls nobody with it.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feishu.cards import render
from bot.mail.markup import page
from bot.plain import as_text
from bot.welink.cards import text_of
from handlers.releases import card
from handlers.releases.card import LONGEST_ADDRESS, LONGEST_EXCERPT, LONGEST_TITLE, Told
from handlers.releases.kin import Kin
from suanli.domain.answer import Answer, Tone
from suanli.domain.releases import Change, Event, Hub, Item, Notice, Part, Place, WatchNumber
from suanli.domain.releases.changes import fingerprint
from suanli.domain.releases.watches import MOST_LINES
from suanli.i18n import Lang, Texts, texts_in
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.dialogue import SHANGHAI, runs
from tests.fakes import NOON
from tests.release_items import DEEPSEEK, HOUR, VLLM, issue, model, release
from tests.releasechat import links

ZH, EN = texts_in(Lang.ZH), texts_in(Lang.EN)
HOSTILE = [
    "@all 大家看", "@所有人", "＠all", "<at id=all></at>", '<at user_id="all">x</at>', "[x](https://evil.example)",
    "](https://evil.example)[", "![x](img_1)", "\u202egnp.exe", "a\u200bb", "\0", "", "   ", "\u202e\u200b\0",
    "**bold** `code` ~~x~~", "<b>x</b><script>", "{n} {mark} %s", "\ud800", "line\nline\r\n\u2028line",
    "&#60;at id=all&#62;", "💥" * 300,
]  # fmt: skip
HUGE = ["长" * 100_000, "<!--" * 20_000, "[" * 50_000, "a\u0301" * 30_000]
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))


def told(
    item: Item, change: Change = Change.ISSUE_OPENED, place: Place = VLLM, *, why: tuple[str, ...] = ("qwen",),
    kin: tuple[Kin, ...] = (), **more: Any,
) -> Told:  # fmt: skip
    name = fingerprint("github|issues|1", item.native_id, change, "")
    event = replace(Event(name, place, Part.ISSUES, change, item, NOON, NOON), **more)
    return Told(event, Notice(WatchNumber(3), name, change, why, NOON, NOON), kin)


def drawn(answer: Answer) -> Iterator[str]:
    """The answer as each platform shows it; that Feishu takes it is checked on the way."""
    kind, content = render(answer, NOON, SHANGHAI)
    assert kind == "interactive"
    assert flaw_of(json.loads(content)) is None
    yield content
    yield render(answer, NOON, SHANGHAI, plain=True)[1]
    yield text_of(answer, NOON, SHANGHAI)
    yield page(answer, NOON, SHANGHAI)
    yield as_text(answer, NOON, SHANGHAI)


def check_harmless(answer: Answer) -> None:
    feishu, plain, welink, mail, _ = drawn(answer)
    marked = "".join(each["content"] for each in json.loads(feishu)["body"]["elements"] if each["tag"] == "markdown")
    assert "<at" not in marked + plain + mail
    assert "](https://evil" not in marked + plain
    assert not any(call in welink for call in ("@all", "@所有人", "＠all"))
    assert not set("\u202e\0\u200e") & set(feishu + plain + welink + mail)
    assert all("https://evil" not in url for url in links(answer).values())


# One change.


def test_a_card_says_what_where_when_by_whom_and_why() -> None:
    item = issue(7, NOON - HOUR, title="Qwen crash", author="alice", labels=("bug", "new-model"), body="It crashes.")
    answer = card.one(ZH, told(item, occurred_at=NOON - HOUR))
    words = as_text(answer, NOON, SHANGHAI)
    assert answer.title == "🟢 vllm-project/vllm 新 Issue：#7"
    assert links(answer) == {"Qwen crash": "https://github.com/vllm-project/vllm/issues/7"}
    for said in ("时间：1 小时前 (11:00)", "作者：alice", "标签：bug, new-model", "It crashes.", "命中：qwen · 关注 3"):
        assert said in words
    short = told(item).event.short
    assert runs(answer) == [f"/releases why {short} 3", "/releases mute 3 1d"]


@pytest.mark.parametrize("change", [each for each in Change if each is not Change.FOUND])
@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_every_change_has_a_card_in_both_languages_that_platforms_take(change: Change, texts: Texts) -> None:
    one = told(model("DeepSeek-V4", NOON), change, DEEPSEEK, detail="earlier", why=())
    answer = card.one(texts, one)
    assert "DeepSeek-V4" in answer.title
    assert all(drawn(answer))
    assert all(drawn(card.many(texts, [one])))


@pytest.mark.parametrize(
    ("change", "tone"),
    [(Change.RELEASED, Tone.GOOD), (Change.REMOVED, Tone.WARNING), (Change.EDITED, Tone.INFO)],
)
def test_the_colour_says_whether_it_is_good_news(change: Change, tone: Tone) -> None:
    assert card.one(ZH, told(issue(1, NOON), change)).tone is tone


def test_what_is_gone_is_named_by_what_it_was() -> None:
    names = {
        Change.LABELED: "新增：x",
        Change.ISSUE_CLOSED: "原因：x",
        Change.EDITED: "原来：x",
        Change.RENAMED: "原来：x",
    }
    for change, said in names.items():
        assert said in as_text(card.one(ZH, told(issue(1, NOON), change, detail="x")), NOON, SHANGHAI)


def test_a_maintenance_branch_is_said_to_be_one() -> None:
    one = told(release(1, "v1.9.1", NOON), Change.RELEASED, older_branch=True)
    assert "维护分支" in as_text(card.one(ZH, one), NOON, SHANGHAI)
    assert "维护分支" not in as_text(card.one(ZH, told(release(1, "v2", NOON), Change.RELEASED)), NOON, SHANGHAI)


def test_a_card_shows_the_beginning_of_a_text_without_its_marks() -> None:
    body = (
        "<!-- template: fill in -->\n## Bug\n> **It** `crashes` see [here](https://evil.example)\n- one\n" + "x " * 500
    )
    words = as_text(card.one(ZH, told(issue(1, NOON, body=body))), NOON, SHANGHAI)
    assert "Bug It crashes see here one x x" in words
    assert "template" not in words
    assert "evil" not in words
    assert len(card.excerpt_of(body, LONGEST_EXCERPT)) == LONGEST_EXCERPT


BETWEEN = [(3, "（早 3 小时）"), (-3, "（晚 3 小时）"), (50, "（早 2 天）"), (0, "（同时）")]


@pytest.mark.parametrize(("hours", "said"), BETWEEN)
def test_the_same_model_elsewhere_is_named_with_the_time_between(hours: int, said: str) -> None:
    there = Place(Hub.MODELSCOPE, "deepseek-ai")
    item = replace(model("DeepSeek-V4", NOON), url="https://modelscope.cn/models/deepseek-ai/DeepSeek-V4")
    kin = (Kin(there, item, NOON - timedelta(hours=hours)),)
    answer = card.one(ZH, told(model("DeepSeek-V4", NOON), Change.MODEL_ADDED, DEEPSEEK, kin=kin))
    assert f"🔗 ms:deepseek-ai deepseek-ai/DeepSeek-V4 {item.url} {said}" in as_text(answer, NOON, SHANGHAI)


# Links.


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/vllm", "https://github.com.evil.example/x", "javascript:alert(1)", "", "http://github.com/x",
        "https://github.com/x)[y](z", "https://github.com/a\u202eb", "https://github.com/" + "x" * LONGEST_ADDRESS,
        "https://huggingface.co/deepseek-ai",
    ],
)  # fmt: skip
def test_a_card_leads_only_to_its_own_hub(url: str) -> None:
    assert links(card.one(ZH, told(replace(issue(1, NOON), url=url)))) == {}


@pytest.mark.parametrize("title", ["", " ", "\u202e\u200b\0", "\u2066\u2069"])
def test_what_has_no_title_to_see_is_called_by_its_name(title: str) -> None:
    assert list(links(card.one(ZH, told(issue(7, NOON, title=title))))) == ["#7"]


def test_what_has_neither_is_still_something_to_press() -> None:
    assert list(links(card.one(ZH, told(issue(7, NOON, title="", name="\0"))))) == ["…"]


# Many changes.


def test_many_changes_are_lines_by_place_in_the_order_of_the_places() -> None:
    some = [
        told(issue(1, NOON, title="one")),
        told(model("M", NOON), Change.MODEL_ADDED, DEEPSEEK),
        told(issue(2, NOON, title="two")),
    ]
    words = as_text(card.many(ZH, some), NOON, SHANGHAI)
    positions = [words.index(said) for said in ("3 条发布动态", VLLM.word, "one", "two", DEEPSEEK.word, "🆕 新模型 M")]
    assert positions == sorted(positions)


def test_what_is_beyond_the_last_line_is_counted_and_so_is_what_was_left_out_before() -> None:
    some = [told(issue(n, NOON, title=f"t{n};")) for n in range(MOST_LINES + 5)]
    answer = card.many(EN, some, left_out=100)
    words = as_text(answer, NOON, SHANGHAI)
    assert answer.title == "125 changes upstream"
    assert "… and 105 more" in words
    assert f"t{MOST_LINES - 1};" in words
    assert f"t{MOST_LINES};" not in words


def test_twenty_of_the_longest_lines_fit_one_card_without_losing_one() -> None:
    long = "<@all>" * 100
    some = [told(issue(n, NOON, title=f"{n} {long}", url=f"https://github.com/{'x' * 200}")) for n in range(MOST_LINES)]
    content = render(card.many(ZH, some), NOON, SHANGHAI)[1]
    assert flaw_of(json.loads(content)) is None
    assert all(each.event.short[1:] in content for each in some)


# Whatever somebody writes.


@pytest.mark.parametrize("text", [*HOSTILE, *HUGE], ids=range(len(HOSTILE) + len(HUGE)))
@pytest.mark.parametrize("field", ["title", "body", "author", "labels", "name", "detail", "why"])
def test_nothing_written_upstream_is_more_than_words(field: str, text: str) -> None:
    item = issue(7, NOON, body="body", author="alice")
    fields: dict[str, Any] = {"labels": (text,) * 30, "why": (text,)}
    value = {field: fields.get(field, text)}
    one = told(item, **value) if field in {"detail", "why"} else told(replace(item, **value))
    check_harmless(card.one(ZH, one))
    check_harmless(card.many(EN, [one, one]))


@given(TEXT, TEXT, TEXT)
def test_no_mixture_of_texts_is_more_than_words(title: str, body: str, author: str) -> None:
    item = issue(7, NOON, title=title, body=body, author=author, labels=(title, body))
    check_harmless(card.one(ZH, told(item, detail=body, why=(author,))))


@given(TEXT, st.integers(2, 200))
def test_a_cut_text_is_one_line_that_can_be_seen(text: str, longest: int) -> None:
    shown = card.cut(text, longest)
    assert len(shown) <= longest
    assert shown == " ".join(shown.split())
    assert card.cut(shown, longest) == shown
    assert not set("\u202e\u200b\0\n") & set(shown)


def test_a_title_is_cut_where_a_card_has_room_for_it() -> None:
    (text,) = links(card.one(ZH, told(issue(7, NOON, title="长" * 100_000))))
    assert text == "长" * (LONGEST_TITLE - 1) + "…"


@pytest.mark.parametrize("piece", ["[", "![", "[](", "<!--", "`", "\n>", "#", "[a]("])
def test_a_hostile_text_is_shortened_in_no_time(piece: str) -> None:
    began = time.process_time()
    for _ in range(5):
        card.excerpt_of(piece * 200_000, LONGEST_EXCERPT)
    assert time.process_time() - began < 1
