"""What an endpoint is, and the request it gets to see once it passed the gate."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from suanli.sandbox.feishu.limits import Limits, Quota
from suanli.sandbox.feishu.people import Json
from suanli.sandbox.feishu.refusal import Refusal, bad_field
from suanli.sandbox.feishu.tenant import Tenant


class Body(BaseModel):
    """A request's JSON body: types are not bent, and what the platform does not know it ignores."""

    model_config = ConfigDict(strict=True, frozen=True)


BodyT = TypeVar("BodyT", bound=Body)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the app. It holds the tenant's lock for as long as an endpoint works on it."""

    tenant: Tenant
    limits: Limits
    now: datetime
    query: Mapping[str, str]
    raw: bytes
    content_type: str
    authorization: str

    def body(self, model: type[BodyT]) -> BodyT:
        """The body as `model`; refused with 99992402 and the fields at fault.

        A Content-Type other than JSON is refused; none at all is not, for the platform's own SDK sends none when it
        asks for a token.
        """
        if self.content_type.partition(";")[0].strip().lower() not in ("", "application/json"):
            raise bad_field("Content-Type", self.content_type, "must be application/json")
        try:
            return model.model_validate_json(self.raw)
        except ValidationError as error:
            raise _violations(error) from None

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """A query parameter that is one of `choices`; required when it has no default."""
        value = self.query.get(name, default)
        if value not in choices:
            raise bad_field(name, value, f"must be one of {', '.join(choices)}")
        return value

    def spend(self, lane: str, quotas: tuple[Quota, ...]) -> None:
        """Count this call against a chat, a message or a group: 230020 when it is one too many."""
        if self.limits.take(lane, self.now, quotas):
            raise Refusal(230020)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path below `/open-apis`, and the function that answers it.

    `view` takes the call and the path's parameters by name and gives the whole JSON body. Of `scopes`, any one is
    enough. `public` ones need no token.
    """

    method: str
    path: str
    view: Callable[..., Json]
    scopes: tuple[str, ...] = ()
    public: bool = False


def ok(data: Json | None = None) -> Json:
    """The body of a success."""
    return {"code": 0, "msg": "success", "data": data or {}}


def compact(content: Json) -> str:
    """JSON inside JSON, as the platform writes a message's `content`."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def milliseconds(moment: datetime) -> str:
    """A moment as the platform writes it in most places."""
    return str(int(moment.timestamp() * 1000))


def _violations(error: ValidationError) -> Refusal:
    violations = [
        {"field": ".".join(map(str, item["loc"])), "value": str(item["input"])[:100], "description": item["msg"]}
        for item in error.errors(include_url=False)
    ]
    return Refusal(99992402, detail={"field_violations": violations})
