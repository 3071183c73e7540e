"""What the bot says of itself: welcomes, refusals and suggestions, before any command has its say."""

from datetime import timedelta

from bot import syntax
from bot.binding import BadWord, Missing
from suanli.domain.access import Role
from suanli.domain.answer import Answer, At, Block, Buttons, Code, Span, Tone, line, note, run_button
from suanli.domain.chat import ChatKind, Platform
from suanli.domain.commands import Command, Turn
from suanli.i18n import Texts

SHOWN_CHOICES = 20
"""More than this many right words are not listed: nobody reads them."""


def welcome(texts: Texts, kind: ChatKind) -> Answer:
    """The first words in a chat."""
    return Answer(
        texts.lang,
        (
            line(texts(f"welcome.{kind}")),
            line(texts("welcome.try"), " ", Code("/stock"), "  ", Code("/help"), "  ", Code("/userid")),
            Buttons((run_button("/stock", "/stock"), run_button("/help", "/help"))),
            note(texts("welcome.language")),
        ),
        texts("welcome.title"),
    )


def stale(texts: Texts, words: tuple[str, ...], age: timedelta) -> Answer:
    """A command that came too late to be run."""
    minutes = int(age.total_seconds() // 60)
    said = texts("router.stale", words=syntax.write(words), minutes=minutes)
    return Answer(texts.lang, (line(said),), texts("router.stale_title"), Tone.MUTED)


def unknown(texts: Texts, typed: syntax.Line, near: tuple[tuple[str, ...], ...]) -> Answer:
    """No such command: what may have been meant, as buttons; for a line that is no command, how to begin."""
    if not typed.slash:
        return Answer(texts.lang, (line(texts("router.hint")),))
    said = line(texts("router.unknown", command=typed.words[0] if typed.words else ""))
    blocks = (said, *_suggestions(texts, near), note(texts("router.see_help")))
    return Answer(texts.lang, blocks, texts("router.unknown_title"), Tone.WARNING)


def bad_word(turn: Turn, command: Command, words: tuple[str, ...], bad: BadWord) -> Answer:
    """A word that the command does not know: the nearest right ones as buttons, the list of them if it is short."""
    texts = turn.texts
    name = tuple(command.name.split())
    lines = tuple((*name, *words[: bad.position], near, *words[bad.position + 1 :]) for near in bad.near)
    said = line(texts("router.bad_word", command=command.name, word=words[bad.position]))
    # "@Li" typed by hand looks like a mention and is none: the platform sends no person with it.
    typed = (line(texts("router.plain_mention")),) if words[bad.position].startswith("@") else ()
    blocks = (said, *typed, *_suggestions(texts, lines), *_known(texts, bad.known), *_usage(texts, command))
    return Answer(texts.lang, blocks, texts("router.bad_word_title"), Tone.WARNING)


def missing(turn: Turn, command: Command, lacking: Missing) -> Answer:
    """A parameter that must be there."""
    texts = turn.texts
    argument = texts(f"argument.{lacking.param.name}")
    said = line(texts("router.missing", command=command.name, argument=argument))
    blocks = (said, *_known(texts, lacking.known), *_usage(texts, command))
    return Answer(texts.lang, blocks, texts("router.missing_title"), Tone.WARNING)


def denied(turn: Turn, command: Command) -> Answer:
    """Not allowed: which role it takes, which one the person has, and who can grant it."""
    texts, sender = turn.texts, turn.message.sender
    if not sender.is_known:
        nameless = line(texts("router.nameless", command=command.name))
        return Answer(texts.lang, (nameless,), texts("router.denied_title"), Tone.BAD)
    said = texts(
        "router.denied",
        command=command.name,
        needed=texts(f"role.{command.role.word}"),
        role=texts(f"role.{turn.role.word}"),
    )
    guest = turn.role is Role.NONE and sender.tenant != turn.message.origin.tenant
    blocks: tuple[Block, ...] = (
        line(said),
        *((line(texts("router.guest")),) if guest else ()),
        line(*_admins(turn)),
        note(texts("router.own_id"), " ", Code(sender.open_id)),
    )
    return Answer(texts.lang, blocks, texts("router.denied_title"), Tone.BAD)


def refused(texts: Texts, said: str) -> Answer:
    """What a command says cannot be done."""
    return Answer(texts.lang, (line(said),))


def crashed(texts: Texts, reference: str) -> Answer:
    """A bug: nothing was changed, and a reference to find it by."""
    return Answer(
        texts.lang,
        (line(texts("router.crashed")), line(Code(reference))),
        texts("router.crashed_title"),
        Tone.BAD,
    )


def _suggestions(texts: Texts, lines: tuple[tuple[str, ...], ...]) -> tuple[Block, ...]:
    if not lines:
        return ()
    written = tuple(syntax.write(words) for words in lines)
    shown = tuple(span for each in written for span in (" ", Code(each)))
    buttons = Buttons(tuple(run_button(each, each) for each in written))
    return (line(texts("router.did_you_mean"), *shown), buttons)


def _known(texts: Texts, words: tuple[str, ...]) -> tuple[Block, ...]:
    few = 0 < len(words) <= SHOWN_CHOICES
    return (line(texts("router.known_words", words=" ".join(words))),) if few else ()


def _usage(texts: Texts, command: Command) -> tuple[Block, ...]:
    return (
        line(texts("router.usage"), " ", Code(command.usage(texts))),
        note(texts("router.example"), " ", Code(command.example)),
    )


def _admins(turn: Turn) -> tuple[Span, ...]:
    platform = turn.message.origin.platform
    named = [admin for admin in sorted(turn.site.admins) if _can_be_mentioned(admin, platform)]
    granted = [g.open_id for g in turn.tx.grants.all(platform) if g.role is Role.ADMIN]
    people = list(dict.fromkeys((*named, *granted)))
    if not people:
        return (turn.texts("router.no_admin"),)
    return (turn.texts("router.ask_admin"), *(span for open_id in people for span in (" ", At(open_id))))


def _can_be_mentioned(admin: str, platform: Platform) -> bool:
    """Whether an id of the settings is one that this platform knows."""
    return "@" in admin if platform is Platform.WELINK else admin.startswith("ou_")
