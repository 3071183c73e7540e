"""`GET /openapi.json` and `GET /docs`: what the API can do, for programs and for people. They ask for no token."""

import json
from collections.abc import Sequence
from functools import cache

from flask import Blueprint, Response

from suanli.domain.site import Site
from suanli.i18n import Lang, texts_in
from suanli.web.api.document import document
from suanli.web.api.endpoints import Endpoint
from suanli.web.api.languages import asked_lang
from suanli.web.api.page import CSP, page


def reading_blueprint(endpoints: Sequence[Endpoint], site: Site) -> Blueprint:
    """Both addresses, in the language that is asked for; each is made when it is asked for first."""
    blueprint = Blueprint("api_reading", __name__)

    @cache
    def made(lang: Lang) -> tuple[str, str]:
        found = document(endpoints, texts_in(lang), site.version)
        return json.dumps(found, ensure_ascii=False, indent=1), page(found, texts_in(lang))

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return _said(made(asked_lang(site))[0], "application/json")

    @blueprint.get("/docs")
    def docs() -> Response:
        response = _said(made(asked_lang(site))[1], "text/html")
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint


def _said(text: str, media: str) -> Response:
    response = Response(text, mimetype=media)
    response.headers["Vary"] = "Accept-Language"
    return response
