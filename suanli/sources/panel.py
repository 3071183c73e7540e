"""A panel of a Grafana dashboard as the place where a query is kept, so that people and alerts read the same one.

Whoever may save the dashboard decides what is asked, as far as the token may ask: it is trusted as the settings are.
Not taken over: the panel's transformations, which happen on Grafana's page, and the time range of the dashboard.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.sources.border import read
from suanli.sources.grafana import Grafana
from suanli.sources.variables import Language, Variables

FRESH = timedelta(minutes=10)
"""How long a dashboard that was read is taken as it was."""

_MIXED = "-- Mixed --"
_EXPRESSION = "__expr__"
_NO_SERVERS = frozenset({"", _MIXED, "-- Grafana --", "grafana", "-- Dashboard --", _EXPRESSION, "default"})
_LISTED = 20  # panels or queries named in an error


class _Source(BaseModel):
    type: str | None = None
    uid: str | None = None


class _Query(BaseModel):
    ref: str = Field("", alias="refId")
    source: _Source | str | None = Field(None, alias="datasource")
    hidden: bool | None = Field(None, alias="hide")
    sql: Any = Field(None, alias="rawSql")
    promql: Any = Field(None, alias="expr")


class _Panel(BaseModel):
    id: int
    title: str | None = None
    source: _Source | str | None = Field(None, alias="datasource")
    queries: list[_Query] | None = Field(None, alias="targets")
    library: Any = Field(None, alias="libraryPanel")


class _Templating(BaseModel):
    variables: list[Any] | None = Field(None, alias="list")


class _Board(BaseModel):
    title: str = ""
    panels: list[Any] | None = None
    rows: list[Any] | None = None
    elements: Any = None
    templating: _Templating | None = None


class _Reply(BaseModel):
    dashboard: _Board | None = None
    spec: _Board | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a panel, ready to be asked: the type and uid of its data source, and its text."""

    kind: str
    uid: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A panel as its dashboard had it when that was read."""

    dashboard: str
    title: str
    _panel: _Panel
    _variables: Variables

    def __str__(self) -> str:
        """Where this is, for people."""
        return f"dashboard {self.dashboard[:80]!r}, panel {self.title[:80]!r}"

    def sql(self, ref: str) -> Target:
        """The SQL query `ref`. Raises RemoteError saying what is wrong with it."""
        query = self._query(ref)
        source = self._source(query)
        if not isinstance(query.sql, str) or not query.sql.strip() or _is_prometheus(source.kind):
            raise self._wrong(f"the query {ref} is not SQL: its data source is of type {source.kind:.40}")
        return self._filled(ref, source, query.sql, Language.SQL)

    def promql(self, ref: str) -> Target:
        """The PromQL query `ref`. Raises RemoteError saying what is wrong with it."""
        query = self._query(ref)
        source = self._source(query)
        # Loki's queries stand under the same name, and are no counts of cards.
        if not isinstance(query.promql, str) or not query.promql.strip() or not _is_prometheus(source.kind):
            raise self._wrong(f"the query {ref} is not PromQL: its data source is of type {source.kind:.40}")
        adhoc = self._variables.filtering()
        if adhoc:
            raise self._wrong(
                f"the filters of the variable {adhoc.name:.40} are not applied here: save the dashboard without them, "
                "or write them into the query"
            )
        return self._filled(ref, source, query.promql, Language.PROMQL)

    def _filled(self, ref: str, source: Target, text: str, language: Language) -> Target:
        try:
            return Target(source.kind, source.uid, self._variables.filled(text, language))
        except RemoteError as error:
            raise self._wrong(f"the query {ref}: {error}") from None

    def _query(self, ref: str) -> _Query:
        queries = self._panel.queries or []
        if not queries and self._panel.library:
            raise self._wrong("it is a library panel, whose queries are kept elsewhere: unlink it from the library")
        found = next((query for query in queries if query.ref == ref), None)
        if found is None:
            has = ", ".join(query.ref[:20] for query in queries[:_LISTED]) or "none"
            raise self._wrong(f"it has no query {ref}; its queries are: {has}")
        if found.hidden:
            raise self._wrong(f"the query {ref} is hidden, so Grafana does not run it: show it or name another")
        return found

    def _source(self, query: _Query) -> Target:
        """The data source of a query, as a target without a text yet.

        The panel's goes first, for Grafana runs every query of a panel there, whatever an earlier choice left behind
        in the query; the query's own counts where the panel is mixed or says none.
        """
        if isinstance(query.source, _Source) and _EXPRESSION in (query.source.uid, query.source.type):
            raise self._wrong(f"the query {query.ref} is an expression over other queries: name one of those")
        source = self._resolved(self._panel.source)
        if source.uid in ("", _MIXED):
            source = self._resolved(query.source)
        if source.uid in _NO_SERVERS or source.kind == "datasource":
            found = source.uid[:40] or "none, or an old dashboard's name for one"
            raise self._wrong(
                f"the query {query.ref} has no data source that can be asked ({found}): choose one in the panel and "
                "save the dashboard"
            )
        if not source.kind:
            raise self._wrong(f"the type of the data source of the query {query.ref} is not said: choose it anew")
        return source

    def _resolved(self, source: _Source | str | None) -> Target:
        """Type and uid, with a variable replaced. An old dashboard's bare name is no uid and counts as nothing."""
        kind, uid = (source.type, source.uid) if isinstance(source, _Source) else (None, source)
        try:
            variable = self._variables.meant_by(uid or "")
            value = variable.value() if variable else ""
        except RemoteError as error:
            raise self._wrong(f"its data source: {error}") from None
        if variable:
            return Target(kind or (variable.query if isinstance(variable.query, str) else ""), value, "")
        is_name = isinstance(source, str) and source != _MIXED and source not in _NO_SERVERS
        return Target(kind or "", "" if is_name else uid or "", "")

    def _wrong(self, words: str) -> RemoteError:
        return RemoteError(f"{self}: {words}", permanent=True)


class Panel:
    """The panel `number` of the dashboard `uid`, read again when it was read long ago or did not work."""

    def __init__(self, grafana: Grafana, uid: str, number: int, clock: Clock) -> None:
        self.grafana = grafana
        self._uid = uid
        self._number = number
        self._clock = clock
        self._read: tuple[float, View] | None = None

    @contextmanager
    def view(self) -> Iterator[View]:
        """The panel as it is now, or was at most FRESH ago; not again the same one after a RemoteError inside.

        Raises RemoteError when it cannot be read.
        """
        known, now = self._read, self._clock.elapsed()
        if known is None or now - known[0] >= FRESH.total_seconds():
            self._read = None  # what is old is not gone back to, should this fail
            known = self._read = now, view_of(self.grafana.dashboard(self._uid), self._number)
        try:
            yield known[1]
        except RemoteError:
            self._read = None
            raise


def view_of(reply: Any, number: int) -> View:
    """The panel `number` in the JSON of a dashboard. Raises RemoteError when there is none."""
    both = read(_Reply, reply, "a dashboard of Grafana")
    board = both.dashboard or both.spec
    if board is None:
        raise RemoteError("the reply is not a dashboard of Grafana: it holds none", permanent=True)
    panels = list(_panels(board))
    found = next((panel for panel in panels if panel.get("id") == number), None)
    if found is None:
        raise _absent(board, panels, number)
    panel = read(_Panel, found, f"a dashboard of Grafana: panel {number}")
    variables = Variables.of((board.templating and board.templating.variables) or [])
    return View(board.title, panel.title or "", panel, variables)


def _panels(board: _Board) -> Iterator[dict[str, Any]]:
    """Every panel: at the top, in the rows of old dashboards, and in rows that are folded."""
    waiting = [*(board.panels or []), *(board.rows or [])]
    while waiting:
        panel = waiting.pop(0)
        if isinstance(panel, dict):
            yield panel
            inside = panel.get("panels")
            waiting += inside if isinstance(inside, list) else []


def _absent(board: _Board, panels: Sequence[dict[str, Any]], number: int) -> RemoteError:
    if board.elements and not panels:
        return RemoteError(
            f"the dashboard {board.title[:80]!r} is in Grafana's new layout (v2), which is not read: save a copy of it "
            "in the classic layout",
            permanent=True,
        )
    has = ", ".join(
        f"{panel['id']!s:.20} {str(panel.get('title', ''))[:40]!r}" for panel in panels[:_LISTED] if "id" in panel
    )
    return RemoteError(
        f"the dashboard {board.title[:80]!r} has no panel {number}; its panels are: {has or 'none'}", permanent=True
    )


def _is_prometheus(kind: str) -> bool:
    """Whether a data source is Prometheus or a vendor's edition of its plugin."""
    return "prometheus" in kind
