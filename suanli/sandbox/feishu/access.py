"""Getting in: the tenant access token (feishu.md §3.1), the bot itself (§2), and the platform's addresses (§1.6)."""

from pydantic import ValidationError

from suanli.sandbox.feishu.endpoint import Body, Call, Endpoint, ok
from suanli.sandbox.feishu.people import Json

EGRESS = ("127.0.0.1",)
"""Where this platform's events come from."""


class Credentials(Body):
    """An app's id and secret."""

    app_id: str
    app_secret: str


def tenant_access_token(call: Call) -> Json:
    """A token, or an error; either way with status 200, and an error comes without `expire`."""
    try:
        given = Credentials.model_validate_json(call.raw)
    except ValidationError:
        return {"code": 10003, "data": {}, "msg": "invalid param"}
    app = call.tenant.app
    if not given.app_id or not given.app_secret:
        return {"code": 10003, "data": {}, "msg": "invalid param"}
    if given.app_id != app.app_id:
        return {"code": 10014, "msg": "app id not exists"}
    if given.app_secret != app.app_secret:
        return {"code": 10015, "msg": "app secret invalid"}
    token, left = call.tenant.token(call.now)
    return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": int(left.total_seconds())}


def bot_info(call: Call) -> Json:
    """The bot, under `bot` rather than `data`."""
    bot = call.tenant.bot
    return {
        "code": 0,
        "msg": "ok",
        "bot": {
            "activate_status": 2,
            "app_name": bot.name,
            "avatar_url": "",
            "ip_white_list": [],
            "open_id": bot.open_id,
        },
    }


def outbound_ip(_call: Call) -> Json:
    """The addresses that events come from."""
    return ok({"ip_list": list(EGRESS), "has_more": False, "page_token": ""})


ENDPOINTS = (
    Endpoint("POST", "/auth/v3/tenant_access_token/internal", tenant_access_token, public=True),
    Endpoint("GET", "/bot/v3/info", bot_info),
    Endpoint("GET", "/event/v1/outbound_ip", outbound_ip, ("event:ip_list",)),
)
