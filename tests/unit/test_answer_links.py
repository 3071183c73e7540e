"""Links in answers: only plain addresses of the web are any, and each platform shows where they lead.

The judges are a CommonMark parser, Feishu's linter of the stand-in, and an HTML parser; none shares code with ours.
"""

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.feishu.cards import render
from bot.feishu.cards.markdown import Pen
from bot.mail.markup import page
from bot.plain import as_text, clean
from bot.welink.cards import text_of
from storage import answers
from suanli.domain.answer import Answer, Code, Facts, Link, Note, Paragraph, Strong, is_address
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.dialogue import SHANGHAI
from tests.fakes import NOON

PAGE = "https://github.com/vllm-project/vllm/releases/tag/v0.9.0rc1%2Bcu"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = st.sampled_from(
    [
        "@all", "@所有人", "<at id=all></at>", "[x](http://evil.example)", "](http://evil.example)", "![i](img_1)",
        "**", "_", "`", "\\", "\n", "\n\n- ", "&#60;", "<b>", "\u202e", "\u200b", "\0", "\ud800", "](", "]", "[", "(",
        ")", '"', "'", "|", "💥", "长", " ",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(HOSTILE, st.text(max_size=6)), max_size=5).map("".join)
ADDRESS = st.from_regex(r"https?://[A-Za-z0-9.:\[\]-]{1,20}(/[A-Za-z0-9._~%/=&?#+,:-]{0,30})?", fullmatch=True)


@pytest.mark.parametrize(
    "address",
    [
        PAGE,
        "http://127.0.0.1:8000",
        "https://[::1]:8443/x?y=z#a",
        "https://modelscope.cn/models/deepseek-ai/DeepSeek-V3",
    ],
)
def test_an_address_of_the_web_is_one(address: str) -> None:
    assert is_address(address)
    assert Link("x", address).url == address


@pytest.mark.parametrize(
    "address",
    [
        "", "github.com/x", "javascript:alert(1)", "data:text/html,x", "ftp://a/b", "https://", "https:///x", "//a/b",
        "https://user@evil.example/", "https://github.com/a b", "https://github.com/a)b", "https://github.com/(",
        "https://github.com/<at", "https://github.com/@all", "https://github.com/\n", "https://github.com/x\n",
        "https://github.com/'", 'https://github.com/"', "https://github.com/\\", "https://github.com/`", "https://gіthub.com/",
        "https://github.com/\u202e", "https://github.com/长", " https://github.com/", "HTTPS://github.com/",
    ],
)  # fmt: skip
def test_what_could_mean_more_than_a_page_is_no_link(address: str) -> None:
    with pytest.raises(ValueError, match="plain address"):
        Link("x", address)


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


def squeezed(text: str) -> str:
    return "".join(clean(text).replace("\u200b", "").split())


@given(TEXT, ADDRESS, TEXT, TEXT)
def test_on_a_card_a_link_is_its_text_and_leads_to_its_page_and_nowhere_else(
    text: str, url: str, before: str, after: str
) -> None:
    written = Pen(Lang.ZH, NOON, SHANGHAI).write((before, Link(text, url), after))
    found = list(tokens(written))
    opened = [token.attrs["href"] for token in found if token.type == "link_open"]
    plain = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "link_open", "link_close"}
    assert {token.type for token in found} <= plain
    assert opened == [PARSER.normalizeLink(url)]
    words = squeezed("".join(token.content for token in found if token.type == "text"))
    assert words == squeezed(before) + (squeezed(text) or squeezed(url)) + squeezed(after)


@given(TEXT, ADDRESS, TEXT)
def test_the_platform_takes_a_card_with_any_link_on_it(text: str, url: str, beside: str) -> None:
    link = Link(text, url)
    blocks = (
        Paragraph((beside, link, Strong(beside), link, Code(beside), link)),
        Note((link,)),
        Facts(((beside, (link,)),)),
    )
    kind, content = render(Answer(Lang.EN, blocks, "t"), NOON, SHANGHAI)
    assert kind == "interactive"
    assert flaw_of(json.loads(content)) is None


class Seen(HTMLParser):
    """What a reader of mail sees: where links lead, and which tags there are."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str | None] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.hrefs.append(dict(attrs).get("href"))


@given(TEXT, ADDRESS)
def test_in_mail_a_link_is_an_anchor_and_its_text_is_no_markup(text: str, url: str) -> None:
    seen = Seen()
    seen.feed(page(Answer(Lang.EN, (Paragraph((text, Link(text, url))),)), NOON, SHANGHAI))
    assert seen.hrefs == [url]
    assert seen.tags <= {"html", "head", "meta", "body", "p", "br", "a"}


@pytest.mark.parametrize("write", [as_text, text_of], ids=["plain", "welink"])
def test_where_nothing_can_be_pressed_the_address_stands_behind_the_text(write: Callable[..., str]) -> None:
    answer = Answer(Lang.EN, (Paragraph(("see ", Link("v0.9", PAGE), ", or ", Link("", PAGE))),))
    assert write(answer, NOON, SHANGHAI) == f"see v0.9 {PAGE}, or {PAGE}"


@given(TEXT, ADDRESS)
def test_in_a_robots_text_no_link_calls_anybody(text: str, url: str) -> None:
    said = text_of(Answer(Lang.ZH, (Paragraph((Link(text, url),)),), text), NOON, SHANGHAI)
    assert "@all" not in said
    assert "@所有人" not in said
    assert not set("\u202e\0") & set(said)


@given(TEXT.filter(lambda text: "\ud800" not in text), ADDRESS)
def test_a_link_that_waits_in_the_outbox_comes_out_as_it_went_in(text: str, url: str) -> None:
    answer = Answer(Lang.ZH, (Paragraph((Link(text, url),)),))
    assert answers.load(answers.dump(answer)) == answer


def test_a_stored_link_to_somewhere_else_is_not_read() -> None:
    stored = answers.dump(Answer(Lang.ZH, (Paragraph((Link("x", PAGE),)),))).replace(PAGE, "javascript:alert(1)")
    with pytest.raises(ValueError, match="plain address"):
        answers.load(stored)
