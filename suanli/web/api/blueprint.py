"""The endpoints over HTTP: who asks is known before anything of the body is read, and every refusal is a problem."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from suanli.clock import Clock
from suanli.domain.errors import Forbidden, UserError
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site
from suanli.domain.tokens import ApiToken, KeptReply, digest_of, token_in
from suanli.i18n import Texts, texts_in
from suanli.web.api.bodies import LARGEST_ID, dump, parse
from suanli.web.api.endpoints import JSON, REPLAYED, Endpoint, Reply, Visit
from suanli.web.api.languages import asked_lang
from suanli.web.api.mistakes import MOST_FIELDS, errors_of, too_many_fields
from suanli.web.api.problems import MEDIA_TYPE, Problem

log = structlog.get_logger()

_LONGEST_KEY = 255
_MONEY = "money"


def api_blueprint(
    endpoints: Sequence[Endpoint], store: Store, site: Site, clock: Clock, wake: Callable[[], None]
) -> Blueprint:
    """Every endpoint at its address. A 2xx means committed; `wake` is called after each change."""
    blueprint = Blueprint("api", __name__)
    desk = _Desk(store, site, clock)
    for endpoint in endpoints:
        view = _view(desk, endpoint, wake)
        blueprint.add_url_rule(endpoint.path, endpoint.name, view, methods=[endpoint.method])
    return blueprint


def _view(desk: "_Desk", endpoint: Endpoint, wake: Callable[[], None]) -> Callable[..., Response]:
    def view(**path: Any) -> Response:
        texts = _texts(desk.site)
        try:
            reply, money = desk.serve(endpoint, texts, path)
        except Problem as problem:
            return _problem(problem, texts)
        if not (endpoint.is_safe or endpoint.quiet):
            wake()
        return _response(reply, money)

    return view


@dataclass(frozen=True, slots=True)
class _Desk:
    """Takes requests."""

    store: Store
    site: Site
    clock: Clock

    def serve(self, endpoint: Endpoint, texts: Texts, path: dict[str, Any]) -> tuple[Reply, str]:
        """The answer to this request, and how it writes money. Raises Problem."""
        request.max_content_length = endpoint.limit
        try:
            # Only read, so that who looks at figures keeps nobody waiting who writes.
            with self.store.read() as tx:
                token = self._token(tx, texts)
                _require(endpoint, token, texts)
                money = _money(texts)
                if endpoint.is_safe and not endpoint.alone:
                    return endpoint.run(self._visit(endpoint, token, tx, texts, path)), money
            # The body is read between two transactions: who sends it slowly keeps nobody waiting.
            visit = self._visit(endpoint, token, tx, texts, path)
            if endpoint.alone:
                return endpoint.run(visit), money
            with self.store.begin() as tx:
                return self._within(endpoint, replace(visit, tx=tx, now=self.clock.now()), money), money
        except Forbidden as error:
            raise Problem("forbidden", str(error)) from error
        except UserError as error:
            raise Problem("invalid", str(error)) from error

    def _token(self, tx: Transaction, texts: Texts) -> ApiToken:
        given = token_in(request.headers.get("Authorization", ""))
        # Looked up by what is kept of it: how long that takes tells nothing about a token.
        token = tx.tokens.by_digest(digest_of(given)) if given else None
        if token is None or not token.is_valid(self.clock.now()):
            log.warning("api_refused", address=request.remote_addr, path=request.path)
            headers = {"WWW-Authenticate": 'Bearer realm="suanli"'}
            raise Problem("unauthorized", texts("api.no_token"), headers=headers)
        return token

    def _visit(self, endpoint: Endpoint, token: ApiToken, tx: Transaction, texts: Texts, path: dict[str, Any]) -> Visit:
        if any(isinstance(each, int) and each > LARGEST_ID for each in path.values()):
            raise Problem("not-found", texts("api.no_such_address"))
        said = {name: value for name, value in request.args.items() if name != _MONEY}
        query = _checked(endpoint.query, said, texts)
        body = _body(endpoint, texts)
        match = request.headers.get("If-Match", "")
        return Visit(
            token, tx, self.store, self.clock.now(), self.site, texts, path, query, body, _key(texts), match
        )  # fmt: skip

    def _within(self, endpoint: Endpoint, visit: Visit, money: str) -> Reply:
        """The answer of an endpoint in its one transaction; asked again with the same key, it is what it was."""
        if visit.key is None:
            return endpoint.run(visit)
        replies, fingerprint = visit.tx.replies, _fingerprint(endpoint)
        # Who asks with this key at the same moment waits here for our end.
        visit.tx.lock(f"reply {visit.token.id} {visit.key}")
        known = replies.find(visit.token.id, visit.key)
        if known is not None:
            return _replayed(known, fingerprint, visit.texts)
        reply = endpoint.run(visit)
        body = dump(reply.body, money=money).decode() if reply.body else ""
        kept = KeptReply(fingerprint, reply.status, body, reply.headers)
        replies.keep(visit.token.id, visit.key, kept, visit.now)
        return reply


def _require(endpoint: Endpoint, token: ApiToken, texts: Texts) -> None:
    if endpoint.permission not in token.permissions:
        raise Problem("forbidden", texts("api.needs_permission", permission=endpoint.permission.value))
    if token.role < endpoint.role:
        raise Problem("forbidden", texts("api.needs_role", role=texts(f"role.{endpoint.role.word}")))


def _texts(site: Site) -> Texts:
    return texts_in(asked_lang(site))


def _key(texts: Texts) -> str | None:
    given = request.headers.get("Idempotency-Key")
    if given is not None and not 0 < len(given) <= _LONGEST_KEY:
        raise Problem("malformed", texts("api.long_key", most=_LONGEST_KEY))
    return given


def _fingerprint(endpoint: Endpoint) -> str:
    said = b"\n".join((endpoint.method.encode(), request.full_path.encode(), request.get_data()))
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _replayed(known: KeptReply, fingerprint: str, texts: Texts) -> Reply:
    if known.fingerprint != fingerprint:
        raise Problem("key-reused", texts("api.key_reused"))
    headers = {**known.headers, **REPLAYED}
    return Reply(None, known.status, headers, iter((known.body.encode(),)))


def _body(endpoint: Endpoint, texts: Texts) -> Any:
    if endpoint.is_safe:
        return None
    wanted = endpoint.raw or JSON
    has_body = endpoint.body is not None or bool(endpoint.raw)
    if has_body and request.mimetype != wanted:
        raise Problem("media-type", texts("api.media_type", wanted=wanted))
    try:
        raw = request.get_data()  # also of what takes none: it is part of the request that a key stands for
    except RequestEntityTooLarge:
        raise Problem("too-large", texts("api.too_large", most=endpoint.limit)) from None
    if not has_body:
        return None
    if endpoint.body is None:
        return raw
    try:
        said = parse(raw)
    except ValueError:
        raise Problem("malformed", texts("api.not_json")) from None
    return _checked(endpoint.body, said, texts)


def _checked(model: type[BaseModel], said: Any, texts: Texts) -> BaseModel:
    if isinstance(said, dict) and len(said) > MOST_FIELDS:
        raise Problem("invalid", texts("api.invalid"), {"errors": [too_many_fields(texts)]})
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise Problem("invalid", texts("api.invalid"), {"errors": errors_of(error, texts)}) from None


def _money(texts: Texts) -> str:
    asked = request.args.get(_MONEY, "string")
    if asked not in {"string", "number"}:
        raise Problem("invalid", texts("api.money"))
    return asked


def _response(reply: Reply, money: str) -> Response:
    content: Any = reply.stream
    if content is None:
        content = dump(reply.body, money=money) if reply.body is not None else b""
    response = Response(content, reply.status, dict(reply.headers), mimetype=reply.media)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _problem(problem: Problem, texts: Texts) -> Response:
    body = json.dumps(problem.body(texts, request.path), ensure_ascii=False)
    return Response(body, problem.status, dict(problem.headers), mimetype=MEDIA_TYPE)


def problem_of(error: Exception, site: Site) -> Response:
    """An error of the server's own, below /api: no such address, not this method, or something that broke."""
    code = (error.code or 500) if isinstance(error, HTTPException) else 500
    kinds = {404: "not-found", 405: "method", 413: "too-large", 503: "unavailable"}
    kind = kinds.get(code, "internal" if code >= 500 else "malformed")  # noqa: PLR2004 HTTP
    words = {"not-found": "api.no_such_address", "internal": "api.broken", "unavailable": "api.broken"}
    texts = _texts(site)
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return _problem(Problem(kind, texts(words.get(kind, "api.not_so")), headers=headers), texts)
