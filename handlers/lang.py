"""/lang: the language of a private chat, or of a whole group."""

from handlers.arguments import LangArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, line
from suanli.domain.chat import ChatKind
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.i18n import Lang, texts_in


def run(turn: Turn, lang: Lang) -> Answer:
    """Remember the language and confirm in it. In private it also counts for alerts sent to this person."""
    origin = turn.message.origin
    private = origin.chat_kind is ChatKind.PRIVATE
    for subject in (origin.chat_id, turn.message.sender.open_id if private else None):
        if subject:
            turn.tx.chats.choose_lang(origin.platform, subject, lang)
    texts = texts_in(lang)
    return Answer(lang, (line(texts(f"lang.{origin.chat_kind}")),), texts("lang.title"))


COMMAND = Command(
    name="lang",
    run=run,
    role=Role.VIEWER,
    risk=Risk.CHANGE,
    example="/lang en",
    aliases=("语言", "language"),
    params=(Param("lang", LangArgument()),),
)
