"""The small parts of cards of schema 2.0: texts, icons, confirmations, behaviours (feishu.md §4.1, §4.3)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ElementId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,19}$")]
Link = Annotated[str, Field(pattern=r"^(https?://.+)?$")]
Translations = dict[str, str]


class Part(BaseModel):
    """A piece of a card: it may have no more than it names, and types are not bent."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TextPart(Part):
    """What both kinds of text may have."""

    content: str
    i18n_content: Translations = Field(default_factory=dict)
    element_id: ElementId = ""
    text_size: str = ""
    text_color: str = ""
    text_align: str = ""
    lines: int = 0


class PlainText(TextPart):
    """Text without markup."""

    tag: Literal["plain_text"]


class LarkMd(TextPart):
    """Text with a little markup."""

    tag: Literal["lark_md"]


Text = Annotated[PlainText | LarkMd, Field(discriminator="tag")]


class Icon(Part):
    """A small picture."""

    tag: Literal["standard_icon", "custom_icon"]
    token: str = ""
    color: str = ""
    img_key: str = ""
    size: str = ""


class Confirm(Part):
    """A question before an action."""

    title: PlainText
    text: PlainText


class Callback(Part):
    """Calls the app back; the platform takes a string or an object."""

    type: Literal["callback"]
    value: str | dict[str, Any]


class OpenUrl(Part):
    """Opens a page."""

    type: Literal["open_url"]
    default_url: Link
    pc_url: Link = ""
    ios_url: Link = ""
    android_url: Link = ""


class FormAction(Part):
    """Submits or clears the form around it."""

    type: Literal["form_action"]
    behavior: Literal["submit", "reset"]


Behaviors = list[Annotated[Callback | OpenUrl | FormAction, Field(discriminator="type")]]


class Layout(Part):
    """How a container arranges what is in it."""

    direction: Literal["vertical", "horizontal"] = "vertical"
    padding: str = ""
    horizontal_spacing: str = ""
    horizontal_align: str = ""
    vertical_spacing: str = ""
    vertical_align: str = ""


class Component(Part):
    """What every component may have."""

    element_id: ElementId = ""
    margin: str = ""
