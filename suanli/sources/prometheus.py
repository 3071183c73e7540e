"""Prometheus: its query API, and the parser of its instant answers (gpu.md §1.6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

from suanli.domain.errors import NoData, RemoteError
from suanli.sources.border import read
from suanli.sources.http import Http

QUERY = "/api/v1/query"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf)|NaN")
_ASK_AGAIN = frozenset({"timeout", "canceled", "internal", "unavailable"})


@dataclass(frozen=True, slots=True)
class Point:
    """One series of an instant answer. Its value may be NaN or infinite, and None where Grafana says null."""

    labels: Mapping[str, str]
    value: float | None


class Prometheus:
    """Prometheus, asked directly."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def query(self, promql: str) -> tuple[Point, ...]:
        """The answer of an instant query now. Raises RemoteError, NoData when it is empty."""
        return points_of(self._http.post_form(QUERY, {"query": promql}))

    def about(self) -> str:
        """What answers there, as `Prometheus 2.42.0`."""
        reply = read(_BuildInfo, self._http.get("/api/v1/status/buildinfo"), "Prometheus's build information")
        return f"Prometheus {reply.data.version}"


def points_of(reply: Any) -> tuple[Point, ...]:
    """The series of an instant query's JSON. Raises RemoteError for an error or a warning, NoData for no series.

    A warning means that a part of the data could not be read: a sum over the rest would be a wrong count.
    """
    _refuse_error(reply)
    answer = read(_Answer, reply, "an instant vector of Prometheus")
    if answer.warnings:
        raise RemoteError(f"Prometheus warns, so its answer may be partial: {answer.warnings[0][:300]}")
    if not answer.data.result:
        raise NoData("Prometheus answered without any series: that is no data, not zero")
    return tuple(Point(series.metric, _number(series.value[1])) for series in answer.data.result)


def _refuse_error(reply: Any) -> None:
    if isinstance(reply, dict) and reply.get("status") == "error":
        kind, words = str(reply.get("errorType", "")), str(reply.get("error", ""))
        raise RemoteError(f"Prometheus: {kind}: {words[:300]}", permanent=kind not in _ASK_AGAIN)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise RemoteError(f"Prometheus answered with a value that is no number: {text[:40]!r}")
    return float(text)


class _Series(BaseModel):
    metric: dict[str, str]
    value: tuple[float, str]


class _Vector(BaseModel):
    kind: Literal["vector"] = Field(alias="resultType")
    result: list[_Series]


class _Answer(BaseModel):
    status: Literal["success"]
    data: _Vector
    warnings: list[str] = []


class _Version(BaseModel):
    version: str


class _BuildInfo(BaseModel):
    status: Literal["success"]
    data: _Version
