"""A shortage as people live through it: a real Prometheus, an exporter that the test drives, and the whole product."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.work import Work
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.errors import NoData
from suanli.sandbox.feishu import FeishuStandIn, Human
from suanli.sandbox.fleet import Node, NodeState, kube_state_metrics
from suanli.sandbox.server import LoopbackServer
from suanli.settings import Settings, load
from tests.exporter import Exporter
from tests.fakes import eventually
from tests.prometheus import ScrapingPrometheus, prometheus_scraping
from tests.scenario.waiting import settled

CLOCK, ZONE = SystemClock(), ZoneInfo("Asia/Shanghai")
PLENTY, LOW, LOWER = (2, 2, 2, 2), (5, 5, 5, 6), (5, 6, 6, 7)
"""Cards in use on each of the four machines with eight 4090s."""

# Only looks that the test asks for may count: no schedule fires while it runs.
CONFIG = """\
[stock]
source = "prometheus"
interval = "7d"

[stock.watch]
recipients = ["{buyer}"]
check_time = "{far_from_now}"

[stock.watch.thresholds]
4090 = {{ min_free = 10, description = "RTX 4090", keep = "1s" }}
"""

FIRST, ESCALATED, RECOVERED = "⚠️ GPU库存预警", "🚨 GPU库存预警（升级）", "✅ GPU库存已恢复"
BLIND, BACK = "看不到库存数据", "库存数据恢复了"


def machines(*used: int, cordoned: tuple[int, ...] = ()) -> tuple[Node, ...]:
    """Machines with so many 4090s in use on each, and one with H20s of which no rule speaks."""
    states = [NodeState.CORDONED if n in cordoned else NodeState.READY for n in range(len(used))]
    product = "NVIDIA GeForce RTX 4090"
    cards = [
        Node(f"n{n}", product, "bj-a", used=in_use, state=state)
        for n, (in_use, state) in enumerate(zip(used, states, strict=True))
    ]
    return (*cards, Node("other", "NVIDIA H20", "bj-a", used=1))


@dataclass(frozen=True, slots=True)
class Company:
    """The product at work in a company, and the cluster whose cards it counts."""

    feishu: FeishuStandIn
    store: SqlStore
    work: Work
    exporter: Exporter
    prometheus: ScrapingPrometheus
    operator: Human
    buyer: Human
    colleague: Human

    def has(self, *nodes: Node) -> None:
        """Let the cluster be so, as far as Prometheus knows."""
        self.exporter.say(kube_state_metrics(nodes))
        assert self.prometheus.has_seen_it()

    def look(self) -> None:
        """Look at the stock as every few minutes, until everybody has heard of it."""
        self.work.runner.run_once(wiring.SAMPLE_STOCK)
        settled(self)

    def look_in_vain(self) -> None:
        """The same with nothing to be seen."""
        with pytest.raises(NoData):
            self.work.runner.run_once(wiring.SAMPLE_STOCK)
        settled(self)

    def heard(self, human: Human) -> list[str]:
        """The titles of what somebody was told in private, answers to their questions included."""
        settled(self)
        chat = self.feishu.tenant.private_chat(human).chat_id
        return [sent.text.splitlines()[0] for sent in self.feishu.tenant.sent if sent.chat_id == chat]

    def last_card(self, human: Human) -> str:
        """The message_id of the newest message of somebody's private chat."""
        chat = self.feishu.tenant.private_chat(human).chat_id
        return [sent.message_id for sent in self.feishu.tenant.sent if sent.chat_id == chat][-1]

    def shows(self, card: str) -> str:
        """What a message says now."""
        settled(self)
        return html.unescape(self.feishu.tenant.messages[card].text)

    def asks(self, human: Human, question: str) -> str:
        """What somebody is answered in private."""
        return html.unescape(self.feishu.ask(human, question).text)

    def press(self, human: Human, card: str, label: str, **answers: str) -> tuple[str, str]:
        """Press a button, with the form around it filled in; mood and words of the toast."""
        act = self.feishu
        clicked = act.submit(human, card, label, answers) if answers else act.press(human, card, label)
        assert clicked.toast
        return clicked.toast["type"], clicked.toast["content"]


@contextmanager
def at_work(settings: Settings, store: SqlStore, feishu: FeishuStandIn) -> Iterator[Work]:
    work = wiring.build_work(settings, store, CLOCK)
    work.start()
    try:
        with LoopbackServer(wiring.build_web(settings, store, CLOCK, work.delivery.wake)) as web:
            feishu.connect(f"{web.url}/webhooks/feishu")
            yield work
    finally:
        work.stop(timedelta(seconds=5))


@pytest.fixture
def company(sqlite_url: str, sqlite_store: SqlStore, tmp_path: Path) -> Iterator[Company]:
    exporter = Exporter(kube_state_metrics(machines(*PLENTY)))
    with prometheus_scraping(exporter, tmp_path) as prometheus, FeishuStandIn(CLOCK) as feishu:
        app, far_from_now = feishu.tenant.app, CLOCK.now().astimezone(ZONE) + timedelta(hours=12)
        operator, buyer, colleague = (feishu.tenant.add_human(name) for name in ("王芳", "李雷", "韩梅梅"))
        config = CONFIG.format(buyer=buyer.open_id, far_from_now=f"{far_from_now:%H:%M}")
        (tmp_path / "suanli.toml").write_text(config, "utf-8")
        environment = {
            "FEISHU_APP_ID": app.app_id,
            "FEISHU_APP_SECRET": app.app_secret,
            "FEISHU_ENCRYPT_KEY": app.encrypt_key,
            "FEISHU_VERIFICATION_TOKEN": app.verification_token,
            "FEISHU_BASE_URL": feishu.url,
            "PROMETHEUS_URL": prometheus.url,
            "SUANLI_ADMINS": operator.open_id,
            "SUANLI_DATABASE_URL": sqlite_url,
        }
        with at_work(load(environment, tmp_path), sqlite_store, feishu) as work:
            yield Company(feishu, sqlite_store, work, exporter, prometheus, operator, buyer, colleague)


def absent(said: str, *words: str) -> list[str]:
    """Which of these are not said."""
    return [word for word in words if word not in said]


def at(human: Human) -> str:
    return f"<at id={human.open_id}></at>"


@pytest.mark.service("prometheus")
def test_a_shortage_from_its_first_sign_to_its_end(company: Company) -> None:
    nobody_hears_of_plenty(company)
    the_operator_raises_the_threshold(company)
    the_buyer_hears_of_it_at_the_second_low_look(company)
    card = the_buyer_hears_that_it_became_critical(company)
    the_buyer_claims_it(company, card)
    a_colleague_may_not_mute_it(company, card)
    the_buyer_orders(company, card)
    the_operator_alone_hears_that_nothing_can_be_seen(company)
    the_cards_arrive(company, card)
    it_is_over_and_the_buyer_hears_it_once(company, card)
    the_operator_sees_who_was_told_over_which_channel(company)


def nobody_hears_of_plenty(company: Company) -> None:
    company.look()
    company.look()
    assert company.heard(company.buyer) == company.heard(company.operator) == []


def the_operator_raises_the_threshold(company: Company) -> None:
    said = company.asks(company.operator, "/stock rule set 4090 min_free=12")
    assert absent(said, "规则已修改", f"12 （设置文件：10）由{at(company.operator)}", "**恢复到**：14") == []


def the_buyer_hears_of_it_at_the_second_low_look(company: Company) -> None:
    company.has(*machines(*LOW))
    company.look()
    assert company.heard(company.buyer) == []
    company.look()
    assert company.heard(company.buyer) == [FIRST]
    said = company.shows(company.last_card(company.buyer))
    assert absent(said, "RTX 4090 (4090)", "当前空闲：11 张", "安全库存：12 张", "建议采购：1 张以上", "#1") == []
    assert "严重" not in said
    company.look()
    assert company.heard(company.buyer) == [FIRST]


def the_buyer_hears_that_it_became_critical(company: Company) -> str:
    # Eight cards are idle, three of them on a machine that takes no work: they are no stock.
    company.has(*machines(*LOWER, cordoned=(0,)))
    company.look()
    assert company.heard(company.buyer) == [FIRST, ESCALATED]
    card = company.last_card(company.buyer)
    said = company.shows(card)
    assert absent(said, "当前空闲：5 张", "级别：严重（低于 6 张", "比上次提醒（11 张）：-6 张", "认领") == []
    return card


def the_buyer_claims_it(company: Company, card: str) -> None:
    mood, words = company.press(company.buyer, card, "认领")
    assert mood == "success"
    assert "已认领 RTX 4090" in words
    said = company.shows(card)
    assert f"已认领：{at(company.buyer)}" in said
    assert "认领" not in said.splitlines()
    company.look()
    assert company.heard(company.buyer) == [FIRST, ESCALATED]


def a_colleague_may_not_mute_it(company: Company, card: str) -> None:
    before = company.shows(card)
    assert company.press(company.colleague, card, "静音 3 天") == (
        "warning",
        "只有运维，或 RTX 4090 预警的收件人可以操作。",
    )
    assert company.shows(card) == before
    assert company.heard(company.colleague) == []


def the_buyer_orders(company: Company, card: str) -> None:
    eta = (CLOCK.now().astimezone(ZONE) + timedelta(days=7)).date()
    answers = {"数量（张）": "24", "到货日期 / 静音到": eta.isoformat()}
    mood, words = company.press(company.buyer, card, "已下单", **answers)
    assert mood == "success"
    assert absent(words, "PO-1", "4090 24 张", eta.isoformat()) == []
    said = company.shows(card)
    assert absent(said, f"在途：24 张，预计 {eta:%m-%d} 到货", f"已下单：{at(company.buyer)}", "PO-1 已到货") == []
    listed = company.asks(company.buyer, "/stock po")
    assert absent(listed, f"PO-1 4090 24 张：已下单，预计 {eta} 到货", at(company.buyer)) == []


def the_operator_alone_hears_that_nothing_can_be_seen(company: Company) -> None:
    before = company.heard(company.operator), company.heard(company.buyer)
    company.exporter.fall_silent()
    assert company.prometheus.has_seen_it()
    company.look_in_vain()
    company.look_in_vain()
    assert company.heard(company.operator) == before[0]
    company.look_in_vain()
    company.look_in_vain()
    assert company.heard(company.operator) == [*before[0], BLIND]
    said = company.shows(company.last_card(company.operator))
    assert absent(said, "4090", "Prometheus answered without any series: that is no data, not zero") == []
    company.has(*machines(*LOWER, cordoned=(0,)))
    company.look()
    assert company.heard(company.operator) == [*before[0], BLIND, BACK]
    assert company.heard(company.buyer) == before[1]


def the_cards_arrive(company: Company, card: str) -> None:
    assert company.press(company.buyer, card, "PO-1 已到货") == ("success", "PO-1 已到货：4090 24 张。")
    assert "在途" not in company.shows(card)
    assert "PO-1" not in company.asks(company.buyer, "/stock po")
    before = company.heard(company.buyer)
    company.has(*machines(*LOWER, 0, 0, 0, cordoned=(0,)))
    company.look()
    said = company.shows(card)
    assert absent(said, "空闲已回升，观察中", "当前空闲：29 张") == []
    assert "严重" not in said
    assert company.heard(company.buyer) == before


def it_is_over_and_the_buyer_hears_it_once(company: Company, card: str) -> None:
    before = company.heard(company.buyer)

    def is_over() -> bool:
        company.look()
        return company.heard(company.buyer) != before

    assert eventually(is_over)
    company.look()
    assert company.heard(company.buyer) == [*before, RECOVERED]
    for each in (company.last_card(company.buyer), card):
        said = company.shows(each)
        assert said.startswith(RECOVERED)
        assert absent(said, "已恢复", "当前空闲：29 张", "最低 5 张", "期间采购：24 张") == []


def the_operator_sees_who_was_told_over_which_channel(company: Company) -> None:
    told = company.asks(company.operator, "/stock alerts 4090").splitlines()
    notices = [line for line in told if at(company.buyer) in line]
    assert [line for line in notices if "已通过应用送达" not in line] == []
    kinds = ["首次通知", "升级", "恢复通知"]
    assert [kind for line in notices for kind in kinds if kind in line] == kinds
    assert at(company.buyer) not in company.asks(company.colleague, "/stock alerts 4090")
