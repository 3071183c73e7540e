"""Components of cards that are only looked at: text, tables, charts, pictures, people (feishu.md §4.3)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from suanli.sandbox.feishu.card.parts import Component, Icon, Part, PlainText, Text, Translations


class Markdown(Component):
    """Text with markup."""

    tag: Literal["markdown"]
    content: str
    i18n_content: Translations = Field(default_factory=dict)
    text_size: str = ""
    text_align: Literal["left", "center", "right"] = "left"
    icon: Icon | None = None


class Hr(Component):
    """A line."""

    tag: Literal["hr"]


class DivField(Part):
    """One of several texts side by side."""

    is_short: bool = False
    text: Text


class Div(Component):
    """A piece of text with an icon."""

    tag: Literal["div"]
    text: Text | None = None
    fields: list[DivField] = Field(default_factory=list)
    icon: Icon | None = None
    width: str = ""


class NumberFormat(Part):
    """How a number is written."""

    symbol: str = ""
    precision: Annotated[int, Field(ge=0, le=10)] = 0
    separator: bool = False


class TableColumn(Part):
    """A column of a table."""

    name: Annotated[str, Field(min_length=1)]
    display_name: str = ""
    data_type: Literal["text", "lark_md", "markdown", "options", "number", "persons", "date"]
    width: str = ""
    horizontal_align: Literal["left", "center", "right"] = "left"
    vertical_align: Literal["top", "center", "bottom"] = "center"
    format: NumberFormat | None = None
    date_format: str = ""


class HeaderStyle(Part):
    """How a table's first line looks."""

    text_align: Literal["left", "center", "right"] = "left"
    text_size: str = ""
    background_style: Literal["grey", "none"] = "none"
    text_color: str = ""
    bold: bool = True
    lines: int = 1


class Table(Component):
    """Rows under columns; the cells are the linter's part."""

    tag: Literal["table"]
    page_size: Annotated[int, Field(ge=1, le=10)] = 5
    row_height: str = ""
    row_max_height: str = ""
    freeze_first_column: bool = False
    header_style: HeaderStyle | None = None
    columns: Annotated[list[TableColumn], Field(min_length=1, max_length=50)]
    rows: list[dict[str, Any]]


class Chart(Component):
    """A VChart drawing."""

    tag: Literal["chart"]
    aspect_ratio: str = ""
    color_theme: str = ""
    preview: bool = True
    height: str = ""
    chart_spec: Any


class Image(Component):
    """A picture."""

    tag: Literal["img"]
    img_key: str
    alt: PlainText
    title: PlainText | None = None
    corner_radius: str = ""
    scale_type: str = ""
    size: str = ""
    transparent: bool = False
    preview: bool = True


class ImageKey(Part):
    """A picture among others."""

    img_key: str


class ImageCombination(Component):
    """Pictures set together."""

    tag: Literal["img_combination"]
    combination_mode: str
    corner_radius: str = ""
    img_list: list[ImageKey]


class PersonLook(Component):
    """How people are shown."""

    size: str = ""
    show_avatar: bool = True
    show_name: bool = True


class OnePerson(PersonLook):
    """A person."""

    tag: Literal["person"]
    user_id: str
    style: str = ""


class PersonId(Part):
    """A person among others."""

    id: str


class PersonList(PersonLook):
    """People."""

    tag: Literal["person_list"]
    lines: int = 1
    drop_invalid_user_id: bool = False
    persons: list[PersonId]


class Audio(Component):
    """A sound."""

    tag: Literal["audio"]
    file_key: str
    audio_id: str = ""
    show_progress_bar: bool = True
    show_time: bool = True
