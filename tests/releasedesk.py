"""People who follow the hubs: stand-ins of all three over HTTP, a real store, the jobs, and a clock set by hand."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from jobs.read_releases import ReadReleases
from jobs.tell_releases import TellReleases
from storage.store import SqlStore
from suanli import wiring
from suanli.domain.access import Grant, Role
from suanli.domain.chat import OpenId, Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.releases import Rhythm, Watch, WatchNumber
from suanli.domain.releases.places import read_place
from suanli.sandbox.hubs import (
    GithubStandIn,
    HuggingFaceStandIn,
    ModelScopeStandIn,
    Switches,
    github_gate,
    huggingface,
    modelscope,
)
from suanli.settings import Settings, load
from tests.dialogue import BOSS, LI, SITE, Dialogue
from tests.fakes import FakeClock

INTERVAL = timedelta(minutes=5)
GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_group")
LI_ALONE = Target(Platform.FEISHU, TargetKind.OPEN_ID, LI.open_id)


@dataclass
class ReleaseDesk:
    """The three hubs, what reads them, and people who talk to the bot."""

    clock: FakeClock
    settings: Settings
    store: SqlStore
    github: GithubStandIn
    huggingface: HuggingFaceStandIn
    modelscope: ModelScopeStandIn
    reading: ReadReleases
    telling: TellReleases
    talk: Dialogue
    said: str = ""

    def follow(
        self, place: str, words: Sequence[str], text: str = "", *, target: Target = GROUP, rhythm: Rhythm | None = None
    ) -> Watch:
        """A watch, as if somebody had made it."""
        found = read_place(place)
        assert found is not None
        now = self.clock.now()
        watch = Watch(WatchNumber(0), target, found, tuple(words), text, now, rhythm=rhythm or Rhythm())
        with self.store.begin() as tx:
            return tx.watches.add(watch)

    def look(self, after: timedelta = INTERVAL) -> list[Parcel]:
        """Let time pass and read what is due; what is to be sent for it."""
        self.clock.advance(after)
        self.said = self.reading.run(self.clock.now())
        return self.talk.parcels()

    def tell(self, after: timedelta = timedelta(minutes=1)) -> list[Parcel]:
        """Let time pass and tell what was put by; what is to be sent for it."""
        self.clock.advance(after)
        self.telling.run(self.clock.now())
        return self.talk.parcels()

    def begin(self) -> None:
        """The first readings, and what is said of them."""
        self.look(timedelta(seconds=30))

    def titles(self, parcels: Sequence[Parcel]) -> list[str]:
        """What the messages are called, in order."""
        return [parcel.answer.title for parcel in parcels]

    def read(self, parcel: Parcel) -> str:
        """A message as text."""
        return self.talk.words(parcel.answer)

    def grant(self, open_id: str, role: Role) -> None:
        """Give somebody a role."""
        with self.store.begin() as tx:
            tx.grants.put(Grant(Platform.FEISHU, OpenId(open_id), role, BOSS.open_id, self.clock.now()))


@contextmanager
def open_desk(
    folder: Path, store: SqlStore, clock: FakeClock, *, switches: Switches | None = None, **environment: str
) -> Iterator[ReleaseDesk]:
    """A desk over `store`, whose schema is there already; `environment` adds to the settings."""
    with ExitStack() as stack:
        github = stack.enter_context(GithubStandIn(clock, switches))
        hugging = stack.enter_context(HuggingFaceStandIn(clock))
        scope = stack.enter_context(ModelScopeStandIn(clock))
        given = {
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": github_gate.TOKEN,
            "HF_ENDPOINT": hugging.url,
            "HF_TOKEN": huggingface.TOKEN,
            "MODELSCOPE_ENDPOINT": scope.url,
            "MODELSCOPE_TOKEN": modelscope.TOKEN,
        }
        settings = load(given | environment, folder)
        site = replace(SITE, aliases=settings.releases.names)
        reading = wiring.build_reading(settings, store, site, clock)
        telling = TellReleases(store, site, clock)
        talk = Dialogue(store, clock, site)
        yield ReleaseDesk(clock, settings, store, github, hugging, scope, reading, telling, talk)
