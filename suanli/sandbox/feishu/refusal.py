"""The platform's no: a code, the HTTP status it comes with, and what is said about it (feishu.md §3.6)."""

import math
from collections.abc import Mapping
from datetime import timedelta

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.people import Json

_TEXTS = {
    10002: "bad request",
    11310: "card content is not acceptable",
    18051: "the message is deleted already",
    40000000: "invalid parameter",
    40000031: "invalid icon",
    99991400: "request trigger frequency limit",
    99991403: "the monthly quota of API calls is used up",
    99991661: "missing access token for authorization",
    99991663: "invalid access token for authorization",
    99991671: "invalid access token format",
    99991672: "access denied: the app lacks a scope for this",
    99992351: "the open_id does not exist",
    99992361: "open_id cross app",
    99992402: "field validation failed",
    230001: "invalid request param",
    230002: "Bot/User can NOT be out of the chat.",
    230011: "the message was recalled",
    230012: "the operator is not the sender of the message",
    230013: "Bot has NO availability to this user.",
    230020: "this chat or message triggers the frequency limit",
    230025: "the length of the message content reaches its limit",
    230031: "the message can no longer be updated, it is older than 14 days",
    230034: "the receive_id is invalid",
    230038: "cross tenant p2p chat is not allowed",
    230053: "the user has stopped the bot from sending messages",
    230054: "the operation is not supported for this message type",
    230071: "the operator is not the sender of the message",
    230072: "the message was edited as often as it can be",
    231003: "the message is not found, it may be recalled",
    231010: "the reaction is not found",
    232009: "the chat is dissolved",
    300000: "the callback of this token is not answered yet",
    300020: "the token is invalid",
    300030: "the token is expired",
    300040: "the token is used up",
}


class Refusal(Exception):  # noqa: N818 the platform's answer, not an error of this program
    """An answer with a code other than 0. `detail` goes into the body's `error`."""

    def __init__(
        self,
        code: int,
        msg: str = "",
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        detail: Json | None = None,
    ) -> None:
        super().__init__(f"{code} {msg or _TEXTS.get(code, 'refused')}")
        self.code = code
        self.msg = msg or _TEXTS.get(code, "refused")
        self.status = status
        self.headers = dict(headers or {})
        self.detail = detail or {}

    def body(self, log_id: str) -> Json:
        """The error body of feishu.md §3.6."""
        link = f"https://open.feishu.cn/search?log_id={log_id}&code={self.code}"
        return {
            "code": self.code,
            "msg": self.msg,
            "error": {"log_id": log_id, "troubleshooter": link, **self.detail},
        }


def bad_field(field: str, value: object, description: str) -> Refusal:
    """99992402 about one field."""
    violation = {"field": field, "value": str(value), "description": description}
    return Refusal(99992402, detail={"field_violations": [violation]})


def scope_missing(*subjects: str) -> Refusal:
    """99991672: any one of these scopes would do, and none is granted."""
    violations = [{"type": "action_scope_required", "subject": subject} for subject in subjects]
    helps = [{"url": f"https://open.feishu.cn/app/auth?q={','.join(subjects)}", "description": "apply for scopes"}]
    return Refusal(99991672, detail={"permission_violations": violations, "helps": helps})


def too_many_calls(limit: int, reset: timedelta) -> Refusal:
    """429 with both rate headers (feishu.md §3.5); `reset` is sent as whole seconds, at least one."""
    seconds = max(1, math.ceil(reset.total_seconds()))
    headers = {"x-ogw-ratelimit-limit": str(limit), "x-ogw-ratelimit-reset": str(seconds)}
    return Refusal(99991400, status=429, headers=headers)


def card_rejected(flaw: Flaw) -> Refusal:
    """230099 with the sub-code in its text, as the platform writes it (feishu.md §3.6)."""
    return Refusal(
        230099,
        f"Failed to create card content, ext=ErrCode: {flaw.code}; ErrPath: {flaw.path}; "
        f"ErrMsg: {flaw.reason}; ErrorValue: {flaw.value}; ",
    )
