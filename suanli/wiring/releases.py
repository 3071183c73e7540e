"""Releases: the jobs that read and tell, the watches of the settings, and the hubs' webhooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from jobs.declare_watches import continue_from, declare_watches
from jobs.read_releases import ReadReleases
from jobs.runner import Job
from jobs.tell_releases import TellReleases
from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Part, Place
from suanli.domain.schedule import Every, JobName, Schedule
from suanli.domain.site import Site
from suanli.settings import Settings
from suanli.sources import github, huggingface
from suanli.web.hubs import Hook, News
from suanli.wiring.hubs import build_sources

READ_RELEASES, TELL_RELEASES = JobName("read_releases"), JobName("tell_releases")

LOOK_EVERY = timedelta(seconds=10)
"""How often it is asked which resources are due; each has an interval of its own (releases.md §6)."""

READING_DIES = timedelta(minutes=2)
"""Silent for so long, a reading's process is dead, and another may read: one that is alive says so more often."""

TELL_EVERY = timedelta(minutes=1)


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


def declare_releases(settings: Settings, store: Store, clock: Clock) -> tuple[int, int]:
    """Bring the watches of the settings into the store; how many came and how many went."""
    return declare_watches(store, settings.releases.to_domain(clock.now()))


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
