"""What happens to everything that comes in: recorded once, decided, answered and audited in one transaction."""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot import replies, syntax
from bot.binding import BadWord, Bound, Missing, bind
from bot.plain import as_text
from suanli.clock import Clock
from suanli.domain.access import role_of
from suanli.domain.answer import Answer, Paragraph, Tone
from suanli.domain.audit import AuditEntry, Outcome
from suanli.domain.chat import (
    Arrival,
    ChatKind,
    Click,
    Incoming,
    Message,
    MessageId,
    Origin,
    Person,
    Target,
    TargetKind,
)
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.delivery import Draft
from suanli.domain.errors import Forbidden, UserError
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site
from suanli.domain.stock.questions import split, understand
from suanli.i18n import Lang, texts_in

log = structlog.get_logger()

TOO_OLD = timedelta(minutes=10)
"""A command that arrives later than this after it was sent is written down and not run."""

Result = tuple[Outcome, Answer, str]
"""What came of a command, the answer to it, and its name for the audit."""

LONGEST_TOAST = 120
"""Characters: a toast is gone in a few seconds."""


class Mood(StrEnum):
    """How a toast looks."""

    INFO = "info"
    GOOD = "success"
    BAD = "warning"


@dataclass(frozen=True, slots=True)
class Toast:
    """The words that whoever clicked sees for a moment."""

    text: str
    mood: Mood = Mood.INFO


class Replayed(Exception):  # noqa: N818 an answer rather than a failure
    """The proof that came with something new was used before: nothing was done."""


class Router:
    """Takes what the platforms bring in. `wake` tells the delivery of this process that there is something to send."""

    def __init__(
        self, store: Store, site: Site, clock: Clock, wake: Callable[[], None], *, slash_without_mention: bool = False
    ) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._wake = wake
        self._slash_without_mention = slash_without_mention

    def handle(self, incoming: Incoming, *, nonce: str = "") -> Toast | None:
        """Do what was asked, once; for a click, the toast. When this returns, all of it is committed.

        A `nonce` of the tenant's counts for one thing only, in whatever process: for a second one it raises Replayed.
        """
        started, now = self._clock.elapsed(), self._clock.now()
        with self._store.begin() as tx:
            origin = incoming.origin
            if not tx.inbox.admit(origin, type(incoming).__name__.lower(), now):
                return None
            if nonce and not tx.inbox.admit(replace(origin, key=f"nonce:{origin.tenant}:{nonce}"), "nonce", now):
                raise Replayed
            toast = self._decide(tx, incoming, now, started)
        self._wake()
        return toast

    def _decide(self, tx: Transaction, incoming: Incoming, now: datetime, started: float) -> Toast | None:
        match incoming:
            case Message():
                self._message(tx, incoming, now, started)
                return None
            case Click():
                return self._click(tx, incoming, now, started)
            case Arrival():
                self._arrival(tx, incoming, now)
                return None

    def _message(self, tx: Transaction, message: Message, now: datetime, started: float) -> None:
        line = syntax.read(message.text)
        if not self._is_for_us(message, line):
            return
        turn = self._turn(tx, message, now)
        self._answer(turn, self._run(turn, line), message.message_id, started)

    def _is_for_us(self, message: Message, line: syntax.Line) -> bool:
        if message.addressed:
            return True
        # Without a mention only an exact command counts, so that the bot never interrupts people with guesses.
        return self._slash_without_mention and line.slash and self._site.registry.find(line.words) is not None

    def _click(self, tx: Transaction, click: Click, now: datetime, started: float) -> Toast:
        texts = texts_in(self._lang_of_click(tx, click))
        line = _line_of(click)
        found = self._site.registry.find(line.words)
        if found is None or now - click.origin.sent_at > TOO_OLD or click.origin.chat_id is None:
            return Toast(texts("router.click_unknown"))
        command = found[0]
        if command.risk is not Risk.READ and not command.clickable:
            return Toast(texts("router.only_reading"))
        asked = Message(click.origin, MessageId(""), click.sender, syntax.write(line.words))
        turn = replace(self._turn(tx, asked, now), texts=texts)
        result = self._run(turn, line)
        if command.risk is Risk.READ or (result[0] is Outcome.OK and result[1].title):
            self._answer(turn, result, None, started)
            return Toast(texts("router.click_started"))
        # What a click changes is seen on the card; a message for each would bury it.
        self._audit(turn, result, started)
        return self._toast(turn, result)

    def _toast(self, turn: Turn, result: Result) -> Toast:
        outcome, answer, _ = result
        texts, sender = turn.texts, turn.message.sender

        def called(open_id: str) -> str:
            # A toast knows no mentions, and an id says nothing to anybody.
            return texts("router.you" if open_id == sender.open_id else "router.colleague")

        lines = [block for block in answer.blocks if isinstance(block, Paragraph)]
        # What went wrong on our side is found by its reference, which comes after the words.
        shown = Answer(answer.lang, tuple(lines if outcome is Outcome.CRASHED else lines[:1]))
        said = " ".join(as_text(shown, turn.now, self._site.zone, mention=called).split())
        return Toast(said[:LONGEST_TOAST], _MOODS[answer.tone] if outcome is Outcome.OK else Mood.BAD)

    def _arrival(self, tx: Transaction, arrival: Arrival, now: datetime) -> None:
        origin = arrival.origin
        if origin.chat_id is None or not tx.chats.welcome(origin.platform, origin.chat_id, now):
            return
        texts = texts_in(self._lang(tx, origin, arrival.sender))
        target = origin.answers_to or Target(origin.platform, TargetKind.CHAT, origin.chat_id)
        tx.outbox.post(Draft(f"welcome:{target.lane}", target, replies.welcome(texts, origin.chat_kind)), now)

    def _turn(self, tx: Transaction, message: Message, now: datetime) -> Turn:
        origin, sender = message.origin, message.sender
        role = role_of(
            sender,
            origin,
            granted=tx.grants.role_of(origin.platform, sender.open_id),
            admins=self._site.admins,
            default=self._site.default_role,
        )
        return Turn(tx, message, role, texts_in(self._lang(tx, origin, sender)), now, self._site)

    def _lang(self, tx: Transaction, origin: Origin, sender: Person) -> Lang:
        subject = sender.open_id if origin.chat_kind is ChatKind.PRIVATE else origin.chat_id or sender.open_id
        return tx.chats.lang_of(origin.platform, subject) or self._site.lang

    def _lang_of_click(self, tx: Transaction, click: Click) -> Lang:
        """The chat's language, or the person's: of a click the platform does not say in what kind of chat it was."""
        subjects = (click.origin.chat_id or "", click.sender.open_id)
        chosen = (tx.chats.lang_of(click.origin.platform, subject) for subject in subjects)
        return next((lang for lang in chosen if lang), self._site.lang)

    def _run(self, turn: Turn, line: syntax.Line) -> Result:
        found = self._site.registry.find(line.words)
        age = turn.now - turn.message.origin.sent_at
        if age > TOO_OLD:
            return Outcome.STALE, replies.stale(turn.texts, line.words, age), found[0].name if found else ""
        if found is None and not line.slash and (asked := understand(turn.message.text, self._site.fleet)):
            found = self._site.registry.find(("stock", *asked))
        if found is None:
            near = self._site.registry.near(line.words, turn.role) if line.slash else ()
            return Outcome.UNKNOWN, replies.unknown(turn.texts, line, near), ""
        command, words = found
        if turn.role < command.role or not (turn.message.sender.is_known or command.risk is Risk.READ):
            return Outcome.DENIED, replies.denied(turn, command), command.name
        return self._execute(turn, command, words)

    def _execute(self, turn: Turn, command: Command, words: tuple[str, ...]) -> Result:
        try:
            with turn.tx.savepoint():
                match self._bind(command, words, turn):
                    case Bound(values):
                        return Outcome.OK, command.run(turn, **values), command.name
                    case BadWord() as bad:
                        return Outcome.REFUSED, replies.bad_word(turn, command, words, bad), command.name
                    case Missing() as missing:
                        return Outcome.REFUSED, replies.missing(turn, command, missing), command.name
        except Forbidden as error:
            return Outcome.DENIED, replies.refused(turn.texts, str(error)), command.name
        except UserError as error:
            return Outcome.REFUSED, replies.refused(turn.texts, str(error)), command.name
        except Exception:
            reference = reference_of(turn.message.origin)
            log.exception(
                "command_crashed", command=command.name, reference=reference, event_id=turn.message.origin.event_id
            )
            return Outcome.CRASHED, replies.crashed(turn.texts, reference), command.name

    def _bind(self, command: Command, words: tuple[str, ...], turn: Turn) -> Bound | BadWord | Missing:
        bound = bind(command, words, turn)
        if isinstance(bound, Bound):
            return bound
        # People glue names together: 国内4090.
        apart = tuple(part for word in words for part in split(word, self._site.fleet) or (word,))
        retried = bind(command, apart, turn) if apart != words else bound
        return bound if isinstance(retried, BadWord) else retried

    def _answer(self, turn: Turn, result: Result, reply_to: MessageId | None, started: float) -> None:
        origin = turn.message.origin
        if origin.chat_id is None:
            raise ValueError("a message comes from a chat")
        target = origin.answers_to or Target(origin.platform, TargetKind.CHAT, origin.chat_id)
        turn.tx.outbox.post(Draft(f"reply:{origin.key}", target, result[1], reply_to, urgent=True), turn.now)
        self._audit(turn, result, started)

    def _audit(self, turn: Turn, result: Result, started: float) -> None:
        outcome, answer, command = result
        origin, sender = turn.message.origin, turn.message.sender
        latency = timedelta(seconds=self._clock.elapsed() - started)
        turn.tx.audits.add(
            AuditEntry(
                turn.now, origin.platform, origin.tenant, sender.open_id, origin.chat_id or "", origin.chat_kind,
                command, turn.message.text[:500], outcome, answer.title, latency, reference_of(origin),
            )
        )  # fmt: skip
        log.debug("command", command=command, outcome=outcome, event_id=origin.event_id, open_id=sender.open_id)


_MOODS = {Tone.GOOD: Mood.GOOD, Tone.INFO: Mood.INFO, Tone.MUTED: Mood.INFO, Tone.WARNING: Mood.BAD, Tone.BAD: Mood.BAD}


def _line_of(click: Click) -> syntax.Line:
    """The command line behind a button; in a form, with what was filled in, in the order that the button names."""
    line = syntax.read(click.value.get("run", ""))
    named = (click.form.get(name, "").strip() for name in click.value.get("fields", "").split())
    # As one word each: what is typed into a field is never more of the command.
    filled = tuple(
        " ".join(unicodedata.normalize("NFKC", text)[:100].replace('"', "").split()) for text in named if text
    )
    return replace(line, words=(*line.words, *filled))


def reference_of(origin: Origin) -> str:
    """What a person can quote to an admin: short, and the same for every delivery of one event."""
    return hashlib.sha256(origin.key.encode()).hexdigest()[:8]
