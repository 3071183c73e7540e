"""Feishu's server API as one app calls it: every call carries the app's token, every answer is judged by its code."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from bot.feishu.courier import sdk
from bot.feishu.courier.codes import TOKEN_REFUSED, classify
from bot.feishu.courier.tokens import Token, TokenAnswer, TokenProvider
from suanli.clock import Clock
from suanli.domain.errors import RemoteError

log = structlog.get_logger()

Body = Mapping[str, Any]
"""A decoded JSON body."""

_TOKEN_URI = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105 a path


class FeishuApi:
    """Calls over lark-oapi's transport, which is loaded at the first one. `timeout` is that of each wait for bytes."""

    def __init__(self, *, app_id: str, app_secret: str, base_url: str, clock: Clock, timeout: timedelta) -> None:
        self._credentials = {"app_id": app_id, "app_secret": app_secret}
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._tokens = TokenProvider(self._fetch_token, clock)

    def call(self, request: Any) -> Body:
        """The body of a good answer to one of lark-oapi's requests. Raises RemoteError for every other.

        A refused token is replaced once: one that was withdrawn is nothing to bother anybody with.
        """
        token = self._tokens.get()
        try:
            return self._exchange(request, token)
        except RemoteError as error:
            if error.code not in TOKEN_REFUSED:
                raise
            log.info("feishu_token_refused", code=error.code)
        self._tokens.invalidate(token)
        return self._exchange(request, self._tokens.get())

    def ask(self, method: str, uri: str, *, paths: Mapping[str, str] | None = None, body: Body | None = None) -> Body:
        """`call` for what lark-oapi has no request of: `:name` in `uri` is filled in from `paths`, escaped."""
        return self.call(_request(method, uri, dict(paths or {}), body))

    def _fetch_token(self) -> Token:
        body = self._exchange(_request("POST", _TOKEN_URI, {}, self._credentials), None)
        try:
            return TokenAnswer.model_validate(body).to_domain()
        except ValidationError:
            raise RemoteError("Feishu gave no usable token") from None  # the cause would quote it

    def _exchange(self, request: Any, token: str | None) -> Body:
        lark = sdk.load()
        config, option = lark.Config(), lark.RequestOption()
        config.domain, config.timeout = self._base_url, self._timeout.total_seconds()
        option.headers = {"Content-Type": "application/json; charset=utf-8"}
        option.tenant_access_token = token
        request.token_types = {lark.AccessTokenType.TENANT} if token else set()
        try:
            response = lark.transport.Transport.execute(config, request, option)
        except OSError as error:  # every error of the HTTP library is one
            raise RemoteError(f"Feishu did not answer: {type(error).__name__}") from error
        body = _decoded(response.content)
        code = body.get("code")
        if not isinstance(code, int):
            raise classify(None, response.status_code, response.headers, {})
        if code != 0:
            raise classify(code, response.status_code, response.headers, body)
        return body


def _request(method: str, uri: str, paths: dict[str, str], body: Body | None) -> Any:
    lark = sdk.load()
    builder = lark.BaseRequest.builder().http_method(lark.HttpMethod[method]).uri(uri).paths(paths).body(body)
    return builder.build()


def _decoded(content: bytes) -> Body:
    """A JSON object, or nothing: a gateway's error page, an empty body and a list are all the same to us."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
