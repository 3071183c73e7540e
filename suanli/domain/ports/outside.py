"""What brings the outside in and carries messages out."""

from collections.abc import Sequence
from typing import Protocol

from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel
from suanli.domain.gateway import ProviderReply, ProviderRequest
from suanli.domain.stock import Row


class StockSource(Protocol):
    """Where card counts come from."""

    @property
    def name(self) -> str:
        """The name under which its samples are stored."""

    def fetch(self) -> Sequence[Row]:
        """Ask it now. Raises RemoteError; NoData when it answers without rows. Never invents a count."""

    def probe(self) -> Sequence[str]:
        """For `suanli check`: what was found to be right, a line each. Raises RemoteError naming what is not."""


class Courier(Protocol):
    """Carries messages to one chat platform."""

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send a message; its platform id. Raises RemoteError (CardRejected, LaneBusy, PlatformBusy)."""

    def redraw(self, message_id: MessageId, answer: Answer) -> None:
        """Put this in place of a card that was sent; twice is as good as once. Raises RemoteError as `send` does."""


class ModelProvider(Protocol):
    """A provider of models, who is asked with our key."""

    def send(self, request: ProviderRequest) -> ProviderReply:
        """Ask once; what it answers, error statuses too. Raises RemoteError, Late when nothing came in time."""
