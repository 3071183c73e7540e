"""The bot as the platform knows it: `GET /open-apis/bot/v3/info` (feishu.md §2)."""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from bot.feishu.courier.api import FeishuApi
from suanli.domain.chat import OpenId
from suanli.domain.errors import RemoteError

ACTIVE = 2
"""The `activate_status` of a bot that is switched on."""


@dataclass(frozen=True, slots=True)
class BotInfo:
    """Who the bot is; only an `active` one can speak."""

    open_id: OpenId
    name: str
    active: bool


class Bot(BaseModel):
    """The `bot` of the answer."""

    open_id: str
    app_name: str
    activate_status: int

    def to_domain(self) -> BotInfo:
        """The same as a value."""
        return BotInfo(OpenId(self.open_id), self.app_name, self.activate_status == ACTIVE)


def bot_info(api: FeishuApi) -> BotInfo:
    """Ask the platform who we are; it takes a token and no scope. Raises RemoteError."""
    body = api.ask("GET", "/open-apis/bot/v3/info")
    try:
        return Bot.model_validate(body.get("bot")).to_domain()
    except ValidationError as error:
        raise RemoteError("Feishu said nothing usable about the bot") from error
