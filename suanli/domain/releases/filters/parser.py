"""From the text of a filter to what it asks."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from suanli.domain.releases.aliases import SHIPPED, Aliases
from suanli.domain.releases.filters.conditions import Condition, Expression, Fact, Filter, Term, Where, Word
from suanli.domain.releases.filters.reading import FilterError, Group, Piece, Shape, read
from suanli.domain.releases.items import Kind
from suanli.domain.releases.patterns import LARGEST, BadPatternError, Pattern
from suanli.domain.releases.wording import Keyword, legible, loose, normal

MOST_CHARACTERS = 4_000
MOST_WORDS = 1_000

KINDS = {kind.value: kind.value for kind in Kind} | {"pr": Kind.PULL.value}
"""What may stand after `kind:`."""

_WHERE = "field"
_PARTS = {"title", "body"}


def parse(text: str, aliases: Aliases = SHIPPED) -> Filter:
    """Read a filter; each plain word also stands for its other names in `aliases`. Raises FilterError."""
    if len(text) > MOST_CHARACTERS:
        raise FilterError("too_long", text)
    draft = _Draft(aliases)
    for group in read(text):
        draft.add(group)
    return draft.filter(text)


@dataclass(slots=True)
class _Draft:
    """A filter while its text is read."""

    aliases: Aliases
    parts: set[str] = field(default_factory=set)
    facts: list[Condition] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    required: list[tuple[Term, ...]] = field(default_factory=list)
    wanted: list[Term] = field(default_factory=list)
    words: int = 0
    size: int = 0

    def add(self, group: Group) -> None:
        self.words += len(group.pieces)
        if self.words > MOST_WORDS:
            raise FilterError("too_many_words", group.typed)
        if not group.field:
            self._add_terms(group)
        elif group.field == _WHERE:
            self._add_parts(group)
        else:
            self._add_condition(group)

    def _add_terms(self, group: Group) -> None:
        terms = tuple(self._term(piece) for piece in group.pieces)
        match group.sign:
            case "+":
                self.required.append(terms)
            case "-":
                self.excluded.extend(terms)
            case _:
                self.wanted.extend(terms)

    def _term(self, piece: Piece) -> Term:
        if piece.shape is Shape.REGEX:
            return self._expression(piece)
        typed = piece.typed
        keyword = Keyword.of(piece.inside, exact=piece.shape is Shape.QUOTED)
        if keyword.is_empty:
            raise FilterError("empty_word", typed)
        others = () if keyword.exact else self.aliases.others(typed)
        named = ((Keyword.of(other), f"{typed}（{other}）") for other in others)
        return Word(((keyword, typed), *named))

    def _expression(self, piece: Piece) -> Expression:
        try:
            pattern = Pattern.of(piece.inside)
        except BadPatternError as problem:
            raise FilterError(problem.reason, piece.typed) from problem
        self.size += pattern.size
        if self.size > LARGEST:
            raise FilterError("regex_too_large", piece.typed)
        return Expression(pattern, piece.typed)

    def _add_parts(self, group: Group) -> None:
        parts = {normal(piece.inside) for piece in group.pieces}
        if group.sign == "-" or group.denied or not parts <= _PARTS:
            raise FilterError("unknown_part", group.typed)
        self.parts |= parts

    def _add_condition(self, group: Group) -> None:
        try:
            fact = Fact(group.field)
        except ValueError:
            raise FilterError("unknown_field", group.typed) from None
        values = tuple((_value(fact, piece), legible(piece.inside)) for piece in group.pieces)
        # `-label:!x` denies a denial.
        self.facts.append(Condition(fact, values, denied=(group.sign == "-") is not group.denied))

    def filter(self, text: str) -> Filter:
        return Filter(
            text,
            Where(*self.parts) if len(self.parts) == 1 else Where.ALL,
            tuple(_merged(self.facts)),
            tuple(self.excluded),
            tuple(self.required),
            tuple(self.wanted),
        )


def _value(fact: Fact, piece: Piece) -> str:
    """A value as it is compared with what is known of an item."""
    match fact:
        case Fact.LABEL:
            value = loose(piece.inside)
        case Fact.AUTHOR:
            value = normal(piece.inside).strip().removeprefix("@")
        case Fact.KIND:
            value = KINDS.get(normal(piece.inside).strip(), "")
            if not value:
                raise FilterError("unknown_kind", piece.typed)
    if not value.strip():
        raise FilterError("empty_word", piece.typed)
    return value


def _merged(facts: list[Condition]) -> Iterator[Condition]:
    """An item has one author and is of one kind, so that of several that are asked for any will do."""
    for fact in (Fact.KIND, Fact.AUTHOR):
        values = tuple(value for c in facts if c.fact is fact and not c.denied for value in c.values)
        if values:
            yield Condition(fact, values)
    yield from (c for c in facts if c.fact is Fact.LABEL or c.denied)
