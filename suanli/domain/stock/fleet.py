"""The company's GPU models, regions and clock classes, and what people and sources call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType

Model = NewType("Model", str)
"""A model's short name, as people type it: 4090, H20. An unlisted product goes by its full name."""


@dataclass(frozen=True, slots=True)
class Product:
    """A model of the table: its short name, the full names that sources use for it, and what else people type."""

    model: Model
    full_names: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A region or a clock class: a source's place belongs to it when it contains one of `keywords`.

    A group without keywords takes what no other takes. `names` are the words for it, the shown one first.
    """

    names: tuple[str, ...]
    keywords: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that is shown and stored."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The model table, regions and clock classes of this company, as its settings name them."""

    products: tuple[Product, ...]
    regions: tuple[Group, ...]
    clocks: tuple[Group, ...]
    _by_name: Mapping[str, Model] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the models by everything they are called."""
        names = {
            name.casefold(): product.model
            for product in self.products
            for name in (product.model, *product.full_names, *product.aliases)
        }
        object.__setattr__(self, "_by_name", names)

    def model_of(self, product: str) -> Model:
        """The model of a source's product name: an exact full name or short name, else the name itself."""
        return self._by_name.get(product.strip().casefold(), Model(product.strip()))

    def find_model(self, word: str) -> Model | None:
        """The model that a person means by `word`: exact, never by part, so H20 is not H200."""
        return self._by_name.get(word.strip().casefold())

    def title_of(self, model: Model) -> str:
        """A model's name for reading: its title where the table gives one."""
        return next((p.title for p in self.products if p.model == model and p.title), model)


def group_of(place: str, groups: Sequence[Group]) -> str:
    """The name of the first group with a keyword inside `place`, else of the one without keywords, else empty."""
    folded = place.casefold()
    named = (g for g in groups if any(word.casefold() in folded for word in g.keywords))
    rest = (g for g in groups if not g.keywords)
    found = next(named, None) or next(rest, None)
    return found.name if found else ""


def find_group(word: str, groups: Sequence[Group]) -> str | None:
    """The name of the group that a person means by `word`, exact."""
    folded = word.casefold()
    return next((g.name for g in groups if folded in (n.casefold() for n in g.names)), None)
