"""A whole card of schema 2.0: configuration, header, body (feishu.md §4.1)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from suanli.sandbox.feishu.card.containers import AnyComponent
from suanli.sandbox.feishu.card.parts import ElementId, Icon, Layout, Link, Part, PlainText, Text, Translations


class Summary(Part):
    """What the list of chats shows."""

    content: str = ""
    i18n_content: Translations = Field(default_factory=dict)


class Config(Part):
    """How the card behaves; `update_multi` may only be true in 2.0."""

    update_multi: Literal[True] = True
    enable_forward: bool = True
    enable_forward_interaction: bool = False
    use_custom_translation: bool = False
    width_mode: Literal["compact", "fill", "default"] = "default"
    summary: Summary | None = None
    locales: list[str] = Field(default_factory=list)
    streaming_mode: bool = False
    streaming_config: dict[str, Any] = Field(default_factory=dict)
    style: dict[str, Any] = Field(default_factory=dict)


class CardLink(Part):
    """Where a click on the card leads."""

    url: Link
    pc_url: Link = ""
    ios_url: Link = ""
    android_url: Link = ""


class TextTag(Part):
    """A label beside the title."""

    tag: Literal["text_tag"]
    element_id: ElementId = ""
    text: PlainText
    color: str = ""


class Header(Part):
    """The card's title."""

    title: Text
    subtitle: Text | None = None
    template: Literal[
        "blue", "wathet", "turquoise", "green", "yellow", "orange", "red",
        "carmine", "violet", "purple", "indigo", "grey", "default",
    ] = "default"  # fmt: skip
    text_tag_list: Annotated[list[TextTag], Field(max_length=3)] = Field(default_factory=list)
    icon: Icon | None = None
    padding: str = ""


class Body(Layout):
    """What stands under the title."""

    elements: list[AnyComponent]


class Card(Part):
    """A whole card."""

    schema_: Annotated[Literal["2.0"], Field(alias="schema")]
    config: Config | None = None
    card_link: CardLink | None = None
    header: Header | None = None
    body: Body
