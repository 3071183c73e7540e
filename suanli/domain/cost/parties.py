"""Who pays: users, projects, departments and organisations, by name, and whom to ask about their money."""

from collections.abc import Mapping
from dataclasses import dataclass

from suanli.domain.chat import Target
from suanli.domain.cost.quotas import Scope, ScopeKind


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom a call is paid by: a user, and what that user's money is part of; what is empty is nobody's."""

    user: str
    project: str = ""
    department: str = ""
    organization: str = ""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Everybody whose quotas the call is against, from the user to the organisation."""
        return tuple(Scope(kind, name) for kind in ScopeKind if (name := self.of(kind)))

    def of(self, kind: ScopeKind) -> str:
        """The id of one kind; empty when there is none."""
        ids = {
            ScopeKind.USER: self.user,
            ScopeKind.PROJECT: self.project,
            ScopeKind.DEPARTMENT: self.department,
            ScopeKind.ORGANIZATION: self.organization,
        }
        return ids[kind]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who pays. `contact` is the user's private chat, or that of who answers for the others' money.

    A user's calls are paid by that user's `project`, `department` and `organization` too, unless a call says another.
    What a project or a department is part of says only who else may decide about its money.
    """

    scope: Scope
    name: str = ""
    contact: Target | None = None
    project: str = ""
    department: str = ""
    organization: str = ""

    @property
    def shown(self) -> str:
        """The name, or the id of who has none."""
        return self.name or self.scope.id


def payer_of(user: str, party: Party | None, said: Mapping[ScopeKind, str]) -> Payer:
    """Whom a user's call is paid by: what the call says comes before what is known of the user."""
    known = Payer(user) if party is None else Payer(user, party.project, party.department, party.organization)
    return Payer(
        user,
        said.get(ScopeKind.PROJECT) or known.project,
        said.get(ScopeKind.DEPARTMENT) or known.department,
        said.get(ScopeKind.ORGANIZATION) or known.organization,
    )
