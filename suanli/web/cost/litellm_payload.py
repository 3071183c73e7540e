"""What a LiteLLM proxy tells of a call: its StandardLoggingPayload, as much of it as is asked for here."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, Unit, Usage
from suanli.domain.cost.quotas import ScopeKind
from suanli.domain.cost.records import Call, Ending, Labels
from suanli.domain.cost.reported_usage import usage_of
from suanli.i18n import Texts
from suanli.web.cost.told import MOST_UNITS, UnfitError, checked_moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
_FREE = Nano(0)
_SECOND = timedelta(seconds=1)
_TYPES = {
    "completion": "chat",
    "anthropic_messages": "chat",
    "responses": "chat",
    "generate_content": "chat",
    "generate_content_stream": "chat",
    "text_completion": "completion",
    "embedding": "embeddings",
}
"""Our word for a kind of call, where the gateway has one; others keep LiteLLM's own."""
_WITHOUT_TWIN = ("anthropic_", "add_")
"""Kinds that begin with the letter that says "asynchronous" of the others."""
_MANAGES = re.compile(
    r"(^|_)(get|list|delete|cancel|retrieve|content|update|upload|files?)(_|$)"
    r"|^(create_(batch|thread|assistants|container|sandbox|fine)|vector_store_create|add_message)"
)
"""Calls that use nothing themselves: what they speak of was used by another call."""


def _short(value: object) -> str:
    """Text of somebody else's, whatever it is; cut to what a record keeps."""
    return str(value)[:_LONGEST] if isinstance(value, str | int | Decimal) else ""


_Text = Annotated[str, BeforeValidator(_short)]
_Count = Annotated[int, Field(ge=0, le=MOST_UNITS), BeforeValidator(lambda value: 0 if value is None else value)]
_Seconds = Annotated[Decimal, Field(ge=0, lt=10**11)]


class _Loose(BaseModel):
    """What somebody else's program sends: of that, only what is needed is looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class Metadata(_Loose):
    """Who called, by the key that was used."""

    user_api_key_user_id: _Text = ""
    user_api_key_team_id: _Text = ""
    user_api_key_org_id: _Text = ""
    user_api_key_project_id: _Text = ""
    usage_object: dict[Any, Any] | None = None


class MapInformation(_Loose):
    """Which entry of LiteLLM's map of prices it took."""

    model_map_value: dict[Any, Any] | None = None


class Payload(_Loose):
    """A call. `id` is the answer's own, or LiteLLM's for a call without one; times are seconds since 1970."""

    id: str = ""
    litellm_call_id: _Text = ""
    model: _Text = ""
    status: str
    start: Annotated[_Seconds, Field(alias="startTime")]
    end: Annotated[_Seconds, Field(alias="endTime")]
    call_type: _Text = ""
    custom_llm_provider: _Text = ""
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    total_tokens: _Count = 0
    cache_hit: bool | None = None
    response_cost: Decimal | None = None
    session_id: _Text = ""
    metadata: Metadata = Metadata()
    model_map_information: MapInformation | None = None

    @property
    def request_id(self) -> str:
        """What the call is known by; LiteLLM's longest ids, of hundreds of letters, by what tells them apart."""
        found = self.id or self.litellm_call_id
        if len(found) <= _LONGEST:
            return found
        return f"litellm-{hashlib.blake2b(found.encode(errors='replace'), digest_size=20).hexdigest()}"

    @property
    def is_failed(self) -> bool:
        """Whether it came to nothing."""
        return self.status != "success"

    @property
    def is_no_call(self) -> bool:
        """Whether nothing was used: it only managed something, or did not come as far as a model."""
        return self._told_usage is None and (bool(_MANAGES.search(self._kind)) or (self.is_failed and not self.model))

    def said(self) -> Mapping[ScopeKind, str]:
        """Who pays beside the user: a team is a department here."""
        keys = self.metadata
        return {
            ScopeKind.PROJECT: keys.user_api_key_project_id,
            ScopeKind.DEPARTMENT: keys.user_api_key_team_id,
            ScopeKind.ORGANIZATION: keys.user_api_key_org_id,
        }

    def to_domain(self, payer: Payer, book: PriceBook, now: datetime, texts: Texts) -> Call:
        """The call, paid by somebody. Raises UnfitError."""
        for name in ("request_id", "model"):
            if not getattr(self, name):
                raise UnfitError(name, texts("api.cost.not_said"))
        model, provider = self._names(book)
        usage = self._usage(book, model, provider)
        free = bool(self.cache_hit) or (self.is_failed and usage is None)
        if usage is None and not free:
            raise UnfitError("usage", texts("api.cost.no_usage"))
        return Call(
            request_id=self.request_id,
            payer=payer,
            model_name=model,
            usage=usage or Usage(),
            happened_at=checked_moment(_EPOCH + int(self.start * 10**6) * (_SECOND / 10**6), now, texts),
            provider_name=provider,
            request_type=_TYPES.get(self._kind, self._kind),
            ending=Ending.FAILED if self.is_failed else Ending.OK,
            labels=Labels(session_id=self.session_id),
            # Nobody was asked for what came out of LiteLLM's cache, and nobody charges for what failed.
            stated=_FREE if free else None,
            took=int((self.end - self.start) * 1000) if self.end >= self.start else None,
        )

    @property
    def _kind(self) -> str:
        """The kind of call; most have an asynchronous twin, which is the same here."""
        word = self.call_type
        return word if word.startswith(_WITHOUT_TWIN) else word.removeprefix("_").removeprefix("a")

    @property
    def _told_usage(self) -> Usage | None:
        has_output = self._kind != "embedding"
        own = {name: getattr(self, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
        told = usage_of(self.metadata.usage_object, has_output=has_output) or usage_of(own, has_output=has_output)
        if told is None and self.prompt_tokens + self.completion_tokens:
            told = Usage(self.prompt_tokens, self.completion_tokens)
        if told is None or not 0 < told.total <= MOST_UNITS:
            return None
        # A batch is told of when somebody looks whether it is ready.
        return Usage(
            told.input, told.output, told.cached, told.cache_write, told.reasoning, self._kind == "retrieve_batch"
        )

    def _usage(self, book: PriceBook, model: str, provider: str) -> Usage | None:
        """What was used; None when it is not said. A model that is paid for by the call was called once."""
        found = book.names.find(model, provider)
        if isinstance(found, CostModel) and found.unit is Unit.REQUEST and not self.is_failed:
            return Usage(1)
        return self._told_usage

    def _names(self, book: PriceBook) -> tuple[str, str]:
        """The model and its provider: as they were called or, if we do not know that, as LiteLLM's map has them."""
        provider = self.custom_llm_provider
        model = self.model.removeprefix(f"{provider}/") or self.model
        if isinstance(book.names.find(model, provider), Missing) and self.model_map_information:
            entry = self.model_map_information.model_map_value or {}
            known = book.names.find(_short(entry.get("key")), _short(entry.get("litellm_provider")))
            if isinstance(known, CostModel):
                return known.name, known.provider
        return model, provider
