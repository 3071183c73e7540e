"""A group's webhook robot: says a text in its group, in numbered parts where it is long (welink.md §1).

It can only speak: no ids come back, and nothing can be redrawn.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import structlog

from bot.welink.cards import text_of
from bot.welink.cards.parts import Mentions, numbered
from bot.welink.courier.codes import BAD_PARAMETER, Body, is_definite, robot_refusal, robot_trouble
from bot.welink.courier.pace import Pace
from bot.welink.courier.uuids import Tries, Uuids
from suanli.clock import Clock
from suanli.domain.answer import Answer
from suanli.domain.delivery import LaneBusy, Parcel, PartlySent
from suanli.domain.errors import RemoteError
from suanli.i18n import texts_in

log = structlog.get_logger()

Post = Callable[[Body], Body]
"""Posts a body to the robot's address and gives back the answer's. Raises RemoteError, without the address."""

AT_ONE_GO = timedelta(seconds=20)
"""How long parts are sent one after the other: with the last one's time limits still well within a row's lease."""

BREATH = timedelta(seconds=1)


class Robot:
    """One robot, as `post` reaches it, and whom its messages mention. Several threads may use it, if they may `post`.

    Parts that arrived are not said again: `send` begins at the parcel's `progress` and tells with PartlySent how far it
    came. For that a message must fall into the same parts at each try, so its times are told as of the first; only
    what is one part is told as of now.
    """

    def __init__(self, post: Post, *, clock: Clock, zone: tzinfo, mentions: Mentions | None = None) -> None:
        self._post = post
        self._clock = clock
        self._zone = zone
        self._mentions = mentions or Mentions()
        self._pace = Pace(clock)
        self._uuids = Uuids()
        self._has_taken = False

    def send(self, parcel: Parcel) -> None:
        """Say what is left of a message. Raises RemoteError (PartlySent, LaneBusy)."""
        texts = self._texts(parcel)
        wait = self._pace.wait_for(len(texts) - parcel.progress)
        if wait:
            raise LaneBusy("the WeLink robot has said all that it may in a minute", retry_after=wait)
        until = self._clock.elapsed() + AT_ONE_GO.total_seconds()
        for part in range(parcel.progress, len(texts)):
            if part > parcel.progress and self._clock.elapsed() > until:
                slow = RemoteError("the robot is slow, the rest follows", retry_after=BREATH)
                raise _partly(slow, parcel, part, len(texts))
            try:
                self._say(parcel, part, texts[part])
            except RemoteError as error:
                raise _partly(error, parcel, part, len(texts)) from None

    def _texts(self, parcel: Parcel) -> tuple[str, ...]:
        now = self._clock.now()
        if not parcel.progress:
            texts = self._split(parcel.answer, now)
            if len(texts) == 1:
                return texts
        return self._split(parcel.answer, parcel.first_tried_at or now)

    def _split(self, answer: Answer, now: datetime) -> tuple[str, ...]:
        text = text_of(answer, now, self._zone)
        if not text.strip():
            raise RemoteError("there is nothing to say", permanent=True)
        return numbered(text, self._mentions.prefix, texts_in(answer.lang)("card.text_truncated"))

    def _say(self, parcel: Parcel, part: int, text: str) -> None:
        key = f"{parcel.uuid}:{part}"
        tries = self._uuids.tries(key)
        error = self._refusal(key, part, text)
        if error and error.code == BAD_PARAMETER and (tries.doubted or _is_unknown(tries, parcel)):
            error = self._known_uuid(key, error, doubted=tries.doubted)
        if error:
            raise error
        self._uuids.arrived(key)

    def _known_uuid(self, key: str, error: RemoteError, *, doubted: bool) -> RemoteError | None:
        """What the refusal of a parameter means when the uuid may have been used before.

        Where messages of ours were taken, it is the uuid that is refused, so the try in doubt has arrived. Otherwise a
        new uuid tells: at the worst the part is said twice.
        """
        if doubted and self._has_taken:
            log.info("welink_part_was_there", part=key)
            return None
        self._uuids.renew(key)
        return RemoteError(f"{error}; it is tried once more with a new uuid", code=error.code)

    def _refusal(self, key: str, part: int, text: str) -> RemoteError | None:
        """Say one part and remember what came of it; the error, if it is not known to have arrived."""
        body = {
            "messageType": "text",
            "content": {"text": text},
            "timeStamp": int(self._clock.now().timestamp() * 1000),
            "uuid": self._uuids.next(key),
            **(self._mentions if part == 0 else Mentions()).fields,
        }
        try:
            answer = self._post(body)
        except RemoteError as trouble:
            (self._uuids.refused if is_definite(trouble) else self._uuids.doubted)(key)
            return robot_trouble(trouble)
        finally:
            self._pace.count()
        refusal = robot_refusal(answer)
        if refusal:
            (self._uuids.doubted if refusal.code is None else self._uuids.refused)(key)
        else:
            self._has_taken = True
        return refusal


def _is_unknown(tries: Tries, parcel: Parcel) -> bool:
    """Whether an earlier try may have been made of which this process knows nothing."""
    return parcel.attempts > 1 and tries == Tries()


def _partly(error: RemoteError, parcel: Parcel, done: int, parts: int) -> RemoteError:
    """The error itself while nothing new has arrived, else with how far the message came."""
    if done == parcel.progress:
        return error
    words = f"{done} of {parts} parts were said; then: {error}"
    return PartlySent(words, done=done, permanent=error.permanent, retry_after=error.retry_after, code=error.code)
