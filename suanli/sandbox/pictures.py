"""The pictures of the documentation, drawn from what really arrived at the stand-in; `make pictures` runs it."""

import html
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import structlog
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from suanli import wiring
from suanli.clock import SystemClock
from suanli.sandbox.drawing import WIDTH, draw
from suanli.sandbox.upstream import REPOSITORY
from suanli.sandbox.world import World, open_world

CELL = 12.2
"""How wide Rich draws a cell of the terminal."""

_TEXT = re.compile(
    r'<text (?P<before>[^>]*)x="(?P<x>[0-9.]+)" (?P<y>y="[^"]*") textLength="[0-9.]+" (?P<after>[^>]*)>'
    r"(?P<words>[^<]*)</text>"
)
_PIECE = re.compile(r"[!-~]+|[^\s!-~]+")


def main(folder: Path) -> None:
    """Write the pictures into `folder`, each as `.svg`.

    They are `stock-card`, `typo`, `trend`, `low-stock`, `ordered`, `release`, `quota`, `quota-alert`, `quota-request`
    and `cost`.
    """
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder.mkdir(parents=True, exist_ok=True)
    with open_world(SystemClock()) as world:
        _draw_answers(world, folder)
        _draw_shortage(world, folder)
        _draw_release(world, folder)
        _draw_spending(world, folder)


def _draw_answers(world: World, folder: Path) -> None:
    bot = world.feishu.tenant.bot
    stock = world.feishu.ask(world.developer, f"@{bot.name} /stock 4090", chat=world.group, mentions=[bot])
    _save(world, stock.content, folder / "stock-card.svg")
    for name, question in (("typo", "/stok 4090"), ("trend", "/stock trend 4090")):
        _save(world, world.feishu.ask(world.developer, question).content, folder / f"{name}.svg")


def _draw_shortage(world: World, folder: Path) -> None:
    """The card that the buyer gets, and the same card after they claimed the shortage and ordered."""
    feishu, buyer = world.feishu, world.buyer
    world.work.runner.run_once(wiring.CHECK_STOCK)
    (card, *_) = feishu.wait_until(lambda tenant: [sent for sent in tenant.sent if "预警" in sent.text])
    _save(world, card.content, folder / "low-stock.svg")
    feishu.press(buyer, card.message_id, "认领")
    feishu.wait_for_words(card.message_id, "已认领")
    due = (SystemClock().now() + timedelta(days=10)).astimezone(world.settings.timezone).date()
    answers = {"数量（张）": "50", "到货日期 / 静音到": due.isoformat()}
    feishu.submit(buyer, card.message_id, "已下单", answers)
    feishu.wait_for_words(card.message_id, "在途")
    _save(world, feishu.tenant.content_of(card.message_id), folder / "ordered.svg")


def _draw_release(world: World, folder: Path) -> None:
    """The card of a new model, once it is known where else it is and what supports it."""
    feishu = world.feishu
    feishu.ask(world.developer, f"/releases watch {REPOSITORY} pr,release deepseek|qwen")
    world.read_upstream()
    world.publish()
    (card, *_) = feishu.wait_until(lambda tenant: [sent for sent in tenant.sent if "🆕 hf:" in sent.text])
    feishu.wait_for_words(card.message_id, "modelscope.cn", "/pull/", "/releases/tag/")
    _save(world, feishu.tenant.content_of(card.message_id), folder / "release.svg")


def _draw_spending(world: World, folder: Path) -> None:
    """A limit at four fifths, what its owner is told, what who decides gets when more is asked for, and a month."""
    feishu, developer = world.feishu, world.developer
    for _ in range(5):
        world.caller.call()
    world.tell_costs()
    (alert, *_) = feishu.wait_until(lambda tenant: [sent for sent in tenant.sent if "配额快用完了" in sent.text])
    _save(world, alert.content, folder / "quota-alert.svg")
    _save(world, feishu.ask(developer, "/quota").content, folder / "quota.svg")
    feishu.ask(developer, "/quota request 10 月底压测")
    (card, *_) = feishu.wait_until(lambda tenant: [sent for sent in tenant.sent if "申请人" in sent.text])
    _save(world, card.content, folder / "quota-request.svg")
    _save(world, feishu.ask(world.admin, "/cost month by model").content, folder / "cost.svg")


def _save(world: World, card: Mapping[str, Any], path: Path) -> None:
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(draw("interactive", card, world.name_of))
    # A fixed id: the same picture is the same file.
    svg = console.export_svg(title=world.feishu.tenant.bot.name, theme=DIMMED_MONOKAI, unique_id=path.stem)
    path.write_text(in_cells(svg), "utf-8")


def in_cells(svg: str) -> str:
    """A picture of Rich's with every word as long as its cells.

    Rich says how long a text is by the number of its characters, so a browser draws Chinese, two cells a character,
    one over the other.
    """
    return _TEXT.sub(lambda text: "".join(_pieces(text)), svg)


def _pieces(text: re.Match[str]) -> Iterator[str]:
    """Each word of a text, and what of it is Chinese or a drawing, at its own place."""
    words = html.unescape(text["words"])
    for piece in _PIECE.finditer(words):
        x, length = float(text["x"]) + cell_len(words[: piece.start()]) * CELL, cell_len(piece[0]) * CELL
        place = f'x="{x:.1f}" {text["y"]} textLength="{length:.1f}"'
        yield f"<text {text['before']}{place} {text['after']}>{html.escape(piece[0])}</text>"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
