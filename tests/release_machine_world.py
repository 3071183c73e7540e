"""What happens on the hubs in a simulation, and what everybody who follows them is to be told of it."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import time, timedelta
from random import Random
from typing import Any, ParamSpec, TypeVar

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.ports import Upstream
from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Change, Mode, Reading, Rhythm, Tracked, Validator, WatchNumber
from suanli.sandbox.hubs import Repository, Switches
from suanli.sandbox.hubs.huggingface_world import Repo
from tests.fakes import FakeClock
from tests.releasedesk import GROUP, LI_ALONE, ReleaseDesk

C = Change
REPO, ORG = "vllm-project/vllm", "deepseek-ai"
THREADS = (
    C.ISSUE_OPENED, C.ISSUE_CLOSED, C.ISSUE_REOPENED, C.PR_OPENED, C.PR_READY, C.PR_MERGED, C.PR_CLOSED, C.PR_REOPENED,
    C.LABELED, C.EDITED,
)  # fmt: skip
RELEASES = (C.RELEASED, C.PRERELEASED, C.PROMOTED, C.RELEASE_EDITED, C.WITHDRAWN)
LAG = timedelta(seconds=20)

P = ParamSpec("P")
T = TypeVar("T")


class AtOnce(Executor):
    """Does everything where it is handed in: among threads, the same seed would be another history every time."""

    def __init__(self, _threads: int, _name: str) -> None:
        pass

    def submit(self, does: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(does(*given, **named))
        except Exception as error:  # noqa: BLE001 whoever asks for the result gets it
            done.set_exception(error)
        return done


class Breathless(FakeClock):
    """A clock on which the pause before a second try takes no time: its length is drawn by lot."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return super().wait(event, 0 * seconds)


def chat(name: str) -> Target:
    return Target(Platform.FEISHU, TargetKind.CHAT, f"oc_{name}")


@dataclass(slots=True)
class Thread:
    """An issue or a pull request, as whoever made it knows it."""

    number: int
    is_pull: bool
    text: str
    state: str = "open"

    @property
    def matches(self) -> bool:
        return "DeepSeek" in self.text


@dataclass
class Company:
    """People who do things on the hubs, each thing at most once in an epoch, and what is expected to be told of it.

    `expected` counts for each watch the changes by the names of their items.
    """

    desk: ReleaseDesk
    random: Random
    repository: Repository
    threads: list[Thread] = field(default_factory=list)
    releases: dict[int, tuple[str, bool]] = field(default_factory=dict)
    models: list[Repo] = field(default_factory=list)
    touched: set[object] = field(default_factory=set)
    expected: Counter[tuple[WatchNumber, str, Change]] = field(default_factory=Counter)
    watches: dict[str, WatchNumber] = field(default_factory=dict)
    serial: int = 0

    def follow(self) -> None:
        """Let people follow the places in all kinds of ways."""
        quiet = (time(22, 0), time(8, 0))
        follow = self.desk.follow
        made = {
            "all": follow(REPO, THREADS),
            "filtered": follow(REPO, ("issue", "pr"), "deepseek", target=LI_ALONE),
            "daily": follow(REPO, ("issue",), target=chat("daily"), rhythm=Rhythm(Mode.DAILY, quiet=quiet)),
            "hourly": follow(
                REPO, ("issue", "pr"), "deepseek", target=chat("hourly"), rhythm=Rhythm(Mode.HOURLY, quiet=quiet)
            ),
            "releases": follow(REPO, RELEASES, target=chat("releases")),
            "twice": follow(REPO, ("release",), target=GROUP),
            "models": follow(f"hf:{ORG}", ("model",), target=chat("models")),
        }
        self.watches = {name: watch.number for name, watch in made.items()}

    def begin(self, threads: int) -> None:
        """So much is there already, and nobody is told of it."""
        for _ in range(threads):
            self._open()
        for _ in range(threads // 10):
            self._publish()
            self._add_model()
        self.expected.clear()

    def act(self) -> None:
        """Do one thing."""
        deeds: Sequence[Callable[[], None]] = (
            self._open, self._open, self._edit, self._end, self._end, self._reopen, self._label, self.comment,
            self._publish, self._alter_release, self._add_model, self._alter_model,
        )  # fmt: skip
        self.random.choice(deeds)()

    def _words(self) -> str:
        self.serial += 1
        return f"{self.random.choice(['DeepSeek', 'Crash'])} {self.serial}"

    def _open(self) -> None:
        text, is_pull = self._words(), self.random.random() < 0.5
        opens = self.repository.open_pull if is_pull else self.repository.open_issue
        thread = Thread(opens("about " + text), is_pull, text)
        self.threads.append(thread)
        self.touched.add(thread.number)
        self._tell(thread, C.PR_OPENED if is_pull else C.ISSUE_OPENED)

    def _thread(self, *states: str) -> Thread | None:
        """A thread in one of these states that nobody touched in this epoch; it is touched now.

        None that was commented in this very second: the hub's moments are whole seconds, so nobody could tell a replica
        that knows only the comment from somebody who undoes what was done after it.
        """
        free = [each for each in self.threads if each.state in states and self._is_at_rest(each)]
        if not free:
            return None
        found = self.random.choice(free)
        self.touched.add(found.number)
        return found

    def _edit(self) -> None:
        thread = self._thread("open", "closed", "merged")
        if thread:
            matched, thread.text = thread.matches, self._words()
            self.repository.edit(thread.number, title="about " + thread.text)
            self._tell(thread, C.EDITED, came_to_match=thread.matches and not matched)

    def _is_at_rest(self, thread: Thread) -> bool:
        changed, now = self.repository.issue(thread.number).updated_at, self.desk.clock.now()
        return thread.number not in self.touched and changed.replace(microsecond=0) != now.replace(microsecond=0)

    def _end(self) -> None:
        thread = self._thread("open")
        if thread and thread.is_pull and self.random.random() < 0.7:
            thread.state = "merged"
            self.repository.merge(thread.number)
            self._tell(thread, C.PR_MERGED)
        elif thread:
            thread.state = "closed"
            self.repository.close(thread.number)
            self._tell(thread, C.PR_CLOSED if thread.is_pull else C.ISSUE_CLOSED)

    def _reopen(self) -> None:
        thread = self._thread("closed")
        if thread:
            thread.state = "open"
            self.repository.reopen(thread.number)
            self._tell(thread, C.PR_REOPENED if thread.is_pull else C.ISSUE_REOPENED)

    def _label(self) -> None:
        thread = self._thread("open", "closed", "merged")
        if thread:
            self.serial += 1
            self.repository.label(thread.number, f"label-{self.serial}")
            self._tell(thread, C.LABELED)

    def comment(self) -> None:
        """Say something about some threads, of which nobody is told, but all of them move to the first page."""
        for thread in self.random.sample(self.threads, min(len(self.threads), self.random.choice([1, 5, 50, 50]))):
            self.repository.comment(thread.number)

    def _tell(self, thread: Thread, change: Change, *, came_to_match: bool = False) -> None:
        name = f"#{thread.number}"
        self._expect("all", name, change)
        if change is C.ISSUE_OPENED:
            self._expect("daily", name, change)
        if thread.matches and change in {C.ISSUE_OPENED, C.PR_OPENED, C.PR_MERGED}:
            self._expect("filtered", name, change)
            self._expect("hourly", name, change)
        elif came_to_match:
            self._expect("filtered", name, C.MATCHED)
            self._expect("hourly", name, C.MATCHED)

    def _expect(self, watch: str, name: str, change: Change) -> None:
        self.expected[self.watches[watch], name, change] += 1

    def _publish(self) -> None:
        self.serial += 1
        tag, early = f"v0.{self.serial}.0", self.random.random() < 0.5
        number = self.repository.publish_release(tag, body="Notes", prerelease=early)
        self.releases[number] = (tag, early)
        self.touched.add(tag)
        self._told_release(tag, C.PRERELEASED if early else C.RELEASED)

    def _alter_release(self) -> None:
        free = [(number, *found) for number, found in self.releases.items() if found[0] not in self.touched]
        if not free:
            return
        number, tag, early = self.random.choice(free)
        self.touched.add(tag)
        if early and self.random.random() < 0.6:
            self.releases[number] = (tag, False)
            self.repository.promote(number)
            self._told_release(tag, C.PROMOTED)
        elif self.random.random() < 0.6:
            self.serial += 1
            self.repository.edit_release(number, body=f"Notes {self.serial}")
            self._told_release(tag, C.RELEASE_EDITED)
        else:
            del self.releases[number]
            self.repository.delete_release(number)
            self._told_release(tag, C.WITHDRAWN)

    def _told_release(self, tag: str, change: Change) -> None:
        self._expect("releases", tag, change)
        if change in {C.RELEASED, C.PROMOTED}:
            self._expect("twice", tag, change)

    def _add_model(self) -> None:
        self.serial += 1
        model = self.desk.huggingface.world.add_model(f"{ORG}/Model-V{self.serial}")
        self.models.append(model)
        self.touched.add(model)
        self._expect("models", model.name, C.MODEL_ADDED)

    def _alter_model(self) -> None:
        free = [model for model in self.models if model not in self.touched]
        if not free:
            return
        model, world = self.random.choice(free), self.desk.huggingface.world
        self.touched.add(model)
        match self.random.choice(["card", "weights", "rename", "delete"]):
            case "card":
                world.commit(model, {"README.md": f"# {self.serial}"})
            case "weights":
                world.commit(model, {"model.safetensors": 10**9})
                self._expect("models", model.name, C.WEIGHTS)
            case "rename":
                world.rename(model, f"{model.name}-next")
                self._expect("models", model.name, C.RENAMED)
            case _:
                self.models.remove(model)
                world.delete(model)
                self._expect("models", model.name, C.REMOVED)


class Replicas(Switches):
    """Each page comes from another replica, up to LAG behind; now and then something happens while it is asked for."""

    def __init__(self, random: Random) -> None:
        super().__init__(replication=lambda: LAG * random.random())
        self.company: Company | None = None
        self._random = random

    @property
    def lag(self) -> timedelta:
        """How far behind the next one is."""
        if self.company is None:
            return timedelta()
        if self._random.random() < 0.2:
            self.company.comment()
        return LAG * self._random.random()

    @lag.setter
    def lag(self, value: timedelta) -> None:
        """Each has its own."""


@dataclass
class Overtaken:
    """A hub that answers, and before the answer is taken in, something else happens."""

    upstream: Upstream
    meanwhile: Callable[[], Any]

    def read(self, tracked: Tracked, validators: Any, recall: Recall) -> Reading:
        reading = self.upstream.read(tracked, dict[str, Validator](validators), recall)
        self.meanwhile()
        return reading
