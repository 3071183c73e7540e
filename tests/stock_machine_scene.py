"""Who watches what in the state machine of the stock, and what may come of it: answers, periods, command lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from hypothesis import strategies as st

from jobs.watch_stock import ASKED, DAILY, REGULAR
from suanli.domain.answer import Answer, Buttons, Form
from suanli.domain.chat import OpenId, Person
from suanli.domain.delivery import Parcel
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Model, Row, Scope
from suanli.domain.stock.rules import Recipient, Rule, Severity, Watch
from tests import dialogue
from tests.dialogue import BOSS, GUEST, LI, Dialogue
from tests.stockdesk import row

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))

ALL_4090, ABROAD, H20, H200 = (
    Scope(Model("4090")),
    Scope(Model("4090"), "海外"),
    Scope(Model("H20")),
    Scope(Model("H200")),
)
SCOPES = {" ".join(scope.words): scope for scope in (ALL_4090, ABROAD, H20, H200)}
RULES = (
    Rule(ALL_4090, 100, "RTX 4090", samples=2),
    Rule(ABROAD, 20, "4090 abroad", samples=1),
    Rule(H20, 50, "H20 cards", samples=1, repeat=2 * HOUR, lead_days=7),
)
PEOPLE = (
    Recipient("ou_plain"),
    Recipient("ou_day", hours=(time(9), time(18))),
    Recipient("ou_grave", severities=frozenset({Severity.CRITICAL})),
)
SITE = replace(dialogue.SITE, watch=Watch(RULES, PEOPLE), operators=(BOSS.open_id,))
BURN = 5.0
"""H20 cards that go in a day; nobody knows of the others, and no rule of theirs asks."""

PLAIN = Person(OpenId("ou_plain"), "plain", "on_plain", "Plain", "ten")
PERSONS = {"boss": BOSS, "plain": PLAIN, "li": LI, "guest": GUEST}
OUTSIDERS = ("li", "guest")


def wants(recipient: str, severity: Severity) -> bool:
    """What PEOPLE say of themselves, said once more."""
    return recipient != "ou_grave" or severity is Severity.CRITICAL


def listens(recipient: str, local: datetime) -> bool:
    """Whether a recipient is there at this local time."""
    return recipient != "ou_day" or 9 <= local.hour < 18


@dataclass(frozen=True)
class Reply:
    """What the source says: free cards of each product and place (None: not named), or how it fails."""

    home: int | None = None
    abroad: int | None = None
    h20: int | None = None
    fails: str = ""

    @property
    def said(self) -> Sequence[Row] | Exception:
        """The reply as the source gives it."""
        if self.fails:
            return NoData(self.fails) if self.fails == "no rows" else RemoteError(self.fails)
        named = (
            ("NVIDIA GeForce RTX 4090", self.home, "bj-a"),
            ("NVIDIA GeForce RTX 4090", self.abroad, "dallas-1"),
            ("NVIDIA H20", self.h20, "bj-a"),
            ("NVIDIA H200", 30, "bj-a"),
        )
        return [row(product, free, place=place) for product, free, place in named if free is not None]

    @property
    def counts(self) -> Mapping[Scope, int]:
        """The free cards of every scope that a rule may be about."""
        if self.fails:
            return {}
        places = [free for free in (self.home, self.abroad) if free is not None]
        named = {ALL_4090: sum(places) if places else None, ABROAD: self.abroad, H20: self.h20, H200: 30}
        return {scope: free for scope, free in named.items() if free is not None}


def _free(*counts: int) -> st.SearchStrategy[int | None]:
    return st.sampled_from([*counts, *counts[:3], None, None])


ANSWERS = st.builds(
    Reply,
    home=_free(0, 20, 49, 50, 70, 80, 90, 99, 100, 109, 110, 150),
    abroad=_free(0, 9, 10, 19, 20, 21, 22, 30),
    h20=_free(0, 24, 25, 34, 35, 49, 50, 54, 55, 80),
)
GOOD = st.sampled_from([Reply(20, 5, 20), Reply(70, 15, 40), Reply(150, 30, 80)])
FAILURES = st.sampled_from([Reply(fails="502"), Reply(fails="no rows")])
REPLIES = ANSWERS | GOOD | ANSWERS | FAILURES

LOOKS = st.sampled_from([REGULAR, REGULAR, REGULAR, REGULAR, DAILY, ASKED])
PERIODS = st.sampled_from(
    [0 * SECOND, SECOND, 5 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 7 * HOUR, DAY, 3 * DAY]
)
PACES = st.sampled_from([5 * MINUTE, 15 * MINUTE, HOUR, 7 * HOUR, DAY])
BACK = st.sampled_from([SECOND, 3 * MINUTE, 20 * MINUTE, HOUR])
CRASHES = st.none() | st.none() | st.integers(0, 30)
NAMES = st.sampled_from(["4090", "4090", "4090 海外", "H20", "H20", "H200"])
RECENT = st.integers(0, 1)
SENDERS = st.sampled_from(["boss", "boss", "plain", "plain", "li", "guest"])
ETAS = st.sampled_from([0, 1, 3])
LINES = st.sampled_from(
    [
        "/stock po {name} 50 {eta}",
        "/stock po {name} 50 {eta}",
        "/stock po {name} 30",
        "/stock po cancel PO-{ticket}",
        "/stock po cancel PO-{ticket}",
        "/stock arrived PO-{ticket}",
        "/stock arrived {name}",
        "/stock rule set {name} min_free=40",
        "/stock rule set {name} min_free=150 repeat=1h",
        "/stock rule set {name} samples=3 keep=1h",
        "/stock rule set {name} repeat=6h recover=60",
        "/stock rule unset {name}",
    ]
)


class Chat(Dialogue):
    """A bot whose messages stay in the outbox: the machine delivers them."""

    def parcels(self) -> list[Parcel]:
        return []


def pressable(answer: Answer) -> list[dict[str, str]]:
    """What the buttons of a card send; those that only look something up are left out."""
    blocks = [block for block in answer.blocks if isinstance(block, Buttons | Form)]
    return [b.value for block in blocks for b in block.buttons if " trend " not in b.value["run"]]
