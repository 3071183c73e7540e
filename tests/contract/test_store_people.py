"""Grants, chats, audits, facts: what is remembered of people and chats."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.access import Grant, Role
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.chat import ChatId, ChatKind, OpenId, Platform
from suanli.domain.ports import Store
from suanli.i18n import Lang
from tests.fakes import NOON

HOUR = timedelta(hours=1)
ENTRY = AuditEntry(
    at=NOON,
    platform=Platform.FEISHU,
    tenant="t_1",
    open_id="ou_1",
    chat_id="oc_1",
    chat_kind=ChatKind.GROUP,
    command="stock",
    words="/库存 4090 🀄",
    outcome=Outcome.OK,
    detail="",
    latency=timedelta(microseconds=1234567),
    reference="",
)


def grant(open_id: str, role: Role, after: timedelta = timedelta(0)) -> Grant:
    return Grant(Platform.FEISHU, OpenId(open_id), role, OpenId("ou_admin"), NOON + after)


def put(store: Store, *grants: Grant) -> None:
    with store.begin() as tx:
        for each in grants:
            tx.grants.put(each)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.OPERATOR, Role.ADMIN])
def test_a_granted_role_is_remembered_for_that_person_on_that_platform(store: Store, role: Role) -> None:
    put(store, grant("ou_1", role))
    with store.begin() as tx:
        assert tx.grants.role_of(Platform.FEISHU, OpenId("ou_1")) is role
        assert tx.grants.role_of(Platform.FEISHU, OpenId("ou_2")) is None
        assert tx.grants.role_of(Platform.WELINK, OpenId("ou_1")) is None


def test_a_second_grant_takes_the_place_of_the_first(store: Store) -> None:
    put(store, grant("ou_1", Role.ADMIN), grant("ou_1", Role.VIEWER, HOUR))
    with store.begin() as tx:
        assert tx.grants.all(Platform.FEISHU) == (grant("ou_1", Role.VIEWER, HOUR),)


def test_grants_are_listed_highest_role_first(store: Store) -> None:
    low, high, higher, other = (
        grant("ou_1", Role.VIEWER),
        grant("ou_2", Role.OPERATOR, HOUR),
        grant("ou_3", Role.ADMIN),
        grant("ou_4", Role.OPERATOR),
    )
    put(store, low, high, higher, other)
    with store.begin() as tx:
        assert tx.grants.all(Platform.FEISHU) == (higher, other, high, low)
        assert tx.grants.all(Platform.WELINK) == ()


def test_a_dropped_grant_is_gone_and_cannot_be_dropped_twice(store: Store) -> None:
    put(store, grant("ou_1", Role.ADMIN), grant("ou_2", Role.ADMIN))
    with store.begin() as tx:
        assert tx.grants.drop(Platform.FEISHU, OpenId("ou_1"))
        assert not tx.grants.drop(Platform.FEISHU, OpenId("ou_1"))
        assert tx.grants.all(Platform.FEISHU) == (grant("ou_2", Role.ADMIN),)


def test_a_chat_has_no_language_until_one_is_chosen_and_then_the_last_one(store: Store) -> None:
    with store.begin() as tx:
        assert tx.chats.lang_of(Platform.FEISHU, "oc_1") is None
        tx.chats.choose_lang(Platform.FEISHU, "oc_1", Lang.ZH)
        tx.chats.choose_lang(Platform.FEISHU, "oc_1", Lang.EN)
    with store.begin() as tx:
        assert tx.chats.lang_of(Platform.FEISHU, "oc_1") is Lang.EN
        assert tx.chats.lang_of(Platform.WELINK, "oc_1") is None


def test_a_chat_is_welcomed_once(store: Store) -> None:
    with store.begin() as tx:
        assert tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON)
        assert not tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON + HOUR)
        assert tx.chats.welcome(Platform.WELINK, ChatId("oc_1"), NOON)


def test_a_chat_whose_language_was_chosen_first_is_welcomed_once_and_keeps_its_language(store: Store) -> None:
    with store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "oc_1", Lang.EN)
        assert tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON)
        assert not tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON)
        assert tx.chats.lang_of(Platform.FEISHU, "oc_1") is Lang.EN


def test_a_welcomed_chat_has_no_language_and_stays_welcomed_when_it_chooses_one(store: Store) -> None:
    with store.begin() as tx:
        tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON)
        assert tx.chats.lang_of(Platform.FEISHU, "oc_1") is None
        tx.chats.choose_lang(Platform.FEISHU, "oc_1", Lang.ZH)
        assert not tx.chats.welcome(Platform.FEISHU, ChatId("oc_1"), NOON)


def test_audits_come_back_whole_and_newest_first(store: Store) -> None:
    entries = [replace(ENTRY, outcome=outcome, detail=outcome.value, reference=f"r{outcome}") for outcome in Outcome]
    with store.begin() as tx:
        for entry in entries:
            tx.audits.add(entry)
    with store.begin() as tx:
        assert tx.audits.newest(100) == tuple(reversed(entries))
        assert tx.audits.newest(1) == (entries[-1],)


def test_there_are_no_audits_before_the_first(store: Store) -> None:
    with store.begin() as tx:
        assert tx.audits.newest(10) == ()


def test_what_people_write_is_kept_even_where_a_database_could_not_take_it(store: Store) -> None:
    with store.begin() as tx:
        tx.audits.add(replace(ENTRY, words="a\0b\ud800c"))
    with store.begin() as tx:
        assert [entry.words for entry in tx.audits.newest(1)] == ["a?b?c"]


def test_a_fact_is_the_last_that_was_learnt_with_its_time(store: Store) -> None:
    with store.begin() as tx:
        assert tx.facts.get("bot") is None
        tx.facts.put("bot", "ou_1", NOON)
        tx.facts.put("other", "", NOON)
        tx.facts.put("bot", "ou_2", NOON + HOUR)
    with store.begin() as tx:
        assert tx.facts.get("bot") == ("ou_2", NOON + HOUR)
        assert tx.facts.get("other") == ("", NOON)
