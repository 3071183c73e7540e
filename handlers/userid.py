"""/userid: the ids of people and of the chat, as settings and grants need them."""

from handlers.arguments import PersonArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Code, Facts, Span
from suanli.domain.chat import Person
from suanli.domain.commands import Command, Param, Risk, Turn

Pair = tuple[str, tuple[Span, ...]]


def run(turn: Turn, person: tuple[Person, ...]) -> Answer:
    """The ids of the people mentioned, else of the person who asks, and where they ask it."""
    people = person or (turn.message.sender,)
    origin = turn.message.origin
    place: tuple[Pair, ...] = (
        (turn.texts("userid.chat_id"), (Code(origin.chat_id or ""),)),
        (turn.texts("userid.tenant"), (Code(origin.tenant),)),
    )
    blocks: tuple[Block, ...] = (*(Facts(_ids(turn, each)) for each in people), Facts(place))
    return Answer(turn.texts.lang, blocks, turn.texts("userid.title"))


def _ids(turn: Turn, person: Person) -> tuple[Pair, ...]:
    texts = turn.texts
    name: tuple[Pair, ...] = ((texts("userid.name"), (person.name,)),) if person.name else ()
    return (
        *name,
        ("open_id", (Code(person.open_id),)),
        ("user_id", (Code(person.user_id) if person.user_id else texts("userid.user_id_missing"),)),
        ("union_id", (Code(person.union_id) if person.union_id else texts("userid.union_id_missing"),)),
    )


COMMAND = Command(
    name="userid",
    run=run,
    role=Role.NONE,
    risk=Risk.READ,
    example="/userid",
    aliases=("用户id", "我的id"),
    params=(Param("person", PersonArgument(), optional=True, many=True),),
)
