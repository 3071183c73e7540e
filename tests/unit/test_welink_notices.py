"""Answers as cards of WeLink's app."""

import json
from typing import Any

import pytest

from bot.welink.cards.notices import CardPage, clipped, common, wecode
from suanli.domain.answer import Answer, Button, Buttons, Facts, Form, Input, line, run_button
from suanli.i18n import Lang
from tests.fakes import NOON
from tests.welink import CARD, SHANGHAI

ADDRESS = "https://bot/welink/act?c=x"


def buttons(count: int) -> Buttons:
    return Buttons(tuple(run_button(f"按钮 {n}", f"/x{n}") for n in range(count)))


def card_of(*blocks: Any, title: str = "库存", listed: int = 40) -> Any:
    """The card whose page lists so many of its buttons."""
    pressed = [button for block in blocks if isinstance(block, Buttons | Form) for button in block.buttons]
    page = CardPage(ADDRESS, tuple(pressed[:listed]), tuple(pressed[listed:]))
    return wecode(Answer(Lang.ZH, blocks, title), NOON, SHANGHAI, page)


def lines_of(card: Any) -> list[tuple[str, str]]:
    return [(json.loads(each["key"])["CN"], json.loads(each["value"])["EN"]) for each in card["contentList"]]


def test_a_plain_card_has_an_owner_a_title_and_what_is_said() -> None:
    assert common(CARD, NOON, SHANGHAI, "算力机器人") == {
        "msgOwner": "算力机器人",
        "msgTitle": "GPU 库存",
        "msgContent": "97 张空闲",
    }


def test_without_a_title_the_first_line_is_one() -> None:
    card = common(Answer(Lang.ZH, (line("一\n二"),)), NOON, SHANGHAI, "o")
    assert (card["msgTitle"], card["msgContent"]) == ("一", "一\n二")


def test_what_says_nothing_but_its_title_says_that() -> None:
    card = common(Answer(Lang.ZH, (), "库存"), NOON, SHANGHAI, "o")
    assert (card["msgTitle"], card["msgContent"]) == ("库存", "库存")


def test_everything_keeps_to_its_bytes_and_says_that_it_was_cut() -> None:
    card = common(Answer(Lang.ZH, (line("长" * 1000),), "题" * 1000), NOON, SHANGHAI, "机" * 100)
    assert [len(card[name].encode()) for name in ("msgOwner", "msgTitle", "msgContent")] == [18, 126, 510]
    assert card["msgOwner"].endswith("…")
    assert card["msgContent"].endswith("…（内容过长，已截断）")


@pytest.mark.parametrize("text", ['{"CN":"假","EN":"fake"}', ' {"CN":"假","EN":"fake"}'])
def test_text_from_outside_is_not_taken_for_one_in_two_languages(text: str) -> None:
    with pytest.raises(ValueError):
        json.loads(clipped(text, 128))


def test_in_a_plain_card_buttons_are_words() -> None:
    card = common(Answer(Lang.ZH, (line("少"), buttons(1)), "库存"), NOON, SHANGHAI, "o")
    assert "按钮 0：/x0" in card["msgContent"]


@pytest.mark.parametrize(("count", "kind", "shown"), [(1, "horizontal", 1), (2, "horizontal", 2), (3, "vertical", 3)])
def test_a_button_opens_the_page_as_the_card_does(count: int, kind: str, shown: int) -> None:
    card = card_of(line("少"), buttons(count))
    assert (card["btnType"], len(card["btnList"]), card["urlPath"]) == (kind, shown, ADDRESS)
    assert card["btnList"][0] == {
        "btnTitle": "按钮 0",
        "btnUrl": f"{ADDRESS}&b=0",
        "urlType": "html",
    }
    assert lines_of(card) == [("说明", "少")]


def test_of_more_than_three_buttons_the_third_leads_to_all() -> None:
    card = card_of(line("少"), buttons(5))
    shown = [(each["btnTitle"], each["btnUrl"]) for each in card["btnList"]]
    assert shown == [("按钮 0", f"{ADDRESS}&b=0"), ("按钮 1", f"{ADDRESS}&b=1"), ("全部操作（5）", ADDRESS)]
    assert lines_of(card) == [("说明", "少")]


def test_buttons_that_the_page_has_no_room_for_are_said_in_words() -> None:
    card = card_of(line("少"), buttons(5), listed=3)
    assert [each["btnTitle"] for each in card["btnList"]] == ["按钮 0", "按钮 1", "按钮 2"]
    said = "\n".join(value for _, value in lines_of(card))
    assert "按钮 3：/x3" in said
    assert "按钮 4：/x4" in said
    assert "按钮 2" not in said


def test_the_button_of_a_form_opens_a_page_too() -> None:
    form = Form("po", (Input("quantity", "数量"),), (Button("已下单", {"run": "/po", "fields": "quantity"}),))
    assert [each["btnTitle"] for each in card_of(form)["btnList"]] == ["已下单"]


def test_facts_are_lines_and_what_is_too_much_stands_in_the_last() -> None:
    facts = Facts(tuple((f"名 {n}", (f"值 {n}",)) for n in range(7)))
    lines = lines_of(card_of(facts, buttons(1)))
    assert lines[:4] == [(f"名 {n}", f"值 {n}") for n in range(4)]
    assert lines[4:] == [("说明", "名 4: 值 4; 名 5: 值 5; 名 6: 值 6")]


def test_a_line_keeps_to_its_bytes_in_both_languages() -> None:
    card = card_of(Facts((('"' * 500, ("长\n" * 500,)),)), buttons(1))
    [line_] = card["contentList"]
    assert len(line_["key"].encode()) <= 128
    assert len(line_["value"].encode()) <= 256
    assert lines_of(card)[0][1].endswith("…")
