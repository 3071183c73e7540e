"""The table of gpu.md §2.1 as what must hold of any two samples in a row."""

from datetime import datetime

from suanli.domain.stock.episodes import Episode, News, State
from suanli.domain.stock.rules import Rule


class Table:
    """The part of the machine that holds a step of the episode against the table."""

    now: datetime
    rule: Rule

    def follows(self, before: Episode | None, seen: Episode | None, free: int, *, decisive: bool) -> None:
        """One sample led from one to the other as the table has it."""
        low = free < self.rule.min_free
        if seen is None:
            assert not low
            assert before is None or before.state is State.PENDING
            return
        assert seen.seen_at == self.now
        assert all(moment <= self.now for moment in (seen.opened_at, seen.fired_at, seen.recovering_at) if moment)
        if before is None or before.state is State.PENDING:
            assert low
            assert seen.low == (before.low + 1 if before else 1)
            lasted = self.rule.hold is not None and self.now - seen.opened_at >= self.rule.hold
            fires = decisive or lasted or seen.low >= self.rule.samples
            assert (seen.state, seen.news) == ((State.FIRING, 1) if fires else (State.PENDING, 0))
            return
        assert seen.number == before.number
        assert seen.severity >= before.severity
        assert not low or seen.state in {State.FIRING, State.ACKED}
        self.tells_its_news(before, seen)
        self.keeps_its_claim(before, seen, low=low)
        self.recovers(before, seen, free)

    def tells_its_news(self, before: Episode, seen: Episode) -> None:
        """There is news when it got worse, when a claim ended, and at the end; and no other."""
        news = None
        if seen.state is State.CLOSED:
            news = News.RECOVERED
        elif before.state is State.ACKED and seen.state is State.FIRING:
            news = News.REOPENED
        elif seen.severity > before.severity:
            news = News.ESCALATED
        assert seen.news == before.news + (news is not None)
        assert seen.latest is (news or before.latest)

    def keeps_its_claim(self, before: Episode, seen: Episode, *, low: bool) -> None:
        """A claim ends by its time, by getting worse, or because cards are back; and none comes of itself."""
        held = before.as_of(self.now).claim
        if held is None or seen.state is State.RECOVERING:
            assert seen.claim is None
            return
        late = held.until <= self.now and (low or not held.ordered)
        assert (seen.claim is None) is (late or seen.severity > before.severity)
        assert seen.claim in {None, held}

    def recovers(self, before: Episode, seen: Episode, free: int) -> None:
        """Recovery begins when enough cards are free, lasts its time, and ends with too few or for good."""
        least = self.rule.min_free
        enough = least if before.state is State.RECOVERING else max(least, self.rule.recovered_at)
        assert (seen.state in {State.RECOVERING, State.CLOSED}) is (free >= enough)
        assert seen.state not in {State.FIRING, State.ACKED} or seen.recovering_at is None
        if before.state is State.RECOVERING and seen.recovering_at is not None:
            assert (seen.state is State.CLOSED) is (self.now - seen.recovering_at >= self.rule.keep)
        else:
            assert seen.state is not State.CLOSED
