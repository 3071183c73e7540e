"""Who has a page open: WeLink's browser gives the page a code, and WeLink tells us whose it is (welink.md §2.2)."""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from bot.welink.courier.app import WelinkApi
from bot.welink.courier.codes import Body
from bot.welink.events import PERSON
from suanli.domain.chat import OpenId, Person
from suanli.domain.errors import RemoteError

USERID = "/api/auth/v2/userid"

TENANT = "app"
"""What stands for the company whose app it is."""


class Ask(Protocol):
    """Gets a path of the platform; the body of the answer. Raises RemoteError, which quotes no header."""

    def __call__(self, path: str, *, headers: Mapping[str, str]) -> Body:
        """Get it."""


class UserIdAnswer(BaseModel):
    """What the platform answers."""

    user_id: str = Field(alias="userId")

    def to_domain(self, realm: str) -> Person:
        """The person; of the company, if their id ends as that of the person whom the card was sent to.

        Raises ValueError for an id that is none.
        """
        if not PERSON.fullmatch(self.user_id):
            raise ValueError("not the id of a person")
        is_colleague = bool(realm) and self.user_id.rpartition("@")[2] == realm
        return Person(OpenId(self.user_id), tenant=TENANT if is_colleague else None)


class Visitors:
    """Tells who stands behind a code. Each code is good for one time."""

    def __init__(self, api: WelinkApi, ask: Ask) -> None:
        self._api = api
        self._ask = ask

    def who(self, code: str, realm: str) -> Person:
        """Whose code it is; `realm` is that of the company. Raises RemoteError."""
        path = f"{USERID}?{urlencode({'code': code})}"
        body = self._api.exchange(lambda headers: self._ask(path, headers=headers))
        try:
            return UserIdAnswer.model_validate(body).to_domain(realm)
        except ValueError:
            raise RemoteError("WeLink gave a code's owner no usable id") from None
