"""Cards outside of ordinary messages: the delayed update after a click, and cards that one person sees.

feishu.md §4.6 and §3.3. Where these older interfaces' codes are not on the sheet, 10002 stands for a bad request and
300000 for an update before the click was answered.
"""

from datetime import timedelta
from typing import Any

from suanli.sandbox.feishu.card.linter import flaw_of
from suanli.sandbox.feishu.contents import check_size
from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, ok
from suanli.sandbox.feishu.limits import PER_CHAT_EPHEMERAL
from suanli.sandbox.feishu.people import Chat, Human, Json, new_id
from suanli.sandbox.feishu.reach import check_open
from suanli.sandbox.feishu.record import CardToken, Sent
from suanli.sandbox.feishu.refusal import Refusal, card_rejected

TOKEN_LIFE = timedelta(minutes=30)
TOKEN_USES = 2

_SEND = ("im:message", "im:message:send_as_bot")


class UpdateBody(Body):
    """A card for the message that was clicked."""

    token: str
    card: dict[str, Any]


class EphemeralBody(Body):
    """A card for one person of a group."""

    chat_id: str
    open_id: str = ""
    user_id: str = ""
    email: str = ""
    msg_type: str
    card: dict[str, Any]


class GoneBody(Body):
    """A card for one person, to be taken away."""

    message_id: str


def update(call: Call) -> Json:
    """Put a new card on the message that was clicked: after the click was answered, twice, within 30 minutes."""
    body = call.body(UpdateBody)
    token = _token(call, body.token)
    check_size("interactive", len(call.raw))
    _check_card(body.card)
    token.uses += 1
    call.tenant.rewrite(token.message, body.card, call.now)
    return ok()


def send_ephemeral(call: Call) -> Json:
    """Show a card to one person of an ordinary group; nobody else sees it and it cannot be updated."""
    body = call.body(EphemeralBody)
    chat = call.tenant.chats.get(body.chat_id)
    if chat is None or chat.partner or body.msg_type != "interactive":
        raise Refusal(10002)
    check_open(call.tenant, chat)
    human = _member(chat, body)
    check_size("interactive", len(call.raw))
    _check_card(body.card)
    call.spend(f"ephemeral {chat.chat_id}", PER_CHAT_EPHEMERAL)
    message_id = new_id("om_")
    call.tenant.ephemeral[message_id] = Sent(
        message_id=message_id,
        chat_id=chat.chat_id,
        receiver=human.open_id,
        msg_type="interactive",
        content=body.card,
        at=call.now,
    )
    return ok({"message_id": message_id})


def delete_ephemeral(call: Call) -> Json:
    """Take such a card away: 18051 when it is gone already."""
    message_id = call.body(GoneBody).message_id
    if message_id in call.tenant.gone_ephemeral:
        raise Refusal(18051)
    if call.tenant.ephemeral.pop(message_id, None) is None:
        raise Refusal(10002)
    call.tenant.gone_ephemeral.add(message_id)
    return ok()


def _token(call: Call, name: str) -> CardToken:
    token = call.tenant.card_tokens.get(name)
    if token is None:
        raise Refusal(300020)
    if not token.answered:
        raise Refusal(300000)
    if call.now - token.issued_at > TOKEN_LIFE:
        raise Refusal(300030)
    if token.uses >= TOKEN_USES:
        raise Refusal(300040)
    return token


def _check_card(card: Json) -> None:
    flaw = flaw_of(card)
    if flaw:
        raise Refusal(11310, card_rejected(flaw).msg)


def _member(chat: Chat, body: EphemeralBody) -> Human:
    for human in chat.members:
        named = (body.open_id, human.open_id), (body.user_id, human.user_id), (body.email, human.email)
        if any(wanted and wanted == own for wanted, own in named):
            return human
    raise Refusal(10002)


ENDPOINTS = (
    Endpoint("POST", "/interactive/v1/card/update", update, (*_SEND, "im:message:update")),
    Endpoint("POST", "/ephemeral/v1/send", send_ephemeral, _SEND),
    Endpoint("POST", "/ephemeral/v1/delete", delete_ephemeral, _SEND),
)
