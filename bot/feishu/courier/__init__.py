"""The courier to Feishu: carries messages out, through the parts of lark-oapi that it needs."""

from collections.abc import Collection, Sequence
from datetime import timedelta, tzinfo
from typing import Any

import structlog

from bot.feishu.cards import render
from bot.feishu.courier import messages, sdk
from bot.feishu.courier.api import FeishuApi
from bot.feishu.courier.bot_info import BotInfo, bot_info
from bot.feishu.courier.codes import BEING_SENT, PARENT_GONE
from bot.feishu.courier.slash_commands import SlashCommand, SyncReport, sync_commands
from suanli.clock import Clock
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError

__all__ = ["BotInfo", "FeishuCourier", "SlashCommand", "SyncReport"]

log = structlog.get_logger()

TIMEOUT = timedelta(seconds=5)
"""For connecting, and for each wait for an answer: a few calls that all hang still end within a delivery's lease."""


class FeishuCourier:
    """A `Courier`. Making one does nothing; lark-oapi is loaded at the first call, or by `warm`.

    It may be used by several threads at once. `zone` is the one in which clock times are written.
    """

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        base_url: str,
        clock: Clock,
        zone: tzinfo,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._api = FeishuApi(app_id=app_id, app_secret=app_secret, base_url=base_url, clock=clock, timeout=timeout)
        self._clock = clock
        self._zone = zone

    def warm(self) -> None:
        """Load lark-oapi now rather than with the first message."""
        sdk.load()

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send a message; its id, or None when another try with its uuid is under way. Raises RemoteError.

        What cannot hang under its message any more goes to the chat by itself.
        """
        msg_type, content = render(parcel.answer, self._clock.now(), self._zone, plain=parcel.as_text)
        if parcel.reply_to:
            try:
                return self._deliver(messages.reply(parcel.reply_to, msg_type, content, parcel.uuid))
            except RemoteError as error:
                if error.code not in PARENT_GONE:
                    raise
                log.info("feishu_reply_unparented", key=parcel.key, code=error.code)
        return self._deliver(messages.create(parcel.target, msg_type, content, parcel.uuid))

    def redraw(self, message_id: MessageId, answer: Answer) -> None:
        """Put a new card in place of one that was sent within 14 days. Raises RemoteError."""
        self._api.call(messages.redraw(message_id, render(answer, self._clock.now(), self._zone)[1]))

    def bot_info(self) -> BotInfo:
        """Who the bot is. Raises RemoteError."""
        return bot_info(self._api)

    def sync_commands(self, wanted: Sequence[SlashCommand], retired: Collection[str] = ()) -> SyncReport:
        """Make Feishu's slash commands those of the bot. Raises RemoteError."""
        return sync_commands(self._api, wanted, retired)

    def _deliver(self, request: Any) -> MessageId | None:
        try:
            data = self._api.call(request).get("data")
        except RemoteError as error:
            if error.code == BEING_SENT:
                return None
            raise
        # Code 0 means sent, whatever else the answer says or leaves out.
        message_id = data.get("message_id") if isinstance(data, dict) else None
        return MessageId(message_id) if isinstance(message_id, str) else None
