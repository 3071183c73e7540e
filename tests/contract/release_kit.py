"""Resources, items, changes and watches, for tests of what is stored of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import create_engine, text

from storage.engine import address
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.ports import Store
from suanli.domain.releases import (
    Change,
    Event,
    Fingerprint,
    Hub,
    Item,
    Kind,
    Known,
    Notice,
    Part,
    Place,
    ResourceId,
    State,
    Tracked,
    Watch,
    WatchNumber,
)
from suanli.domain.releases.changes import fingerprint
from tests.fakes import NOON

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

VLLM = Place(Hub.GITHUB, "vllm-project/vllm")
SGLANG = Place(Hub.GITHUB, "sgl-project/sglang")
DEEPSEEK = Place(Hub.HUGGINGFACE, "deepseek-ai")
DEEPSEEK_MS = Place(Hub.MODELSCOPE, "deepseek-ai")

HOSTILE = "支持 \0 \ud800 </font> @all \u202e 🀄"


def need(store: Store, needed: Mapping[Place, Sequence[Part]], now: datetime = NOON) -> None:
    with store.begin() as tx:
        tx.resources.need(needed, now)


def resource(store: Store, place: Place = VLLM, part: Part = Part.ISSUES) -> Tracked:
    """A resource that is needed; it is made when there is none."""
    with store.begin() as tx:
        found = tx.resources.find(place, part)
        if found is None:
            others = {each.place: (each.part,) for each in tx.resources.all()}
            tx.resources.need({**others, place: (part,)}, NOON)
            found = tx.resources.find(place, part)
    assert found is not None
    return found


def resources(store: Store) -> Sequence[Tracked]:
    with store.begin() as tx:
        return tx.resources.all()


def issue(number: int, title: str = "", *, body: str = "", after: timedelta = timedelta(0)) -> Item:
    """An issue that was changed `after` noon."""
    name = f"#{number}"
    url = f"https://github.com/vllm-project/vllm/issues/{number}"
    at = NOON + after
    return Item(Kind.ISSUE, name, name, title, url, State.OPEN, body, "octocat", created_at=NOON, updated_at=at)


def model(name: str, native_id: str = "", *, kind: Kind = Kind.MODEL, state: State = State.PUBLIC) -> Item:
    return Item(kind, native_id or name, name, name, f"https://huggingface.co/{name}", state, updated_at=NOON)


def remember(store: Store, resource: ResourceId, *items: Item | Known) -> None:
    known = [each if isinstance(each, Known) else Known.new(each, NOON) for each in items]
    with store.begin() as tx:
        tx.resources.remember(resource, known)


def items(store: Store, resource: ResourceId, native_ids: Sequence[str] | None = None) -> Mapping[str, Known]:
    with store.begin() as tx:
        return tx.resources.items(resource, native_ids)


def event(
    item: Item,
    *,
    place: Place = VLLM,
    change: Change = Change.ISSUE_OPENED,
    after: timedelta = timedelta(0),
    occurred_at: datetime | None = None,
    version: str = "",
) -> Event:
    """A change that was seen `after` noon."""
    name = fingerprint(f"{place.hub}|{place.name}", item.native_id, change, version)
    return Event(name, place, Part.ISSUES, change, item, occurred_at, NOON + after)


def add(store: Store, *events: Event) -> Sequence[Event]:
    with store.begin() as tx:
        return tx.happenings.add(events)


def person(to: str = "ou_1") -> Target:
    return Target(Platform.FEISHU, TargetKind.OPEN_ID, to)


def watch(
    place: Place = VLLM, target: Target | None = None, *, words: tuple[str, ...] = ("release",), filter_: str = ""
) -> Watch:
    return Watch(WatchNumber(0), target or person(), place, words, filter_, NOON)


def follow(store: Store, *watches: Watch) -> Sequence[Watch]:
    """Store watches; as they are stored."""
    with store.begin() as tx:
        return [tx.watches.add(each) for each in watches]


def name(short: str) -> Fingerprint:
    """The fingerprint that begins so and goes on with zeros."""
    return Fingerprint(short.ljust(32, "0"))


def notice(
    watch: Watch, short: str, *, queued: timedelta = timedelta(0), due: timedelta = timedelta(0), key: str | None = None
) -> Notice:
    """A notice that was queued and is due so long after noon."""
    return Notice(
        watch.number, name(short), Change.RELEASED, ("deepseek",), NOON + queued, NOON + due, key
    )  # fmt: skip


def tell(store: Store, *notices: Notice) -> None:
    with store.begin() as tx:
        tx.watches.tell(notices)


def waiting(store: Store, after: timedelta = timedelta(0), limit: int = 100) -> list[tuple[int, str]]:
    """The watch and the fingerprint of each notice that is waiting `after` noon."""
    with store.begin() as tx:
        found = tx.watches.waiting(NOON + after, limit)
    return [(each.watch, each.fingerprint.rstrip("0")) for each in found]


def execute(url: str, sql: str, **values: object) -> None:
    """What only somebody with the database's own tools does."""
    engine = create_engine(address(url))
    with engine.begin() as connection:
        connection.execute(text(sql), values)
    engine.dispose()
