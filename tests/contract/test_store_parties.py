"""Who pays: people and what their money is part of, and whom to ask about it."""

from dataclasses import replace

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.ports import Store
from tests.contract.cost_kit import BOT, COMPANY, HOSTILE, LI, SALES, ZHANG

CHAT = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_zhang")
PARTY = Party(ZHANG, "张三", CHAT, "bot", "sales", "company")


def put(store: Store, *parties: Party) -> None:
    with store.begin() as tx:
        for each in parties:
            tx.parties.put(each)


def test_nobody_is_known_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert tx.parties.find(ZHANG) is None
        assert (tx.parties.all(), tx.parties.of_contact(CHAT), tx.parties.names([ZHANG])) == ((), (), {})
        assert tx.parties.names([]) == {}
        assert not tx.parties.drop(ZHANG)


def test_somebody_is_found_as_written_and_written_again(store: Store) -> None:
    put(store, PARTY, Party(SALES))
    with store.begin() as tx:
        assert (tx.parties.find(ZHANG), tx.parties.find(SALES)) == (PARTY, Party(SALES))
    anew = replace(PARTY, name="", contact=None, department="research")
    put(store, anew)
    with store.begin() as tx:
        assert tx.parties.find(ZHANG) == anew
        assert tx.parties.of_contact(CHAT) == ()


def test_everybody_comes_by_kind_and_id(store: Store) -> None:
    kinds = [COMPANY, SALES, BOT, Scope(ScopeKind.USER, "李"), Scope(ScopeKind.USER, "a b"), Scope(ScopeKind.USER, "B")]
    put(store, *map(Party, kinds))
    with store.begin() as tx:
        assert [party.scope for party in tx.parties.all()] == sorted(kinds)


def test_one_that_is_dropped_is_nobody_and_the_same_id_of_another_kind_stays(store: Store) -> None:
    namesake = Party(Scope(ScopeKind.PROJECT, ZHANG.id), "a project")
    put(store, PARTY, namesake)
    with store.begin() as tx:
        assert tx.parties.drop(ZHANG)
        assert not tx.parties.drop(ZHANG)
    with store.begin() as tx:
        assert tx.parties.all() == (namesake,)


def test_a_private_chat_is_its_users_first_and_then_of_what_this_person_answers_for(store: Store) -> None:
    theirs = (PARTY, Party(BOT, contact=CHAT), Party(SALES, contact=CHAT), Party(COMPANY, contact=CHAT))
    others = (
        Party(LI, contact=replace(CHAT, id="ou_li")),
        Party(Scope(ScopeKind.PROJECT, "mail"), contact=replace(CHAT, platform=Platform.MAIL)),
        Party(Scope(ScopeKind.PROJECT, "union"), contact=replace(CHAT, kind=TargetKind.UNION_ID)),
        Party(Scope(ScopeKind.PROJECT, "nobody's")),
    )
    put(store, *reversed(theirs), *others)
    with store.begin() as tx:
        assert tx.parties.of_contact(CHAT) == theirs


def test_names_are_those_that_there_are_however_many_are_asked_for(store: Store) -> None:
    put(store, PARTY, Party(SALES, "销售部"), Party(COMPANY), Party(Scope(ScopeKind.USER, SALES.id), "a namesake"))
    strangers = [Scope(ScopeKind.USER, f"ou_{n}") for n in range(20_000)]
    with store.begin() as tx:
        assert tx.parties.names([ZHANG, SALES, COMPANY, ZHANG, *strangers]) == {ZHANG: "张三", SALES: "销售部"}


def test_text_that_a_database_refuses_is_kept_as_far_as_it_goes(store: Store) -> None:
    put(store, Party(ZHANG, HOSTILE, replace(CHAT, id=HOSTILE), HOSTILE))
    with store.begin() as tx:
        found = tx.parties.find(ZHANG)
    assert found is not None
    assert found.name == found.project == HOSTILE.replace("\0", "?").replace("\ud800", "?")
