"""The hubs that releases are read from, as the settings name them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from pydantic import SecretStr

from jobs.read_releases import Source
from suanli.clock import Clock
from suanli.domain.ports import Store, Upstream
from suanli.domain.releases import Allowance, Hub
from suanli.settings import Settings
from suanli.settings.hubs import GITHUB
from suanli.sources import github
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.endpoint import Endpoint
from suanli.sources.github import GitHub
from suanli.sources.http import Http
from suanli.sources.huggingface import HuggingFace
from suanli.sources.modelscope import ModelScope

GITHUB_SPACING = timedelta(milliseconds=67)
"""GitHub itself takes 900 requests a minute, of all threads together (releases.md §5)."""

MODELSCOPE_SPACING = timedelta(seconds=1)
"""ModelScope publishes no limit: one request a second (releases.md §5)."""


_MODELSCOPE = ("MODELSCOPE_ENDPOINT", "MODELSCOPE_TOKEN")


def build_sources(settings: Settings, store: Store, clock: Clock) -> Mapping[Hub, Source]:
    """The hubs, each with what counts the requests to it."""
    with store.begin() as tx:
        known = {allowance.host: allowance for allowance in tx.allowances.all()}

    def gate(hub: Hub, spacing: timedelta | None = None) -> Gate:
        return Gate(known.get(hub, Allowance(hub)), clock, spacing=spacing)

    gates = {
        Hub.GITHUB: gate(Hub.GITHUB, GITHUB_SPACING if settings.github.api_url == GITHUB else None),
        Hub.HUGGINGFACE: gate(Hub.HUGGINGFACE),
        Hub.MODELSCOPE: gate(Hub.MODELSCOPE, MODELSCOPE_SPACING),
    }
    upstreams: dict[Hub, Upstream] = {
        Hub.GITHUB: GitHub(_github(settings, gates[Hub.GITHUB], clock), private=settings.github.private),
        Hub.HUGGINGFACE: HuggingFace(_huggingface(settings, gates[Hub.HUGGINGFACE], clock)),
        Hub.MODELSCOPE: ModelScope(
            _modelscope(settings, gates[Hub.MODELSCOPE], clock),
            clock=clock,
            older=_older_modelscope(settings, gates[Hub.MODELSCOPE], clock),
        ),
    }
    workers = {Hub.GITHUB: settings.github.workers}
    return {hub: Source(upstreams[hub], gates[hub], workers.get(hub, 1)) for hub in Hub}


def _github(settings: Settings, gate: Gate, clock: Clock) -> Conditional:
    own = settings.github
    endpoint = Endpoint("GitHub", own.api_url, "GITHUB_API_URL", "GITHUB_TOKEN", _bearer(own.token), own.ca_bundle)
    http = Http(endpoint, clock=clock)
    return Conditional(http, gate, token_id=token_id_of(own.token.get_secret_value()), headers=github.HEADERS)


def _huggingface(settings: Settings, gate: Gate, clock: Clock) -> Conditional:
    own = settings.huggingface
    endpoint = Endpoint("HuggingFace", own.endpoint, "HF_ENDPOINT", "HF_TOKEN", _bearer(own.token), own.ca_bundle)
    return Conditional(Http(endpoint, clock=clock), gate, token_id=token_id_of(own.token.get_secret_value()))


def _modelscope(settings: Settings, gate: Gate, clock: Clock) -> Conditional:
    own = settings.modelscope
    endpoint = Endpoint("ModelScope", own.endpoint, *_MODELSCOPE, _bearer(own.token), own.ca_bundle)
    return Conditional(Http(endpoint, clock=clock), gate, token_id=token_id_of(own.token.get_secret_value()))


def _older_modelscope(settings: Settings, gate: Gate, clock: Clock) -> Conditional:
    """Asked as anybody: what only a signed-in member sees is not told of."""
    own = settings.modelscope
    endpoint = Endpoint("ModelScope", own.endpoint, *_MODELSCOPE, ca_bundle=own.ca_bundle)
    return Conditional(Http(endpoint, clock=clock), gate, token_id="")


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


_PROBES: Mapping[Hub, tuple[Callable[[Settings, Gate, Clock], Conditional], str]] = {
    Hub.GITHUB: (_github, "/rate_limit"),
    Hub.HUGGINGFACE: (_huggingface, "/api/models?limit=1"),
    Hub.MODELSCOPE: (_modelscope, "/openapi/v1/models?page_number=1&page_size=1"),
}


def probe_hubs(settings: Settings, clock: Clock) -> Iterator[tuple[str, Callable[[], Sequence[str]]]]:
    """For `suanli check`: what asks each hub that the settings have a token for, or a watch of, whether it is well."""
    tokens = {
        Hub.GITHUB: settings.github.token,
        Hub.HUGGINGFACE: settings.huggingface.token,
        Hub.MODELSCOPE: settings.modelscope.token,
    }
    watched = {watch.place.hub for watch in settings.releases.to_domain(clock.now())}
    for hub, token in tokens.items():
        if token or hub in watched:
            yield hub, partial(_probe, hub, settings, clock)


def _probe(hub: Hub, settings: Settings, clock: Clock) -> Sequence[str]:
    client, path = _PROBES[hub]
    gate = Gate(Allowance(hub), clock)
    client(settings, gate, clock).get(path)
    left = gate.allowance
    if left.limit is None or left.remaining is None:
        return ("answers",)
    return (f"answers; {left.remaining} of {left.limit} requests are left",)
