"""Charts on cards: lines as VChart draws them, from JSON alone (feishu.md §4.3)."""

from typing import Any

from bot.plain import clean
from suanli.domain.answer import Chart

MOST_DOTS = 30
"""Points beyond which only the line is drawn."""

_EXACT = 1e15
"""Below this, a whole number is written without its fraction, as a person would."""


def chart(block: Chart) -> dict[str, Any] | None:
    """Lines over the moments in the order of the points; None when there is nothing to draw."""
    points = block.points
    if not points:
        return None
    lines = {point.line for point in points}
    # The names are short because they are repeated at each point, and a card is small.
    values = [
        {"x": clean(point.at), "y": _figure(point.value), **({"line": clean(point.line)} if len(lines) > 1 else {})}
        for point in points
    ]
    spec = {
        "type": "line",
        "title": {"text": clean(block.title)},
        "data": {"values": values},
        "xField": "x",
        "yField": "y",
        "axes": [{"orient": "bottom", "type": "band"}, {"orient": "left", "type": "linear"}],
        "point": {"visible": len(points) <= MOST_DOTS},
    }
    if len(lines) > 1:
        spec |= {"seriesField": "line", "legends": {"visible": True, "orient": "bottom"}}
    return {"tag": "chart", "aspect_ratio": "16:9", "chart_spec": spec}


def _figure(value: float) -> float:
    if abs(value) < _EXACT and value == int(value):
        return int(value)
    return float(f"{value:.9g}")
