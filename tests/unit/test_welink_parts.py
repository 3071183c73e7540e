"""A robot's text: what it may not hold, whom it mentions, and how it falls into parts."""

import pytest

from bot.welink.cards import text_of
from bot.welink.cards.neutral import neutral, visible
from bot.welink.cards.parts import MOST_PARTS, MOST_UNITS, Mentions, numbered, units
from suanli.domain.answer import Answer, At, Button, Buttons, Code, Form, Input, Strong, line, run_button
from suanli.i18n import Lang
from tests.fakes import NOON
from tests.welink import SHANGHAI


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@all", "@\u200ball"),
        ("＠所有人", "＠\u200b所有人"),
        ("﹫all", "﹫\u200ball"),
        ("@@all@", "@\u200b@\u200ball@\u200b"),
        ("@\u200ball", "@\u200ball"),
        ("@\u202eall\u2066\u00ad\u2060", "@\u200ball"),
        ("a\u200db\u3164c\U000e0041", "abc"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("97 张空闲", "97 张空闲"),
        ("", ""),
    ],
)
def test_nothing_hides_and_nobody_is_mentioned(text: str, shown: str) -> None:
    assert neutral(text) == shown


def test_text_that_mentions_nobody_is_shown_as_it_is() -> None:
    assert visible("vllm@example.com\n\tok") == "vllm@example.com\n\tok"


def test_every_kind_of_text_in_an_answer_is_made_harmless() -> None:
    answer = Answer(
        Lang.ZH,
        (line("a@", Strong("all"), Code("@all"), At("all@x")), Buttons((run_button("@all", "/x @all"),))),
        "@所有人",
    )
    text = text_of(answer, NOON, SHANGHAI)
    assert text.count("@") == text.count("@\u200b") == 6


def test_buttons_and_forms_become_lines_to_type() -> None:
    order = Button("已下单", {"run": "/stock po 4090", "fields": "quantity"})
    answer = Answer(
        Lang.ZH,
        (
            Buttons((run_button("认领", "/stock ack 4090"),)),
            Form("po", (Input("quantity", "数量", "number"),), (order,)),
        ),
    )
    text = text_of(answer, NOON, SHANGHAI)
    assert text.count("请把命令发给机器人") == 1
    assert "认领：/stock ack 4090" in text
    assert "已下单：/stock po 4090 <数量>" in text


@pytest.mark.parametrize(
    ("mentions", "prefix", "fields"),
    [
        (Mentions(), "", {"isAt": False, "isAtAll": False}),
        (Mentions(("a@1", "b@2")), "@a@1 @b@2 ", {"isAt": True, "isAtAll": False, "atAccounts": ["a@1", "b@2"]}),
        (Mentions(("a@1",), is_at=False), "", {"isAt": False, "isAtAll": False}),
        (Mentions(is_at_all=True), "@all ", {"isAt": False, "isAtAll": True}),
        (
            Mentions(("a@1",), is_at=True, is_at_all=True),
            "@all @a@1 ",
            {"isAt": True, "isAtAll": True, "atAccounts": ["a@1"]},
        ),
    ],
)
def test_mentions_stand_in_the_text_and_in_the_body(mentions: Mentions, prefix: str, fields: dict[str, object]) -> None:
    assert (mentions.prefix, mentions.fields) == (prefix, fields)


@pytest.mark.parametrize(
    ("accounts", "is_at", "words"),
    [
        (tuple(f"p{n}@1" for n in range(11)), None, "at most 10"),
        ((), True, "at_accounts"),
        (("@li",), None, "userid"),
        (("li lei",), None, "userid"),
        (("",), None, "userid"),
        (tuple(f"{'x' * 40}@{n}" for n in range(10)), None, "longer than 390"),
    ],
)
def test_mentions_that_no_robot_takes_are_refused_at_once(
    accounts: tuple[str, ...], words: str, *, is_at: bool | None
) -> None:
    with pytest.raises(ValueError, match=words):
        Mentions(accounts, is_at)


def test_what_fits_is_one_message_without_a_number() -> None:
    assert numbered("x" * 490, "@li@1 ", "…") == ("@li@1 " + "x" * 490,)
    assert numbered("😀" * 250, "", "…") == ("😀" * 250,)


def test_one_unit_more_makes_two_and_only_the_first_mentions() -> None:
    first, second = numbered("x" * 495, "@li@1 ", "…")
    assert first.startswith("@li@1 (1/2)\nx")
    assert second.startswith("(2/2)\nx")
    assert max(units(first), units(second)) <= MOST_UNITS


def test_parts_end_where_lines_do() -> None:
    text = "\n".join(f"{n} {'x' * 150}" for n in range(9))
    parts = numbered(text, "", "…")
    assert [part.partition("\n")[0] for part in parts] == ["(1/3)", "(2/3)", "(3/3)"]
    assert [part.splitlines()[1][0] for part in parts] == ["0", "3", "6"]


def test_a_wide_character_is_not_cut() -> None:
    parts = numbered("a" + "😀" * 400, "", "…")
    assert "".join(part.partition("\n")[2] for part in parts) == "a" + "😀" * 400
    assert all(units(part) <= MOST_UNITS for part in parts)


def test_a_huge_text_ends_with_a_word_that_it_was_cut() -> None:
    parts = numbered("库存\n" * 200_000, "@li@1 ", "…（已截断）")
    assert len(parts) == MOST_PARTS
    assert parts[-1].startswith("(10/10)\n")
    assert parts[-1].endswith("…（已截断）")
    assert max(map(units, parts)) <= MOST_UNITS
