"""Who may do what: four roles, denied by default."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from suanli.domain.chat import OpenId, Origin, Person, Platform


class Role(IntEnum):
    """What a person may do; each role may do all that those below it may."""

    NONE = 0
    VIEWER = 1
    MEMBER = 2
    OPERATOR = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The name used in chat and in settings."""
        return self.name.lower()


GRANTABLE = (Role.VIEWER, Role.MEMBER, Role.OPERATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that an admin gave to a person."""

    platform: Platform
    open_id: OpenId
    role: Role
    granted_by: OpenId
    granted_at: datetime


def role_of(person: Person, origin: Origin, *, granted: Role | None, admins: frozenset[str], default: Role) -> Role:
    """The role of a person: named as admin in the settings, else granted in chat, else the default.

    The default is for people of the company that installed the app; a guest from another company has no role
    until one is granted, and so has anybody whose company the platform does not tell.
    """
    if admins & {person.open_id, person.user_id, person.union_id}:
        return Role.ADMIN
    if granted is not None:
        return granted
    return default if person.tenant and person.tenant == origin.tenant else Role.NONE
