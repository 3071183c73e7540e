"""What a filter asks, and how it looks at an item."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Protocol, Self

from suanli.domain.releases.items import Item
from suanli.domain.releases.patterns import Pattern
from suanli.domain.releases.wording import Keyword, Text, loose, normal


class Where(StrEnum):
    """Which part of an item's text is looked at."""

    ALL = "all"
    TITLE = "title"
    BODY = "body"


class Fact(StrEnum):
    """What is known of an item besides its text."""

    LABEL = "label"
    AUTHOR = "author"
    KIND = "kind"


@dataclass(frozen=True)  # no slots: the texts are prepared when they are first looked at, and kept
class Document:
    """An item prepared for matching, once, however many filters look at it."""

    item: Item

    @classmethod
    def of(cls, item: Item) -> Self:
        """This item; nothing is prepared yet."""
        return cls(item)

    @cached_property
    def title(self) -> Text:
        """The title."""
        return Text(self.item.title)

    @cached_property
    def body(self) -> Text:
        """The body, whole."""
        return Text(self.item.body)

    @cached_property
    def all(self) -> Text:
        """Both, with something between that no phrase reaches over."""
        return Text(f"{self.item.title}\n\0\n{self.item.body}") if self.item.body else self.title

    def text(self, where: Where) -> Text:
        """The part of it that is to be looked at."""
        if where is Where.ALL:
            return self.all
        return self.title if where is Where.TITLE else self.body

    @cached_property
    def facts(self) -> dict[Fact, frozenset[str]]:
        """What is known besides, as it is compared."""
        return {
            Fact.LABEL: frozenset(loose(label) for label in self.item.labels),
            Fact.AUTHOR: frozenset({normal(self.item.author)}),
            Fact.KIND: frozenset({self.item.kind.value}),
        }


class Term(Protocol):
    """Something to look for in a text."""

    @property
    def signs(self) -> tuple[str, ...]:
        """One of these stems and pairs is in every text that has it; none where nobody can say."""

    def found(self, text: Text) -> str | None:
        """What to say if it is there."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a phrase by any of its names, each with what to say when it is there."""

    names: tuple[tuple[Keyword, str], ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """The sign of each of its names; none if one has none."""
        signs = tuple(keyword.sign for keyword, _ in self.names)
        return signs if all(signs) else ()

    def found(self, text: Text) -> str | None:
        """The first of its names that is there."""
        for keyword, why in self.names:
            if keyword.is_in(text):
                return why
        return None


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression."""

    pattern: Pattern
    typed: str

    @property
    def signs(self) -> tuple[str, ...]:
        """None: there is no telling what it stands for."""
        return ()

    def found(self, text: Text) -> str | None:
        """The expression itself, slashes and all."""
        return self.typed if self.pattern.is_in(text) else None


@dataclass(frozen=True, slots=True)
class Sieve:
    """What one look into two sets can say: that a text has none of some terms, whatever they are."""

    stems: frozenset[str]
    pairs: frozenset[str]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> Self | None:
        """The sieve of these terms; None of none, and if a text may have one of them without a sign of it."""
        signs = [term.signs for term in terms]
        if not signs or not all(signs):
            return None
        every = frozenset(chain.from_iterable(signs))
        stems = frozenset(sign for sign in every if sign.isascii())
        return cls(stems, every - stems)

    def stops(self, text: Text) -> bool:
        """Whether the text has none of the terms for certain."""
        return self.stems.isdisjoint(text.stems) and (not self.pairs or self.pairs.isdisjoint(text.pairs))


@dataclass(frozen=True, slots=True)
class Condition:
    """One of these must be true of an item, or none if it is `denied`: each as it is compared and as it was typed."""

    fact: Fact
    values: tuple[tuple[str, str], ...]
    denied: bool = False

    def found(self, document: Document) -> tuple[str, ...]:
        """Those that are true of it."""
        known = document.facts[self.fact]
        return tuple(f"{self.fact}:{typed}" for value, typed in self.values if value in known)


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody wants to hear of. `text` as typed; made by `parse`.

    Of `wanted`, if there are any, one must be there; of each of `required` one; of `excluded` none.
    """

    text: str
    where: Where = Where.ALL
    conditions: tuple[Condition, ...] = ()
    excluded: tuple[Term, ...] = ()
    required: tuple[tuple[Term, ...], ...] = ()
    wanted: tuple[Term, ...] = ()
    _sieve: Sieve | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what most items are stopped by."""
        object.__setattr__(self, "_sieve", Sieve.of(self.wanted))

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return not (self.conditions or self.excluded or self.required or self.wanted)

    @property
    def names_author(self) -> bool:
        """Whether it asks for what particular authors wrote; that it does not want some is no asking."""
        return any(c.fact is Fact.AUTHOR and not c.denied for c in self.conditions)

    def match(self, document: Document) -> tuple[str, ...] | None:
        """Why an item matches, None if it does not.

        Words as they were typed, `typed（other name）` if it was found by that, expressions with their slashes,
        `label:…` and so on; nothing if the filter only says what must not be.
        """
        text = document.text(self.where)
        # In the order of what is quick and stops most.
        if self._sieve and self._sieve.stops(text):
            return None
        facts = self._facts(document)
        wanted = _found(self.wanted, text)
        if facts is None or (self.wanted and not wanted) or any(term.found(text) for term in self.excluded):
            return None
        required = [_found(group, text) for group in self.required]
        if not all(required):
            return None
        return tuple(dict.fromkeys([*facts, *chain.from_iterable(required), *wanted]))

    def _facts(self, document: Document) -> list[str] | None:
        whys: list[str] = []
        for condition in self.conditions:
            found = condition.found(document)
            if bool(found) is condition.denied:
                return None
            whys += found
        return whys


def _found(terms: Sequence[Term], text: Text) -> list[str]:
    return [why for term in terms if (why := term.found(text)) is not None]
