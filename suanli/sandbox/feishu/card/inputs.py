"""Components of cards that a person acts on: buttons, selects, pickers, inputs (feishu.md §4.3)."""

from typing import Annotated, Literal

from pydantic import Field

from suanli.sandbox.feishu.card.parts import Behaviors, Component, Confirm, Icon, Part, PlainText, Text


class Interactive(Component):
    """What every component that a person acts on may have; inside a form it needs a name."""

    name: str = ""
    disabled: bool = False
    disabled_tips: PlainText | None = None
    hover_tips: PlainText | None = None
    confirm: Confirm | None = None
    behaviors: Behaviors = Field(default_factory=list)
    width: str = ""


class Input(Interactive):
    """What every input of a form may have."""

    required: bool = False
    placeholder: PlainText | None = None


class Button(Interactive):
    """A button."""

    tag: Literal["button"]
    type: Literal[
        "default",
        "primary",
        "danger",
        "text",
        "primary_text",
        "danger_text",
        "primary_filled",
        "danger_filled",
        "laser",
    ] = "default"
    size: Literal["tiny", "small", "medium", "large"] = "medium"
    text: PlainText | None = None
    icon: Icon | None = None
    form_action_type: Literal["submit", "reset", ""] = ""


class TextInput(Input):
    """A line, or several, to type in."""

    tag: Literal["input"]
    default_value: str = ""
    max_length: Annotated[int, Field(ge=1, le=1000)] = 1000
    input_type: Literal["text", "multiline_text", "password"] = "text"
    show_icon: bool = True
    rows: int = 5
    auto_resize: bool = False
    max_rows: int = 0
    label: PlainText | None = None
    label_position: Literal["top", "left"] = "top"


class Option(Part):
    """One of a select's choices."""

    text: PlainText
    value: str
    icon: Icon | None = None


class PersonOption(Part):
    """A person to choose."""

    value: str


class SelectStatic(Input):
    """One choice of several."""

    tag: Literal["select_static"]
    type: str = ""
    initial_option: str = ""
    initial_index: int = 0
    options: list[Option] = Field(default_factory=list)


class MultiSelectStatic(Input):
    """Some choices of several."""

    tag: Literal["multi_select_static"]
    type: str = ""
    selected_values: list[str] = Field(default_factory=list)
    options: list[Option] = Field(default_factory=list)


class SelectPerson(Input):
    """One person."""

    tag: Literal["select_person"]
    type: str = ""
    initial_option: str = ""
    options: list[PersonOption] = Field(default_factory=list)


class MultiSelectPerson(Input):
    """Some people."""

    tag: Literal["multi_select_person"]
    type: str = ""
    selected_values: list[str] = Field(default_factory=list)
    options: list[PersonOption] = Field(default_factory=list)


class DatePicker(Input):
    """A day."""

    tag: Literal["date_picker"]
    initial_date: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""


class TimePicker(Input):
    """A time of day."""

    tag: Literal["picker_time"]
    initial_time: str = ""


class DatetimePicker(Input):
    """A moment."""

    tag: Literal["picker_datetime"]
    initial_datetime: str = ""


class Checker(Interactive):
    """Something to tick."""

    tag: Literal["checker"]
    checked: bool = False
    text: Text | None = None
    overall_checkable: bool = True
    padding: str = ""


class ImageOption(Part):
    """A picture to choose."""

    img_key: str
    value: str
    disabled: bool = False


class SelectImage(Input):
    """One picture, or several."""

    tag: Literal["select_img"]
    style: str = ""
    multi_select: bool = False
    layout: str = ""
    aspect_ratio: str = ""
    can_preview: bool = True
    options: list[ImageOption] = Field(default_factory=list)


class OverflowOption(Part):
    """An entry of a menu."""

    text: PlainText
    value: str = ""
    multi_url: dict[str, str] = Field(default_factory=dict)


class Overflow(Interactive):
    """A menu behind three dots."""

    tag: Literal["overflow"]
    options: list[OverflowOption]
