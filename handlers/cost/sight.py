"""Whose money somebody may see: their own, that of what they answer for, and an operator everybody's."""

from dataclasses import dataclass

from suanli.domain.access import Role
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.commands import Turn
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.ports import Transaction


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person may see. `user` is who they are among those who pay; None: nobody knows who asks."""

    user: Party | None
    answers_for: tuple[Party, ...]
    sees_all: bool

    def may_see(self, scope: Scope) -> bool:
        """Whether somebody's figures are for them."""
        return self.sees_all or any(scope == party.scope for party in self.parties)

    def answers(self, scope: Scope) -> bool:
        """Whether they answer for this money."""
        return any(scope == party.scope for party in self.answers_for)

    @property
    def parties(self) -> tuple[Party, ...]:
        """Themselves, and what they answer for."""
        return (*((self.user,) if self.user else ()), *self.answers_for)

    @property
    def scopes(self) -> tuple[Scope, ...] | None:
        """Whose figures they may see; None: everybody's."""
        return None if self.sees_all else tuple(party.scope for party in self.parties)


def private_chat(platform: Platform, open_id: str) -> Target:
    """A person's private chat with the bot, as recipients are written: WeLink's people have no other id."""
    return Target(platform, TargetKind.USER_ID if platform is Platform.WELINK else TargetKind.OPEN_ID, open_id)


def sight_of(tx: Transaction, contact: Target, role: Role) -> Sight:
    """What a person may see, by their private chat and their role. Who is no known user pays by the chat's own id."""
    found = tx.parties.of_contact(contact)
    unknown = Party(Scope(ScopeKind.USER, contact.id), contact=contact)
    user = next((party for party in found if party.scope.kind is ScopeKind.USER), unknown)
    rest = tuple(party for party in found if party.scope.kind is not ScopeKind.USER)
    return Sight(user, rest, role >= Role.OPERATOR)


def sight(turn: Turn) -> Sight:
    """What the person who asks may see. Somebody whom the platform does not name sees nobody's figures."""
    sender, origin = turn.message.sender, turn.message.origin
    if not sender.is_known:
        return Sight(None, (), sees_all=False)
    return sight_of(turn.tx, private_chat(origin.platform, sender.open_id), turn.role)
