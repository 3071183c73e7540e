"""Letters: what stands in them, that HTML and text say the same, and that no words from outside are more than words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mail.letters import LONGEST_SUBJECT, MOST_BYTES, address, letter
from bot.plain import RULE
from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Block,
    Button,
    Buttons,
    Chart,
    Code,
    Column,
    Divider,
    Facts,
    Form,
    Input,
    Note,
    Paragraph,
    Point,
    Span,
    Strong,
    Table,
    Tone,
    line,
    run_button,
)
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, uuid_of
from suanli.i18n import Lang, texts_in

NOW = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SENDER = address("bot@example.com", "算力")
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language",
}  # fmt: skip

EVERYTHING = Answer(
    Lang.EN,
    (
        line("Only ", Strong("3"), " left of ", Code("RTX 4090"), ", says ", At("ou_1"), " ", Ago(NOW)),
        Facts((("free", ("3",)), ("safe", (Strong("100"),)))),
        Table((Column("model"), Column("free", number=True)), (("4090", "3"), ("H100", "12"))),
        Divider(),
        Chart("Free cards", (Point("02-26", "4090", 3.0),), "97 → 3 in a week"),
        Buttons((run_button("Mute", "/stock mute 4090"),)),
        Form("po", (Input("n", "quantity"),), (Button("Order", {"run": "/stock po 4090", "fields": "n"}),)),
        Note(("as of 10:00",)),
    ),
    "Stock is low",
    Tone.BAD,
)

TEXT = """\
Stock is low

Only 3 left of RTX 4090, says ou_1 just now (10:00)

free: 3
safe: 100

model | free
4090 | 3
H100 | 12

──────────

Free cards
97 → 3 in a week

Nothing can be pressed here; send the command to the bot instead:

Mute: /stock mute 4090

Order: /stock po 4090 <quantity>

as of 10:00

"""


def parcel(answer: Answer, *, to: str = "ops@example.com", key: str = "k") -> Parcel:
    target = Target(Platform.MAIL, TargetKind.EMAIL, to)
    return Parcel(1, key, uuid_of(key), target, answer, None, 1, as_text=False, created_at=NOW, first_tried_at=NOW, owner="me")  # fmt: skip  # noqa: E501 one row


def read(answer: Answer, *, now: datetime = NOW) -> EmailMessage:
    """The letter as a mail program reads it."""
    return message_from_bytes(letter(parcel(answer), SENDER, now, SHANGHAI).as_bytes(), policy=default)


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")


class Reader(HTMLParser):
    """What somebody sees of a page, laid out as plain text is."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        # Text has none of these controls: a block, a row, a cell.
        before = dict.fromkeys(("h1", "p", "table"), "\0") | {"tr": "\1", "th": "\2", "td": "\2"}
        before |= {"br": "\n", "hr": f"\0{RULE}"}
        self.parts.append(before.get(tag, ""))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def seen(self) -> str:
        blocks = (block.removeprefix("\1") for block in "".join(self.parts).split("\0"))
        laid_out = (block.replace("\1\2", "\n").removeprefix("\2").replace("\2", " | ") for block in blocks)
        return "\n\n".join(block for block in laid_out if block)


def seen(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_a_letter_says_everything_in_text_and_in_html() -> None:
    read_letter = read(EVERYTHING)
    text = body(read_letter, "plain")
    assert text == TEXT + texts_in(Lang.EN)("mail.footer")
    assert seen(body(read_letter, "html")).seen() == text


def test_tables_are_tables_and_nothing_is_to_be_fetched_or_followed() -> None:
    html = seen(body(read(EVERYTHING), "html"))
    assert "table" in html.tags
    assert not html.tags & {"a", "img", "link", "script", "style", "iframe", "form", "input", "button", "base"}
    assert html.attributes <= {"style", "lang", "charset"}


def test_a_letter_names_itself_and_who_sends_it_and_when() -> None:
    read_letter = read(EVERYTHING)
    assert set(read_letter.keys()) == HEADERS
    assert read_letter["From"] == "算力 <bot@example.com>"
    assert read_letter["To"] == "ops@example.com"
    assert read_letter["Subject"] == "Stock is low"
    assert read_letter["Date"] == "Thu, 26 Feb 2026 10:00:00 +0800"
    assert (read_letter["Auto-Submitted"], read_letter["Content-Language"]) == ("auto-generated", "en")
    assert read_letter.get_content_type() == "multipart/alternative"


def test_a_message_id_is_the_same_for_every_try_and_another_for_another_message() -> None:
    first, later = (letter(parcel(EVERYTHING), SENDER, NOW + wait, SHANGHAI) for wait in (timedelta(0), timedelta(1)))
    other = letter(parcel(EVERYTHING, key="other"), SENDER, NOW, SHANGHAI)
    assert first["Message-ID"] == later["Message-ID"] == f"<{uuid_of('k')}@example.com>"
    assert first["Message-ID"] != other["Message-ID"]


def test_a_message_id_is_whole_however_long_the_domain_is() -> None:
    domain = f"{'a' * 60}.{'b' * 60}.example.com"
    made = letter(parcel(EVERYTHING), address(f"bot@{domain}"), NOW, SHANGHAI)
    found = message_from_bytes(made.as_bytes(), policy=default)
    assert found["Message-ID"] == f"<{uuid_of('k')}@{domain}>"
    assert found["From"].addresses[0].addr_spec == f"bot@{domain}"


def test_chinese_is_said_to_be_chinese() -> None:
    read_letter = read(Answer(Lang.ZH, (line("剩 3 张"),), "库存不足"))
    assert (read_letter["Subject"], read_letter["Content-Language"]) == ("库存不足", "zh-CN")
    assert body(read_letter, "html").startswith('<!doctype html><html lang="zh-CN">')


@pytest.mark.parametrize(
    ("answer", "subject"),
    [
        (Answer(Lang.EN, (line("\n first\nsecond"),)), "first"),
        (Answer(Lang.EN, (Divider(), line("x")), "\u202e\u200f"), RULE),
        (Answer(Lang.EN, (line("x"),), "low\r\nBcc: spy@example.com"), "low"),
        (Answer(Lang.EN, (line("x"),), "low\rBcc: spy@example.com"), "low"),
        (Answer(Lang.EN, (line("x"),), "low\u2028Bcc: spy@example.com"), "low"),
        (Answer(Lang.EN, (line("x"),), "a \t b\x00\x07"), "a b"),
        (Answer(Lang.EN, (line("x"),), "=?utf-8?q?a=0D=0ABcc:_b@c.d?="), "= ?utf-8?q?a=0D=0ABcc:_b@c.d?="),
        (Answer(Lang.EN, (line("x"),), "🔥👩‍💻 מלאי נמוך مخزون"), "🔥👩‍💻 מלאי נמוך مخزون"),
        (Answer(Lang.EN, (line("x"),), "half \ud83d"), "half \ufffd"),
        (Answer(Lang.EN, (line("x"),), "a" * 500), "a" * (LONGEST_SUBJECT - 1) + "…"),
    ],
)
def test_the_subject_is_the_first_line_whatever_is_in_it(answer: Answer, subject: str) -> None:
    read_letter = read(answer)
    assert read_letter["Subject"] == subject
    assert set(read_letter.keys()) == HEADERS


def test_an_answer_without_words_still_has_a_subject() -> None:
    assert read(Answer(Lang.EN, ()))["Subject"]


def test_markup_in_words_is_words() -> None:
    words = "<script>alert(1)</script><a href='https://evil.example'>x</a>&lt;b&gt; <img src=x onerror=y> \"q\""
    html = body(read(Answer(Lang.EN, (line(words), Table((Column(words),), ((words,),))), words)), "html")
    assert seen(html).tags <= {"html", "head", "meta", "body", "h1", "p", "table", "tr", "th", "td"}
    assert words in seen(html).seen()


def test_a_huge_answer_is_cut_and_says_so() -> None:
    rows = tuple((f"model {at}", "<&>" * 30) for at in range(20_000))
    read_letter = read(Answer(Lang.EN, (Table((Column("model"), Column("note")), rows),), "T" * 100_000))
    assert len(body(read_letter, "html").encode()) <= MOST_BYTES
    assert "model 0 |" in body(read_letter, "plain")
    assert texts_in(Lang.EN)("card.truncated", n=0).split("0")[1].strip() in body(read_letter, "plain")


def test_a_letter_may_be_plain_text_alone() -> None:
    made = letter(replace(parcel(EVERYTHING), as_text=True), SENDER, NOW, SHANGHAI)
    assert made.get_content_type() == "text/plain"
    assert made["Content-Language"] == "en"


@pytest.mark.parametrize(
    "good", ["a@example.com", "first.last+tag@mail.example.com", "o'neil@example.com", "root@localhost", "x_1@1.cn"]
)
def test_an_address_is_taken_as_it_is(good: str) -> None:
    assert address(good).addr_spec == good


@pytest.mark.parametrize(
    "bad",
    [
        "", "a", "@b.c", "a@", "a@b@c.d", "a b@c.d", "a@b c", "a@b.c\n", "a@b.c\r\nBcc: d@e.f", "<a@b.c>", "a@b..c",
        ".a@b.c", "a.@b.c", "a..b@c.d", "名@b.c", "a@名.c", "a@-b.c", "a@b.", f"{'a' * 65}@b.c", "a,b@c.d", '"a"@b.c',
    ],
)  # fmt: skip
def test_what_is_not_plainly_an_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        address(bad)


WORDS = st.text(max_size=40) | st.sampled_from(["<b>", "&amp;", "a\r\nb", "\n.\n", "  two  spaces", "\u202eevil", "🔥"])
SPANS = st.one_of(
    WORDS, st.builds(Strong, WORDS), st.builds(Code, WORDS), st.builds(At, WORDS), st.builds(Ago, st.just(NOW))
)
LINES = st.lists(SPANS, max_size=4).map(tuple[Span, ...])
ROWS = st.lists(st.tuples(WORDS, WORDS), max_size=3)
BLOCKS = st.one_of(
    st.builds(Paragraph, LINES),
    st.builds(Note, LINES),
    st.builds(Facts, st.lists(st.tuples(WORDS, LINES), max_size=3).map(tuple)),
    st.builds(lambda rows: Table((Column("a"), Column("b", number=True)), tuple(rows)), ROWS),
    st.builds(lambda label, command: Buttons((run_button(label, command),)), WORDS, WORDS),
    st.builds(lambda title, summary: Chart(title, (), summary), WORDS, WORDS),
    st.just(Divider()),
)


@given(st.sampled_from(Lang), st.lists(BLOCKS, max_size=5), WORDS)
def test_html_shows_exactly_the_text_and_no_header_is_forged(lang: Lang, blocks: list[Block], title: str) -> None:
    read_letter = read(Answer(lang, tuple(blocks), title))
    html = seen(body(read_letter, "html"))
    assert html.seen() == body(read_letter, "plain")
    assert html.attributes <= {"style", "lang", "charset"}
    assert set(read_letter.keys()) == HEADERS


@given(st.text(max_size=300) | st.text('=?utf-8bqBQ_0DA \t\r\n:,<>@"\\é库🔥', max_size=300))
def test_any_subject_comes_back_as_it_was_and_stays_short(title: str) -> None:
    made = letter(parcel(Answer(Lang.EN, (line("x"),), title)), SENDER, NOW, SHANGHAI)
    found = message_from_bytes(made.as_bytes(), policy=default)
    assert found["Subject"] == made["Subject"]
    assert 0 < len(found["Subject"]) <= LONGEST_SUBJECT
    assert set(found.keys()) == HEADERS
    assert not found.defects
