"""Numbers for payers and products, which stand in sums in the place of eight texts. A number is never given anew."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Table, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from storage.batches import batches
from storage.cuboids import PAYER, PRODUCT, Level, Numbers
from storage.sum_tail import Names
from storage.tables import CostPayerRow, CostProductRow

_NOBODY: Names = ("",) * 4
_Key = tuple[Level, Names]


class _Names:
    """The statements about one of the two tables."""

    def __init__(self, table: Table, names: Collection[str]) -> None:
        self.columns = ("level", *names)
        key = [table.c[name] for name in self.columns]
        self.find = select(table.c.id, *key).where(tuple_(*key).in_(bindparam("keys", expanding=True)))
        self.add = insert(table).on_conflict_do_nothing()


_PAYERS = _Names(CostPayerRow.__table__, PAYER)  # type: ignore[arg-type] # a Table, as of every row class
_PRODUCTS = _Names(CostProductRow.__table__, PRODUCT)  # type: ignore[arg-type] # the same


class SqlSumNames:
    """The numbers of one transaction. Who needs both asks for payers first, so that nobody waits in a circle."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def payers(self, wanted: Collection[Names]) -> Numbers:
        """The numbers of these payers and of what is above them; new ones get one."""
        return self._numbers(_PAYERS, wanted)

    def products(self, wanted: Collection[Names]) -> Numbers:
        """The numbers of these products and of what is above them; new ones get one."""
        return self._numbers(_PRODUCTS, wanted)

    def _numbers(self, names: _Names, wanted: Collection[Names]) -> Numbers:
        each = {(Level.EACH, found) for found in wanted}
        groups = {(Level.GROUP, _above(found)) for found in wanted}
        organizations = {(Level.ORGANIZATION, _alone(found)) for found in wanted} if names is _PAYERS else set()
        keys = [*each, *groups, *organizations, (Level.ALL, _NOBODY)]
        known = self._find(names, keys)
        # Sorted, because whoever adds the same at the same time is waited for. Known ones are not even tried: each
        # try would use up a number.
        missing = sorted(key for key in keys if key not in known)
        if missing:
            rows = [dict(zip(names.columns, (level, *texts), strict=True)) for level, texts in missing]
            self._connection.execute(names.add, rows)
            known |= self._find(names, missing)
        return _tree(known)

    def _find(self, names: _Names, keys: list[_Key]) -> dict[_Key, int]:
        found: dict[_Key, int] = {}
        for some in batches(keys):
            asked = {"keys": [(level, *texts) for level, texts in some]}
            for number, level, *texts in self._connection.execute(names.find, asked):
                found[Level(level), tuple(texts)] = number
        return found


def _above(names: Names) -> Names:
    return ("", *names[1:])


def _alone(names: Names) -> Names:
    return ("", "", "", names[3])


def _tree(known: Mapping[_Key, int]) -> Numbers:
    everything = known[Level.ALL, _NOBODY]
    each = {names: number for (level, names), number in known.items() if level is Level.EACH}
    above = {number: known[Level.GROUP, _above(names)] for names, number in each.items()}
    for (level, names), number in known.items():
        if level is Level.GROUP:
            above[number] = known.get((Level.ORGANIZATION, _alone(names)), everything)
        elif level is Level.ORGANIZATION:
            above[number] = everything
    return Numbers(each, above, everything)
