"""What hubs tell us by themselves: webhooks of GitHub for repositories of one's own, and of HuggingFace for any."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from flask import Blueprint, Response, jsonify, request

from handlers.releases.news import absorb, lock_of
from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Item, Part, Place, Reading, Tracked
from suanli.domain.site import Site

log = structlog.get_logger()

MAX_BODY = 2 * 1024 * 1024
"""Bytes: many times what an issue with all its text takes; the servers take no more either."""


@dataclass(frozen=True, slots=True)
class News:
    """What a webhook tells: of which place and part. With no item, that there is something to be read."""

    place: Place
    part: Part
    native_id: str = ""
    item: Item | None = None


Read = Callable[[str, object], Sequence[News]]
"""What a body says, by the kind of event that its header names. Raises RemoteError for one that is not as it should."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hub's webhook: the secret that it shares with us (empty: it is off), and what reads its bodies."""

    hub: Hub
    secret: str
    read: Read


def hubs_blueprint(
    hooks: Sequence[Hook], store: Store, site: Site, clock: Clock, wake: Callable[[], None]
) -> Blueprint:
    """`POST /webhooks/github` and `/webhooks/huggingface`. The 200 means committed; `wake` is called after messages."""
    blueprint = Blueprint("hubs", __name__)
    by_hub = {hook.hub: hook for hook in hooks}
    ear = _Ear(store, site, clock)

    @blueprint.post("/webhooks/github")
    def github() -> tuple[Response, int]:
        hook = by_hub.get(Hub.GITHUB)
        raw = _body()
        if hook is None or not _is_signed(hook.secret, raw, request.headers.get("X-Hub-Signature-256", "")):
            return _refuse(Hub.GITHUB)
        return _take(hook, ear, request.headers.get("X-GitHub-Event", ""), raw, wake)

    @blueprint.post("/webhooks/huggingface")
    def huggingface() -> tuple[Response, int]:
        hook = by_hub.get(Hub.HUGGINGFACE)
        raw = _body()
        if hook is None or not _is_same(hook.secret, request.headers.get("X-Webhook-Secret", "")):
            return _refuse(Hub.HUGGINGFACE)
        return _take(hook, ear, "", raw, wake)

    return blueprint


def _body() -> bytes:
    request.max_content_length = MAX_BODY
    return request.get_data(cache=False)


def _is_signed(secret: str, raw: bytes, header: str) -> bool:
    """Whether GitHub signed this body (`X-Hub-Signature-256: sha256=<hex>`, releases.md §1.1.3)."""
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode()) and bool(secret)


def _is_same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode()) and bool(secret)


def _refuse(hub: Hub) -> tuple[Response, int]:
    log.warning("hub_hook_refused", hub=hub, address=request.remote_addr)
    return jsonify(error="unauthorized"), 401


def _take(hook: Hook, ear: "_Ear", kind: str, raw: bytes, wake: Callable[[], None]) -> tuple[Response, int]:
    try:
        news = hook.read(kind, json.loads(raw))
    except (ValueError, RecursionError):
        return jsonify(error="the body is not JSON"), 400
    except RemoteError as error:
        log.warning("hub_hook_malformed", hub=hook.hub, error=str(error))
        return jsonify(error=str(error)), 400
    changes = sum(ear.hear(each) for each in news)
    if changes:
        wake()
    return jsonify(heard=len(news), changes=changes), 200


@dataclass(frozen=True, slots=True)
class _Ear:
    store: Store
    site: Site
    clock: Clock

    def hear(self, news: News) -> int:
        """Take one piece of news in, as a reading would have brought it; how many changes it makes.

        What nobody follows, or what was never read yet, is left to the reading. So is everything of which the webhook
        tells only that it happened.
        """
        with self.store.begin() as tx:
            tracked = tx.resources.find(news.place, news.part)
            if tracked is None:
                return 0
            tx.lock(lock_of(tracked))
            now = self.clock.now()
            tracked = tx.resources.find(news.place, news.part) or tracked
            if news.item is None or tracked.baselined_at is None or not _is_it(tracked, news):
                tx.resources.hurry(tracked.id, now)
                return 0
            return absorb(tx, self.site, tracked, Reading((news.item,)), now, _as_it_was)


def _is_it(tracked: Tracked, news: News) -> bool:
    """Whether it is the repository that is known by this name, and not another that took it."""
    return not news.native_id or not tracked.native_id or news.native_id == tracked.native_id


def _as_it_was(tracked: Tracked) -> Tracked:
    """A webhook moves no cursor: what it did not bring is still to be read."""
    return tracked
