"""The gateway to models: what callers may ask for, by which name, and where it goes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from suanli.domain.errors import RemoteError


class Kind(StrEnum):
    """What a model does."""

    CHAT = "chat"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a model: a provider of the settings, and its own name for it. Prices stand under that of `vendor`."""

    provider: str
    model: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A model as callers name it, and its routes, the next one for when the one before fails.

    It gives no more than `max_output` tokens to a call, reasoning included; an image is `image_tokens` at the most.
    """

    name: str
    kind: Kind
    routes: tuple[Route, ...]
    max_output: int
    image_tokens: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a provider may take: to connect, up to the first byte, between two of them, and in all.

    An answer that does not come in a stream has no first byte before it is complete, so it may take all of `whole`.
    """

    connect: timedelta
    first_byte: timedelta
    between: timedelta
    whole: timedelta


class Late(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """A provider did not answer in time, or fell silent."""


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What a provider is asked: a body of JSON for an address below its own, and how long that may take in all."""

    path: str
    body: bytes
    is_stream: bool
    within: timedelta


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """What a provider answers: its status, those of its headers that callers may see, and the body as it comes.

    `chunks` raise RemoteError (Late) when it breaks off. Whoever has the reply calls `close`, once or more often: the
    provider stops producing what nobody waits for.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    close: Callable[[], None]
