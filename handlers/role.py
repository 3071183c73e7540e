"""/role: who may do what, shown, granted and taken away by admins."""

from handlers.arguments import PersonArgument, RoleArgument
from suanli.domain.access import Grant, Role
from suanli.domain.answer import Answer, At, Block, Facts, Span, Tone, line, note
from suanli.domain.chat import Person
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.errors import UserError

Pair = tuple[str, tuple[Span, ...]]


def show(turn: Turn) -> Answer:
    """Everybody with a role of their own, and what everybody else is."""
    texts = turn.texts
    named: tuple[Pair, ...] = tuple(
        (texts("role.admin"), (*_shown(admin), " ", texts("role_reply.by_settings")))
        for admin in sorted(turn.site.admins)
    )
    granted: tuple[Pair, ...] = tuple(
        (texts(f"role.{g.role.word}"), (At(g.open_id),)) for g in turn.tx.grants.all(turn.message.origin.platform)
    )
    listed: tuple[Block, ...] = (Facts((*named, *granted)),) if named or granted else (line(texts("role_reply.none")),)
    default = note(texts("role_reply.default", role=texts(f"role.{turn.site.default_role.word}")))
    return Answer(texts.lang, (*listed, default), texts("role_reply.title"))


def grant(turn: Turn, person: tuple[Person, ...], role: Role) -> Answer:
    """Give a role to each person, in place of the one they had."""
    platform, giver = turn.message.origin.platform, turn.message.sender.open_id
    for each in person:
        _refuse_settings_admin(turn, each)
        _refuse_self(turn, each)
        turn.tx.grants.put(Grant(platform, each.open_id, role, giver, turn.now))
    said = turn.texts("role_reply.granted", role=turn.texts(f"role.{role.word}"))
    return Answer(turn.texts.lang, (line(said, *_all(person)),), turn.texts("role_reply.granted_title"), Tone.GOOD)


def revoke(turn: Turn, person: tuple[Person, ...]) -> Answer:
    """Take the role of each person away."""
    for each in person:
        _refuse_settings_admin(turn, each)
        _refuse_self(turn, each)
        if not turn.tx.grants.drop(turn.message.origin.platform, each.open_id):
            raise UserError(turn.texts("role_reply.nothing"))
    said = turn.texts("role_reply.revoked")
    return Answer(turn.texts.lang, (line(said, *_all(person)),), turn.texts("role_reply.revoked_title"), Tone.GOOD)


def _refuse_settings_admin(turn: Turn, person: Person) -> None:
    if turn.site.admins & {person.open_id, person.user_id, person.union_id}:
        raise UserError(turn.texts("role_reply.by_settings_only"))


def _refuse_self(turn: Turn, person: Person) -> None:
    if person.open_id == turn.message.sender.open_id:
        raise UserError(turn.texts("role_reply.last_self"))


def _all(people: tuple[Person, ...]) -> tuple[Span, ...]:
    return tuple(span for person in people for span in (" ", At(person.open_id)))


def _shown(admin: str) -> tuple[Span, ...]:
    return (At(admin),) if admin.startswith("ou_") else (admin,)


_PEOPLE = Param("person", PersonArgument(), many=True)

COMMANDS = (
    Command(
        name="role list",
        run=show,
        role=Role.MEMBER,
        risk=Risk.READ,
        example="/role list",
        aliases=("role", "角色"),
    ),
    Command(
        name="role grant",
        run=grant,
        role=Role.ADMIN,
        risk=Risk.CHANGE,
        example="/role grant @张三 operator",
        aliases=("角色 授予", "授权"),
        params=(_PEOPLE, Param("role", RoleArgument())),
    ),
    Command(
        name="role revoke",
        run=revoke,
        role=Role.ADMIN,
        risk=Risk.CHANGE,
        example="/role revoke @张三",
        aliases=("角色 收回", "收回"),
        params=(_PEOPLE,),
    ),
)
