"""The names of lark-oapi that this package uses. `sdk.load` imports this module; nothing else does."""

from lark_oapi.api.im.v1.model.create_message_request import CreateMessageRequest
from lark_oapi.api.im.v1.model.create_message_request_body import CreateMessageRequestBody
from lark_oapi.api.im.v1.model.patch_message_request import PatchMessageRequest
from lark_oapi.api.im.v1.model.patch_message_request_body import PatchMessageRequestBody
from lark_oapi.api.im.v1.model.reply_message_request import ReplyMessageRequest
from lark_oapi.api.im.v1.model.reply_message_request_body import ReplyMessageRequestBody
from lark_oapi.core.enum import AccessTokenType, HttpMethod
from lark_oapi.core.http import transport
from lark_oapi.core.model import BaseRequest, Config, RequestOption

__all__ = [
    "AccessTokenType",
    "BaseRequest",
    "Config",
    "CreateMessageRequest",
    "CreateMessageRequestBody",
    "HttpMethod",
    "PatchMessageRequest",
    "PatchMessageRequestBody",
    "ReplyMessageRequest",
    "ReplyMessageRequestBody",
    "RequestOption",
    "transport",
]
