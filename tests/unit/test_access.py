"""Who has which role: settings, then grants, then the default of the company."""

from dataclasses import replace
from datetime import UTC, datetime

from suanli.domain.access import Role, role_of
from suanli.domain.chat import ChatId, ChatKind, OpenId, Origin, Person, Platform

ORIGIN = Origin(Platform.FEISHU, "k", "e", "ten", ChatId("oc"), ChatKind.GROUP, datetime(2026, 1, 1, tzinfo=UTC))
LI = Person(OpenId("ou_li"), "li", "on_li", "Li", "ten")
NOBODY: frozenset[str] = frozenset()


def test_a_colleague_has_the_default_role() -> None:
    assert role_of(LI, ORIGIN, granted=None, admins=NOBODY, default=Role.VIEWER) is Role.VIEWER


def test_a_guest_of_another_company_has_none_until_granted() -> None:
    guest = replace(LI, tenant="other")
    assert role_of(guest, ORIGIN, granted=None, admins=NOBODY, default=Role.VIEWER) is Role.NONE
    assert role_of(guest, ORIGIN, granted=Role.MEMBER, admins=NOBODY, default=Role.VIEWER) is Role.MEMBER


def test_a_person_of_no_known_company_has_none_even_if_ours_is_unknown_too() -> None:
    unknown, nowhere = replace(LI, tenant=None), replace(ORIGIN, tenant="")
    assert role_of(unknown, nowhere, granted=None, admins=NOBODY, default=Role.VIEWER) is Role.NONE
    assert role_of(replace(LI, tenant=""), nowhere, granted=None, admins=NOBODY, default=Role.VIEWER) is Role.NONE


def test_an_admin_of_the_settings_is_admin_by_any_of_their_ids_whatever_was_granted() -> None:
    for one in ("ou_li", "li", "on_li"):
        assert role_of(LI, ORIGIN, granted=Role.VIEWER, admins=frozenset({one}), default=Role.NONE) is Role.ADMIN


def test_an_absent_id_is_not_an_admin() -> None:
    bare = Person(OpenId("ou_x"), None, None, None, "ten")
    assert role_of(bare, ORIGIN, granted=None, admins=frozenset({""}), default=Role.NONE) is Role.NONE


def test_roles_are_ordered() -> None:
    assert list(Role) == sorted(Role)
    assert [r.word for r in Role] == ["none", "viewer", "member", "operator", "admin"]
