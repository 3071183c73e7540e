"""A short tour of what people do with the product, played through the real webhook and printed as they see it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain

from rich.console import Console
from rich.text import Text

from suanli.sandbox.feishu import Human
from suanli.sandbox.terminal import Terminal
from suanli.sandbox.upstream import REPOSITORY
from suanli.sandbox.world import World

DELIVERY = timedelta(days=10)
"""How long the cards that the buyer orders take to come."""

Step = tuple[Human, bool, str, str]
"""Who does it, whether in the group, what they type, and why."""


def tour(terminal: Terminal, console: Console, check: Callable[[], str]) -> None:
    """Help and ids, stock in the group, a typo; a shortage up to its order; a model upstream; and what models cost."""
    world = terminal.world
    due = (terminal.clock.now() + DELIVERY).astimezone(world.settings.timezone).date()
    scenes = (_asking(world), _running_low(world, due.isoformat()), _upstream(world), _spending(world))
    for human, in_group, line, why in chain.from_iterable(scenes):
        terminal.human, terminal.in_group = human, in_group
        console.print(Text(f"\n# {why}", style="bold"))
        console.print(Text(f"{terminal.prompt}{line}"))
        terminal.take(line, check)


def _asking(world: World) -> Iterator[Step]:
    yield world.buyer, False, "/help", "先看看它会什么 / what can it do"
    yield world.buyer, False, "/userid", "配置提醒收件人要用的 ID / the ids that settings need"
    yield world.developer, True, "@算力 /stock", "在群里查库存 / stock, asked in the group"
    yield world.developer, True, "@算力 /stock 4090", "只看一个型号 / one model"
    yield world.developer, True, "@算力 国内高主频4090有多少", "像平时一样问 / asked as people ask"
    yield world.developer, True, "@算力 /stok 4090", "打错了也没关系 / a typo"


def _running_low(world: World, due: str) -> Iterator[Step]:
    buyer = world.buyer
    yield buyer, False, ":check", "每天 10:00 检查库存（现在就做一次）/ the daily check, done now"
    yield buyer, False, ":press 认领", "按卡片上的按钮，卡片就地更新 / a button; the card is updated in place"
    yield buyer, False, f":press 已下单 数量=50 到货={due}", "填好表单，登记采购 / the form, filled in: an order"
    yield buyer, False, "/stock po", "在途的采购 / what is on order"
    yield buyer, False, "/stock trend 4090", "够用多久，该买多少 / how long it lasts, how many to buy"
    yield buyer, False, "/stock rule 4090", "什么时候提醒谁 / when is who told"


def _upstream(world: World) -> Iterator[Step]:
    one = world.developer
    line = f"/releases watch {REPOSITORY} pr,release deepseek|qwen"
    yield one, False, line, "关注上游仓库 / a repository upstream is followed"
    yield one, False, ":read", "读第一遍：已有的不推送 / read first: what is there is no news"
    yield one, False, ":publish", "模型站上了新模型，仓库随后支持 / a new model, and then its support"
    yield one, False, "/releases", "自己关注了什么 / what one follows"


def _spending(world: World) -> Iterator[Step]:
    one, boss = world.developer, world.admin
    yield one, False, ":prices", "换上新的价格表，旧记录不变 / newer prices; records keep theirs"
    yield one, False, ":call", "程序经网关调用模型 / a program calls a model through the gateway"
    yield one, False, "/quota", "我的额度 / my limits"
    yield one, False, ":call 5", "到 80% 提醒，不够就先拒绝 / told at 80 %; refused before it is spent"
    yield one, False, "/quota request 10 月底压测", "在聊天里申请更多 / more is asked for in chat"
    yield boss, False, ":press 批准 10.00 CNY", "负责人点一下 / who answers for the money clicks"
    yield one, False, ":call", "同一个调用通过了 / the same call passes"
    yield boss, False, "/cost month by model", "钱花在哪里 / where the money goes"
    yield boss, False, "/cost suggest", "怎么省 / what could be saved"
    yield boss, False, "/budget", "今年的预算 / this year's budget"
