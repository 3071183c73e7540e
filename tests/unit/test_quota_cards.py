"""Cards of quotas and requests as Feishu draws them: what is on them, how large they become, and nothing forged."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.feishu.cards import MOST_BYTES, MOST_ELEMENTS, render
from storage.store import SqlStore
from suanli.domain.answer import Answer, Form, Paragraph, Table, Tone
from suanli.domain.chat import OpenId, Person
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from tests.dialogue import BOSS, LI, SHANGHAI
from tests.fakes import FakeClock
from tests.quotadesk import ACME, SALES, USER, WANG, QuotaDesk, approve_button, money, own_chat

HOSTILE = "</font><at id=all></at> **粗** [链](http://evil.example) \u202e `x` 🀄"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> QuotaDesk:
    return QuotaDesk(sqlite_store, clock)


def drawn(desk: QuotaDesk, answer: Answer) -> dict[str, Any]:
    """The card as Feishu gets it, which is not shortened."""
    kind, content = render(answer, desk.clock.now(), SHANGHAI)
    assert kind == "interactive"
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES
    assert content.count('"tag"') <= MOST_ELEMENTS
    assert "未显示" not in content
    card: dict[str, Any] = json.loads(content)
    return card


def lines(answer: Answer) -> list[str]:
    """The lines of its paragraphs."""
    spans = (span for block in answer.blocks if isinstance(block, Paragraph) for span in (*block.spans, "\n"))
    return "".join(span if isinstance(span, str) else getattr(span, "text", "") for span in spans).split("\n")


def test_each_window_has_a_bar_what_is_left_when_it_resets_and_how_long_it_lasts(desk: QuotaDesk) -> None:
    desk.quota(USER, "100", daily_limit=money("50"), hourly_limit=money("40.5"))
    desk.spend("30")
    desk.hold(desk.ask_for("1.25"))
    parts = [each.split(" · ") for each in lines(desk.answer("/quota"))[:4]]
    assert parts == [
        ["个人 李雷 #1"],
        ["███░░░░░░░ 31% 每月", "已用 30.00 / 100.00 CNY", "预扣 1.25", "剩 68.75 CNY", "12-01 00:00 重置",
         "照此速度够用到重置"],
        ["██████░░░░ 62% 每天", "已用 30.00 / 50.00 CNY", "预扣 1.25", "剩 18.75 CNY", "11-21 00:00 重置",
         "照此速度 11-20 19:30 用完"],
        ["███████░░░ 77% 每小时", "已用 30.00 / 40.50 CNY", "预扣 1.25", "剩 9.25 CNY", "11-20 13:00 重置",
         "照此速度 11-20 12:00 用完"],
    ]  # fmt: skip


def test_a_limit_with_nothing_spent_says_nothing_of_a_pace(desk: QuotaDesk) -> None:
    desk.quota(USER, "100")
    assert lines(desk.answer("/quota"))[1].endswith("12-01 00:00 重置")


def test_the_colour_is_that_of_the_fullest_hard_limit(desk: QuotaDesk) -> None:
    desk.quota(SALES, "10", soft=True)
    desk.quota(USER, "100")
    tones = []
    for amount in ("79", "1", "20"):
        desk.spend(amount)
        tones.append(desk.answer("/quota").tone)
    assert tones == [Tone.INFO, Tone.WARNING, Tone.BAD]


def test_fifty_quotas_fit_on_one_card_and_the_rest_is_counted(desk: QuotaDesk) -> None:
    for number in range(55):
        scope = Scope(ScopeKind.PROJECT, f"一个名字相当长的项目-{number:03}")
        desk.quota(scope, "123456.789", daily_limit=money("1000.000001"), hourly_limit=money("20"))
    answer = desk.answer("/quota list", BOSS)
    (table,) = [block for block in answer.blocks if isinstance(block, Table)]
    assert len(table.rows) == 50
    assert "另有 5 个没有显示" in desk.read(answer)
    drawn(desk, answer)


def test_fifty_quotas_that_bind_one_person_fit_on_one_card(desk: QuotaDesk) -> None:
    for number in range(50):
        desk.quota(USER, "1000", name=f"第 {number} 个配额的名称", daily_limit=money("100"), hourly_limit=money("9.5"))
    desk.spend("1.234567")
    answer = desk.answer("/quota")
    assert "另有 30 个没有显示" in desk.read(answer)
    drawn(desk, answer)


def test_the_longest_request_of_hostile_words_fits_and_forges_nothing(desk: QuotaDesk) -> None:
    desk.put(Party(USER, HOSTILE * 3, own_chat(LI), department="sales"))
    desk.quota(USER, "100", name=HOSTILE)
    card = desk.requested(f"/quota request 50 {HOSTILE * 60}")
    elements = drawn(desk, card)["body"]["elements"]
    written = "\n".join(each["content"] for each in elements if each["tag"] == "markdown")
    assert written.count("粗") > 3
    assert "<at id=all>" not in written
    assert "](http" not in written
    assert "\u202e" not in written
    assert written.count("<at ") == 1


def test_the_buttons_of_a_request_are_command_lines_with_its_number(desk: QuotaDesk) -> None:
    desk.quota(USER, "100")
    card = desk.requested()
    (form,) = [block for block in card.blocks if isinstance(block, Form)]
    assert approve_button(card).value == {"run": "/quota approve 1"}
    assert [button.value for button in form.buttons] == [
        {"run": "/quota approve 1", "fields": "amount_1 until_1"},
        {"run": "/quota deny 1", "fields": "why_1"},
    ]
    assert [(each.name, each.content) for each in form.inputs] == [
        ("amount_1", "number"), ("until_1", "date"), ("why_1", "text"),
    ]  # fmt: skip


def test_a_quota_in_another_zone_says_which(desk: QuotaDesk) -> None:
    desk.ask("/quota set ou_li 100 daily zone=America/New_York", BOSS)
    assert "11-20 00:00 America/New_York 重置" in desk.ask("/quota")


def test_what_is_over_is_said_as_that(desk: QuotaDesk) -> None:
    quota = desk.quota(USER, "100")
    desk.spend("80")
    desk.ask(f"/quota set #{quota.id} 60.5", BOSS)
    assert "██████████ 132% 每月 · 已用 80.00 / 60.50 CNY · 超出 19.50 CNY" in desk.ask("/quota")


def test_a_grant_is_shown_until_it_ends(desk: QuotaDesk, clock: FakeClock) -> None:
    desk.quota(USER, "100")
    desk.press(approve_button(desk.requested()), by=WANG)
    assert "➕ 临时增加 50.00 CNY（每月），到 12-01 00:00" in desk.ask("/quota")
    assert "/ 150.00 CNY" in desk.ask("/quota")
    clock.advance(timedelta(days=11))
    assert "临时增加" not in desk.ask("/quota")
    assert "/ 100.00 CNY" in desk.ask("/quota")


def test_an_unknown_person_has_limits_of_their_own_only(desk: QuotaDesk) -> None:
    desk.quota(ACME, "100")
    new = Person(OpenId("ou_new"), "new", "on_new", "New", "ten")
    assert "还没有给您设置配额" in desk.ask("/quota", new)
    desk.quota(Scope(ScopeKind.USER, "ou_new"), "7")
    assert "个人 ou_new #2" in desk.ask("/quota", new)
