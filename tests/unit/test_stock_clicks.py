"""Clicks: buttons mean what they say, toasts are for people, forms cannot be more than they are, in both languages."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import syntax
from bot.feishu.cards import render
from bot.router import LONGEST_TOAST, Mood
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer
from suanli.domain.audit import Outcome
from suanli.domain.chat import Person, Platform
from suanli.domain.commands import Command, Registry, Risk, Turn
from suanli.domain.stock import Group, Model, Scope
from suanli.domain.stock.rules import Recipient, Rule
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.dialogue import BOSS, LI, SHANGHAI, SITE
from tests.fakes import FakeClock
from tests.stockdesk import ANN, BEN, LOW, R4090, RH20, Desk, button, buttons, row

ONE = (Recipient("ou_a"),)
LONG = "NVIDIA  A800 80GB PCIe"
"""A product that no table lists, with blanks in its name."""


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    desk = Desk(sqlite_store, clock, LOW)
    desk.look()
    return desk


# Buttons mean what they say.


def everything(store: SqlStore, clock: FakeClock) -> tuple[Desk, Answer]:
    """A card with every kind of button, of scopes whose names have blanks."""
    regions = (*SITE.fleet.regions, Group(("North America", "NA"), ("us-",)))
    site = replace(SITE, fleet=replace(SITE.fleet, regions=regions))
    scopes = (Scope(Model("4090")), Scope(Model("H20"), "海外", "高主频"), Scope(Model(LONG), "North America", "普通"))
    rules = tuple(Rule(scope, 100, samples=1) for scope in scopes)
    low = [row(R4090, 9), row(RH20, 9, place="dallas-bingte"), row(LONG, 9, place="us-1")]
    desk = Desk(store, clock, low, rules=rules, recipients=ONE, site=site)
    desk.look()
    (redrawn,) = desk.press("/stock po 4090 7 12-30").drawn
    for scope in scopes[1:]:
        (redrawn,) = desk.press(syntax.write(("stock", "po", *scope.words, "50", "12-31"))).drawn
    return desk, redrawn.answer


def test_every_button_reads_back_as_the_command_and_the_scope_it_stands_for(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk, answer = everything(sqlite_store, clock)
    runs = buttons(answer)
    assert {run.split()[1] for run in runs} == {"mute", "po", "arrived", "trend"}
    for run in runs:
        line = syntax.read(run)
        found = desk.bot.site.registry.find(line.words)
        assert found is not None
        command, words = found
        assert (syntax.write(line.words), command.name) == (run, " ".join(line.words[:2]))
        assert words[0] in {"4090", "H20", LONG}
        # A click is taken for that command, whether or not it can be done now.
        assert "不认识" not in desk.press(run).words
        assert desk.outcome()[1] == command.name


def test_buttons_of_names_with_blanks_do_what_they_say(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk, answer = everything(sqlite_store, clock)
    where = LONG, "North America", "普通"
    desk.press(button(answer, f'/stock mute "{LONG}" "North America" 普通 1d'))
    assert desk.standing(*where).mute is not None
    desk.press(button(answer, f'/stock arrived "{LONG}"'))
    episode = desk.standing(*where).episode
    assert episode is not None
    assert episode.claim is not None
    assert not episode.claim.ordered
    form = button(answer, f'/stock po "{LONG}"')
    quantity, day = form.value["fields"].split()
    desk.press(form, form={quantity: "3", day: "2026-12-24"})
    assert desk.tickets()[-1].scope == Scope(Model(LONG), "North America", "普通")


# What a click leaves behind.


def test_a_click_that_changes_something_is_a_toast_and_no_message(desk: Desk) -> None:
    pressed = desk.press("/stock ack 4090", chat="oc_group")
    assert pressed.toast is not None
    assert pressed.toast.mood is Mood.GOOD
    assert pressed.said == []


@pytest.mark.parametrize("run", ["/stock trend 4090", "/stock po", "/stock po csv", "/stock alerts", "/stock"])
def test_a_click_that_asks_is_answered_in_the_chat_where_it_was_pressed(desk: Desk, run: str) -> None:
    desk.press("/stock po 4090 50 12-31")
    pressed = desk.press(run, chat="oc_group")
    assert pressed.words == "已收到，结果马上发到会话里。"
    assert [parcel.target.id for parcel in pressed.said] == ["oc_group"]


@pytest.mark.parametrize(
    ("run", "by", "mood"),
    [
        ("/stock ack 4090", LI, Mood.BAD),
        ("/stock mute 4090 400d", ANN, Mood.BAD),
        ("/stock mute 4090", ANN, Mood.BAD),
        ("/stock unmute 4090", ANN, Mood.INFO),
        ("/stock arrived PO-1", ANN, Mood.BAD),
    ],
)
def test_a_toast_looks_as_what_it_says(desk: Desk, run: str, by: Person, mood: Mood) -> None:
    toast = desk.press(run, by=by).toast
    assert toast is not None
    assert toast.mood is mood


@pytest.mark.parametrize("lang", Lang)
def test_no_toast_shows_an_id_of_a_person_or_is_longer_than_it_is_seen(desk: Desk, lang: Lang) -> None:
    desk.bot.site = replace(desk.bot.site, lang=lang)
    runs = (
        "/stock ack 4090", "/stock ack 4090", "/stock mute 4090 1d", "/stock po 4090 50 12-31",
        "/stock po 4090 50 12-31", "/stock arrived 4090", "/stock arrived 4090", "/stock unmute 4090", "/stock po",
        "/stock po cancel PO-1", "/stock ack H20 #99", "/stock ack " + "x" * 500, "/stock nonsense", "/role grant", "",
    )  # fmt: skip
    for by in (ANN, BEN, LI):
        for run in runs:
            words = desk.press(run, by=by).words
            assert words
            assert "ou_" not in words
            assert "\n" not in words
            assert len(words) <= LONGEST_TOAST


def test_a_click_speaks_the_language_of_who_pressed_where_the_chat_has_none(desk: Desk) -> None:
    with desk.store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "ou_b", Lang.EN)
        tx.chats.choose_lang(Platform.FEISHU, "oc_group", Lang.ZH)
    assert desk.press("/stock ack 4090", by=BEN).words == "You have claimed RTX 4090; no reminders until 11-21 12:00."
    assert "已经有人处理：您" in desk.press("/stock ack 4090", by=BEN, chat="oc_group").words
    assert "已经有人处理：一位同事" in desk.press("/stock ack 4090", by=ANN).words


def test_a_bug_behind_a_button_gives_a_reference_and_changes_nothing(desk: Desk) -> None:
    def broken(turn: Turn) -> Answer:
        turn.tx.chats.choose_lang(Platform.FEISHU, "ou_a", Lang.EN)
        raise RuntimeError("password=hunter2")

    command = Command("break", broken, Role.VIEWER, Risk.CHANGE, "/break", clickable=True)
    desk.bot.site = replace(desk.bot.site, registry=Registry([command]))
    words = desk.press("/break").words
    with desk.store.begin() as tx:
        (entry,) = tx.audits.newest(1)
        assert tx.chats.lang_of(Platform.FEISHU, "ou_a") is None
    assert entry.outcome is Outcome.CRASHED
    assert words.endswith(entry.reference)
    assert "hunter2" not in words


def test_a_click_that_was_long_under_way_is_not_done(desk: Desk) -> None:
    before = desk.known()
    assert "已经失效" in desk.press("/stock ack 4090", age=timedelta(minutes=11)).words
    assert desk.known() == before


# What is typed into a form is never more of the command.


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=st.text(max_size=40) | st.integers().map(str) | st.sampled_from(["H20", "cancel PO-1", '" #2 "', "PO-1"]),
    day=st.text(max_size=40) | st.dates().map(str) | st.sampled_from(["2026-12-31 1d", "90d", "国内"]),
)
def test_whatever_is_filled_in_concerns_the_forms_own_model_or_nothing(desk: Desk, quantity: str, day: str) -> None:
    for run, fields in (("/stock po 4090 #1", "quantity_1 date_1"), ("/stock mute 4090 #1", "date_1")):
        toast, _ = desk.bot.press(
            {"run": run, "fields": fields}, sender=ANN, form={"quantity_1": quantity, "date_1": day}
        )
        assert toast is not None
        assert desk.outcome()[1] == " ".join(run.split()[:2])[1:]
        assert desk.outcome()[2] in {Outcome.OK, Outcome.REFUSED}
    assert {ticket.scope for ticket in desk.tickets()} <= {Scope(Model("4090"))}
    assert desk.standing("H20").mute is None
    assert desk.episode("H20").claim is None


# Both languages, every answer.

LINES = (
    """
/stock | /stock 4090 | /stock trend 4090 | /stock alerts | /stock alerts 4090 | /stock alerts H200
/stock rule | /stock rule 4090 | /stock rule H200 | /stock rule 海外
/stock ack 4090 | /stock ack 4090 | /stock ack H200 | /stock ack 4090 #99
/stock mute H20 3d why | /stock mute H20 | /stock mute H20 1999-01-01 | /stock mute H20 91d
/stock alerts | /stock unmute H20 | /stock unmute H20
/stock po | /stock po 4090 | /stock po 4090 40 | /stock po PO-1 40 | /stock po 50 | /stock po 4090 50 12-31
/stock po 4090 50 12-31 | /stock po 4090 50 2020-01-01 | /stock po 4090 50 2031-01-01 | /stock po H20 PO-1 5 12-31
/stock po 4090 60 11-21 | /stock po H20 9 | /stock po | /stock po csv
/stock arrived | /stock arrived 4090 | /stock arrived H20 | /stock arrived PO-3 | /stock arrived PO-99
/stock arrived PO-1 | /stock arrived PO-1 | /stock po cancel PO-2 | /stock po cancel PO-2 | /stock alerts
/stock rule set 4090 min_free=90 | /stock rule set 4090 samples=0 | /stock rule set 4090 critical=999
/stock rule set 4090 recover=1 | /stock rule set H200 critical=1 | /stock rule set H200 min_free=5
/stock rule 4090 | /stock rule | /stock rule unset H200 | /stock rule unset H200 | /stock rule unset 4090
/stock alerts 4090
""".strip()
    .replace("\n", " | ")
    .split(" | ")
)


def is_chinese(words: str) -> bool:
    """Whether there is any Chinese but for the names of regions and clock classes."""
    for name in (name for group in (*SITE.fleet.regions, *SITE.fleet.clocks) for name in group.names):
        words = words.replace(name, "")
    return any("\u4e00" <= char <= "\u9fff" for char in words)


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("by", [BOSS, ANN, LI])
def test_every_command_answers_in_either_language_with_what_feishu_takes(
    sqlite_store: SqlStore, clock: FakeClock, lang: Lang, by: Person
) -> None:
    desk = Desk(sqlite_store, clock, LOW, site=replace(SITE, lang=lang))
    desk.look()
    for text in LINES:
        typed = desk.type(text, by=by)
        assert desk.outcome()[2] is not Outcome.CRASHED, text
        for parcel in (*typed.said, *typed.drawn):
            kind, content = render(parcel.answer, clock.now(), SHANGHAI)
            assert kind == ("interactive" if parcel.answer.title else "text")
            assert kind == "text" or flaw_of(json.loads(content)) is None
            assert parcel.answer.lang is lang
            assert lang is Lang.ZH or not is_chinese(desk.read(parcel)), text
