"""A short tour of what people do with the product, played through the real webhook and printed as they see it."""

from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from suanli.sandbox.terminal import PATIENCE, Terminal


def tour(terminal: Terminal, console: Console, check: Callable[[], str]) -> None:
    """Help and ids in private, stock in the group, a typo, and the low-stock message."""
    world = terminal.world
    script = (
        (world.buyer, False, "/help", "先看看它会什么 / what can it do"),
        (world.buyer, False, "/userid", "配置提醒收件人要用的 ID / the ids that settings need"),
        (world.developer, True, "@算力 /stock", "在群里查库存 / stock, asked in the group"),
        (world.developer, True, "@算力 /stock 4090", "只看一个型号 / one model"),
        (world.developer, True, "@算力 /stok 4090", "打错了也没关系 / a typo"),
    )
    for human, in_group, text, why in script:
        terminal.human, terminal.in_group = human, in_group
        console.print(Text(f"\n# {why}", style="bold"))
        console.print(f"{terminal.prompt}{text}")
        terminal.say(text)
    console.print(Text("\n# 每天 10:00 检查库存（现在就做一次）/ the daily check, done now", style="bold"))
    console.print(Text(check(), style="grey50"))
    terminal.show(PATIENCE)
