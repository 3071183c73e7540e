"""What a person sees of a message at the stand-in: its words and its buttons."""

from typing import Any

from suanli.sandbox.feishu.reading import CardButton, buttons_of, words_of

Json = dict[str, Any]


def plain(content: str) -> Json:
    return {"tag": "plain_text", "content": content}


START = {
    "tag": "button",
    "text": plain("Start"),
    "name": "go",
    "confirm": {"title": plain("Sure?"), "text": plain("Costs money")},
    "behaviors": [{"type": "callback", "value": {"run": "/gpu start"}}],
}
OPEN = {
    "tag": "button",
    "text": plain("Open"),
    "behaviors": [{"type": "open_url", "default_url": "https://example.com"}],
}
CARD = {
    "schema": "2.0",
    "config": {"summary": {"content": "in the list of chats only"}},
    "header": {"title": plain("H100 stock"), "text_tag_list": [{"tag": "text_tag", "text": plain("P1")}]},
    "body": {
        "elements": [
            {"tag": "markdown", "content": "**8** free"},
            {
                "tag": "table",
                "columns": [
                    {"name": "gpu", "display_name": "GPU", "data_type": "text"},
                    {"name": "free", "display_name": "Free", "data_type": "number"},
                    {"name": "state", "display_name": "State", "data_type": "options"},
                    {"name": "owner", "display_name": "Owner", "data_type": "persons"},
                ],
                "rows": [
                    {"free": 8, "gpu": "H100", "state": [{"text": "ok"}, {"text": "new"}], "owner": ["ou_1", "ou_2"]},
                    {"gpu": "A100"},
                ],
            },
            {"tag": "column_set", "columns": [{"tag": "column", "elements": [START, OPEN]}]},
        ]
    },
}


def test_the_words_of_a_card_come_in_reading_order_and_rows_in_column_order() -> None:
    assert words_of("interactive", CARD).split("\n") == [
        "H100 stock",
        "P1",
        "**8** free",
        "GPU\tFree\tState\tOwner",
        "H100\t8\tok new\tou_1 ou_2",
        "A100\t\t\t",
        "Start",
        "Open",
    ]


def test_the_words_of_a_text_are_its_text() -> None:
    assert words_of("text", {"text": "库存\n8"}) == "库存\n8"


def test_the_words_of_a_post_are_its_title_and_its_lines() -> None:
    post = {"zh_cn": {"title": "库存", "content": [[{"tag": "text", "text": "8"}, {"tag": "a", "text": "more"}]]}}

    assert words_of("post", post) == "库存\n8\nmore"


def test_only_buttons_that_call_back_can_be_pressed_here() -> None:
    assert buttons_of(CARD) == [CardButton("Start", {"run": "/gpu start"}, "go")]
