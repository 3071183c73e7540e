"""/cost: what people are told about their money in private and in groups, over a real store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.answer import Answer, Chart, Table
from suanli.domain.chat import ChatKind, Platform
from suanli.domain.cost.alerts import AlertType, CostAlert, CostAlertId, Severity
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Scope, ScopeKind
from tests.cost_desk import CostDesk
from tests.dialogue import BOSS, LI, Dialogue, runs
from tests.fakes import FakeClock

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Scene:
    """Li, who is a member, Zhang, who is none of the chat, and the boss; all of them are of sales."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self.desk = CostDesk(store, clock)
        self.talk = Dialogue(store, clock)
        self.desk.party("li", "李雷", person=LI, department="sales", project="bot")
        self.desk.party("zhang", "张三", department="sales", project="site")

    def spend(self) -> None:
        """6 today, 40 this month; 20 in as much of October."""
        now, spend = self.desk.clock.now(), self.desk.spend
        spend("li", "qwen", "2", usage=Usage(1000, 500), provider_name="ali")
        spend("zhang", "gpt-4", "4", now - 3 * HOUR, usage=Usage(1000, 500), provider_name="openai")
        spend("zhang", "gpt-4", "34", now - 8 * DAY, usage=Usage(2000), provider_name="openai")
        spend("li", "qwen", "20", now - 35 * DAY)

    def leads(self) -> None:
        """Let Li answer for sales."""
        self.desk.party("sales", "销售部", ScopeKind.DEPARTMENT, LI)

    def ask(self, text: str, *, boss: bool = True, group: bool = False) -> str:
        return self.talk.words(self.card(text, boss=boss, group=group))

    def card(self, text: str, *, boss: bool = True, group: bool = False) -> Answer:
        kind = ChatKind.GROUP if group else ChatKind.PRIVATE
        (answer,) = self.talk.say(text, sender=BOSS if boss else LI, kind=kind)
        return answer


@pytest.fixture
def scene(sqlite_store: SqlStore, clock: FakeClock) -> Scene:
    return Scene(sqlite_store, clock)


def rows(answer: Answer) -> Sequence[Sequence[str]]:
    return [row for block in answer.blocks if isinstance(block, Table) for row in block.rows]


def charts(answer: Answer) -> list[Chart]:
    return [block for block in answer.blocks if isinstance(block, Chart)]


def test_before_the_first_call_there_is_nothing_and_nobody_makes_anything_up(scene: Scene) -> None:
    words = scene.ask("/cost")
    assert "这段时间没有调用记录" in words
    assert "平均每次：未知" in words
    assert "还没有任何调用记录" in words
    assert charts(scene.card("/cost")) == []
    assert "数据不足：有 0 天的记录，至少要 14 天" in scene.ask("/cost forecast")
    assert "没有找到可以省的" in scene.ask("/cost suggest")
    assert "没有调用记录" in scene.ask("/cost top")
    assert "最近 30 天没有提醒过异常" in scene.ask("/cost anomalies")


def test_an_operator_sees_everybodys_month_against_as_much_of_the_last(scene: Scene) -> None:
    scene.spend()
    card = scene.card("/cost")
    words = scene.talk.words(card)
    assert card.title == "成本 · 本月 · 全部"
    assert "总成本：40.00 CNY" in words
    assert "今天：6.00 CNY" in words
    assert "相比上月同期：+100.0%（20.00 CNY）" in words
    assert "Token：5,000" in words
    assert "数据截至 刚刚 (12:00) · 最近一次调用 刚刚" in words
    (chart,) = charts(card)
    assert [point.value for point in chart.points][-1] == 6.0
    assert len(chart.points) == 20


def test_a_member_sees_their_own_figures_only(scene: Scene) -> None:
    scene.spend()
    card = scene.card("/cost by user", boss=False)
    assert card.title == "成本 · 本月 · 我的"
    assert [row[:2] for row in rows(card)] == [("李雷", "2.00 CNY")]
    assert "34" not in scene.ask("/cost top", boss=False)
    refused = scene.ask("/cost department:sales", boss=False)
    assert "您不能看这里的数据" in refused
    assert "您不能看这里的数据" in scene.ask("/cost top user:zhang", boss=False)


def test_figures_are_told_apart_by_what_is_asked_most_first(scene: Scene) -> None:
    scene.spend()
    card = scene.card("/cost month by model")
    assert rows(card) == [("gpt-4", "38.00 CNY", "95.0%", "2"), ("qwen", "2.00 CNY", "5.0%", "1")]
    assert {point.line for point in charts(card)[0].points} == {"gpt-4", "qwen"}
    assert [row[0] for row in rows(scene.card("/成本 本月 按用户"))] == ["张三", "李雷"]
    assert [row[0] for row in rows(scene.card("/cost by project"))] == ["site", "bot"]
    assert [row[0] for row in rows(scene.card("/cost by type"))] == ["（未注明）"]
    assert "一次只能按一种分类" in scene.ask("/cost by model user")


def test_today_is_drawn_by_hours_of_the_sites_clocks(scene: Scene) -> None:
    scene.spend()
    (chart,) = charts(scene.card("/cost today"))
    drawn = {point.at: point.value for point in chart.points}
    assert (drawn["09:00"], drawn["12:00"], drawn["00:00"], len(drawn)) == (4.0, 2.0, 0.0, 13)
    by_model = scene.card("/cost today by model", boss=False)
    assert charts(by_model) == []
    assert "没有按小时的分类曲线" in scene.talk.words(by_model)
    assert rows(by_model)


def test_an_amount_with_unpriced_calls_is_a_least_one_and_one_of_them_alone_is_unknown(scene: Scene) -> None:
    scene.desk.spend("li", "qwen", "2")
    scene.desk.spend("li", "new-model", None)
    card = scene.card("/cost by model")
    words = scene.talk.words(card)
    assert "总成本：至少 2.00 CNY" in words
    assert "有 1 次调用没有价格，没有算进金额" in words
    assert [row[1] for row in rows(card)] == ["2.00 CNY", "未知"]


def test_who_leads_sees_their_department_and_no_names_of_others_in_a_group(scene: Scene) -> None:
    scene.spend()
    scene.leads()
    alone = scene.card("/cost by user department:sales", boss=False)
    assert alone.title == "成本 · 本月 · 销售部"
    assert [row[0] for row in rows(alone)] == ["张三", "李雷"]
    among = scene.card("/cost by user department:sales", boss=False, group=True)
    assert [row[:2] for row in rows(among)] == [("成员 1", "38.00 CNY"), ("李雷", "2.00 CNY")]
    assert "群里不显示别人的名字" in scene.talk.words(among)
    top = scene.ask("/cost top department:销售部", boss=False, group=True)
    assert "张三" not in top
    assert "zhang" not in top
    assert [row[0] for row in rows(scene.card("/cost by user", group=True))] == ["张三", "李雷"]


def test_an_operator_is_one_whoever_granted_it(scene: Scene) -> None:
    scene.spend()
    with scene.desk.store.begin() as tx:
        tx.grants.put(Grant(Platform.FEISHU, LI.open_id, Role.OPERATOR, BOSS.open_id, scene.desk.clock.now()))
    assert "总成本：40.00 CNY" in scene.ask("/cost", boss=False)
    assert "总成本：2.00 CNY" in scene.ask("/cost user:li", boss=False)


def test_somebody_whom_the_platform_does_not_name_sees_nothing(scene: Scene) -> None:
    scene.spend()
    (answer,) = scene.talk.say("/cost", sender=replace(LI, open_id=type(LI.open_id)("")))
    assert scene.talk.words(answer) == "不知道您是谁，所以没有可以看的数据。"


def test_the_dearest_are_users_models_and_calls(scene: Scene) -> None:
    scene.spend()
    card = scene.card("/cost top")
    tables = [block.rows for block in card.blocks if isinstance(block, Table)]
    assert [table[0][0] for table in tables[:2]] == ["张三", "gpt-4"]
    assert tables[2][0] == ("11-12 12:00", "张三", "gpt-4", "34.00 CNY", "2,000")
    assert [call[3] for call in tables[2]] == ["34.00 CNY", "4.00 CNY", "2.00 CNY"]


def test_a_month_is_forecast_from_fourteen_days_on_with_how_well_that_held(scene: Scene) -> None:
    now = scene.desk.clock.now()
    for day in range(1, 41):
        scene.desk.spend("li", "qwen", "10", now - day * DAY)
    card = scene.card("/cost forecast")
    words = scene.talk.words(card)
    assert "已经花了：190.00 CNY" in words
    assert "预计整月：300.00 CNY" in words
    assert "次落在这样的区间里（100%）" in words
    assert {point.line for point in charts(card)[0].points} == {"实际", "预测"}
    assert "有 0 天的记录" in scene.ask("/cost forecast user:zhang")


def test_an_hour_that_costs_far_more_than_usual_is_told(scene: Scene) -> None:
    now = scene.desk.clock.now()
    usual = [scene.desk.costs("li", "qwen", "1", now - hour * HOUR) for hour in range(1, 30 * 24)]
    scene.desk.spend_all(*usual)
    assert "没有异常" in scene.ask("/cost anomalies")
    scene.desk.spend("li", "qwen", "39", now - HOUR)
    assert "花了 40.00 CNY，是平常（1.00 CNY）的 40.0 倍" in scene.ask("/cost anomalies")
    assert "只有 0 天的记录" in scene.ask("/cost anomalies user:zhang")


def test_what_was_told_as_unusual_is_listed_to_whom_it_concerns(scene: Scene) -> None:
    at = scene.desk.clock.now() - DAY
    about = {"form": "hour", "name": "某人", "since": at.isoformat(), "amount": "40000000000", "usual": "1000000000",
             "times": "40.0"}  # fmt: skip
    with scene.desk.store.begin() as tx:
        for key, who, figures in (("a", "li", about), ("b", "zhang", about), ("c", "li", {})):
            tx.cost_alerts.add(
                CostAlert(
                    CostAlertId(0),
                    key,
                    AlertType.ANOMALY,
                    Severity.WARNING,
                    at,
                    Scope(ScopeKind.USER, who),
                    figures,
                )
            )
    words = scene.ask("/cost anomalies", boss=False)
    assert words.count("花费异常") == 2
    assert "11-19 12:00 起的一小时已经花了 40.00 CNY，平时这个时候是 1.00" in words
    assert scene.ask("/cost anomalies").count("花费异常") == 3
    # What was told of one hour, as everybody's and as somebody's, is the same money.
    assert "被提醒过的 1 次异常消费共花了 40.00 CNY，比平常多 39.00 CNY" in scene.ask("/cost suggest")


def test_suggestions_are_kept_for_a_day_and_made_anew_when_wanted(scene: Scene) -> None:
    assert "没有找到" in scene.ask("/cost suggest")
    scene.desk.model("gpt-4", "openai", input="0.03", output="0.06")
    scene.desk.model("mini", "openai", input="0.003", output="0.006")
    for number in range(25):
        for model in ("gpt-4", "mini"):
            at = scene.desk.clock.now() - number * HOUR
            scene.desk.use("li", model, at, provider_name="openai", usage=Usage(1000))
    scene.desk.clock.advance(HOUR)
    assert "没有找到" in scene.ask("/cost suggest")
    card = scene.card("/cost suggest new")
    words = scene.talk.words(card)
    assert "换用更便宜的模型：可省 0.675 CNY（90.0%）" in words.replace("0.675000", "0.675")
    assert "「openai/gpt-4」" in words
    assert "按现价，同样的用量" in words
    assert runs(card) == ["/cost suggest new"]
    scene.desk.clock.advance(HOUR)
    assert "1 小时前" in scene.ask("/cost suggest")
    scene.desk.clock.advance(DAY)
    assert "刚刚" in scene.ask("/cost suggest")


def test_every_button_asks_about_the_same_figures(scene: Scene) -> None:
    scene.spend()
    scene.leads()
    card = scene.card("/cost week by model department:sales", boss=False)
    asked = runs(card)
    assert "/cost today by model department:sales" in asked
    assert "/cost week by user department:sales" in asked
    assert "/cost forecast department:sales" in asked
    for words in asked:
        (answer,) = scene.talk.say(words, sender=LI)
        assert "销售部" in answer.title


def test_names_from_outside_stay_plain_text(scene: Scene) -> None:
    scene.desk.party("x", "<at id=all></at> **all**")
    scene.desk.spend("x", 'm"o`d</font>el', "1")
    assert rows(scene.card("/cost by user"))[0][0] == "<at id=all></at> **all**"
    assert rows(scene.card("/cost by model"))[0][0] == 'm"o`d</font>el'
