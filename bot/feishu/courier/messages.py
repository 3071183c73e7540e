"""Requests of `im/v1/messages` (feishu.md §3.2, §3.3), made with lark-oapi's builders."""

from typing import Any

from bot.feishu.courier import sdk
from suanli.domain.chat import MessageId, Target


def create(target: Target, msg_type: str, content: str, uuid: str) -> Any:
    """A message to a person or a chat; the kinds of targets have the names that the platform uses."""
    lark = sdk.load()
    body = lark.CreateMessageRequestBody.builder().receive_id(target.id).msg_type(msg_type).content(content)
    request = lark.CreateMessageRequest.builder().receive_id_type(target.kind.value)
    return request.request_body(body.uuid(uuid).build()).build()


def reply(parent: MessageId, msg_type: str, content: str, uuid: str) -> Any:
    """A message under another."""
    lark = sdk.load()
    body = lark.ReplyMessageRequestBody.builder().msg_type(msg_type).content(content).uuid(uuid)
    return lark.ReplyMessageRequest.builder().message_id(parent).request_body(body.build()).build()


def redraw(message_id: MessageId, content: str) -> Any:
    """A new card in place of one of the bot's own."""
    lark = sdk.load()
    body = lark.PatchMessageRequestBody.builder().content(content).build()
    return lark.PatchMessageRequest.builder().message_id(message_id).request_body(body).build()
