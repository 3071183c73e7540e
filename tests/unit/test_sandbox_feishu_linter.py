"""What the stand-in's linter says about cards of schema 2.0: a table of cards, each with one flaw."""

from typing import Any

import pytest

from suanli.sandbox.feishu.card.linter import downgrade_of, flaw_of

Json = dict[str, Any]


def plain(content: str) -> Json:
    return {"tag": "plain_text", "content": content}


def card(*elements: Json, **parts: Any) -> Json:
    return {"schema": "2.0", "body": {"elements": list(elements)}, **parts}


def markdown(content: str = "hello", **more: Any) -> Json:
    return {"tag": "markdown", "content": content, **more}


def button(label: str = "Go", **more: Any) -> Json:
    return {"tag": "button", "text": plain(label), "behaviors": [{"type": "callback", "value": {"a": "b"}}], **more}


def columns(*elements: Json) -> Json:
    return {"tag": "column_set", "columns": [{"tag": "column", "elements": list(elements)}]}


def panel(*elements: Json) -> Json:
    return {"tag": "collapsible_panel", "header": {"title": plain("more")}, "elements": list(elements)}


def table(*rows: Json, **more: Any) -> Json:
    known = [
        {"name": "gpu", "display_name": "GPU", "data_type": "text"},
        {"name": "free", "display_name": "Free", "data_type": "number", "format": {"precision": 0}},
        {"name": "state", "data_type": "options"},
        {"name": "owner", "data_type": "persons"},
        {"name": "at", "data_type": "date", "date_format": "YYYY/MM/DD HH:mm"},
        {"name": "link", "data_type": "lark_md"},
    ]
    return {"tag": "table", "columns": known, "rows": list(rows), **more}


def form(*elements: Json) -> Json:
    return {"tag": "form", "name": "f", "elements": list(elements)}


def select(*values: str, **more: Any) -> Json:
    return {"tag": "select_static", "options": [{"text": plain(v), "value": v} for v in values], **more}


SUBMIT = button("Send", name="go", form_action_type="submit")
GRID = "| a | b |\n|---|:-:|\n| 1 | 2 |"

GOOD: dict[str, Json] = {
    "the skeleton of the sheet": card(
        markdown(),
        config={
            "update_multi": True,
            "enable_forward": True,
            "width_mode": "fill",
            "summary": {"content": "text shown in chat list"},
            "streaming_mode": False,
            "style": {"text_size": {"n": {"default": "normal", "pc": "normal", "mobile": "heading"}}},
        },
        card_link={"url": "https://example.com"},
        header={
            "title": plain("H100 stock"),
            "subtitle": plain("updated 10:02"),
            "template": "blue",
            "text_tag_list": [{"tag": "text_tag", "text": plain("P1"), "color": "red"}],
            "icon": {"tag": "standard_icon", "token": "chat_outlined", "color": "blue"},
        },
    ),
    "text, a line and a div": card(
        markdown(text_size="normal", text_align="left"), {"tag": "hr"}, {"tag": "div", "text": plain("t")}
    ),
    "columns with weights": card(
        {
            "tag": "column_set",
            "flex_mode": "none",
            "horizontal_spacing": "8px",
            "columns": [
                {"tag": "column", "width": "weighted", "weight": 1, "vertical_align": "top", "elements": [markdown()]},
                {"tag": "column", "width": "auto", "elements": [button()]},
            ],
        }
    ),
    "a panel titled in markdown": card(
        {"tag": "collapsible_panel", "expanded": False, "header": {"title": markdown("more")}, "elements": [markdown()]}
    ),
    "a table with every kind of cell": card(
        table(
            {
                "gpu": "H100",
                "free": 2.49,
                "state": [{"text": "in stock", "color": "green"}],
                "owner": ["ou_1"],
                "at": 1699341315000,
                "link": "[open](https://example.com)",
            },
            {"gpu": "A100"},
            page_size=10,
            row_height="low",
            freeze_first_column=True,
            header_style={"bold": True, "background_style": "grey", "text_align": "left", "lines": 1},
        )
    ),
    "a chart": card({"tag": "chart", "aspect_ratio": "16:9", "chart_spec": {"type": "line", "data": {"values": []}}}),
    "a button that asks first": card(
        button(
            type="primary_filled",
            size="medium",
            width="default",
            disabled=False,
            confirm={"title": plain("Sure?"), "text": plain("Costs money")},
        )
    ),
    "a button whose value is a string": card(button(behaviors=[{"type": "callback", "value": "gpu.start"}])),
    "a button that opens a page": card(
        button(
            behaviors=[
                {"type": "open_url", "default_url": "https://a.b", "pc_url": "", "ios_url": "", "android_url": ""}
            ]
        )
    ),
    "a form with input, select and submit": card(
        form(
            {
                "tag": "input",
                "name": "hours",
                "required": True,
                "input_type": "text",
                "max_length": 4,
                "label": plain("h"),
            },
            select("r1", "r2", name="type", required=True, placeholder=plain("region"), initial_option="r1"),
            SUBMIT,
        )
    ),
    "two hundred elements": card(*[markdown() for _ in range(200)]),
    "five tables, two of them in markdown": card(table(), table(), table(), markdown(f"{GRID}\n\n{GRID}")),
    "five levels": card(panel(panel(panel(panel(markdown()))))),
    "a label of a hundred characters": card(button("x" * 100)),
    "an element_id of twenty characters": card(markdown(element_id="a" * 20)),
    "fifty columns": card(
        {"tag": "table", "columns": [{"name": f"c{n}", "data_type": "text"} for n in range(50)], "rows": []}
    ),
    "a template": {"type": "template", "data": {"template_id": "AAq1", "template_variable": {}}},
    "a card of schema 1.0 with things that nobody knows": {"elements": [{"tag": "note"}], "whatever": 1},
}

BAD: dict[str, tuple[Any, int, str]] = {
    "a list": ([], 200621, "ROOT"),
    "neither schema": ({"header": {}}, 200621, "ROOT"),
    "a schema of the future": (card(markdown()) | {"schema": "3.0"}, 200621, "ROOT -> schema"),
    "no body": ({"schema": "2.0"}, 200621, "ROOT"),
    "a template without an id": ({"type": "template", "data": {}}, 200621, "ROOT -> data"),
    "a card entity, which does not exist here": ({"type": "card", "data": {"card_id": "1"}}, 200621, "ROOT"),
    "note of schema 1.0": (
        card(markdown(), {"tag": "note", "elements": []}),
        200861,
        "ROOT -> body -> elements -> [1](tag: note)",
    ),
    "action of schema 1.0": (card({"tag": "action", "actions": []}), 200861, "ROOT -> body -> elements -> [0]"),
    "an unknown tag in a column": (card(columns({"tag": "marquee"})), 200861, "columns -> [0](tag: column)"),
    "an unknown property of the card": (card(markdown(), foot={}), 200621, "ROOT -> foot"),
    "an unknown property of an element": (card(markdown(colour="red")), 200621, "[0](tag: markdown) -> colour"),
    "an unknown property of a table's column": (
        card({"tag": "table", "columns": [{"name": "a", "data_type": "text", "sort": True}], "rows": []}),
        200621,
        "columns -> [0] -> sort",
    ),
    "an element without a tag": (card({"content": "x"}), 200621, "[0]"),
    "text without content": (card({"tag": "markdown"}), 200621, "[0](tag: markdown)"),
    "a number where text belongs": (card(markdown(5)), 200621, "content"),  # type: ignore[arg-type]
    "a colour that no header has": (card(header={"title": plain("t"), "template": "pink"}), 200621, "template"),
    "four labels beside the title": (
        card(header={"title": plain("t"), "text_tag_list": [{"tag": "text_tag", "text": plain("x")}] * 4}),
        200621,
        "text_tag_list",
    ),
    "update_multi false": (card(config={"update_multi": False}), 200621, "update_multi"),
    "two hundred and one elements": (card(*[markdown() for _ in range(201)]), 11310, "ROOT"),
    "texts inside of elements count": (card(*[{"tag": "div", "text": plain("x")} for _ in range(101)]), 11310, "ROOT"),
    "six tables": (card(*[table() for _ in range(6)]), 11310, "ROOT"),
    "a sixth table in markdown": (card(*[table() for _ in range(5)], markdown("| a |\n|---|\n| 1 |")), 11310, "ROOT"),
    "six levels": (card(panel(panel(panel(panel(panel(markdown())))))), 11310, "elements -> [0](tag: markdown)"),
    "a table in a column": (card(columns(table())), 200621, "[0](tag: table)"),
    "a table in a form": (card(form(table(), SUBMIT)), 200621, "[0](tag: table)"),
    "a form in a panel": (card(panel(form(SUBMIT))), 200621, "[0](tag: form)"),
    "a row's key that no column has": (card(table({"gpu": "H100", "price": 3})), 200915, "rows -> [0]"),
    "text in a column of numbers": (card(table({}, {"free": "8"})), 200914, "rows -> [1] -> free"),
    "a yes in a column of numbers": (card(table({"free": True})), 200914, "rows -> [0] -> free"),
    "a date that is not in milliseconds": (card(table({"at": "2026-11-20"})), 200914, "rows -> [0] -> at"),
    "an option that is bare text": (card(table({"state": "in stock"})), 200914, "rows -> [0] -> state"),
    "a page of eleven rows": (card(table(page_size=11)), 200621, "page_size"),
    "fifty-one columns": (
        card({"tag": "table", "columns": [{"name": f"c{n}", "data_type": "text"} for n in range(51)], "rows": []}),
        200621,
        "columns",
    ),
    "a label of a hundred and one characters": (card(button("x" * 101)), 200621, "[0](tag: button) -> text"),
    "an element_id twice": (card(markdown(element_id="a"), panel(button(element_id="a"))), 200621, "ROOT"),
    "an element_id that starts with a digit": (card(markdown(element_id="1a")), 200621, "element_id"),
    "an element_id of twenty-one characters": (card(markdown(element_id="a" * 21)), 200621, "element_id"),
    "a button whose value is a number": (card(button(behaviors=[{"type": "callback", "value": 1}])), 200621, "value"),
    "a button that opens a script": (
        card(button(behaviors=[{"type": "open_url", "default_url": "javascript:alert(1)"}])),
        200621,
        "default_url",
    ),
    "a link to a file in markdown": (card(markdown("see [this](file:///etc/passwd)")), 200621, "[0](tag: markdown)"),
    "an option twice": (card(select("r1", "r1")), 200621, "[0](tag: select_static) -> options"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_card_as_the_sheet_has_it_is_taken(name: str) -> None:
    assert flaw_of(GOOD[name]) is None


@pytest.mark.parametrize("name", BAD)
def test_a_flawed_card_is_refused_with_its_code_and_its_place(name: str) -> None:
    flawed, code, place = BAD[name]

    flaw = flaw_of(flawed)

    assert flaw is not None
    assert flaw.code == code
    assert place in flaw.path


def test_a_card_of_schema_2_cannot_go_back_to_1() -> None:
    flaw = downgrade_of(card(), {"elements": []})

    assert flaw is not None
    assert flaw.code == 200830


@pytest.mark.parametrize("new", [card(markdown()), card()])
def test_a_card_of_schema_2_can_become_another(new: Json) -> None:
    assert downgrade_of(card(), new) is None
