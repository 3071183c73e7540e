"""WeLink's app, and the pages behind its cards: their addresses for the courier, and what serves them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint

from bot.router import Router
from bot.welink.courier import WelinkApi
from bot.welink.pages.links import Links
from bot.welink.pages.visitors import Ask, Visitors
from bot.welink.pages.web import pages_blueprint
from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.settings import Settings
from suanli.sources.endpoint import Endpoint, Refused
from suanli.sources.http import Http

PATIENCE = (3.0, 5.0)
"""Seconds for a connection and for an answer of WeLink, while somebody looks at a page."""

_PORTS = {"http": 80, "https": 443}


def app_endpoint(settings: Settings) -> Endpoint:
    """WeLink's server API, as the app calls it."""
    secret = settings.welink.client_secret.get_secret_value()
    return Endpoint("WeLink", settings.welink.base_url, "WELINK_BASE_URL", "WELINK_CLIENT_SECRET", secrets=(secret,))


def build_api(settings: Settings, http: Http, clock: Clock) -> WelinkApi:
    """The app's calls."""
    own = settings.welink
    secret = own.client_secret.get_secret_value()
    return WelinkApi(http.tell, client_id=own.client_id, client_secret=secret, clock=clock)


def build_links(settings: Settings) -> Links | None:
    """The addresses of pages; None without an address of ours, a key to sign with, and the app that says who is who."""
    own, secret = settings.welink, settings.secret_key.get_secret_value()
    return Links(own.h5_url, secret) if own.h5_url and secret and own.has_app else None


def build_pages(settings: Settings, router: Router, clock: Clock) -> Sequence[Blueprint]:
    """The pages, if there are any."""
    links, endpoint = build_links(settings), app_endpoint(settings)
    if links is None:
        return ()
    api = build_api(settings, Http(endpoint, clock=clock, timeout=PATIENCE), clock)
    visitors = Visitors(api, asking(endpoint, clock))
    own = settings.welink
    return (pages_blueprint(links, visitors, router, clock, origin=origin_of(own.h5_url), script=own.h5_script),)


def origin_of(url: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port in (None, _PORTS.get(parts.scheme))
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{parts.port}"


def asking(endpoint: Endpoint, clock: Clock) -> Ask:
    """What gets a path of the platform, with the headers it is given."""

    def ask(path: str, *, headers: Mapping[str, str]) -> Mapping[str, Any]:
        own = replace(endpoint, headers=headers)
        try:
            reply = Http(own, clock=clock, timeout=PATIENCE).get(path)
        except Refused as refused:
            # As with what is told: the code in the body says more than the status.
            if not isinstance(refused.body, dict) or "code" not in refused.body:
                raise
            reply = refused.body
        if not isinstance(reply, dict):
            raise RemoteError(f"{own.name} answered with JSON that is not an object")
        return dict(json.loads(own.masked(json.dumps(reply, ensure_ascii=False))))

    return ask
