"""Lists of who pays, as a table has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.stock.rules import target_of

COLUMNS = ("kind", "id", "name", "contact", "project", "department", "organization")
_KINDS = {kind.word: kind for kind in ScopeKind}
_LONGEST = 200


class PartyError(ValueError):
    """A line of a list that is nobody. `line` counts from 1 and the heading is the first."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class Roll:
    """Everybody on a list, in its order."""

    parties: tuple[Party, ...]


def read_parties(rows: Iterable[Mapping[str | None, object]]) -> Roll:
    """The parties of a table's rows, by the names of its columns; `kind` and `id` are needed. Raises PartyError.

    A contact is written as recipients are everywhere: `ou_…`, `welink:…`, `mail:…`. Nothing is taken of a list with a
    mistake in it.
    """
    found: dict[Scope, Party] = {}
    for line, row in enumerate(rows, 2):
        party = _party(line, row)
        if party.scope in found:
            raise PartyError(line, "twice")
        found[party.scope] = party
    return Roll(tuple(found.values()))


def _party(line: int, row: Mapping[str | None, object]) -> Party:
    if set(row) - {*COLUMNS}:
        raise PartyError(line, "columns")
    cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    kind = _KINDS.get(cells["kind"])
    if kind is None:
        raise PartyError(line, "kind")
    if not cells["id"] or max(map(len, cells.values())) > _LONGEST:
        raise PartyError(line, "id")
    if any(cells[each.word] for each in ScopeKind if ScopeKind.USER < each <= kind):
        raise PartyError(line, "membership")
    contact = target_of(cells["contact"]) if cells["contact"] else None
    return Party(
        Scope(kind, cells["id"]), cells["name"], contact, cells["project"], cells["department"], cells["organization"]
    )
