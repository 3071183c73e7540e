"""The hubs that releases are read from, the watches of the settings, and the hubs' webhooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from pydantic import SecretStr

from jobs.declare_watches import continue_from, declare_watches
from jobs.read_releases import ReadReleases, Source
from jobs.runner import Job
from jobs.tell_releases import TellReleases
from suanli.clock import Clock
from suanli.domain.ports import Store, Upstream
from suanli.domain.releases import Allowance, Hub, Part, Place
from suanli.domain.schedule import Every, JobName, Schedule
from suanli.domain.site import Site
from suanli.settings import Settings
from suanli.settings.hubs import GITHUB
from suanli.sources import github, huggingface
from suanli.sources.allowance import Gate
from suanli.sources.conditional import Conditional, token_id_of
from suanli.sources.endpoint import Endpoint
from suanli.sources.github import GitHub
from suanli.sources.http import Http
from suanli.sources.huggingface import HuggingFace
from suanli.sources.modelscope import ModelScope
from suanli.web.hubs import Hook, News

READ_RELEASES, TELL_RELEASES = JobName("read_releases"), JobName("tell_releases")

LOOK_EVERY = timedelta(seconds=10)
"""How often it is asked which resources are due; each has an interval of its own (releases.md §6)."""

READING_DIES = timedelta(minutes=2)
"""Silent for so long, a reading's process is dead, and another may read: one that is alive says so more often."""

TELL_EVERY = timedelta(minutes=1)

GITHUB_SPACING = timedelta(milliseconds=67)
"""GitHub itself takes 900 requests a minute, of all threads together (releases.md §5)."""

MODELSCOPE_SPACING = timedelta(seconds=1)
"""ModelScope publishes no limit: one request a second (releases.md §5)."""


def release_jobs(settings: Settings, store: Store, site: Site, clock: Clock) -> tuple[Job, ...]:
    """What reads the hubs, and what tells of it later."""
    reading = build_reading(settings, store, site, clock)
    telling = TellReleases(store, site, clock)
    return (
        Job(Schedule(READ_RELEASES, Every(LOOK_EVERY), grace=LOOK_EVERY, lease=READING_DIES), reading.run),
        Job(Schedule(TELL_RELEASES, Every(TELL_EVERY), grace=timedelta(hours=1)), telling.run),
    )


def build_reading(settings: Settings, store: Store, site: Site, clock: Clock) -> ReadReleases:
    """What reads the hubs. What they said last of their limits is known from the store."""
    return ReadReleases(store, build_sources(settings, store, clock), site, clock, settings.releases.interval)


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
        Hub.MODELSCOPE: _modelscope(settings, gates[Hub.MODELSCOPE], clock),
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


def _modelscope(settings: Settings, gate: Gate, clock: Clock) -> ModelScope:
    own = settings.modelscope
    names = ("ModelScope", own.endpoint, "MODELSCOPE_ENDPOINT", "MODELSCOPE_TOKEN")
    endpoint = Endpoint(*names, _bearer(own.token), own.ca_bundle)
    official = Conditional(Http(endpoint, clock=clock), gate, token_id=token_id_of(own.token.get_secret_value()))
    # What only a signed-in member sees is not told of, so the older ways are asked as anybody.
    older = Conditional(Http(Endpoint(*names, ca_bundle=own.ca_bundle), clock=clock), gate, token_id="")
    return ModelScope(official, clock=clock, older=older)


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def declare_releases(settings: Settings, store: Store, clock: Clock, origin: str = "") -> tuple[int, int]:
    """Bring the watches of the settings into the store; how many came and how many went.

    Those of another `origin`, such as the original's file, are left alone.
    """
    return declare_watches(store, settings.releases.to_domain(clock.now()), origin)


def take_over_releases(store: Store, told: Mapping[tuple[Place, Part], datetime], clock: Clock) -> int:
    """Go on where another program stopped, with what was never read here; how many resources that is."""
    return continue_from(store, told, clock.now())


def build_hooks(settings: Settings) -> tuple[Hook, ...]:
    """The webhooks that have a secret."""
    hooks = (
        Hook(
            Hub.GITHUB, settings.github.webhook_secret.get_secret_value(), partial(_of_github, settings.github.private)
        ),
        Hook(Hub.HUGGINGFACE, settings.huggingface.webhook_secret.get_secret_value(), _of_huggingface),
    )
    return tuple(hook for hook in hooks if hook.secret)


def _of_github(private: bool, kind: str, payload: object) -> Sequence[News]:  # noqa: FBT001 bound by position
    news = github.read_hook(kind, payload)
    if news is None or (news.private and not private):
        return ()
    return (News(Place(Hub.GITHUB, news.full_name), news.part, news.repository_id, news.item),)


def _of_huggingface(_kind: str, payload: object) -> Sequence[News]:
    news = huggingface.read_hook(payload)
    return () if news is None or news.private else tuple(News(place, news.part) for place in news.places)
