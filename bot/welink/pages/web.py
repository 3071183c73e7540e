"""The page over HTTP: to open it changes nothing; what is done from it goes to the router as a click.

Who acts is whoever has the page open, as WeLink tells it: the address says what may be done, never who may do it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.router import Mood, Router
from bot.welink.pages.links import PATH, Expired, Forged, Links
from bot.welink.pages.offer import Offer
from bot.welink.pages.page import LONGEST_FIELD, page, policy, refusal, words_of
from bot.welink.pages.visitors import TENANT
from suanli.clock import Clock
from suanli.domain.chat import ChatId, ChatKind, Click, Origin, Person, Platform, Target, TargetKind
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang, texts_in

log = structlog.get_logger()

MAX_BODY = 8 * 1024
"""Bytes: a code, a number, and what fits into a few fields."""

_STATUS = {"forged": 404, "expired": 410, "foreign": 403, "stale": 403, "malformed": 400, "nobody": 403}
"""What can be wrong with a request, each with its status; there is a text for each."""


class Who(Protocol):
    """Tells who stands behind a code."""

    def who(self, code: str, realm: str) -> Person:
        """Whose code it is. Raises RemoteError."""


class _Refused(Exception):  # noqa: N818 an answer rather than a failure
    def __init__(self, key: str, offer: Offer | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.langs = (offer.lang,) if offer else tuple(Lang)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    code: str = Field(pattern=r"^[!-~]{1,512}$")
    action: int = Field(ge=0)
    token: str = Field(max_length=200)
    form: dict[str, str] = Field(default={}, max_length=20)

    def to_domain(self, offer: Offer) -> "_Deed":
        if self.action >= len(offer.buttons):
            raise _Refused("malformed", offer)
        named = [each.name for each in offer.inputs_of(self.action)]
        form = {name: self.form[name][:LONGEST_FIELD] for name in named if name in self.form}
        return _Deed(self.action, offer.buttons[self.action].value, form)


@dataclass(frozen=True, slots=True)
class _Deed:
    number: int
    value: dict[str, str]
    form: dict[str, str]


def pages_blueprint(
    links: Links, visitors: Who, router: Router, clock: Clock, *, origin: str, script: str
) -> Blueprint:
    """`GET` and `POST /welink/act`. `origin` is where the page is reached, `script` the address of WeLink's script."""
    blueprint = Blueprint("welink_pages", __name__)
    desk = _Desk(links, visitors, router, clock, origin)

    @blueprint.get(PATH)
    def show() -> Response:
        nonce = secrets.token_urlsafe(16)
        link, chosen = request.args.get("c", ""), request.args.get("b", "")
        try:
            offer, token = desk.open(link)
        except _Refused as refused:
            return _html(refusal(refused.key, nonce), nonce, _STATUS[refused.key])
        number = int(chosen) if len(chosen) < 3 and chosen.isascii() and chosen.isdecimal() else None  # noqa: PLR2004 digits enough
        return _html(page(offer, token=token, nonce=nonce, script=script, chosen=number), nonce)

    @blueprint.post(PATH)
    def act() -> tuple[Response, int]:
        request.max_content_length = MAX_BODY
        try:
            reply, status = desk.act(request.args.get("c", ""), dict(request.headers), _json_of_request())
        except _Refused as refused:
            reply, status = _told("\n".join(words_of(refused.key, lang) for lang in refused.langs), Mood.BAD)
            status = _STATUS[refused.key]
        return _closed(jsonify(reply)), status

    return blueprint


class _Desk:
    def __init__(self, links: Links, visitors: Who, router: Router, clock: Clock, origin: str) -> None:
        self._links = links
        self._visitors = visitors
        self._router = router
        self._clock = clock
        self._origin = origin

    def open(self, link: str) -> tuple[Offer, str]:
        """What an address offers, and the token of a page that is opened now. Raises _Refused."""
        now = self._clock.now()
        return self._offer(link, now), self._links.token(link, now)

    def act(self, link: str, headers: Mapping[str, str], body: Any) -> tuple[dict[str, Any], int]:
        """Do what a page asks for, once; the reply and its status. Raises _Refused."""
        now = self._clock.now()
        offer = self._offer(link, now)
        if not self._is_own(headers):
            log.warning("welink_page_refused", cause="foreign")
            raise _Refused("foreign", offer)
        try:
            posted = _Body.model_validate(body)
        except ValidationError:
            raise _Refused("malformed", offer) from None
        if not self._links.admits(posted.token, link, now):
            raise _Refused("stale", offer)
        deed = posted.to_domain(offer)
        return self._do(offer, deed, self._visitor(posted.code, offer))

    def _offer(self, link: str, now: datetime) -> Offer:
        try:
            return self._links.open(link, now)
        except Expired:
            raise _Refused("expired") from None
        except Forged:
            log.warning("welink_page_refused", cause="forged")
            raise _Refused("forged") from None

    def _is_own(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of ours asks. Every browser says where a POST of a script comes from."""
        site = headers.get("Sec-Fetch-Site", "same-origin")
        return headers.get("Origin", "").lower() == self._origin and site == "same-origin"

    def _visitor(self, code: str, offer: Offer) -> Person:
        try:
            return self._visitors.who(code, offer.realm)
        except RemoteError as error:
            log.warning("welink_visitor_unknown", error=str(error))
            raise _Refused("nobody", offer) from None

    def _do(self, offer: Offer, deed: _Deed, person: Person) -> tuple[dict[str, Any], int]:
        # The moment after WeLink was asked, which may have taken a while.
        origin = _origin(offer, deed, person, self._clock.now())
        toast = self._router.handle(Click(origin, person, None, deed.value, deed.form))
        if toast is None:
            said = texts_in(offer.lang)("welink_page.already", command=deed.value["run"])
            return _told(said, Mood.INFO, done=True)[0], 409
        return _told(toast.text, toast.mood, done=toast.mood is not Mood.BAD)


def _origin(offer: Offer, deed: _Deed, person: Person, now: datetime) -> Origin:
    """Where a click comes from. The same person doing the same from the same card is one thing, however often sent."""
    what = json.dumps([offer.card, deed.number, person.open_id, sorted(deed.form.items())])
    key = f"{Platform.WELINK}:page:{hashlib.sha256(what.encode()).hexdigest()}"
    chat = ChatId(f"{TENANT}:{person.open_id}")
    target = Target(Platform.WELINK, TargetKind.USER_ID, person.open_id)
    return Origin(Platform.WELINK, key, offer.card, TENANT, chat, ChatKind.PRIVATE, now, target)


def _told(said: str, mood: Mood, *, done: bool = False) -> tuple[dict[str, Any], int]:
    return {"said": said, "mood": mood, "done": done}, 200


def _json_of_request() -> Any:
    """The body, or nothing where it is not JSON: a form that another page sends never is."""
    raw = request.get_data(cache=False)
    if request.mimetype != "application/json":
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _html(text: str, nonce: str, status: int = 200) -> Response:
    response = _closed(Response(text, status, content_type="text/html; charset=utf-8"))
    response.headers["Content-Security-Policy"] = policy(nonce)
    return response


def _closed(response: Response) -> Response:
    """Kept by nobody, shown inside of no other page, and leaving no trace of its address."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response
