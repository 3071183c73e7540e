"""What an endpoint is: declared once, as a value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from suanli.domain.access import Role
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site
from suanli.domain.tokens import ApiToken, Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import NoWords
from suanli.web.api.problems import Problem

Method = Literal["GET", "POST", "PUT", "DELETE"]

JSON = "application/json"
REPLAYED = {"Idempotent-Replayed": "true"}
"""What is answered besides to who asks again under the same Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks for what, and the transaction that all of it happens in.

    `path` are the numbers and words out of the address. An endpoint that has transactions of its own (`alone`) begins
    them on `store`; then `tx` is one that has ended and is not to be used.
    """

    token: ApiToken
    tx: Transaction
    store: Store
    now: datetime
    site: Site
    texts: Texts
    path: Mapping[str, Any]
    query: Any
    body: Any
    key: str | None = None
    """The Idempotency-Key."""
    match: str = ""
    """If-Match: the state that a change is meant for."""

    @property
    def who(self) -> str:
        """Who asks, for the record of changes."""
        return f"token {self.token.id} ({self.token.name})"

    @property
    def sees_all(self) -> bool:
        """Whether other people's figures may be seen."""
        return self.token.role >= Role.OPERATOR

    @property
    def own(self) -> Scope:
        """Who this token spends for."""
        return Scope(ScopeKind.USER, self.token.payer.user)

    def missing(self, what: str) -> Problem:
        """There is no such thing, or it is not for them to know."""
        return Problem("not-found", self.texts("api.missing", what=what))

    def refused(self, detail: str) -> Problem:
        """They may not."""
        return Problem("forbidden", detail)

    def expect(self, tag: str) -> None:
        """Refuse a change that was meant for another state than the one of this tag; one that says no state is not.

        A tag is of the state and not of the bytes that tell it, so one that a proxy made weak says the same.
        """
        said = {each.strip().removeprefix("W/") for each in self.match.split(",")}
        if self.match and said.isdisjoint({"*", f'"{tag}"'}):
            raise Problem("changed", self.texts("api.changed"))

    def require(self, role: Role) -> None:
        """Refuse who has less than a role."""
        if self.token.role < role:
            raise self.refused(self.texts("api.needs_role", role=self.texts(f"role.{role.word}")))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a model that becomes JSON, or a stream of bytes of some media type."""

    body: BaseModel | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of the API. `name` is its operation id; `api.do.<name>` in the texts is what it does.

    `path` is written as Flask has it. `reply` is the model of its 2xx answer, or None of a stream or of nothing.
    `raw` takes the body as it is, of this media type. Of one that is `alone`, `run` begins its transactions itself. One
    that is `quiet` writes no message, so that nobody is woken to send it. One that `knows` what it was told before
    answers that with 200, in place of its `status`. The Idempotency-Key of `own_key` is what the thing is called by.
    """

    method: Method
    path: str
    name: str
    permission: Permission
    run: Callable[[Visit], Reply]
    query: type[BaseModel] = NoWords
    body: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    status: int = 200
    role: Role = Role.VIEWER
    problems: tuple[str, ...] = ()
    alone: bool = False
    quiet: bool = False
    raw: str = ""
    media: tuple[str, ...] = (JSON,)
    """The media types of its answer, of which one is sent."""
    knows: bool = False
    own_key: bool = False
    limit: int = 1024 * 1024
    """Bytes of its body."""

    @property
    def tag(self) -> str:
        """What it is about: the first word behind /api/v1/cost/."""
        return self.path.removeprefix("/api/v1/cost/").split("/")[0]

    @property
    def keeps_key(self) -> bool:
        """Whether what is answered under an Idempotency-Key is kept, and answered again."""
        return self.method == "POST" and not self.alone

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"
