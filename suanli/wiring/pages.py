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
from suanli.settings import Settings
from suanli.sources.endpoint import Endpoint
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
    own, links = settings.welink, build_links(settings)
    if links is None:
        return ()
    http = Http(app_endpoint(settings), clock=clock, timeout=PATIENCE)
    visitors = Visitors(build_api(settings, http, clock), asking(http))
    return (pages_blueprint(links, visitors, router, clock, origin=origin_of(own.h5_url), script=own.h5_script),)


def origin_of(url: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port in (None, _PORTS.get(parts.scheme))
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{parts.port}"


def asking(http: Http) -> Ask:
    """What gets a path of the platform once, for a code may be good for one time; with the headers it is given."""

    def ask(path: str, *, headers: Mapping[str, str]) -> Mapping[str, Any]:
        own = replace(http.endpoint, headers=headers)
        reply = http.reply("GET", own.address_of(path), headers=headers)
        # As with what is told: the code in the body says more than the status.
        if not isinstance(reply.body, dict) or (reply.status >= 300 and "code" not in reply.body):  # noqa: PLR2004 the good ones
            raise own.refused(reply.status, reply.body, None)
        return dict(json.loads(own.masked(json.dumps(reply.body, ensure_ascii=False))))

    return ask
