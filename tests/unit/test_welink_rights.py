"""Who may do what through a WeLink connection, with and without a sender."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.router import Router
from bot.welink.webhook import welink_blueprint
from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.audit import Outcome
from suanli.domain.chat import OpenId, Platform
from suanli.web.app import build_app
from tests import welink_desk
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.welink_caller import LI, NOW, Sent, borne, said, sealed, signed
from tests.welink_desk import BOSS, SIGNED, Desk

desk = welink_desk.desk


def test_a_colleague_may_what_everybody_may_and_no_more(desk: Desk) -> None:
    desk.post(signed(said("/stock", "m-1")))
    desk.post(signed(said("/status", "m-2")))
    assert desk.outcomes() == [Outcome.DENIED, Outcome.OK]


def test_where_people_are_no_colleagues_they_have_no_role_of_their_own(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock)
    router = Router(sqlite_store, SITE, clock, lambda: None)
    blueprint = welink_blueprint((replace(SIGNED, colleagues=False),), router, clock)
    client = build_app(sqlite_store, clock, [blueprint]).test_client()
    desk.post(signed(said("/stock")), client=client)
    assert desk.outcomes() == [Outcome.DENIED]


def test_an_admin_of_the_settings_may_be_named_by_their_id_on_welink(desk: Desk) -> None:
    desk.post(signed(said("/status", sender={"id": BOSS})))
    assert desk.outcomes() == [Outcome.OK]


def test_a_role_granted_on_welink_counts(desk: Desk) -> None:
    with desk.store.begin() as tx:
        tx.grants.put(Grant(Platform.WELINK, OpenId(LI), Role.OPERATOR, OpenId(BOSS), desk.clock.now()))
    desk.post(signed(said("/status")))
    assert desk.outcomes() == [Outcome.OK]


@pytest.mark.parametrize("posing", ["ou_boss", "boss"])
def test_nobody_becomes_an_admin_by_the_id_that_one_has_on_another_platform(desk: Desk, posing: str) -> None:
    desk.post(signed(said("/status", sender={"id": posing})))
    assert desk.outcomes() == [Outcome.DENIED]


def test_a_denial_names_the_admins_that_can_be_reached_on_welink(desk: Desk) -> None:
    desk.post(signed(said("/status")))
    words = desk.words()
    assert BOSS in words
    assert "ou_boss" not in words


SENDERLESS: dict[str, tuple[str, Callable[[str], Sent]]] = {
    "signed": ("corp", lambda text: signed(said(text, text, sender=None))),
    "bearer": ("desk", lambda text: borne(said(text, text, sender=None))),
    "official": (
        "app",
        lambda text: sealed({"eventType": "imMessage", "timestamp": NOW, "message": {"text": text}}),
    ),
}


@pytest.mark.parametrize(("name", "request_"), SENDERLESS.values(), ids=SENDERLESS.keys())
def test_without_a_sender_only_what_reads_is_run(desk: Desk, name: str, request_: Callable[[str], Sent]) -> None:
    for text in ("/stock", "/help", "/userid"):
        desk.post(request_(text), name)
    assert desk.outcomes() == [Outcome.OK] * 3
    desk.parcels()
    desk.post(request_("/lang en"), name)
    assert desk.outcomes()[0] is Outcome.DENIED
    assert "没有带发送者的 ID" in desk.words()
    with desk.store.begin() as tx:
        assert all(tx.chats.lang_of(Platform.WELINK, chat) is None for chat in ("corp:g-9", "app:", "desk:g-9", ""))


def test_with_a_sender_the_same_command_is_run(desk: Desk) -> None:
    desk.post(signed(said("/lang en")))
    with desk.store.begin() as tx:
        assert tx.chats.lang_of(Platform.WELINK, "corp:g-9") is not None


def test_without_a_sender_a_role_is_no_help(sqlite_store: SqlStore, clock: FakeClock) -> None:
    """Were everybody an admin by default, nobody unknown would change anything."""
    router = Router(sqlite_store, replace(SITE, default_role=Role.ADMIN), clock, lambda: None)
    client = build_app(sqlite_store, clock, [welink_blueprint((SIGNED,), router, clock)]).test_client()
    desk = Desk(sqlite_store, clock)
    desk.post(signed(said("/lang en", sender=None)), client=client)
    desk.post(signed(said("/status", "m-2", sender=None)), client=client)
    assert desk.outcomes() == [Outcome.OK, Outcome.DENIED]
