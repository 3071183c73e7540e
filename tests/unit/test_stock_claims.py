"""Seeing to a shortage: who may, what it does, for how long, and what it does twice."""

import threading
from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.audit import Outcome
from suanli.domain.chat import Person
from suanli.domain.errors import RemoteError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import State
from suanli.domain.stock.rules import Recipient, Rule
from tests.dialogue import GUEST, LI
from tests.fakes import FakeClock
from tests.stockdesk import ANN, BEN, LOW, PLENTY, R4090, RH20, Desk, Pressed, button, buttons, row

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
ACK = "/stock ack 4090"


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    """Both models are low, and both recipients have been told."""
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    return desk


def desk_of(store: SqlStore, clock: FakeClock, *recipients: Recipient) -> Desk:
    desk = Desk(store, clock, LOW, recipients=recipients)
    desk.look()
    return desk


# Who may.


@pytest.mark.parametrize("known_as", ["ou_a", "user_a", "on_a"])
def test_a_recipient_may_claim_by_whichever_id_the_settings_name_them(
    sqlite_store: SqlStore, clock: FakeClock, known_as: str
) -> None:
    desk = desk_of(sqlite_store, clock, Recipient(known_as))
    assert desk.press(ACK).words.startswith("已认领 RTX 4090")
    assert desk.episode("4090").state is State.ACKED


@pytest.mark.parametrize(
    "line", [ACK, "/stock mute 4090 1d", "/stock unmute 4090", "/stock po 4090 50 12-31", "/stock po 4090 50"]
)
def test_a_colleague_who_is_told_nothing_is_refused_with_words_and_changes_nothing(desk: Desk, line: str) -> None:
    before = desk.known()
    pressed = desk.press(line, by=LI)
    assert pressed.words == "只有运维，或 RTX 4090 预警的收件人可以操作。"
    assert desk.outcome() == ("ou_li", " ".join(line.split()[:2])[1:], Outcome.DENIED)
    assert desk.ask_bot(line, by=LI) == pressed.words
    assert desk.outcome()[2] is Outcome.DENIED
    assert (desk.known(), pressed.said, pressed.drawn) == (before, [], [])


def test_a_colleague_who_was_made_operator_may(desk: Desk) -> None:
    desk.grant(LI, Role.OPERATOR)
    desk.press(ACK, by=LI)
    assert desk.episode("4090").claim is not None


def test_a_member_is_no_operator(desk: Desk) -> None:
    desk.grant(LI, Role.MEMBER)
    desk.press(ACK, by=LI)
    assert desk.episode("4090").claim is None


def test_who_hears_of_one_model_has_no_say_about_another(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = desk_of(sqlite_store, clock, Recipient("ou_a", models=frozenset({Model("H20")})), Recipient("ou_b"))
    assert "只有运维" in desk.press(ACK, by=ANN).words
    assert desk.press("/stock ack H20", by=ANN).words.startswith("已认领")


def test_a_rule_that_names_its_recipients_leaves_the_others_no_say(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=1, recipients=("ou_b",)),)
    desk = Desk(sqlite_store, clock, LOW, rules=rules)
    desk.look()
    assert "只有运维" in desk.press(ACK, by=ANN).words
    assert desk.press(ACK, by=BEN).words.startswith("已认领")


def test_in_a_group_that_is_told_everybody_may_and_nowhere_else(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = desk_of(sqlite_store, clock, Recipient("oc_buyers"))
    assert "只有运维" in desk.press(ACK, by=LI, chat="oc_other").words
    assert desk.press(ACK, by=LI, chat="oc_buyers").words.startswith("已认领")
    assert desk.episode("4090").claim is not None


def test_a_guest_may_not_even_in_a_group_that_is_told(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = desk_of(sqlite_store, clock, Recipient("oc_buyers"))
    before = desk.known()
    assert "需要「访客」角色" in desk.press(ACK, by=GUEST, chat="oc_buyers").words
    assert desk.outcome() == ("ou_guest", "stock ack", Outcome.DENIED)
    assert desk.known() == before


# What a claim does.


def test_a_claim_draws_every_recipients_newest_card_anew_with_who_claimed_until_when(desk: Desk) -> None:
    cards = {p.target.id: p.key for p in desk.look(after=DAY)}
    pressed = desk.press(ACK)
    assert {p.target.id: p.redraws for p in pressed.drawn} == cards
    for parcel in pressed.drawn:
        assert "已认领：ou_a，11-22 12:00 前不再提醒" in desk.read(parcel)
    assert pressed.said == []
    assert desk.episode("4090").state is State.ACKED


def test_a_claimed_shortage_has_no_button_to_claim_and_the_other_keeps_its_own(desk: Desk) -> None:
    runs = buttons(desk.press(ACK).drawn[0].answer)
    assert not any(run.startswith("/stock ack 4090") for run in runs)
    assert any(run.startswith("/stock ack H20") for run in runs)


def test_a_claim_keeps_reminders_away_for_a_day_and_is_reopened_if_it_is_still_low(desk: Desk) -> None:
    desk.press(ACK)
    desk.press("/stock ack H20")
    assert [len(desk.look(after=6 * HOUR)) for _ in range(3)] == [0, 0, 0]
    assert desk.look(after=6 * HOUR - timedelta(seconds=1)) == []
    first, second = desk.look(after=timedelta(seconds=1))
    assert {first.target.id, second.target.id} == {"ou_a", "ou_b"}
    assert "认领或订单已到期，仍未恢复" in desk.read(first)
    assert desk.episode("4090").state is State.FIRING
    assert desk.episode("4090").claim is None


def test_a_claim_does_not_keep_quiet_what_gets_worse(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 10), row(RH20, 12)])
    desk.look()
    desk.press(ACK)
    assert "严重" in desk.read(desk.look(after=MINUTES)[0])
    assert desk.episode("4090").claim is None


def test_chat_does_what_the_button_does(desk: Desk) -> None:
    typed = desk.type(ACK)
    assert [desk.read(p) for p in typed.said] == ["已认领 RTX 4090，11-21 12:00 前不再提醒。"]
    assert len(typed.drawn) == 2
    assert desk.outcome() == ("ou_a", "stock ack", Outcome.OK)


def test_a_second_click_of_the_same_person_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.press(ACK)
    before = desk.known()
    again = desk.press(ACK)
    assert again.words == "RTX 4090 已经有人处理：您，11-21 12:00 前不再提醒"
    assert (desk.known(), again.drawn, again.said) == (before, [], [])


def test_a_second_persons_click_changes_nothing_and_names_nobody_by_id(desk: Desk) -> None:
    desk.press(ACK, by=ANN)
    before = desk.known()
    again = desk.press(ACK, by=BEN)
    assert again.words == "RTX 4090 已经有人处理：一位同事，11-21 12:00 前不再提醒"
    assert desk.known() == before
    assert "已经有人处理：ou_a" in desk.ask_bot(ACK, by=BEN)


def test_of_two_people_who_click_at_once_one_claims_and_the_other_is_told(desk: Desk) -> None:
    together, pressed = threading.Barrier(2), dict[str, Pressed]()

    def press(person: Person) -> None:
        bot = Desk(desk.store, desk.clock, LOW).bot
        together.wait()
        toast, _ = bot.press({"run": ACK}, sender=person, key=f"cli_a:{person.open_id}")
        pressed[person.open_id] = Pressed(toast, [], [])

    threads = [threading.Thread(target=press, args=(person,)) for person in (ANN, BEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words = {who: each.words for who, each in pressed.items()}
    claim = desk.episode("4090").claim
    assert claim is not None
    assert words.pop(claim.by).startswith("已认领")
    assert list(words.values()) == ["RTX 4090 已经有人处理：一位同事，11-21 12:00 前不再提醒"]


def test_a_click_that_is_delivered_twice_is_one_click(desk: Desk) -> None:
    assert desk.press(ACK, key="cli_a:ev_1").words.startswith("已认领")
    again = desk.press(ACK, key="cli_a:ev_1")
    assert (again.toast, again.said, again.drawn) == (None, [], [])


# Cards that have hung for days.


def test_a_click_on_a_card_of_three_days_ago_works_while_its_shortage_goes_on(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    old = button(desk.look()[0].answer, ACK)
    for _ in range(3):
        desk.look(after=DAY)
    assert desk.press(old).words.startswith("已认领")


@pytest.mark.parametrize("start", ["/stock ack 4090", "/stock mute 4090 1d", "/stock po 4090", "/stock mute 4090 #"])
def test_a_click_on_a_card_whose_shortage_is_over_says_so_and_changes_nothing(
    sqlite_store: SqlStore, clock: FakeClock, start: str
) -> None:
    desk = Desk(sqlite_store, clock, LOW, PLENTY, PLENTY, LOW)
    old = button(desk.look()[0].answer, start)
    number = desk.episode("4090").number
    desk.look(after=HOUR)
    desk.look(after=HOUR)
    form = {f"quantity_{number}": "50", f"date_{number}": "2026-12-31"}
    before = desk.known()
    assert desk.press(old, form=form).words == f"4090 的缺货 #{number} 已经结束，没有需要处理的。"
    assert desk.known() == before
    # Nor is it about the next shortage of the same model.
    desk.look(after=3 * DAY)
    assert desk.episode("4090").number != number
    before = desk.known()
    assert "已经结束" in desk.press(old, form=form).words
    assert desk.known() == before


def test_a_card_whose_shortage_is_over_is_drawn_without_its_buttons(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, PLENTY)
    cards = {p.key for p in desk.look()}
    desk.look(after=HOUR)
    recovered = desk.look(after=HOUR)
    assert {p.redraws for p in desk.drawn} == cards
    for parcel in (*desk.drawn, *recovered):
        assert parcel.answer.title == "✅ GPU库存已恢复"
        assert buttons(parcel.answer) == []


# What cannot be claimed.


def test_what_is_not_short_cannot_be_claimed(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY)
    desk.look()
    assert desk.press(ACK).words == "RTX 4090 现在没有缺货预警。"
    assert desk.outcome()[2] is Outcome.REFUSED


def test_what_nobody_was_told_of_cannot_be_claimed(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=(Rule(Scope(Model("4090")), 100, samples=3),))
    desk.look()
    assert desk.episode("4090").state is State.PENDING
    assert "现在没有缺货预警" in desk.press(ACK).words


def test_what_recovers_needs_nobody(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, PLENTY)
    desk.look()
    desk.look(after=MINUTES)
    assert desk.press(ACK).words == "RTX 4090 的空闲已经回升，不需要认领。"


@pytest.mark.parametrize(
    "line", ["/stock ack H200", "/stock mute H200 1d", "/stock unmute H200", "/stock ack 4090 海外"]
)
def test_a_scope_without_a_rule_has_nothing_to_see_to(desk: Desk, line: str) -> None:
    before = desk.known()
    assert "库存规则" in desk.press(line).words
    assert desk.known() == before


def test_a_rule_of_a_region_is_claimed_alone(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = tuple(Rule(Scope(Model("4090"), region), 50, samples=1) for region in ("国内", "海外"))
    desk = Desk(sqlite_store, clock, [row(R4090, 9), row(R4090, 9, place="dallas-1")], rules=rules)
    (parcel, _) = desk.look()
    assert {"/stock ack 4090 国内 #1", "/stock ack 4090 海外 #2"} <= set(buttons(parcel.answer))
    desk.press(button(parcel.answer, "/stock ack 4090 海外"))
    states = [standing.episode and standing.episode.state for standing in (
        desk.standing("4090", "国内"), desk.standing("4090", "海外"))]  # fmt: skip
    assert states == [State.FIRING, State.ACKED]


@pytest.mark.parametrize("line", ["/stock ack 海外 4090", "/stock ack 海外4090", "库存 认领 4090 海外"])
def test_a_scope_may_be_typed_as_people_do(sqlite_store: SqlStore, clock: FakeClock, line: str) -> None:
    rules = (Rule(Scope(Model("4090"), "海外"), 50, samples=1),)
    desk = Desk(sqlite_store, clock, [row(R4090, 9, place="dallas-1")], rules=rules)
    desk.look()
    assert desk.ask_bot(line).startswith("已认领 4090 海外")


def test_a_claim_holds_while_the_source_is_silent(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, RemoteError("502"))
    desk.look()
    desk.press(ACK)
    desk.look(after=2 * DAY)
    assert desk.episode("4090").state is State.ACKED
