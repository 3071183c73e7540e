"""The app: its token, who is behind a code, and cards to people (welink.md §2.1-§2.4)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from suanli.sandbox.feishu.limits import Limits, Quota
from suanli.sandbox.welink.card_rules import flaw_of
from suanli.sandbox.welink.record import Card
from suanli.sandbox.welink.refusal import Refusal
from suanli.sandbox.welink.switches import Switches

PER_API = (Quota(40, timedelta(seconds=1)), Quota(1500, timedelta(minutes=1)))
MOST_RECEIVERS = 1000


@dataclass(slots=True, eq=False)
class App:
    """An app and who follows it.

    `expires_in` is what its next token lasts, and `lacks` what it may not do: kinds of cards, and `userid`. A token
    keeps to the permissions that there were when it was given out. `codes` are those of pages, each with whose it is.
    """

    client_id: str = "20190000000000000001"
    client_secret: str = "5f0c7a5f-secret-of-the-app"
    expires_in: timedelta = timedelta(hours=2)
    followers: set[str] = field(default_factory=set)
    lacks: set[str] = field(default_factory=set)
    cards: list[Card] = field(default_factory=list)
    tokens: dict[str, "Token"] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    logins: int = 0
    failed_logins: int = 0

    def give_code(self, userid: str) -> str:
        """What `HWH5.getAuthCode()` gives to a page that this person has open in WeLink."""
        code = secrets.token_hex(24).upper()
        self.codes[code] = userid
        return code


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was given out: until when it is good, and for what it is not."""

    until: datetime
    lacks: frozenset[str]


def log_in(app: App, body: Any, now: datetime, switches: Switches) -> dict[str, Any]:
    """A token; raises Refusal."""
    app.logins += 1
    if app.failed_logins >= switches.logins:
        raise Refusal(41403, "too many failed logins, the client is locked")
    given = body if isinstance(body, dict) else {}
    for name, code in (("client_id", 41579), ("client_secret", 41580)):
        if not isinstance(given.get(name), str) or not given[name]:
            raise Refusal(code, f"{name} is empty")
    if (given["client_id"], given["client_secret"]) != (app.client_id, app.client_secret):
        app.failed_logins += 1
        raise Refusal(10007, "client_id or client_secret is wrong")
    app.failed_logins = 0
    token = secrets.token_hex(20)
    app.tokens[token] = Token(now + app.expires_in, frozenset(app.lacks))
    return {
        "code": "0",
        "message": "ok",
        "access_token": token,
        "expires_in": int(app.expires_in.total_seconds()),
    }


def send_card(app: App, kind: str, token: str, body: Any, now: datetime, limits: Limits) -> dict[str, Any]:
    """Send a card to the people it names; raises Refusal."""
    _check(app, kind, token, now, limits)
    flaw = _receivers_flaw(body) or flaw_of(kind, body)
    if flaw:
        raise Refusal(58601, f"parameter error: {flaw}")  # the sheet names no code for this
    strangers = [each for each in body["toUserList"] if each not in app.followers]
    item_id = secrets.token_hex(16)
    app.cards += [Card(item_id, kind, to, body, now) for to in body["toUserList"] if to in app.followers]
    if strangers:
        raise Refusal(51019, "cannot push to a user who is not a follower", failedUserId=strangers)
    return {"code": "0", "message": "ok", "itemId": item_id}


def who(app: App, code: str, token: str, now: datetime, limits: Limits) -> dict[str, Any]:
    """Whose code it is; raises Refusal. That a code is good for one time, the sheet does not say."""
    _check(app, "userid", token, now, limits)
    userid = app.codes.pop(code, "")
    if not userid:
        raise Refusal(41503, "code is invalid")  # one of those that the sheet names for codes, of an older version
    return {"code": "0", "message": "ok", "userId": userid, "tenantId": userid.rpartition("@")[2]}


def _check(app: App, api: str, token: str, now: datetime, limits: Limits) -> None:
    known = app.tokens.get(token)
    if known is None or now >= known.until:
        raise Refusal(47101, "access_token is invalid")
    if limits.take(api, now, PER_API):
        raise Refusal(48503, "too many calls")
    if api in known.lacks:
        raise Refusal(501, "third-party interface has no permission")


def _receivers_flaw(body: Any) -> str:
    if not isinstance(body, dict):
        return "body"
    if body.get("msgRange", "0") != "0":
        return "msgRange"
    receivers = body.get("toUserList")
    if not isinstance(receivers, list) or not 1 <= len(receivers) <= MOST_RECEIVERS:
        return "toUserList"
    return "" if all(isinstance(each, str) and each for each in receivers) else "toUserList"
