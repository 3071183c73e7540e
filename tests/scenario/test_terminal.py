"""The tour and the chat on a terminal, as a newcomer sees them."""

import json
import re
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from suanli import wiring
from suanli.clock import SystemClock
from suanli.sandbox.drawing import WIDTH
from suanli.sandbox.terminal import Terminal
from suanli.sandbox.tour import tour
from suanli.sandbox.world import World
from tests.feishu_client import Client
from tests.unit.test_feishu_cards import CARDS, card_of


class Screen:
    """A terminal whose lines come from a list."""

    def __init__(self, world: World) -> None:
        self._written = StringIO()
        self.console = Console(file=self._written, width=WIDTH)
        self.terminal = Terminal(world, self.console, SystemClock())
        # What was said to others before this screen was opened is not on it.
        self.terminal.skip()
        self._check = lambda: world.work.runner.run_once(wiring.CHECK_STOCK)

    def receive(self, name: str) -> str:
        """Let the app send a card; its message id."""
        sent = Client(self.terminal.world.feishu).send(self.terminal.human, card_of(CARDS[name]), "interactive")
        return str(sent.json()["data"]["message_id"])

    def type(self, *lines: str) -> str:
        """Type lines and leave; what is on the screen."""
        self.terminal.run(self._reader(*lines), self._check)
        return self._written.getvalue()

    def take_the_tour(self) -> str:
        tour(self.terminal, self.console, self._check)
        return self._written.getvalue()

    @staticmethod
    def _reader(*lines: str) -> Callable[[str], str]:
        left = iter(lines)

        def read(_prompt: str) -> str:
            try:
                return next(left)
            except StopIteration:
                raise EOFError from None

        return read


@pytest.fixture
def screen(world: World) -> Screen:
    return Screen(world)


def test_the_tour_shows_help_stock_a_shortage_to_its_order_a_new_model_and_what_models_cost(screen: Screen) -> None:
    shown = screen.take_the_tour()
    seen = (
        "命令一览",
        "open_id：ou_",
        "GPU 库存",
        "4090 库存",
        "没有 /stok 这个命令",
        "国内 高主频 4090 库存",
        "GPU库存预警",
        "当前空闲：85 张",
        "☁ 已认领 RTX 4090",
        "- 已认领：@李雷",
        "☁ 已登记 PO-1：4090 50 张",
        "- 在途：50 张",
        "PO-1 4090 50 张：已下单",
        "4090 近 14 天趋势",
        "4090 的库存规则",
        "已关注 vllm-project/vllm",
        "已开始监控 vllm-project/vllm",
        # Which model it is depends on how many were published on this module's world before.
        "🆕 hf:deepseek-ai 新模型：deepseek-ai/DeepSeek-V",
        "🔗 ms:deepseek-ai deepseek-ai/DeepSeek-V",
        "（晚 3 小时）",
        "🆕 ms:deepseek-ai 新模型：deepseek-ai/DeepSeek-V",
        "vllm-project/vllm PR 合入：#",
        "vllm-project/vllm 发布：v0.",
        "1 个关注",
        "deepseek/deepseek-chat: 2 / 8 → 1.6 / 6.4 CNY",
        "16% 每月 · 已用 1.64 / 10.00 CNY · 剩 8.36 CNY",
        "部门 智能应用部 #1",
        "✗ 429 额度“韩梅梅”",
        "🟠 配额快用完了：韩梅梅",
        "提额申请 1 已发出",
        "☁ 已批准申请 1",
        "您的提额申请 1 已批准",
        "成本 · 本月 · 全部",
        "换用更便宜的模型",
        "配额「客服部」是 40.00 CNY",
        "AI #1 · 组织 示例公司 · 每年",
    )
    assert [each for each in seen if each not in shown] == []
    # Five of six calls fit into the limit, and one more when it was raised.
    assert shown.count("✓ qwen-max") == 6
    # The newer prices were taken over already.
    assert "没有变化" in screen.type(":prices")


def test_the_books_of_the_demo_agree(world: World) -> None:
    with world.store.begin() as tx:
        found = tx.books.reconcile(SystemClock().now(), None)
    assert found.is_clean
    assert found.records_seen > 1000


def test_everybody_of_the_demo_is_told_something_of_cost(screen: Screen) -> None:
    shown = screen.type("/cost month", "/quota", ":as 王芳", "/cost forecast", "/quota list")
    assert "成本 · 本月 · 我的" in shown
    assert "部门 客服部 #2" in shown
    assert "本月预测" in shown
    assert "全部配额" in shown


def test_a_button_that_is_on_its_way_is_waited_for(screen: Screen) -> None:
    screen.receive("purchase")
    assert "☁ 有必填项未填写" in screen.type(":press 已下单 到货=2026-12-10")


def test_each_model_that_is_published_is_told_once_on_each_hub(screen: Screen) -> None:
    shown = screen.type(":publish", ":publish", ":read")
    told = re.findall(r"🆕 (\w\w):deepseek-ai 新模型：deepseek-ai/(DeepSeek-V\d+) ─", shown)
    models = {model for _, model in told}
    assert len(models) == 2
    assert sorted(told) == sorted((hub, model) for hub in ("hf", "ms") for model in models)


def test_a_button_of_the_last_card_can_be_pressed(screen: Screen) -> None:
    shown = screen.type("/stock H100", ":press 全部型号")
    assert "已收到，结果马上发到会话里。" in shown
    assert "GPU 库存" in shown.split("已收到")[1]


def test_one_may_be_somebody_else_and_speak_in_the_group(screen: Screen) -> None:
    shown = screen.type(":as 王芳", ":group", "@算力 /status")
    assert "运行状态" in shown
    assert "算力 → 算力交流群" in shown


def test_what_is_mistyped_is_answered_with_what_there_is(screen: Screen) -> None:
    shown = screen.type(":as nobody", ":what", "/help", ":press nothing")
    assert "王芳 李雷 韩梅梅" in shown
    assert "/userid" in shown.split("这张卡片上的按钮")[1]


def test_nobody_answers_in_the_group_without_a_mention(screen: Screen) -> None:
    assert "在群里要先 @算力" in screen.type(":group", "/stock")


def test_a_form_is_filled_in_and_sent_with_the_button(screen: Screen) -> None:
    screen.receive("purchase")
    shown = screen.type(
        "", ":press 已下单 到货=2026-12-10", ":press 已下单 数量=50", ":press 已下单 数目=1", ":press x"
    )
    assert "☁ 有必填项未填写" in shown
    # The card is none of the product's own: it answers that it does not know the button, or the command says its say.
    assert shown.count("☁ ") == 2
    assert "no field ['数目']" in shown
    assert "已下单 (数量= 到货日期= 备注=)" in shown


def test_a_card_that_was_updated_is_shown_again_and_its_new_buttons_can_be_pressed(screen: Screen) -> None:
    card_id = screen.receive("purchase")
    screen.terminal.show(0.0)
    feishu = screen.terminal.world.feishu
    assert (
        Client(feishu).code("PATCH", f"/im/v1/messages/{card_id}", {"content": json.dumps(card_of(CARDS["stock"]))})
        == 0
    )
    shown = screen.type("", ":press 已下单")
    assert "GPU 库存" in shown.split("更新了卡片")[1]
    assert "the buttons of this card: 刷新  查看 4090" in shown
