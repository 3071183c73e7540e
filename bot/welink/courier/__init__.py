"""The courier to WeLink: groups are spoken to by their webhook robots, people by the app's cards (welink.md §1, §2)."""

from collections.abc import Mapping
from typing import NoReturn

from bot.welink.cards.parts import Mentions
from bot.welink.courier.app import CardSender, Pages, WelinkApi
from bot.welink.courier.robot import Robot
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError

__all__ = ["CardSender", "Mentions", "Pages", "Robot", "WelinkApi", "WelinkCourier"]


class WelinkCourier:
    """A `Courier` for `TargetKind.ROBOT` (`robots`, by their names in the settings) and `TargetKind.USER_ID`.

    It may be used by several threads at once. Without `cards` nobody can be written to in private.
    """

    def __init__(self, robots: Mapping[str, Robot], cards: CardSender | None = None) -> None:
        self._robots = robots
        self._cards = cards

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send a message. Raises RemoteError (PartlySent, LaneBusy, PlatformBusy).

        A robot gives no id, so the message's uuid stands for it: a drawing of it is refused then, rather than waiting
        for an id that never comes.
        """
        substitute = MessageId(parcel.uuid)
        match parcel.target.kind:
            case TargetKind.ROBOT:
                self._robot(parcel.target.id).send(parcel)
                return substitute
            case TargetKind.USER_ID:
                return self._private().send(parcel) or substitute
            case kind:
                raise RemoteError(f"WeLink has no way to a {kind}", permanent=True)

    def redraw(self, message_id: MessageId, answer: Answer) -> NoReturn:  # noqa: ARG002 the port names them
        """Refuse: a robot's words stay, and of a card only the status in its corner could be changed."""
        raise RemoteError("WeLink's messages cannot be redrawn", permanent=True)

    def _robot(self, name: str) -> Robot:
        if name not in self._robots:
            raise RemoteError(f"the settings name no WeLink robot {name!r}", permanent=True)
        return self._robots[name]

    def _private(self) -> CardSender:
        if self._cards is None:
            raise RemoteError(
                "no WeLink app is set up: set WELINK_CLIENT_ID and WELINK_CLIENT_SECRET to write to people",
                permanent=True,
            )
        return self._cards
