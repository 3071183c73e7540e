"""Components of cards that hold others, and the union of all components (feishu.md §4.3)."""

from typing import Annotated, Literal

from pydantic import Field

from suanli.sandbox.feishu.card.display import (
    Audio,
    Chart,
    Div,
    Hr,
    Image,
    ImageCombination,
    Markdown,
    OnePerson,
    PersonList,
    Table,
)
from suanli.sandbox.feishu.card.inputs import (
    Button,
    Checker,
    DatePicker,
    DatetimePicker,
    Interactive,
    MultiSelectPerson,
    MultiSelectStatic,
    Overflow,
    SelectImage,
    SelectPerson,
    SelectStatic,
    TextInput,
    TimePicker,
)
from suanli.sandbox.feishu.card.parts import Component, ElementId, Icon, Layout, Part, PlainText


class Column(Layout):
    """A column of a column set."""

    tag: Literal["column"]
    element_id: ElementId = ""
    margin: str = ""
    width: str = ""
    weight: Annotated[int, Field(ge=1, le=5)] = 1
    background_style: str = ""
    elements: list["AnyComponent"] = Field(default_factory=list)


class ColumnSet(Component):
    """Columns side by side."""

    tag: Literal["column_set"]
    flex_mode: Literal["none", "stretch", "flow", "bisect", "trisect"] = "none"
    background_style: str = ""
    horizontal_spacing: str = ""
    horizontal_align: str = ""
    columns: list[Column]


class PanelHeader(Part):
    """What is seen of a closed panel."""

    title: Annotated[PlainText | Markdown, Field(discriminator="tag")]
    background_color: str = ""
    vertical_align: str = ""
    padding: str = ""
    position: str = ""
    width: str = ""
    icon: Icon | None = None
    icon_position: str = ""
    icon_expanded_angle: int = 0


class Border(Part):
    """A line around a panel."""

    color: str = ""
    corner_radius: str = ""


class CollapsiblePanel(Component, Layout):
    """Elements that a person can fold away."""

    tag: Literal["collapsible_panel"]
    expanded: bool = False
    background_color: str = ""
    header: PanelHeader
    border: Border | None = None
    elements: list["AnyComponent"]


class InteractiveContainer(Interactive, Layout):
    """Elements that can be clicked as one."""

    tag: Literal["interactive_container"]
    height: str = ""
    background_style: str = ""
    has_border: bool = False
    border_color: str = ""
    corner_radius: str = ""
    elements: list["AnyComponent"]


class Form(Component, Layout):
    """Inputs that are sent together."""

    tag: Literal["form"]
    name: Annotated[str, Field(min_length=1)]
    elements: list["AnyComponent"]


AnyComponent = Annotated[
    Markdown | Hr | Div | ColumnSet | CollapsiblePanel | InteractiveContainer | Form | Table | Chart
    | Image | ImageCombination | OnePerson | PersonList | Audio
    | Button | TextInput | SelectStatic | MultiSelectStatic | SelectPerson | MultiSelectPerson
    | DatePicker | TimePicker | DatetimePicker | Checker | SelectImage | Overflow,
    Field(discriminator="tag"),
]  # fmt: skip
