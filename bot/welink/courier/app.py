"""WeLink's server API as one app calls it, and the cards that it sends to people (welink.md §2)."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, Protocol

import structlog
from pydantic import ValidationError

from bot.welink.cards.notices import Card, CardPage, common, wecode
from bot.welink.courier.codes import TOKEN_REFUSED, Body, app_refusal, app_trouble
from bot.welink.courier.tickets import Ticket, TicketAnswer, Tickets
from suanli.clock import Clock
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError

log = structlog.get_logger()

COMMON = "/api/messages/v2/card/common"
WECODE = "/api/messages/v1/card/wecode"

_TICKETS = "/api/auth/v2/tickets"


class Tell(Protocol):
    """Posts a body to a path of the platform, once, and gives back the answer's.

    Raises RemoteError. Neither that nor the answer quotes a header, or the secret that the body of a login holds.
    """

    def __call__(self, body: Body, *, path: str, headers: Mapping[str, str]) -> Body:
        """Post it."""


Send = Callable[[Mapping[str, str]], Body]
"""Sends something with these headers, once; the answer's body. Raises RemoteError."""


class WelinkApi:
    """Calls of one app: each carries the app's token, each answer is judged by its code."""

    def __init__(self, tell: Tell, *, client_id: str, client_secret: str, clock: Clock) -> None:
        self._tell = tell
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._tickets = Tickets(self._log_in, clock)

    def call(self, path: str, body: Body) -> Body:
        """The body of a good answer. Raises RemoteError for every other."""
        return self.exchange(lambda headers: self._tell(body, path=path, headers=headers))

    def exchange(self, send: Send) -> Body:
        """The body of a good answer to what `send` sends with the headers it is given.

        A refused token is replaced once: one that was withdrawn is nothing to bother anybody with. Raises RemoteError.
        """
        token = self._tickets.get()
        try:
            return _judged(send, token)
        except RemoteError as error:
            if error.code not in TOKEN_REFUSED:
                raise
            log.info("welink_token_refused", code=error.code)
        self._tickets.drop(token)
        return _judged(send, self._tickets.get())

    def _log_in(self) -> Ticket:
        body = _judged(lambda headers: self._tell(self._credentials, path=_TICKETS, headers=headers), "")
        try:
            return TicketAnswer.model_validate(body).to_domain()
        except ValidationError:
            raise RemoteError("WeLink gave no usable token") from None  # the cause would quote it


def _judged(send: Send, token: str) -> Body:
    try:
        answer = send({"x-wlk-Authorization": token} if token else {})
    except RemoteError as error:
        raise app_trouble(error) from None
    refusal = app_refusal(answer)
    if refusal:
        raise refusal
    return answer


class Pages(Protocol):
    """Makes the page of a card."""

    def page_of(self, parcel: Parcel) -> CardPage | None:
        """The page of the card that this becomes; None when there is nothing to press on it."""


class CardSender:
    """Sends answers to people as cards of the app, in the name of `owner` (18 bytes: six Chinese characters).

    With `pages`, an answer with buttons becomes a card with buttons. The platform has no idempotency key for cards: one
    whose answer was lost is sent again, for twice is better than not at all.
    """

    def __init__(self, api: WelinkApi, *, owner: str, clock: Clock, zone: tzinfo, pages: Pages | None = None) -> None:
        self._api = api
        self._owner = owner
        self._clock = clock
        self._zone = zone
        self._pages = pages

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send it; the platform's `itemId`. Raises RemoteError."""
        path, card = self._card(parcel)
        to = {"msgRange": "0", "toUserList": [parcel.target.id], "isForceTips": int(parcel.alert)}
        answer = self._api.call(path, {**to, **card})
        if answer.get("failedUserId"):
            raise RemoteError("WeLink took the card, but not for this person", permanent=True)
        return _item_id(answer)

    def _card(self, parcel: Parcel) -> tuple[str, Card]:
        now = self._clock.now()
        page = self._pages.page_of(parcel) if self._pages and not parcel.as_text else None
        if page:
            return WECODE, wecode(parcel.answer, now, self._zone, page)
        return COMMON, common(parcel.answer, now, self._zone, self._owner)


def _item_id(answer: Mapping[str, Any]) -> MessageId | None:
    item_id = answer.get("itemId")
    return MessageId(item_id) if isinstance(item_id, str) and item_id else None
