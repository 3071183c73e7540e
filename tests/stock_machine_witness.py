"""What the state machine of the stock knows by itself, and holds against what the store says after every step."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.plain import as_text
from jobs.watch_stock import Look
from suanli.domain.answer import Answer
from suanli.domain.delivery import Draft
from suanli.domain.ports import Store
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Blindness, Episode, News, Standing, State, Told
from suanli.domain.stock.purchases import Ticket
from suanli.domain.stock.rules import Rule, Severity, in_force
from tests.dialogue import BOSS
from tests.fakes import FakeClock
from tests.stock_machine_scene import DAY, PEOPLE, RULES, SITE, Reply, hears, listens

LOW = re.compile(r"^(?:🔴|🟡|✅) (.+) \([^()]+\).*\n   - 当前空闲：(\d+) 张$", re.MULTILINE)
NAMED = re.compile(r"型号：(.*)")
BACK_NAMED = re.compile(r"又能取到库存数据：(.*?)[。\n]")


@dataclass(frozen=True)
class Picture:
    """Everything that is remembered of the stock at one moment; `told` is by episode and recipient."""

    standings: Mapping[Scope, Standing]
    episodes: Mapping[int, Episode]
    told: Mapping[tuple[int, str], Sequence[Told]]
    tickets: Sequence[Ticket]
    rules: Mapping[Scope, Rule]

    @classmethod
    def take(cls, store: Store) -> "Picture":
        with store.begin() as tx:
            standings, fired = tx.episodes.standings(), tx.episodes.newest(1000)
            told: dict[tuple[int, str], list[Told]] = defaultdict(list)
            for notice in (notice for episode in fired for notice in tx.episodes.told(episode.number)):
                told[notice.episode, notice.recipient].append(notice)
            rules = {rule.scope: rule for rule in in_force(RULES, tx.overrides.all())}
            return cls(standings, {e.number: e for e in fired}, dict(told), tx.tickets.all(), rules)

    def of(self, scope: Scope) -> Standing:
        return self.standings.get(scope) or Standing(scope)

    def episode(self, scope: Scope) -> Episode | None:
        return self.of(scope).episode

    def opened(self, scope: Scope) -> Episode:
        """The episode that must be open."""
        episode = self.episode(scope)
        assert episode is not None
        return episode

    def now_of(self, before: Episode) -> Episode | None:
        """What an episode has become; None of one that never fired and is dropped."""
        open_now = self.episode(before.scope)
        return open_now if open_now and open_now.number == before.number else self.episodes.get(before.number)

    @property
    def notices(self) -> Mapping[tuple[int, str, int], Told]:
        return {(t.episode, t.recipient, t.count): t for some in self.told.values() for t in some}

    def newest_cards(self, number: int) -> set[str]:
        return {some[-1].message_key for (episode, _), some in self.told.items() if episode == number}


@dataclass
class Heard:
    """A notice that went out: when by the clock, as far as it was not set back since, and by one that never steps."""

    told: Told
    severity: Severity
    at: datetime
    elapsed: timedelta


@dataclass
class Trouble:
    """How a scope could be seen: failures in a row, and when operators heard of it by either clock."""

    failures: int = 0
    told_at: datetime | None = None
    told_elapsed: timedelta = timedelta(0)


@dataclass
class Witness:
    """The ledger of what happened and of what was said."""

    clock: FakeClock
    heard: dict[tuple[int, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    keys: set[str] = field(default_factory=set)
    free: dict[int, int] = field(default_factory=dict)
    lowest: dict[int, int] = field(default_factory=dict)
    lows: dict[Scope, int] = field(default_factory=lambda: defaultdict(int))
    trouble: dict[Scope, Trouble] = field(default_factory=lambda: defaultdict(Trouble))
    muted_until: dict[Scope, datetime] = field(default_factory=dict)
    muted_seen: dict[Scope, timedelta] = field(default_factory=dict)
    claimed_seen: dict[int, timedelta] = field(default_factory=dict)
    greatest: int = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def elapsed(self) -> timedelta:
        return timedelta(seconds=self.clock.elapsed())

    def is_muted(self, scope: Scope) -> bool:
        return scope in self.muted_until and self.now < self.muted_until[scope]

    # What is so after any step.

    def watch(self, picture: Picture) -> None:
        """Note who is muted and claimed, by the words of people and of the store."""
        for scope, standing in picture.standings.items():
            assert (standing.mute.until if standing.mute else None) == self.muted_until.get(scope)
            if self.is_muted(scope):
                self.muted_seen[scope] = self.elapsed
            if standing.episode:
                self.is_sound(standing.episode)
        open_fired = [e.scope for e in picture.episodes.values() if e.state is not State.CLOSED]
        assert sorted(open_fired) == sorted(
            s.scope for s in picture.standings.values() if s.episode and s.episode.state is not State.PENDING
        )

    def is_sound(self, episode: Episode) -> None:
        assert episode.state is not State.CLOSED
        assert (episode.state is State.ACKED) is (episode.claim is not None)
        assert (episode.free, episode.lowest) == (self.free[episode.number], self.lowest[episode.number])
        if episode.claim:
            self.claimed_seen[episode.number] = self.elapsed

    # What a deed of a person may do.

    def acted(self, before: Picture, after: Picture, posted: Sequence[Draft]) -> None:
        """A click or a command tells nobody on the list of anything; it draws cards anew."""
        assert after.told == before.told
        assert all(d.redraws or not d.key.startswith("stock") for d in posted)
        for scope in before.standings.keys() | after.standings.keys():
            was, now = before.episode(scope), after.episode(scope)
            if was is None or now is None:
                assert was is now
                continue
            assert _apart_from_claim(was) == _apart_from_claim(now)
            assert was.state is now.state or {was.state, now.state} == {State.FIRING, State.ACKED}
            if before.of(scope) != after.of(scope):
                self.is_drawn_anew(now.number, after, posted)
        self.cards_are_true(posted, after)

    def is_drawn_anew(self, number: int, after: Picture, posted: Iterable[Draft]) -> None:
        """What changed is seen on the newest card of everybody who has one."""
        assert after.newest_cards(number) <= {draft.redraws or draft.key for draft in posted}

    # What a look may do.

    def looked(self, before: Picture, after: Picture, reply: Reply, look: Look, posted: Sequence[Draft]) -> None:
        """One look that was counted or failed: what it made of every scope, and whom it told of what."""
        assert after.rules == before.rules
        for scope in after.rules:
            if scope in reply.counts:
                self.counted(before, after, after.rules[scope], reply.counts[scope], look)
            else:
                assert after.episode(scope) == before.episode(scope)
        for scope in before.standings.keys() - after.rules.keys():
            self.dropped(scope, before, after)
        self.operators_know(reply, after, look, posted)
        self.told_rightly(before, after, reply, posted)
        self.nobody_waits(after, reply)
        for was in (s.episode for s in before.standings.values() if s.episode):
            now = after.now_of(was)
            if now and (was.state, was.severity, was.claim) != (now.state, now.severity, now.claim):
                self.is_drawn_anew(now.number, after, posted)
        self.cards_are_true(posted, after)

    def counted(self, before: Picture, after: Picture, rule: Rule, free: int, look: Look) -> None:
        was, now = before.episode(rule.scope), after.episode(rule.scope)
        low = free < rule.min_free
        self.lows[rule.scope] = self.lows[rule.scope] + 1 if low else 0
        if was is None or was.state is State.PENDING:
            enough = look.fires_at_once or self.lows[rule.scope] >= rule.samples
            assert (now.state if now else None) is ((State.FIRING if enough else State.PENDING) if low else None)
        ended = after.now_of(was) if was else now
        if ended is None:
            return
        self.number_stays(was, ended)
        self.free[ended.number] = free
        self.lowest[ended.number] = min(self.lowest.get(ended.number, free), free)
        assert (ended.free, ended.lowest) == (free, self.lowest[ended.number])
        if was and was.state is not State.PENDING:
            self.moved(was, ended, rule, free)
        if low:
            critical = free < rule.critical_below or (rule.lead_days and free / self.pace(rule) < rule.lead_days)
            assert ended.severity is Severity.CRITICAL or not critical

    def pace(self, rule: Rule) -> float:
        """Cards of a scope that go in a day, as the machine has it."""
        assert rule.lead_days
        return BURN

    def number_stays(self, was: Episode | None, now: Episode) -> None:
        if was:
            assert (now.number, now.scope) == (was.number, was.scope)
        else:
            assert now.number > self.greatest
            self.greatest = now.number

    def moved(self, was: Episode, now: Episode, rule: Rule, free: int) -> None:
        """A shortage that people know of goes on, or ends by the rule."""
        if free < rule.min_free:
            assert now.state in {State.FIRING, State.ACKED}
        elif was.state is State.RECOVERING:
            begun = min(was.recovering_at or self.now, self.now)
            assert now.state is (State.CLOSED if self.now - begun >= rule.keep else State.RECOVERING)
        elif free >= max(rule.recovered_at, rule.min_free):
            assert now.state is State.RECOVERING
        else:
            assert now.state in {State.FIRING, State.ACKED}
        if was.state is State.ACKED and now.state is State.FIRING:
            claim = was.as_of(self.now).claim
            assert now.severity > was.severity or (claim and claim.until <= self.now)
        if now.claim:
            assert was.claim
            assert free >= rule.min_free or self.now < now.claim.until
            assert now.claim.ordered or now.claim.until - self.now <= DAY

    def dropped(self, scope: Scope, before: Picture, after: Picture) -> None:
        """A rule that is gone takes its shortage and its blindness with it, and nobody is told."""
        assert after.episode(scope) is None
        assert after.of(scope).blindness == Blindness()
        self.lows[scope] = 0
        self.trouble[scope] = Trouble()
        was = before.episode(scope)
        assert was is None or was.state is State.PENDING or after.episodes[was.number].quiet

    # Who is told of what.

    def told_rightly(self, before: Picture, after: Picture, reply: Reply, posted: Sequence[Draft]) -> None:
        """Notices and messages go together, one message a recipient, and each notice is in its place."""
        known = before.notices
        assert _but_when(known.values()) <= _but_when(after.notices.values())
        new = [told for key, told in after.notices.items() if key not in known]
        letters = {d.key: d for d in posted if d.key.startswith("stock:")}
        assert letters.keys() == {told.message_key for told in new}
        assert len({letter.target.id for letter in letters.values()}) == len(letters)
        self.post([d.key for d in posted if not d.redraws])
        for told in sorted(new, key=lambda told: (told.recipient, told.episode)):
            episode = after.episodes[told.episode]
            assert letters[told.message_key].target.id == told.recipient
            assert episode.scope in reply.counts
            assert told.free == self.free[told.episode]
            self.may_be_told(episode, told)
            self.heard[told.episode, told.recipient].append(Heard(told, episode.severity, self.now, self.elapsed))
        for some in self.heard.values():
            for each in some:
                each.at = min(each.at, self.now)

    def post(self, keys: Sequence[str]) -> None:
        """Messages with names that no message had."""
        assert len(set(keys)) == len(keys)
        assert not self.keys.intersection(keys)
        self.keys.update(keys)

    def may_be_told(self, episode: Episode, told: Told) -> None:
        """This notice is in its place among those that this recipient got of this episode."""
        earlier = self.heard[told.episode, told.recipient]
        scope, local = episode.scope, self.now.astimezone(SITE.zone)
        assert not self.is_muted(scope)
        assert listens(told.recipient, local)
        assert (told.count, told.news) == (len(earlier) + 1, episode.news)
        assert (told.kind is News.FIRST) is (not earlier)
        assert all(each.told.kind is not News.RECOVERED for each in earlier)
        assert episode.state is (State.CLOSED if told.kind is News.RECOVERED else State.FIRING)
        match told.kind:
            case News.RECOVERED:
                assert not episode.quiet
                return
            case News.ESCALATED:
                assert episode.severity > max(each.severity for each in earlier)
            case News.REOPENED:
                assert self.claimed_seen[told.episode] >= earlier[-1].elapsed
            case News.REMINDER:
                waited = self.elapsed - earlier[-1].elapsed >= self.repeat(scope)
                assert waited or self.muted_seen.get(scope, -DAY) >= earlier[-1].elapsed
        assert hears(told.recipient, episode.severity, local)
