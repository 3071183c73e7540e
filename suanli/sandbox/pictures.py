"""The pictures of the documentation, drawn from what really arrived at the stand-in; `make pictures` runs it."""

import sys
from io import StringIO
from pathlib import Path

import structlog
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from suanli import wiring
from suanli.clock import SystemClock
from suanli.sandbox.drawing import WIDTH, draw
from suanli.sandbox.feishu import Sent
from suanli.sandbox.world import World, open_world


def main(folder: Path) -> None:
    """Write `stock-card.svg`, `typo.svg` and `low-stock.svg` into `folder`."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder.mkdir(parents=True, exist_ok=True)
    with open_world(SystemClock()) as world:
        bot = world.feishu.tenant.bot
        stock = world.feishu.ask(world.developer, f"@{bot.name} /stock 4090", chat=world.group, mentions=[bot])
        _save(world, stock, folder / "stock-card.svg")
        _save(world, world.feishu.ask(world.developer, "/stok 4090"), folder / "typo.svg")
        world.work.runner.run_once(wiring.CHECK_STOCK)
        to_buyer = world.feishu.wait_until(lambda tenant: [s for s in tenant.sent if "预警" in s.text])
        _save(world, to_buyer[0], folder / "low-stock.svg")


def _save(world: World, sent: Sent, path: Path) -> None:
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(draw(sent.msg_type, sent.content, world.name_of))
    # A fixed id: the same picture is the same file.
    console.save_svg(str(path), title=world.feishu.tenant.bot.name, theme=DIMMED_MONOKAI, unique_id=path.stem)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
