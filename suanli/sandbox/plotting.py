"""A chart of lines in characters: one row for each line, its lowest and highest value beside it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 60


def plot(spec: Mapping[str, Any]) -> Text:
    """The title, each line as bars with its extremes and its last value, and the ends of the axis."""
    x, y, line = spec["xField"], spec["yField"], spec.get("seriesField")
    points = spec["data"]["values"]
    text = Text(spec.get("title", {}).get("text", ""), style="bold")
    for name in dict.fromkeys(point.get(line, "") for point in points):
        values = [point[y] for point in points if point.get(line, "") == name]
        extremes = f"{name} min {min(values):g}  max {max(values):g}  last {values[-1]:g}".strip()
        text.append(f"\n{_bars(values)}", style="cyan").append(f"\n{extremes}", style="grey50")
    if points:
        text.append(f"\n{points[0][x]} … {points[-1][x]}", style="grey50")
    return text


def _bars(values: Sequence[float]) -> str:
    """One bar for each value; of many, the lowest of neighbours, for that is what a shortage is about."""
    width = min(WIDTH, len(values))
    edges = [len(values) * column // width for column in range(width + 1)]
    lows = [min(values[start:end]) for start, end in pairwise(edges)]
    low, high = min(lows), max(lows)
    steps = len(BARS) - 1
    return "".join(BARS[round((value - low) / (high - low) * steps) if high > low else steps // 2] for value in lows)
