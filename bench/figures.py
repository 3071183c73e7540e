"""What was measured, what it is held to, and both as a table and as JSON."""

import json
import math
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to be, in its own unit."""

    sign: Literal["≥", ">", "<", "≤"]
    limit: float

    def holds(self, value: float) -> bool:
        """Whether the value is on the right side."""
        if value == self.limit:
            return self.sign in {"≥", "≤"}
        return value > self.limit if self.sign in {"≥", ">"} else value < self.limit

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Without a target it only informs; `rounds` are what `value` is the median of."""

    name: str
    value: float
    unit: str
    target: Target | None = None
    rounds: tuple[float, ...] = ()

    @property
    def missed(self) -> bool:
        """Whether there is a target and this is not it."""
        return self.target is not None and not self.target.holds(self.value)

    def cells(self) -> tuple[str, ...]:
        """Name, measured, slowest and fastest round, target, measured as a part of the target, verdict."""
        spread = f"{_short(min(self.rounds))}–{_short(max(self.rounds))}" if self.rounds else ""
        measured = self.name, f"{_short(self.value)} {self.unit}", spread
        if self.target is None:
            return *measured, "", "", ""
        part = f"{self.value / self.target.limit:.2f}×"
        return *measured, f"{self.target} {self.unit}", part, "MISSED" if self.missed else "met"

    def as_json(self) -> dict[str, Any]:
        """The same for machines, not rounded."""
        target = {"sign": self.target.sign, "limit": self.target.limit} if self.target else None
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": target,
            "missed": self.missed,
            "rounds": self.rounds,
        }


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def load_average() -> str:
    """Runnable processes over the last 1, 5 and 15 minutes: how busy others keep the machine."""
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def show(figures: Sequence[Figure], console: Console) -> None:
    """The table."""
    table = Table("figure")
    for title in ("measured", "rounds", "target", "÷ target", ""):
        table.add_column(title, justify="right")
    for figure in figures:
        table.add_row(*figure.cells())
    console.print(table)


def save(figures: Sequence[Figure], about: dict[str, str], at: datetime, folder: Path) -> Path:
    """Everything as JSON, in a file named after the moment."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    content = {"at": at.isoformat(), **about, "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return path
