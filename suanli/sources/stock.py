"""GPU stock as SQL behind Grafana or as PromQL tells it: rows whose every count the source has said.

A count is never invented. NULL, NaN, a fraction or a negative number is an error that names product and column;
so is a product that one query names and another does not, for a missing answer and zero are different things: a query
that means zero says so (`… or 0 * (…)`). Queries are constants of the settings; nothing is ever put into one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Protocol

from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Row
from suanli.sources.frames import FrameRow
from suanli.sources.grafana import Grafana
from suanli.sources.prometheus import Point

_TOO_MANY = 10**9  # cards; more than this is not a count


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a query's columns.

    An empty `place`, `used` or `unavailable` says that the company has no such thing: no place, or 0 such cards.
    """

    product: str
    place: str
    total: str
    free: str
    used: str
    unavailable: str


DEFAULT_COLUMNS = Columns("gpu_product_name", "idc", "total", "free", "used", "unavailable")

DEFAULT_SQL = """\
SELECT gpu_product_name, idc, SUM(total_gpu_num) AS total, SUM(free_gpu_num) AS free,
       SUM(used_gpu_num) AS used, SUM(unavailable_gpu_num) AS unavailable
FROM nexus.nexus_nodes_v2
WHERE (deleted_time IS NULL OR deleted_time = 0) AND gpu_product_name != ''
GROUP BY gpu_product_name, idc"""
"""What the original program asked (gpu.md §0)."""


@dataclass(frozen=True, slots=True)
class GrafanaSqlStock:
    """Stock from a SQL data source of Grafana: one row of the answer for each product and place."""

    name: str
    grafana: Grafana
    uid: str
    kind: str = "mysql"
    sql: str = DEFAULT_SQL
    columns: Columns = DEFAULT_COLUMNS

    def fetch(self) -> Sequence[Row]:
        """Ask it now. Raises RemoteError; NoData when it answers without rows."""
        return rows_of_table(self._ask(), self.columns)

    def probe(self) -> Sequence[str]:
        """What was found to be right, a line each. Raises RemoteError naming what is not."""
        about, table = self.grafana.about(), self._ask()
        rows = rows_of_table(table, self.columns)
        return (about, f"columns: {', '.join(table[0].cells)}", _tally(rows))

    def _ask(self) -> Sequence[FrameRow]:
        return self.grafana.query(self.kind, self.uid, {"rawSql": self.sql, "format": "table"})


def rows_of_table(table: Sequence[FrameRow], columns: Columns) -> tuple[Row, ...]:
    """The rows of a SQL answer. Raises RemoteError naming a missing column, or product and column of a bad count."""
    return tuple(_row_of_cells(row.cells, columns) for row in table)


def _row_of_cells(cells: Mapping[str, object], columns: Columns) -> Row:
    _refuse_missing(cells, columns)
    product = _text(cells[columns.product], columns.product)
    if not product:
        raise RemoteError(f"a row has no product: {columns.product} is NULL or empty")

    def count(column: str) -> int:
        return count_of(cells[column], product, column) if column else 0

    return Row(
        product,
        _text(cells[columns.place], columns.place) if columns.place else "",
        total=count(columns.total),
        free=count(columns.free),
        used=count(columns.used),
        unavailable=count(columns.unavailable),
    )


def _refuse_missing(cells: Mapping[str, object], columns: Columns) -> None:
    missing = [name for name in astuple(columns) if name and name not in cells]
    if missing:
        raise RemoteError(
            f"the query has no column {', '.join(missing)}; its columns are {', '.join(cells) or 'none'}",
            permanent=True,
        )


def _text(cell: object, column: str) -> str:
    if cell is not None and not isinstance(cell, str):
        raise RemoteError(f"the column {column} is not text", permanent=True)
    return (cell or "").strip()


class Promql(Protocol):
    """A way to a Prometheus: direct, or through Grafana."""

    def query(self, promql: str) -> Sequence[Point]:
        """The answer of an instant query now. Raises RemoteError, NoData when it is empty."""
        ...

    def about(self) -> str:
        """What answers there."""
        ...


@dataclass(frozen=True, slots=True)
class Queries:
    """PromQL for each count, all grouped by the same labels, with 0 said for each product that has none.

    An empty `used` or `unavailable` says that the company counts no such cards: 0.
    """

    total: str
    free: str
    used: str = ""
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that hold product and place; a series without the latter has no place."""

    product: str = "product"
    place: str = "place"


DEFAULT_LABELS = Labels()


Counts = Mapping[tuple[str, str], int]
"""Cards by product and place."""


@dataclass(frozen=True, slots=True)
class PromqlStock:
    """Stock from PromQL: one query for each count, joined by product and place."""

    name: str
    promql: Promql
    queries: Queries
    labels: Labels = DEFAULT_LABELS

    def fetch(self) -> Sequence[Row]:
        """Ask it now. Raises RemoteError; NoData when a query answers without series."""
        total = self._ask("total", self.queries.total)
        free = self._ask("free", self.queries.free)
        used = self._ask("used", self.queries.used) if self.queries.used else None
        unavailable = self._ask("unavailable", self.queries.unavailable) if self.queries.unavailable else None
        return joined(total, free=free, used=used, unavailable=unavailable)

    def probe(self) -> Sequence[str]:
        """What was found to be right, a line each. Raises RemoteError naming what is not."""
        return (self.promql.about(), _tally(self.fetch()))

    def _ask(self, which: str, query: str) -> Counts:
        try:
            return counts_of_points(self.promql.query(query), self.labels, which)
        except RemoteError as error:
            kind = NoData if isinstance(error, NoData) else RemoteError
            raise kind(
                f"the query for {which}: {error}",
                permanent=error.permanent,
                retry_after=error.retry_after,
                code=error.code,
            ) from None


def counts_of_points(points: Iterable[Point], labels: Labels, which: str) -> Counts:
    """The counts of one query. Raises RemoteError naming the product of a bad count, or a product said twice."""
    counts: dict[tuple[str, str], int] = {}
    for point in points:
        product = point.labels.get(labels.product, "").strip()
        place = point.labels.get(labels.place, "").strip()
        if not product:
            raise RemoteError(f"a series has no product: its label {labels.product} is absent or empty")
        if (product, place) in counts:
            raise RemoteError(
                f"{product:.80} has several series in {place or 'one place':.80}: sum by product and place"
            )
        counts[product, place] = count_of(point.value, product, which)
    return counts


def joined(total: Counts, *, free: Counts, used: Counts | None, unavailable: Counts | None) -> tuple[Row, ...]:
    """A row for each product and place of `total`. None is a count that the company does not keep: 0.

    Raises RemoteError when the counts do not name the same products: one that is missing is not zero.
    """
    for which, counts in (("free", free), ("used", used), ("unavailable", unavailable)):
        if counts is not None:
            _refuse_difference(total, counts, which)

    def count(counts: Counts | None, key: tuple[str, str]) -> int:
        return 0 if counts is None else counts[key]

    return tuple(
        Row(*key, *(count(counts, key) for counts in (total, free, used, unavailable))) for key in sorted(total)
    )


def _refuse_difference(total: Counts, counts: Counts, which: str) -> None:
    for key in sorted(total.keys() ^ counts.keys()):
        has, lacks = ("total", which) if key in total else (which, "total")
        raise RemoteError(
            f"{' '.join(key).strip():.160} is in the query for {has} and not in that for {lacks}; "
            "a query that means zero says so with `or 0 * (…)`"
        )


def count_of(cell: object, product: str, column: str) -> int:
    """A count of cards: 3.0 is 3. Raises RemoteError naming product and column for anything that is not a count."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        found = "NULL" if cell is None else f"{cell!s:.40}"
        raise RemoteError(f"{column} of {product:.80} is {found}, not a number")
    if not 0 <= cell < _TOO_MANY or cell != int(cell):
        raise RemoteError(f"{column} of {product:.80} is {cell!s:.40}, not a count of cards")
    return int(cell)


def _tally(rows: Sequence[Row]) -> str:
    products = {row.product for row in rows}
    return f"{len(rows)} rows of {len(products)} products, {sum(row.total for row in rows)} cards"
